"""Several relays on one store: this one says that it lives, and hears what came in through the others.

What a neighbour announces is a hint that saves waiting. Every few seconds each relay looks by itself, so that
a hint that was lost costs these seconds and nothing else.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

from protocol.ids import VesselId
from shore_relay.relay.errors import StoreFailed
from shore_relay.relay.fleet import Fleet
from shore_relay.relay.logfmt import Log
from shore_relay.relay.store.sql_store import SqlStore
from shore_relay.relay.surroundings import WallClock

LEASE_S = 45
"""What a relay holds is taken from it when it has been silent for so long; clocks may disagree by a third."""
LOOK_S = 5.0
"""How often to look for what no hint told of."""
_FOREVER_S = 2**40


class Neighbours:
    """What this relay does for, and because of, the others."""

    def __init__(self, store: SqlStore, fleet: Fleet, wall: WallClock, log: Log) -> None:
        self._store = store
        self._fleet = fleet
        self._wall = wall
        self._log = log
        self._dispatched: asyncio.Queue[VesselId] = asyncio.Queue()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Be one of the relays until the block ends. Raises `StoreFailed` where that cannot be stored."""
        await self._store.join(self._wall(), lease_s=LEASE_S if self._store.shared else _FOREVER_S)
        tasks = [asyncio.create_task(each, name="neighbours") for each in self._duties()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)
            await self._leave()

    def _duties(self) -> list[Coroutine[None, None, None]]:
        if not self._store.shared:
            return []
        return [self._look(), self._offer(), self._store.listen(self._dispatched.put_nowait)]

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self._store.join(self._wall(), lease_s=LEASE_S)
                await self._fleet.catch_up()
            except StoreFailed as reason:
                self._log(reason.code)

    async def _offer(self) -> None:
        while True:
            vessel = await self._dispatched.get()
            try:
                await self._fleet.dispatched(vessel)
            except StoreFailed as reason:
                self._log(reason.code)

    async def _leave(self) -> None:
        try:
            await self._store.leave()
        except StoreFailed as reason:
            # The others notice when the lease has passed.
            self._log(reason.code)
