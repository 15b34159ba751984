"""The skies that the transport benchmark flies under; SeaVoice and its peers get exactly the same ones."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from scripts.sky.datagram import DatagramSky
from scripts.sky.model import Cut, CutSchedule, ListedCuts, PeriodicCuts, SkyProfile
from scripts.sky.shell import Endpoint
from scripts.sky.stream import StreamSky

RATE_BPS = 2_400.0
DELAY_S = 0.7
"""One way: 1.4 s round trip (protocol.md, table 2)."""

LOSS = 0.1
MIDDLE_S = 100.0
"""Half of 60 kB have left by then at 2,400 bit/s."""

Sky = StreamSky | DatagramSky


class Medium(Enum):
    """What carries the bytes."""

    STREAM = "stream"
    DATAGRAM = "datagram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One link with its accidents."""

    medium: Medium = Medium.STREAM
    rate_bps: float | None = None
    delay_s: float = 0.0
    loss: float = 0.0
    cuts: CutSchedule | None = None
    seed: int = 1

    def over(self, target_port: int, *, listen_port: int = 0) -> Sky:
        """Return the sky in front of a program that listens on `target_port`; enter it to open it."""
        make: Callable[..., Sky] = StreamSky if self.medium is Medium.STREAM else DatagramSky
        profile = SkyProfile(
            rate_up_bps=self.rate_bps, rate_down_bps=self.rate_bps, delay_s=self.delay_s, loss=self.loss
        )
        return make(
            target=Endpoint(port=target_port),
            listen=Endpoint(port=listen_port),
            profile=profile,
            cuts=self.cuts,
            seed=self.seed,
        )


def slow(cuts: CutSchedule | None = None) -> Scene:
    """Return the slow stream of table 2 with these cuts."""
    return Scene(rate_bps=RATE_BPS, delay_s=DELAY_S, cuts=cuts)


FAST = Scene()
FAST_DATAGRAM = Scene(medium=Medium.DATAGRAM)
STEADY = slow()
CUT_EARLY = slow(PeriodicCuts(up_s=60, down_s=20, first_s=8))
"""Down 20 s in every 80, the first time in the middle of a message of 4.5 kB."""
CUT_OFTEN = slow(PeriodicCuts(up_s=60, down_s=20))
CUT_13_TIMES = slow(ListedCuts(listed=tuple(Cut(at_s=15 + 20 * turn, length_s=5) for turn in range(13))))
"""Up 15 s and down 5 s, again and again: 60 kB need all thirteen turns."""
OUTAGE = slow(ListedCuts(listed=(Cut(at_s=MIDDLE_S, length_s=300),)))
LOSSY = Scene(medium=Medium.DATAGRAM, rate_bps=RATE_BPS, delay_s=DELAY_S, loss=LOSS)
