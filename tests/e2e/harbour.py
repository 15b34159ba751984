"""The three programs as processes, each in a place of its own, and the links between them.

Making keys and files takes a second for each program, so a harbour is founded once, with its box confirmed,
and every test works on a copy.
"""

import asyncio
import fcntl
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import aiohttp
import pytest

from protocol import message
from protocol.frames import Priority
from protocol.mailbox import Mailbox
from protocol.message import Body, Message
from protocol.priming import Language
from protocol.provisioning import Provisioning, read_provisioning
from protocol.seal import new_private_key, seal_report
from scripts.sky.channel import Delivery
from scripts.sky.model import Direction, SkyProfile
from scripts.sky.shell import Endpoint
from scripts.sky.stream import Lane, StreamSky
from scripts.voyage.programs import Program, free_port
from vessel_client.queue_request import REFERENCE_BYTES, QueueRequest, write_queue_request

VESSEL = "FV Marlin"
DESK = "Harbour Light"
PASSPHRASE = "the anchor holds in mud"
PROVISIONING = "marlin.json"

POLL_S = 0.05
PATIENCE_S = 90.0
"""No bound on how fast we are, only on how long a test may wait on a busy machine."""

Found = TypeVar("Found")


async def until(look: Callable[[], Awaitable[Found]], what: str, *, within_s: float = PATIENCE_S) -> Found:
    """Look again and again until there is something to see, and return it."""
    seen: Found | None = None
    try:
        async with asyncio.timeout(within_s):
            while not (seen := await look()):  # noqa: ASYNC110  # Another process has no event for us.
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {within_s:.0f} s") from None
    return seen


class OverheardSky(StreamSky):
    """A link with somebody who writes down every byte that crosses it, each direction for itself."""

    overheard: dict[Direction, bytearray]

    async def _open(self) -> None:
        self.overheard = {direction: bytearray() for direction in Direction}
        await super()._open()

    def _deliver(self, delivery: Delivery[Lane]) -> None:
        self.overheard[delivery.direction] += delivery.packet
        super()._deliver(delivery)

    async def until_delivered(self, direction: Direction, size_bytes: int) -> None:
        """Return when so many bytes have arrived at the far end since the link was opened."""
        async with asyncio.timeout(PATIENCE_S):
            await self.until(lambda: len(self.overheard[direction]) >= size_bytes)


