"""Says in the desk's own errors why somebody did not take a notice."""

from collections.abc import Iterator
from contextlib import contextmanager

from shore_relay.desk import errors as own
from shore_relay.post import errors as posts

_OWN = {
    posts.MailUnreachable: own.MailUnreachable,
    posts.MailNotSecure: own.MailNotSecure,
    posts.MailLoginRefused: own.MailLoginRefused,
    posts.MailRefused: own.MailRefused,
    posts.WebhookUnreachable: own.WebhookUnreachable,
    posts.WebhookRefused: own.WebhookRefused,
}


@contextmanager
def own_errors() -> Iterator[None]:
    """Raise what the post room raises as the desk's error of the same name."""
    try:
        yield
    except posts.PostFailed as reason:
        raise _OWN[type(reason)](str(reason)) from reason
