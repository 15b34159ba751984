"""Notices as webhooks, signed as https://www.standardwebhooks.com describes."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from protocol.ids import UnixSeconds
from shore_relay.desk.notices.model import Counts
from shore_relay.desk.notices.posting import own_errors
from shore_relay.desk.notices.wording import subject_of
from shore_relay.desk.words import Words
from shore_relay.post.webhook import Receiver

KIND = "desk.notice"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WebhookReceiver(Receiver):
    """Where webhooks go, and the secret that signs them. `repr` shows neither."""

    agent: str = "desk"
    """Not even the kind of program is told."""

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
        with own_errors():
            await self.hand_over(notice, body, now)
