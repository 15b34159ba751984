"""SeaVoice under measurement: its relay and its vessel as the programs that people start."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aiohttp

from protocol.ids import VesselId
from protocol.provisioning import BearerKind, read_provisioning, write_card
from scripts.benchmarks.cargo import Desk, Parcel
from scripts.benchmarks.outcome import Outcome
from scripts.benchmarks.ports import free_port
from scripts.benchmarks.scenes import Scene, Sky
from scripts.benchmarks.seavoice_environment import modem_environment, relay_environment, vessel_environment
from scripts.benchmarks.short_sky import ShortScene, ShortSky, short_sky
from scripts.sky.modem import IMEI
from scripts.sky.stream import StreamSky
from scripts.voyage.programs import Program, ProgramFailed
from vessel_client.queue_request import write_queue_request

POLL_S_MIN = 0.05
POLL_SHARE = 0.0025
"""How much later than it happened something may be noticed, as a share of what it took. Asking more often
would take the processor from the skies, and late skies are slow skies."""

READY_S_MAX = 60.0
QUEUEING_S = 3.0
STATES_ON_BOARD = ("on the box",)
VESSEL_NAME = "FV Marlin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """The data folders of one provisioned relay and vessel, to be copied for each voyage."""

    folder: Path
    desk: Desk
    vessel: VesselId

    def copy(self, folder: Path) -> None:
        """Make a voyage's own relay and vessel."""
        for name in ("relay", "vessel"):
            shutil.copytree(self.folder / name, folder / name)


async def found_fleet(folder: Path) -> Fleet:
    """Provision a relay, a desk and a vessel by their command lines."""
    desk = Desk()
    card, provisioning = folder / "card.json", folder / "vessel.json"
    card.write_bytes(write_card(desk.card("Harbour Light")))
    relay, vessel = (Program(name=name, data=folder / name) for name in ("relay", "vessel"))
    await relay.run("init", "--host", "127.0.0.1")
    await relay.run("desk", "add", str(card))
    await relay.run("vessel", "add", VESSEL_NAME, "--desk", "Harbour Light", "--out", str(provisioning))
    identity = read_provisioning(provisioning.read_bytes()).vessel
    await vessel.run("init", str(provisioning))
    return Fleet(folder=folder, desk=desk, vessel=identity)


async def warm_up(fleet: Fleet, folder: Path) -> Fleet:
    """Return a fleet whose vessel has introduced itself and whose link has been used."""
    fleet.copy(folder)
    async with sail(fleet, folder, Scene(), fresh=False) as voyage:
        await voyage.until_left([1], limit_s=READY_S_MAX)
    return Fleet(folder=folder, desk=fleet.desk, vessel=fleet.vessel)


@dataclass(kw_only=True)
class Voyage:
    """One relay, one vessel, and what lies between them."""

    relay: Program
    vessel: Program
    skies: Mapping[BearerKind, Sky]
    short: ShortSky | None
    fleet: Fleet
    box_url: str
    relay_url: str
    session: aiohttp.ClientSession

    @property
    def sky(self) -> Sky:
        """The one sky of a voyage that has only one."""
        (sky,) = self.skies.values()
        return sky

    @property
    def modem(self) -> ShortSky:
        """The modem of a voyage that has one."""
        assert self.short is not None
        return self.short

    async def queue(self, parcel: Parcel) -> int:
        """Give the box one sealed message and return its number."""
        body = write_queue_request(self.fleet.desk.request(parcel, self.fleet.vessel))
        headers = {"Content-Type": "application/json"}
        async with self.session.post(self.box_url + "/v1/bundles", data=body, headers=headers) as answer:
            document = await answer.json()
            if answer.status != 201:
                raise ProgramFailed(f"The box refused a message: {document}.")
            return int(document["number"])

    async def has_left(self, number: int) -> bool:
        """Ask the box whether the relay has custody of a bundle; a box that is down has not said so."""
        try:
            async with self.session.get(f"{self.box_url}/v1/bundles/{number}") as answer:
                return (await answer.json())["state"] not in STATES_ON_BOARD
        except aiohttp.ClientError:
            return False

    async def until_left(self, numbers: Sequence[int], *, limit_s: float) -> None:
        """Return when the relay has custody of all of these; raises `TimeoutError`. Machine seconds."""
        for number in numbers:
            await until(partial(self.has_left, number), limit_s=limit_s)

    async def until_linked(self, *, limit_s: float) -> None:
        """Return when the vessel has greeted the relay on a stream and nothing is on its way any more."""
        async with asyncio.timeout(limit_s):
            for sky in self.skies.values():
                if isinstance(sky, StreamSky):
                    await sky.until(partial(_has_been_used, sky))
        for sky in self.skies.values():
            await sky.until_settled()

    async def duplicate_bytes(self) -> int:
        """Return what the relay counted as payload that it already held."""
        vessels = (await self.relay.run_json("status"))["vessels"]
        assert isinstance(vessels, list)
        return sum(int(vessel["duplicate_bytes"]) for vessel in vessels)

    async def cross(self, parcels: Sequence[Parcel], *, limit_s: float, closed: bool = False) -> Outcome:
        """Send these and return what it took.

        With `closed`, the link is down while they are queued, so that they find a contact that opens for
        them: its first bytes count too.
        """
        if closed:
            self.sky.cut(QUEUEING_S)
        before, began_s = self.sky.meter.snapshot(), self.sky.now_s
        numbers = [await self.queue(parcel) for parcel in parcels]
        if closed and self.sky.is_up:
            raise ProgramFailed("The box took too long to queue; measure again when the machine has time.")
        await self.until_left(numbers, limit_s=limit_s)
        seconds = self.sky.now_s - began_s
        await self.sky.until_settled()
        return Outcome(seconds=seconds, reading=self.sky.meter.snapshot() - before)


