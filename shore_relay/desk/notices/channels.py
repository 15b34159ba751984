"""The ways out for notices, from the settings and from secrets that stand in no setting."""

import base64
import binascii
import ipaddress
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shore_relay.desk.errors import BadNoticeChoice, BadSettings
from shore_relay.desk.notices.mail import MailServer
from shore_relay.desk.notices.model import Choice, Way, clean_address
from shore_relay.desk.notices.webhook import WebhookReceiver
from shore_relay.desk.settings import Settings

_SECRET_FILE_BYTES_MAX = 4_096
_WEBHOOK_PREFIX = "whsec_"
_WEBHOOK_SECRET_BYTES_MIN = 24
"""What the specification asks of a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """The ways that are set up at this desk."""

    mail: MailServer | None = None
    webhook: WebhookReceiver | None = None

    def ways_to(self, choice: Choice) -> tuple[Way, ...]:
        """Return the ways by which a notice reaches somebody who chose so."""
        ways = []
        if self.mail is not None and choice.address:
            ways.append(Way.MAIL)
        if self.webhook is not None and choice.webhook:
            ways.append(Way.WEBHOOK)
        return tuple(ways)


def load_channels(settings: Settings, environment: Mapping[str, str]) -> Channels:
    """Return the ways that the settings name; raises `BadSettings`."""
    return Channels(mail=_mail(settings, environment), webhook=_webhook(settings, environment))


def _mail(settings: Settings, environment: Mapping[str, str]) -> MailServer | None:
    if not settings.smtp_host:
        return None
    try:
        sender = clean_address(settings.smtp_from)
    except BadNoticeChoice:
        sender = ""
    if not sender:
        raise BadSettings("The setting smtp_from must be an e-mail address, such as desk@example.org.")
    password = _secret("smtp_password_file", settings.smtp_password_file, "SMTP_PASSWORD", environment)
    if settings.smtp_user and not password:
        raise BadSettings(
            "There is a smtp_user and no password: set SEAVOICE_DESK_SMTP_PASSWORD or smtp_password_file."
        )
    if settings.smtp_security == "none" and not _is_here(settings.smtp_host):
        raise BadSettings(
            "The setting smtp_security may be none only for a mail server on this machine; choose starttls "
            "or tls."
        )
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        sender=sender,
        user=settings.smtp_user,
        password=password if settings.smtp_user else "",
    )


def _webhook(settings: Settings, environment: Mapping[str, str]) -> WebhookReceiver | None:
    if not settings.webhook_url:
        return None
    parts = urlsplit(settings.webhook_url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname or ""))
    if not parts.hostname or not is_safe:
        raise BadSettings("The setting webhook_url must begin with https://, unless it is on this machine.")
    secret = _secret("webhook_secret_file", settings.webhook_secret_file, "WEBHOOK_SECRET", environment)
    try:
        key = base64.b64decode(secret.removeprefix(_WEBHOOK_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_WEBHOOK_PREFIX) or len(key) < _WEBHOOK_SECRET_BYTES_MIN:
        raise BadSettings(
            "Webhooks need a secret of `whsec_` and at least 24 bytes as base64: set "
            "SEAVOICE_DESK_WEBHOOK_SECRET or webhook_secret_file."
        )
    return WebhookReceiver(url=settings.webhook_url, secret=secret)


def _secret(setting: str, file: str, variable: str, environment: Mapping[str, str]) -> str:
    if not file:
        return environment.get(f"SEAVOICE_DESK_{variable}", "")
    path = Path(file).expanduser()
    try:
        with path.open("rb") as opened:
            mode = stat.S_IMODE(path.stat().st_mode)
            data = opened.read(_SECRET_FILE_BYTES_MAX)
        text = data.decode()
    except (OSError, UnicodeDecodeError) as reason:
        raise BadSettings(f"The file in {setting}, {path}, cannot be read. Name another one.") from reason
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise BadSettings(f"Others may read {path}, which {setting} names: run `chmod 600 {path}`.")
    return text.strip()


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
