"""A relay's engine behind a simulated sky and a modem on a pseudo-terminal."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from protocol import bundle as bundles
from protocol.bundle import Bundle
from protocol.engine import SyncEngine
from protocol.events import BundleArrived, PacketRefused
from protocol.frames import Priority
from protocol.journal import MemoryJournal
from protocol.links import Side
from scripts.sky.messages import MessageProfile, MessageSky
from scripts.sky.modem import Faults, ModemProgram, PluggedModem, plugged
from tests.memory_link import MESSAGE, VESSEL, admit_all, snapshot
from tests.vessel_client.boxes import BoxFolder, wall_clock
from tests.vessel_client.shore import PATIENCE_S
from vessel_client.app import RunningService, running_service
from vessel_client.clocks import LinkClock
from vessel_client.settings import SbdSettings, Settings
from vessel_client.store.sessions import SessionDay, list_days

SPEED = 20.0
SKY = MessageProfile(session_s=1.0)
RELAY_LINK = replace(MESSAGE, name="sbd", patience_s=28_800.0)


class SkyShore:
    """Takes what the gateway has, and gives it what the relay has to say."""

    def __init__(self, sky: MessageSky, clock: LinkClock) -> None:
        self.sky = sky
        self.engine = SyncEngine(Side.RELAY, VESSEL, snapshot(), MemoryJournal(), admit=admit_all)
        self.arrived: list[BundleArrived] = []
        self.refused: list[str] = []
        self.messages: list[bytes] = []
        self.ring: Callable[[], None] = lambda: None
        self._clock = clock
        self._changed = asyncio.Event()
        self._given = 0
        self.engine.contact_opened(RELAY_LINK, clock.now())

    def look(self) -> None:
        """Work off what has come."""
        for taken in self.sky.taken():
            self.messages.append(taken.message)
            for event in self.engine.receive(taken.message, RELAY_LINK, self._clock.now()):
                if isinstance(event, BundleArrived):
                    self.arrived.append(event)
                if isinstance(event, PacketRefused):
                    self.refused.append(event.code)
        self._speak()
        self._changed.set()

    def _speak(self) -> None:
        waiting = self.sky.down_waiting
        while (packet := self.engine.transmit(RELAY_LINK, self._clock.now())) is not None:
            self.sky.queue_down(packet)
        if self.sky.down_waiting > waiting:
            self.ring()

    def offer(self, bundle: Bundle, priority: Priority = Priority.TEXT) -> None:
        """Send a bundle to the box."""
        self._given += 1
        self.engine.offer(self._given, priority, bundles.encode(bundle))
        self._speak()

    def numbers(self) -> list[int]:
        """Return the numbers of what arrived."""
        return [each.number for each in self.arrived]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something that the modem did makes the condition true."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def at_rest(self) -> None:
        """Wait until the box has everything that the relay said."""
        await self.until(lambda: self.sky.down_waiting == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtSea:
    """A box with a modem under a sky."""

    running: RunningService
    shore: SkyShore
    modem: PluggedModem

    @property
    def faults(self) -> Faults:
        """What goes wrong next."""
        return self.modem.program.faults

    @property
    def problem(self) -> str:
        """What the bearer says of itself."""
        return next(each.problem for each in self.running.bearers if each.link.name == "sbd")

    async def days(self) -> list[SessionDay]:
        """Return the ledger of sessions."""
        async with self.running.database.reading() as connection:
            return await list_days(connection)


def sbd_settings(device: Path) -> SbdSettings:
    """Return settings for tests: nothing goes by itself, and a slow machine is no fault of the modem."""
    return SbdSettings(
        enabled=True,
        device=str(device),
        mailbox_interval_s=0.0,
        signal_interval_s=1.0,
        retry_delay_s_min=1.0,
        retry_delay_s_max=2.0,
        answer_timeout_s=300.0,
        session_timeout_s=900.0,
    )


@asynccontextmanager
async def at_sea(
    box: BoxFolder,
    folder: Path,
    *,
    profile: MessageProfile = SKY,
    seed: int = 0,
    faults: Faults | None = None,
    adapt: Callable[[Settings], Settings] = lambda settings: settings,
) -> AsyncIterator[AtSea]:
    """Run a box with a modem; it starts while the introduction still waits."""
    clock = LinkClock(speed=SPEED)
    shore = SkyShore(MessageSky(profile, seed=seed), clock)
    program = ModemProgram(shore.sky, faults)
    device = folder / "modem"
    settings = adapt(replace(box.settings(), sbd=sbd_settings(device)))
    with plugged(program, device, clock.now, SPEED) as modem:
        modem.on_session = shore.look
        shore.ring = modem.ring
        async with running_service(settings, clock=clock, wall_clock=wall_clock) as running:
            yield AtSea(running=running, shore=shore, modem=modem)
