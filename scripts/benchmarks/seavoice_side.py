"""SeaVoice under measurement: its relay and its vessel as the programs that people start."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from protocol.ids import VesselId
from protocol.provisioning import BearerKind, read_provisioning, write_card
from scripts.benchmarks.cargo import Desk, Parcel
from scripts.benchmarks.outcome import Outcome
from scripts.benchmarks.ports import free_port
from scripts.benchmarks.scenes import DELAY_S, RATE_BPS, Medium, Scene, Sky
from scripts.sky.stream import StreamSky
from scripts.voyage.programs import Program, ProgramFailed
from vessel_client.queue_request import write_queue_request

POLL_S_MIN = 0.05
POLL_SHARE = 0.0025
"""How much later than it happened something may be noticed, as a share of what it took. Asking more often
would take the processor from the skies, and late skies are slow skies."""

READY_S_MAX = 60.0
RETRY_S = 2.0
"""How long every side that is ours waits before it dials again: the vessel, and the HTTPS client."""

QUEUEING_S = 3.0
STATES_ON_BOARD = ("on the box",)
CONTACT_BYTES_EXPECTED = 12_000
"""Between the 4.5 kB of 15 s and the 18 kB of 60 s. It makes packets of 600 bytes: against 17 kB, 0.4 % more
overhead, and some sixty bytes less for each cut."""


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
    await relay.run("vessel", "add", "FV Marlin", "--desk", "Harbour Light", "--out", str(provisioning))
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
    """One relay, one vessel, and the sky between them."""

    relay: Program
    vessel: Program
    sky: Sky
    fleet: Fleet
    box_url: str
    session: aiohttp.ClientSession

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
        """Return when the relay has custody of all of these; raises `TimeoutError`."""
        began_s = self.sky.now_s
        async with asyncio.timeout(limit_s):
            for number in numbers:
                while not await self.has_left(number):  # noqa: ASYNC110  # Another process decides it.
                    await asyncio.sleep(max(POLL_S_MIN, POLL_SHARE * (self.sky.now_s - began_s)))

    async def until_linked(self, *, limit_s: float) -> None:
        """Return when the vessel has greeted the relay on a stream and nothing is on its way any more."""
        if isinstance(self.sky, StreamSky):
            async with asyncio.timeout(limit_s):
                await self.sky.until(lambda: self.sky.meter.snapshot().up.delivered.packets > 0)
        await self.sky.until_settled()

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


@asynccontextmanager
async def sail(
    fleet: Fleet, folder: Path, scene: Scene, *, bearer: BearerKind = BearerKind.TCP, fresh: bool = True
) -> AsyncIterator[Voyage]:
    """Start a copy of the fleet's programs with a sky between them, and stop them at the end."""
    if fresh:
        fleet.copy(folder)
    http_port, link_port, box_port = free_port(), free_port(), free_port()
    relay_environment = {
        "SEAVOICE_RELAY_LISTEN_HOST": "127.0.0.1",
        "SEAVOICE_RELAY_HTTP_PORT": str(http_port),
        "SEAVOICE_RELAY_TCP_PORT": str(link_port),
        "SEAVOICE_RELAY_UDP_PORT": str(link_port),
        **_link("RELAY", bearer, scene),
    }
    target = http_port if bearer is BearerKind.WEBSOCKET else link_port
    async with scene.over(target) as sky, aiohttp.ClientSession(trust_env=False) as session:
        relay = Program(name="relay", data=folder / "relay", environment=relay_environment)
        vessel = Program(
            name="vessel", data=folder / "vessel", environment=_vessel(box_port, sky.port, bearer, scene)
        )
        try:
            await relay.start()
            await vessel.start()
            yield Voyage(
                relay=relay,
                vessel=vessel,
                sky=sky,
                fleet=fleet,
                box_url=f"http://127.0.0.1:{box_port}",
                session=session,
            )
        finally:
            await vessel.stop()
            await relay.stop()


def _vessel(box_port: int, sky_port: int, bearer: BearerKind, scene: Scene) -> dict[str, str]:
    scheme, path = {
        BearerKind.TCP: ("tcp", ""),
        BearerKind.WEBSOCKET: ("ws", "/v1/link"),
        BearerKind.UDP: ("udp", ""),
    }[bearer]
    name = bearer.name
    others = {f"SEAVOICE_VESSEL_{kind.name}_ENABLED": "false" for kind in BearerKind if kind is not bearer}
    return {
        "SEAVOICE_VESSEL_API_PORT": str(box_port),
        "SEAVOICE_VESSEL_RETRY_DELAY_S_MIN": "0.2",
        "SEAVOICE_VESSEL_RETRY_DELAY_S_MAX": str(RETRY_S),
        f"SEAVOICE_VESSEL_{name}_URL": f"{scheme}://127.0.0.1:{sky_port}{path}",
        **others,
        **_link("VESSEL", bearer, scene),
    }


def _link(program: str, bearer: BearerKind, scene: Scene) -> dict[str, str]:
    """Tell a program the numbers of a slow link; of a fast one it knows nothing."""
    if scene.rate_bps is None:
        return {}
    assert scene.rate_bps == RATE_BPS
    assert scene.medium is (Medium.DATAGRAM if bearer is BearerKind.UDP else Medium.STREAM)
    numbers = {
        "RATE_UP_BPS": scene.rate_bps,
        "RATE_DOWN_BPS": scene.rate_bps,
        "ROUND_TRIP_S": 2 * DELAY_S,
        "CONTACT_BYTES_EXPECTED": CONTACT_BYTES_EXPECTED,
    }
    return {f"SEAVOICE_{program}_{bearer.name}_{name}": str(value) for name, value in numbers.items()}
