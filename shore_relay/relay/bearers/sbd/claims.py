"""Whose turn a vessel's short messages are: each costs money, so only one relay sees to them at a time."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from protocol.ids import VesselId
from shore_relay.relay.errors import StoreFailed
from shore_relay.relay.store.sbd import SbdStore
from shore_relay.relay.surroundings import WallClock


class Claims:
    """What this relay holds of the work on short messages."""

    def __init__(self, store: SbdStore, wall: WallClock) -> None:
        self._store = store
        self._wall = wall
        self._users: Counter[VesselId] = Counter()

    @asynccontextmanager
    async def of(self, vessel: VesselId) -> AsyncIterator[bool]:
        """Yield whether the vessel's messages are this relay's until the block ends. Raises `StoreFailed`."""
        # Counted before it is asked for, so that whoever ends meanwhile does not give it back under our feet.
        self._users[vessel] += 1
        try:
            yield await self._store.claim(vessel, self._wall())
        finally:
            self._users[vessel] -= 1
            if not self._users[vessel]:
                del self._users[vessel]
                await self._give_back(vessel)

    async def _give_back(self, vessel: VesselId) -> None:
        try:
            await self._store.release(vessel)
        except StoreFailed:
            # It stays this relay's, which works on it again later, or dies and loses it with its lease.
            return
