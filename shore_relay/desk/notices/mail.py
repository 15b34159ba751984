"""Notices by e-mail, through the office's own mail server."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib

from protocol.ids import UnixSeconds
from shore_relay.desk.errors import MailLoginRefused, MailNotSecure, MailRefused, MailUnreachable
from shore_relay.desk.notices.model import Counts
from shore_relay.desk.notices.wording import subject_of, text_of
from shore_relay.desk.words import Words, harmless

_TIMEOUT_S = 20.0
_REASON_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MailServer:
    """A mail server and how to speak to it. `repr` shows no password."""

    host: str
    port: int
    security: str
    """One of `settings.SMTP_SECURITY`."""
    sender: str
    user: str = ""
    password: str = ""

    @property
    def _domain(self) -> str:
        return self.sender.rpartition("@")[2]

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
        message["Message-ID"] = f"<{notice.hex()}@{self._domain}>"
        # Nobody's "I am out of the office" comes back for it.
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text_of(counts, words))
        await self._hand_over(message, address)

    async def _hand_over(self, message: EmailMessage, address: str) -> None:
        try:
            await aiosmtplib.send(
                message,
                sender=self.sender,
                recipients=[address],
                hostname=self.host,
                port=self.port,
                username=self.user or None,
                password=self.password or None,
                use_tls=self.security == "tls",
                start_tls=self.security == "starttls",
                # The library would tell the server the name of this computer.
                local_hostname=self._domain,
                timeout=_TIMEOUT_S,
            )
        except aiosmtplib.SMTPAuthenticationError as reason:
            raise MailLoginRefused(
                f"The mail server {self.host} does not take smtp_user with its password ({reason.code}). "
                "Correct them."
            ) from reason
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPResponseException) as reason:
            raise MailRefused(
                f"The mail server {self.host} did not take the notice: {_said(reason)}. Check the address, "
                "and smtp_from."
            ) from reason
        except (aiosmtplib.SMTPNotSupported, ssl.SSLError) as reason:
            raise self._not_secure() from reason
        except (aiosmtplib.SMTPException, OSError) as reason:
            # The library has no class of its own for a server that cannot do STARTTLS.
            if isinstance(reason.__cause__, ssl.SSLError) or type(reason) is aiosmtplib.SMTPException:
                raise self._not_secure() from reason
            raise MailUnreachable(
                f"The mail server {self.host}, port {self.port}, does not answer. Check smtp_host, smtp_port "
                "and smtp_security, and whether this computer is online."
            ) from reason

    def _not_secure(self) -> MailNotSecure:
        return MailNotSecure(
            f"No safe connection to the mail server {self.host} came about. Check smtp_security, and that "
            "its certificate is valid for this name."
        )


def _said(reason: aiosmtplib.SMTPException) -> str:
    if isinstance(reason, aiosmtplib.SMTPRecipientsRefused):
        return _said(reason.recipients[0])
    assert isinstance(reason, aiosmtplib.SMTPResponseException)
    return f"{reason.code} {harmless(reason.message)[:_REASON_CHARACTERS_MAX].strip()}"
