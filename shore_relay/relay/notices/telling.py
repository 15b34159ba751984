"""Makes notices where bundles wait, and tries each until somebody takes it or an operator has to look."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from protocol.ids import UnixSeconds
from shore_relay.post.errors import PostFailed
from shore_relay.relay.errors import StoreFailed
from shore_relay.relay.logfmt import Log
from shore_relay.relay.notices.sending import Post
from shore_relay.relay.operating_settings import NoticeSettings
from shore_relay.relay.store.deliveries import DeliveryStore
from shore_relay.relay.store.delivery_rows import Claimed, DeliveryState
from shore_relay.relay.surroundings import WallClock

LOOK_S = 20.0
LEASE_S = 180
"""Longer than any try takes: if a relay dies in the middle of one, another goes on then."""
AT_ONCE = 8
RETRY_S_MIN = 60
RETRY_S_MAX = 3_600
ATTEMPTS_MAX = 14
"""At 1, 2, 4, … minutes and then every hour: nine hours, in which somebody mends a mail server."""


class Telling:
    """What one relay does for the offices of all desks; others on the same store do the same."""

    def __init__(
        self,
        store: DeliveryStore,
        settings: NoticeSettings,
        post: Post,
        *,
        wall: WallClock,
        entropy: Callable[[int], bytes],
        log: Log,
    ) -> None:
        self._store = store
        self._settings = settings
        self._post = post
        self._wall = wall
        self._entropy = entropy
        self._log = log

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Look every few seconds until the block ends."""
        task = asyncio.create_task(self._repeat(), name="notices")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.turn()
            except StoreFailed as reason:
                self._log(reason.code)

    async def turn(self) -> int:
        """Make what is due, try what waits, and return how many were taken; raises `StoreFailed`."""
        if not await self._store.channels():
            return 0
        await self._store.make_due(
            self._wall(),
            after_s=int(self._settings.after_minutes * 60),
            remind_s=int(self._settings.remind_hours * 3_600),
            entropy=self._entropy,
        )
        taken = 0
        while claimed := await self._store.claim(self._wall(), lease_s=LEASE_S, most=AT_ONCE):
            taken += sum(await asyncio.gather(*map(self._try, claimed)))
        return taken

    async def _try(self, claimed: Claimed) -> bool:
        delivery, now = claimed.delivery, self._wall()
        try:
            await self._post.send(claimed, now)
        except PostFailed as trouble:
            is_last = delivery.attempts >= ATTEMPTS_MAX
            state = DeliveryState.DEAD if is_last else DeliveryState.WAITING
            due_at = UnixSeconds(now + min(RETRY_S_MIN * 2 ** (delivery.attempts - 1), RETRY_S_MAX))
            self._log("notice-failed", code=trouble.code, attempts=delivery.attempts, state=state.value)
            await self._store.settle(delivery, state, at=now, due_at=due_at, trouble=trouble.code)
            return False
        await self._store.settle(delivery, DeliveryState.DELIVERED, at=now, due_at=now, trouble="")
        self._log("notice-delivered", way=delivery.way.value)
        return True
