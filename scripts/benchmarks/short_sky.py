"""One satellite modem for short messages under measurement, and the service that it hands its messages to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmarks.ports import free_port
from scripts.sky.messages import MessageProfile, MessageReading, MessageSky
from scripts.sky.modem import ModemProgram, PluggedModem, plugged
from scripts.sky.rockblock import RockBlock
from vessel_client.clocks import LinkClock

SPEED = 20.0
"""Link seconds in one second of the machine: a session of 40 s takes two."""

DEVICE = "modem"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortScene:
    """One kind of sky for short messages."""

    failure: float = 0.0
    """The share of sessions that fail."""
    seed: int = 1
    receipt_wait_s: float = 21_600.0
    """How long the box lets a receipt wait for a message to travel with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortMark:
    """Where a modem stands at one moment."""

    reading: MessageReading
    taken: int
    """How many messages up its gateway has had."""
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortPassage:
    """What went over the modem between two moments."""

    reading: MessageReading
    credits_up: int
    """What the messages up cost by themselves; the rest is for messages down, and for looking."""
    seconds: float
    """Of the link, until the gateway had the last message up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortSky:
    """A modem that is plugged in, and RockBLOCK behind it."""

    sky: MessageSky
    modem: PluggedModem
    rockblock: RockBlock
    clock: LinkClock
    device: Path
    began_s: float
    gateway_url: str
    """Where the relay posts messages down."""

    @property
    def now_s(self) -> float:
        """Seconds of the link since the modem was plugged in."""
        return self.clock.now() - self.began_s

    def mark(self) -> ShortMark:
        """Return where it stands now."""
        return ShortMark(reading=self.sky.snapshot(), taken=len(self.rockblock.taken), at_s=self.now_s)

    def since(self, mark: ShortMark) -> ShortPassage:
        """Return what has passed since then."""
        taken = self.rockblock.taken[mark.taken :]
        step = self.sky.profile.step_bytes
        return ShortPassage(
            reading=self.sky.snapshot() - mark.reading,
            credits_up=sum(-(-len(each.message) // step) for each in taken),
            seconds=max((each.taken_s - mark.at_s for each in taken), default=0.0),
        )


@asynccontextmanager
async def short_sky(folder: Path, relay_port: int, scene: ShortScene) -> AsyncIterator[ShortSky]:
    """Plug a modem in, and serve RockBLOCK for it, until the block ends."""
    clock = LinkClock(speed=SPEED)
    sky = MessageSky(MessageProfile(failure=scene.failure), seed=scene.seed)
    rockblock = RockBlock(sky=sky, webhook_url=f"http://127.0.0.1:{relay_port}/v1/rockblock")
    began_s = clock.now()
    device = folder / DEVICE
    async with rockblock.serving(free_port()) as gateway_url:
        with plugged(ModemProgram(sky), device, lambda: clock.now() - began_s, SPEED) as modem:
            modem.on_session = rockblock.look
            rockblock.ring = modem.ring
            yield ShortSky(
                sky=sky,
                modem=modem,
                rockblock=rockblock,
                clock=clock,
                device=device,
                began_s=began_s,
                gateway_url=gateway_url,
            )
