"""The skies that the transport benchmark flies under; SeaVoice and its peers get exactly the same ones."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from enum import Enum

from scripts.sky.datagram import DatagramSky
from scripts.sky.model import Cut, CutSchedule, ListedCuts, PeriodicCuts, SkyProfile
from scripts.sky.shell import Endpoint
from scripts.sky.stream import StreamSky

RATE_BPS = 2_400.0
DELAY_S = 0.7
"""One way: 1.4 s round trip (protocol.md, table 2)."""

LOSS = DUPLICATES = REORDERED = 0.1
REORDER_DELAY_S = 8.0
"""A packet lasts up to 3 s at this rate: one that comes so late has been overtaken by three others."""

MIDDLE_S = 100.0
"""About half of 60 kB have left by then at 2,400 bit/s."""

Sky = StreamSky | DatagramSky


class Medium(Enum):
    """What carries the bytes."""

    STREAM = "stream"
    DATAGRAM = "datagram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One kind of link."""

    medium: Medium = Medium.STREAM
    rate_bps: float | None = None
    delay_s: float = 0.0
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    seed: int = 1
    speed: float = 1.0
    """Link seconds in one second of the machine."""

    def over(self, target_port: int) -> Sky:
        """Return the sky in front of a program that listens on `target_port`; enter it to open it."""
        make: Callable[..., Sky] = StreamSky if self.medium is Medium.STREAM else DatagramSky
        profile = SkyProfile(
            rate_up_bps=self.rate_bps,
            rate_down_bps=self.rate_bps,
            delay_s=self.delay_s,
            loss=self.loss,
            duplicate=self.duplicate,
            reorder=self.reorder,
            reorder_delay_s=REORDER_DELAY_S,
            speed=self.speed,
        )
        return make(target=Endpoint(port=target_port), profile=profile, seed=self.seed)


FAST = Scene()
FAST_DATAGRAM = Scene(medium=Medium.DATAGRAM)
SLOW = Scene(rate_bps=RATE_BPS, delay_s=DELAY_S)
SLOW_DATAGRAM = Scene(medium=Medium.DATAGRAM, rate_bps=RATE_BPS, delay_s=DELAY_S)
FAULTS = {
    "loss": replace(SLOW_DATAGRAM, loss=LOSS),
    "doubled": replace(SLOW_DATAGRAM, duplicate=DUPLICATES),
    "overtaken": replace(SLOW_DATAGRAM, reorder=REORDERED),
    "confused": replace(SLOW_DATAGRAM, loss=LOSS, duplicate=DUPLICATES, reorder=REORDERED),
}
"""What datagrams suffer, by name."""

SESSIONS = Scene(medium=Medium.DATAGRAM, delay_s=40.0)
"""No more than the time that a message takes by satellite, each way."""

STEADY = ListedCuts()
CUT_EARLY = PeriodicCuts(up_s=60, down_s=20, first_s=8)
"""Down 20 s in every 80, the first time in the middle of a message of 4.5 kB."""

CUT_OFTEN = PeriodicCuts(up_s=60, down_s=20)
CUT_13_TIMES = ListedCuts(listed=tuple(Cut(at_s=15 + 20 * turn, length_s=5) for turn in range(13)))
"""Up 15 s and down 5 s, again and again: 60 kB need all thirteen turns."""

OUTAGE = ListedCuts(listed=(Cut(at_s=MIDDLE_S, length_s=300),))
OUTAGE_AND_CUTS = ListedCuts(
    listed=(
        *(Cut(at_s=at_s, length_s=2) for at_s in (30.1, 55.7, 81.3, 430.3, 455.9)),
        Cut(at_s=106.9, length_s=300),
    )
)
"""What a single cut wastes depends on which part of a packet it meets; the mean of six says more."""

CUT_ONCE = ListedCuts(listed=(Cut(at_s=MIDDLE_S, length_s=1),))


@asynccontextmanager
async def weather(skies: tuple[Sky, ...], cuts: CutSchedule, *, speed: float = 1.0) -> AsyncIterator[None]:
    """Cut the skies as scheduled, counted from now: from when a message is handed over."""

    async def make() -> None:
        began_s = skies[0].now_s
        for cut in cuts.cuts():
            await asyncio.sleep((began_s + cut.at_s - skies[0].now_s) / speed)
            for sky in skies:
                sky.cut(cut.length_s)

    task = asyncio.create_task(make())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
