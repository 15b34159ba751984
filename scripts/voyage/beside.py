"""What HTTPS takes for the same bytes: a real server and client, each message on a link of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scripts.benchmarks.https_peer import HttpsPeer, https_peer
from scripts.benchmarks.scenes import Scene, weather
from scripts.benchmarks.seavoice_environment import RETRY_S
from scripts.voyage.link import CUTS, LINK_BPS, ONE_WAY_S


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """What one message took over HTTPS, until it arrived or the demonstration ended."""

    arrived: bool
    link_bytes: int
    seconds: float
    tries: int


@dataclass(kw_only=True)
class Beside:
    """Sends by HTTPS what SeaVoice sends, at the same time and under the same cuts."""

    folder: Path
    speed: float
    _tasks: dict[int, asyncio.Task[Crossing]] = field(default_factory=dict)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, number: int, size_bytes: int) -> None:
        """Begin to send as many bytes as bundle `number` has."""
        self._tasks[number] = asyncio.create_task(self._cross(number, size_bytes))

    async def crossings(self) -> dict[int, Crossing]:
        """End whatever is still trying, and return what each message took."""
        self._ended.set()
        return {number: await task for number, task in self._tasks.items()}

    async def _cross(self, number: int, size_bytes: int) -> Crossing:
        room = self.folder / f"https-{number}"
        room.mkdir()
        scene = Scene(rate_bps=LINK_BPS, delay_s=ONE_WAY_S, speed=self.speed)
        async with https_peer(room, scene) as peer, weather((peer.sky,), CUTS, speed=self.speed):
            return await self._insist(peer, size_bytes)

    async def _insist(self, peer: HttpsPeer, size_bytes: int) -> Crossing:
        before, began_s = peer.sky.meter.snapshot(), peer.sky.now_s
        sending = asyncio.create_task(peer.insist([size_bytes], retry_s=RETRY_S / self.speed))
        ended = asyncio.create_task(self._ended.wait())
        await asyncio.wait({sending, ended}, return_when=asyncio.FIRST_COMPLETED)
        arrived, seconds = sending.done(), peer.sky.now_s - began_s
        for task in (sending, ended):
            task.cancel()
        await asyncio.gather(sending, ended, return_exceptions=True)
        spent = peer.sky.meter.snapshot() - before
        return Crossing(arrived=arrived, link_bytes=spent.air_bytes, seconds=seconds, tries=peer.tries)


@asynccontextmanager
async def beside(folder: Path, speed: float) -> AsyncIterator[Beside]:
    """Open the comparison, and leave no task of it behind."""
    comparison = Beside(folder=folder, speed=speed)
    try:
        yield comparison
    finally:
        await comparison.crossings()
