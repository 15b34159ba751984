"""Notices by e-mail, through the office's own mail server."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from protocol.ids import UnixSeconds
from shore_relay.desk.notices.model import Counts
from shore_relay.desk.notices.posting import own_errors
from shore_relay.desk.notices.wording import subject_of, text_of
from shore_relay.desk.words import Words
from shore_relay.post.mail import MailAccount


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MailServer(MailAccount):
    """A mail server and how to speak to it. `repr` shows no password."""

    async def send(
        self, address: str, counts: Counts, words: Words, notice: bytes, made_at: UnixSeconds
    ) -> None:
        """Hand one notice over; raises `MailUnreachable`, `MailNotSecure`, `MailLoginRefused`, `MailRefused`.

        The same `notice` again makes a message that mail programs know for the same.
        """
        message = EmailMessage()
        message["From"] = Address(addr_spec=self.sender)
        message["To"] = Address(addr_spec=address)
        message["Subject"] = subject_of(counts, words)
        message["Date"] = format_datetime(datetime.fromtimestamp(made_at, UTC))
        message["Message-ID"] = f"<{notice.hex()}@{self.domain}>"
        # Nobody's "I am out of the office" comes back for it.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text_of(counts, words))
        with own_errors():
            await self.hand_over(message, address)
