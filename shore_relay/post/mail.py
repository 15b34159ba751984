"""Hands one message to a mail server."""

import ssl
from dataclasses import dataclass
from email.message import EmailMessage

import aiosmtplib

from shore_relay.post.errors import MailLoginRefused, MailNotSecure, MailRefused, MailUnreachable

SECURITY = ("starttls", "tls", "none")
_TIMEOUT_S = 20.0
_REASON_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MailAccount:
    """A mail server and how to speak to it. `repr` shows no password."""

    host: str
    port: int
    security: str
    """One of `SECURITY`."""
    sender: str
    user: str = ""
    password: str = ""

    @property
    def domain(self) -> str:
        """The sender's, which is all that the server hears of this machine."""
        return self.sender.rpartition("@")[2]

    async def hand_over(self, message: EmailMessage, address: str) -> None:
        """Send a message; raises `MailUnreachable`, `MailNotSecure`, `MailLoginRefused`, `MailRefused`."""
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
                local_hostname=self.domain,
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
    # A server could put anything on a terminal.
    words = "".join(each if each.isprintable() else " " for each in reason.message)
    return f"{reason.code} {words[:_REASON_CHARACTERS_MAX].strip()}"
