"""Tells the parts of a running desk that something was committed, by themselves or by another command."""

import asyncio

from protocol.ids import UnixSeconds
from shore_relay.desk.store.database import Database

_LOOK_EVERY_S = 0.3
"""How soon the page and the sender learn what a command in another terminal did."""


class Changes:
    """A number that grows with each commit, and a way to wait for it to grow."""

    def __init__(self) -> None:
        self._count = 0
        self.reached_at = UnixSeconds(0)
        """When the relay last answered this process; 0 before it did. Before that, silence means nothing."""
        self._grown = asyncio.Condition()

    @property
    def count(self) -> int:
        """The number now; give it to `wait_beyond`."""
        return self._count

    async def announce(self) -> None:
        """Wake everybody who waits."""
        async with self._grown:
            self._count += 1
            self._grown.notify_all()

    async def wait_beyond(self, count: int, timeout_s: float) -> int:
        """Return the number once it is beyond `count`, or as it is after `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s), self._grown:
                await self._grown.wait_for(lambda: self._count > count)
        except TimeoutError:
            pass
        return self._count

    async def watch(self, database: Database) -> None:
        """Announce every commit to the file, until cancelled."""
        seen = await database.version()
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            found = await database.version()
            if found != seen:
                seen = found
                await self.announce()