def _has_been_used(sky: Sky) -> bool:
    return sky.meter.snapshot().up.delivered.packets > 0


async def until(condition: Callable[[], Awaitable[bool]], *, limit_s: float) -> None:
    """Ask again and again, the less often the longer it takes; raises `TimeoutError`."""
    began_s = time.monotonic()
    async with asyncio.timeout(limit_s):
        while not await condition():  # noqa: ASYNC110  # Another process decides it.
            await asyncio.sleep(max(POLL_S_MIN, POLL_SHARE * (time.monotonic() - began_s)))


@asynccontextmanager
async def sail(
    fleet: Fleet,
    folder: Path,
    scene: Scene,
    *,
    bearer: BearerKind = BearerKind.TCP,
    fresh: bool = True,
    box_names: str = "",
) -> AsyncIterator[Voyage]:
    """Start a copy of the fleet's programs with a sky between them, and stop them at the end.

    `box_names` are further names under which browsers reach the box.
    """
    async with embark(fleet, folder, {bearer: scene}, fresh=fresh, box_names=box_names) as voyage:
        yield voyage


@asynccontextmanager
async def embark(
    fleet: Fleet,
    folder: Path,
    scenes: Mapping[BearerKind, Scene],
    *,
    short: ShortScene | None = None,
    fresh: bool = True,
    box_names: str = "",
) -> AsyncIterator[Voyage]:
    """Start a copy of the fleet's programs with these skies between them, and perhaps a modem."""
    if fresh:
        fleet.copy(folder)
    http_port, link_port, box_port = free_port(), free_port(), free_port()
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=False))
        skies = {
            bearer: scene.over(http_port if bearer is BearerKind.WEBSOCKET else link_port)
            for bearer, scene in scenes.items()
        }
        for sky in skies.values():
            await stack.enter_async_context(sky)
        modem = None
        if short is not None:
            modem = await stack.enter_async_context(short_sky(folder, http_port, short))
        relay = Program(
            name="relay",
            data=folder / "relay",
            environment=relay_environment(http_port, link_port, scenes, modem),
        )
        ports = {bearer: sky.port for bearer, sky in skies.items()}
        vessel = Program(
            name="vessel",
            data=folder / "vessel",
            environment={"SEAVOICE_VESSEL_API_HOSTS_ALLOWED": box_names}
            | vessel_environment(box_port, ports, scenes)
            | (modem_environment(modem.device, short) if modem is not None and short is not None else {}),
        )
        if modem is not None:
            modem.rockblock.write_files(relay.data)
            await relay.run("vessel", "modem", VESSEL_NAME, IMEI)
        for program in (relay, vessel):
            stack.push_async_callback(program.stop)
            await program.start()
        yield Voyage(
            relay=relay,
            vessel=vessel,
            skies=skies,
            short=modem,
            fleet=fleet,
            box_url=f"http://127.0.0.1:{box_port}",
            relay_url=f"http://127.0.0.1:{http_port}",
            session=session,
        )