@dataclass(frozen=True, kw_only=True)
class Harbour:
    """Everything that runs."""

    vessel: Program
    relay: Program
    desk: Program
    sea: OverheardSky
    """Between the box and the relay."""
    shore: OverheardSky
    """Between the relay and the desk."""
    provisioning: Provisioning
    box_url: str
    session: aiohttp.ClientSession

    def program(self, name: str) -> Program:
        """Return one of the three programs."""
        return {"vessel": self.vessel, "relay": self.relay, "desk": self.desk}[name]

    async def box(self, path: str) -> dict[str, object]:
        """Ask the box's local API."""
        async with self.session.get(self.box_url + path) as answer:
            document: dict[str, object] = await answer.json()
            return document

    def seal(self, body: Body) -> bytes:
        """Seal something for the desk, as a fisher's page would."""
        desk_key = self.provisioning.desk.keys[0]
        plain = message.encode(
            Message(
                created_at=desk_key.not_before,
                language=Language.ENGLISH,
                body=body,
                # A mailbox that nobody has the code of: the desk may answer, and it waits for ever.
                mailbox_public=Mailbox(private=new_private_key()).public,
            )
        )
        return seal_report(plain, desk_key.public, self.provisioning.vessel)

    async def queue(self, sealed: bytes, priority: Priority) -> int:
        """Hand a sealed message to the box and return its number."""
        request = QueueRequest(
            ref=secrets.token_bytes(REFERENCE_BYTES),
            priority=priority,
            lifetime=0,
            desk_key=self.provisioning.desk.keys[0].id,
            sealed=sealed,
        )
        headers = {"Content-Type": "application/json"}
        data = write_queue_request(request)
        async with self.session.post(self.box_url + "/v1/bundles", data=data, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            number = (await answer.json())["number"]
        assert isinstance(number, int)
        return number

    async def state(self, number: int) -> str:
        """Return what the box says of one message."""
        return str((await self.box(f"/v1/bundles/{number}"))["state"])

    async def until_at_the_desk(self, *numbers: int) -> None:
        """Wait until the desk has said of each message that it is kept there."""
        for number in numbers:

            async def reached(number: int = number) -> bool:
                return await self.state(number) in ("reached the NGO", "opened by a person")

            await until(reached, f"message {number} reaches the NGO")


async def founded_once(factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a founded harbour, which all workers of one test run share."""
    base = factory.getbasetemp()
    # Each worker of xdist has a folder of its own inside that of the run.
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    place = shared / "founded"
    with (shared / "founded.lock").open("w") as lock:

        async def ours() -> bool:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        await until(ours, "another worker founds the harbour")
        if not place.exists():
            beginning = shared / "founding"
            await _found(beginning)
            beginning.rename(place)
    return place


async def _found(place: Path) -> None:
    """Make a desk, a relay and a box as people would, let the box introduce itself, and confirm it."""
    ports = [free_port() for _ in range(4)]
    vessel, relay, desk = _programs(place, *ports, sea_port=ports[1], shore_port=ports[0])
    card, provisioning = place / "desk-card.json", place / PROVISIONING
    await desk.run("init", "--name", DESK)
    await desk.run("card", "--out", str(card))
    await relay.run("init", "--host", "127.0.0.1")
    await relay.run("desk", "add", str(card))
    await relay.run("vessel", "add", VESSEL, "--desk", DESK, "--out", str(provisioning))
    introduced = await vessel.run("init", str(provisioning))
    fingerprint = introduced.split("Fingerprint of the box: ")[1].splitlines()[0]
    try:
        await asyncio.gather(relay.start(), vessel.start())

        async def heard_of() -> bool:
            vessels = (await desk.run_json("vessels"))["vessels"]
            assert isinstance(vessels, list)
            return bool(vessels) and bool(vessels[0]["boxes"])

        await until(heard_of, "the box introduces itself")
        await desk.run("confirm", VESSEL, "--yes", fingerprint)
    finally:
        for program in (vessel, relay):
            await program.stop()


@asynccontextmanager
async def open_harbour(
    founded: Path,
    place: Path,
    *,
    sea: SkyProfile | None = None,
    shore: SkyProfile | None = None,
) -> AsyncIterator[Harbour]:
    """Copy what `found` made to `place`, start everything there, and stop it again at the end."""
    for name in ("vessel", "relay", "desk"):
        shutil.copytree(founded / name, place / name, dirs_exist_ok=True)
    provisioning = read_provisioning((founded / PROVISIONING).read_bytes())
    http_port, tcp_port, box_port, desk_port = (free_port() for _ in range(4))
    async with (
        OverheardSky(target=Endpoint(port=tcp_port), profile=sea) as sea_link,
        OverheardSky(target=Endpoint(port=http_port), profile=shore) as shore_link,
        aiohttp.ClientSession(trust_env=False) as session,
    ):
        programs = _programs(
            place,
            http_port,
            tcp_port,
            box_port,
            desk_port,
            sea_port=sea_link.port,
            shore_port=shore_link.port,
        )
        try:
            await asyncio.gather(*(program.start() for program in programs))
            vessel, relay, desk = programs
            yield Harbour(
                vessel=vessel,
                relay=relay,
                desk=desk,
                sea=sea_link,
                shore=shore_link,
                provisioning=provisioning,
                box_url=f"http://127.0.0.1:{box_port}",
                session=session,
            )
        finally:
            for program in programs:
                await program.stop()


def _programs(
    place: Path,
    http_port: int,
    tcp_port: int,
    box_port: int,
    desk_port: int,
    *,
    sea_port: int,
    shore_port: int,
) -> tuple[Program, Program, Program]:
    vessel = {
        "API_PORT": str(box_port),
        "TCP_URL": f"tcp://127.0.0.1:{sea_port}",
        "TCP_ROUND_TRIP_S": "0.2",
        # What passes between two cuts of a bad sky: it sets the size of packets (protocol.md).
        "TCP_CONTACT_BYTES_EXPECTED": "17000",
        "WEBSOCKET_ENABLED": "false",
        "UDP_ENABLED": "false",
        "RETRY_DELAY_S_MIN": "0.1",
        "RETRY_DELAY_S_MAX": "0.5",
    }
    relay = {
        "LISTEN_HOST": "127.0.0.1",
        "HTTP_PORT": str(http_port),
        "TCP_PORT": str(tcp_port),
        "UDP_PORT": "0",
        "TCP_CONTACT_BYTES_EXPECTED": "17000",
    }
    desk = {
        "PASSPHRASE": PASSPHRASE,
        "PORT": str(desk_port),
        "RELAY": f"http://127.0.0.1:{shore_port}",
        "RETRY_DELAY_S_MIN": "0.1",
        "RETRY_DELAY_S_MAX": "0.5",
    }
    return (
        _program(place, "vessel", vessel),
        _program(place, "relay", relay),
        _program(place, "desk", desk),
    )


def _program(place: Path, name: str, settings: dict[str, str]) -> Program:
    """Return a program whose data, log and temporary files lie in one folder of its own."""
    home = place / name
    temporary = home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    environment = {f"SEAVOICE_{name.upper()}_{key}": value for key, value in settings.items()}
    places = {"TMPDIR": str(temporary), "SQLITE_TMPDIR": str(temporary), "HOME": str(home)}
    return Program(name=name, data=home / "data", environment=environment | places)
