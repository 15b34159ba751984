"""Notices as webhooks, signed as https://www.standardwebhooks.com describes."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
from standardwebhooks import Webhook

from protocol.ids import UnixSeconds
from shore_relay.desk.errors import WebhookRefused, WebhookUnreachable
from shore_relay.desk.notices.model import Counts
from shore_relay.desk.notices.wording import subject_of
from shore_relay.desk.words import Words

KIND = "desk.notice"
_TIMEOUT = aiohttp.ClientTimeout(total=20.0)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WebhookReceiver:
    """Where webhooks go, and the secret that signs them. `repr` shows neither."""

    url: str
    secret: str

    async def send(
        self,
        person: bytes,
        counts: Counts,
        words: Words,
        notice: bytes,
        made_at: UnixSeconds,
        now: UnixSeconds,
    ) -> None:
        """Hand one notice over; raises `WebhookUnreachable`, `WebhookRefused`.

        A receiver that sees the same `webhook-id` again has taken it before.
        """
        body = json.dumps(
            {
                "type": KIND,
                "timestamp": datetime.fromtimestamp(made_at, UTC).isoformat(),
                "data": {
                    "to": person.hex(),
                    "urgent": counts.urgent,
                    "overdue": counts.overdue,
                    "new": counts.new,
                    "text": subject_of(counts, words),
                },
            },
            ensure_ascii=False,
        )
        name = f"msg_{notice.hex()}"
        signed_at = datetime.fromtimestamp(now, UTC)
        headers = {
            "Content-Type": "application/json",
            # Not even the kind of program is told.
            "User-Agent": "desk",
            "webhook-id": name,
            "webhook-timestamp": str(now),
            "webhook-signature": Webhook(self.secret).sign(name, signed_at, body),
        }
        await self._post(body, headers)

    async def _post(self, body: str, headers: dict[str, str]) -> None:
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
