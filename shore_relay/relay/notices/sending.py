"""One notice as a message of mail or a webhook. It says that somebody should look, and nothing else."""

import ipaddress
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import urlsplit

from protocol.ids import UnixSeconds
from shore_relay.post.errors import MailUnreachable
from shore_relay.post.mail import MailAccount
from shore_relay.post.webhook import Receiver
from shore_relay.relay.errors import SettingsInvalid
from shore_relay.relay.operating_settings import NoticeSettings
from shore_relay.relay.store.delivery_rows import Claimed, Way
from shore_relay.relay.tls import environment_or_file

KIND = "relay.waiting"
PASSWORD_VARIABLE = "SEAVOICE_RELAY_SMTP_PASSWORD"  # noqa: S105  # A variable's name.
# Who reads over somebody's shoulder learns of no vessel, no message and no hour.
_SUBJECT = "Please look at your desk · โปรดตรวจดูโปรแกรมของศูนย์"
_TEXT = """\
Something has been waiting for your desk's program for a while.
Please see whether it runs, and whether its computer is online.

มีสิ่งที่รอโปรแกรมของศูนย์มาสักระยะแล้ว
โปรดตรวจดูว่าโปรแกรมทำงานอยู่ และคอมพิวเตอร์ต่ออินเทอร์เน็ตอยู่
"""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Post:
    """The ways out that the settings name."""

    account: MailAccount | None

    async def send(self, claimed: Claimed, now: UnixSeconds) -> None:
        """Hand one notice over; raises `PostFailed`. The same one again is known for the same."""
        delivery = claimed.delivery
        match delivery.way:
            case Way.EMAIL:
                if self.account is None:
                    raise MailUnreachable("No mail server is set up; set notices.smtp_host.")
                await self.account.hand_over(_message(self.account, claimed), delivery.address)
            case Way.WEBHOOK:
                receiver = Receiver(url=delivery.address, secret=claimed.secret, agent="relay")
                await receiver.hand_over(delivery.id, _body(claimed), now)


def load_post(folder: Path, settings: NoticeSettings) -> Post:
    """Return the ways out; raises `SettingsInvalid` or `SecretUnreadable`."""
    if not settings.smtp_host:
        return Post(account=None)
    if not is_address(settings.smtp_from):
        raise SettingsInvalid(
            "The setting notices.smtp_from must be an e-mail address, such as relay@example.org."
        )
    if settings.smtp_security == "none" and not _is_here(settings.smtp_host):
        raise SettingsInvalid(
            "The setting notices.smtp_security may be none only for a mail server on this machine; choose "
            "starttls or tls."
        )
    password = ""
    if settings.smtp_user:
        password = environment_or_file(PASSWORD_VARIABLE, folder / settings.smtp_password_file)
        if not password:
            raise SettingsInvalid(
                f"There is a notices.smtp_user and no password: set {PASSWORD_VARIABLE}, or write it into "
                f"{folder / settings.smtp_password_file}, mode 0600."
            )
    return Post(
        account=MailAccount(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.smtp_security,
            sender=settings.smtp_from,
            user=settings.smtp_user,
            password=password,
        )
    )


def is_address(text: str) -> bool:
    """Return whether this can be an e-mail address."""
    try:
        parsed = Address(addr_spec=text)
    except (ValueError, IndexError):
        return False
    return bool(parsed.username and parsed.domain) and text.isprintable() and text.isascii()


def is_safe_url(text: str) -> bool:
    """Return whether webhooks may go there: over TLS, or on this machine."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_here(host)))


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _message(account: MailAccount, claimed: Claimed) -> EmailMessage:
    delivery = claimed.delivery
    message = EmailMessage()
    message["From"] = Address(addr_spec=account.sender)
    message["To"] = Address(addr_spec=delivery.address)
    message["Subject"] = _SUBJECT
    message["Date"] = format_datetime(datetime.fromtimestamp(delivery.made_at, UTC))
    message["Message-ID"] = f"<{delivery.id.hex()}@{account.domain}>"
    # Nobody's "I am out of the office" comes back for it.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_TEXT)
    return message


def _body(claimed: Claimed) -> str:
    delivery = claimed.delivery
    made_at = datetime.fromtimestamp(delivery.made_at, UTC).isoformat()
    return json.dumps({"type": KIND, "timestamp": made_at, "data": {"desk": delivery.desk.hex()}})
