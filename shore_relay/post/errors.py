"""Why somebody did not take a notice, each with a stable code and a sentence for whoever looks after it."""

from typing import ClassVar


class PostFailed(Exception):
    """A notice was not taken."""

    code: ClassVar[str] = "post-failed"


class MailUnreachable(PostFailed):
    """The mail server does not answer, or breaks off."""

    code: ClassVar[str] = "mail-unreachable"


class MailNotSecure(PostFailed):
    """The mail server's certificate is not in order, or it offers no encryption."""

    code: ClassVar[str] = "mail-not-secure"


class MailLoginRefused(PostFailed):
    """The mail server does not take the name or the password."""

    code: ClassVar[str] = "mail-login-refused"


class MailRefused(PostFailed):
    """The mail server takes no mail from this sender or for this address."""

    code: ClassVar[str] = "mail-refused"


class WebhookUnreachable(PostFailed):
    """The webhook's receiver does not answer."""

    code: ClassVar[str] = "webhook-unreachable"


class WebhookRefused(PostFailed):
    """The webhook's receiver answers something else than that it took the notice."""

    code: ClassVar[str] = "webhook-refused"
