"""Hands one body to a receiver of webhooks, signed as https://www.standardwebhooks.com describes."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
from standardwebhooks import Webhook

from protocol.ids import UnixSeconds
from shore_relay.post.errors import WebhookRefused, WebhookUnreachable

SECRET_PREFIX = "whsec_"  # noqa: S105  # What secrets begin with.
_SECRET_BYTES = 32
_SECRET_BYTES_MIN = 24
"""What the specification asks of a secret."""
_TIMEOUT = aiohttp.ClientTimeout(total=20.0)


def new_secret(entropy: Callable[[int], bytes]) -> str:
    """Return a secret that a receiver and this side share."""
    return SECRET_PREFIX + base64.b64encode(entropy(_SECRET_BYTES)).decode()


def is_secret(text: str) -> bool:
    """Return whether this can sign webhooks."""
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return text.startswith(SECRET_PREFIX) and len(key) >= _SECRET_BYTES_MIN


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Receiver:
    """Where webhooks go, the secret that signs them, and who they say sends them. `repr` shows none."""

    url: str
    secret: str
    agent: str

    async def hand_over(self, notice: bytes, body: str, now: UnixSeconds) -> None:
        """Send a body; raises `WebhookUnreachable`, `WebhookRefused`.

        A receiver that sees the same `webhook-id` again has taken it before.
        """
        name = f"msg_{notice.hex()}"
        headers = {
            "Content-Type": "application/json",
            "User-Agent": self.agent,
            "webhook-id": name,
            "webhook-timestamp": str(now),
            "webhook-signature": Webhook(self.secret).sign(name, datetime.fromtimestamp(now, UTC), body),
        }
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                # A redirect could lead anywhere.
                session.post(self.url, data=body.encode(), headers=headers, allow_redirects=False) as answer,
            ):
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as reason:
            raise WebhookUnreachable(
                "The receiver of webhooks does not answer. Check webhook_url, and whether this computer is "
                "online."
            ) from reason
        if not 200 <= status < 300:
            raise WebhookRefused(
                f"The receiver of webhooks answers {status}. Check webhook_url and that it knows the secret."
            )
