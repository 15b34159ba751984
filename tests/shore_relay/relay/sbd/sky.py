"""The sky for tests: RockBLOCK's service with its own key and queues, and boxes that speak through modems."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import aiohttp
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from protocol.events import Event
from protocol.ids import UnixSeconds
from shore_relay.relay.app import RunningRelay, World, monotonic, running_relay, silent
from shore_relay.relay.data_folder import database_path
from shore_relay.relay.settings import SbdSettings, Settings
from shore_relay.relay.store.sqlite import SqliteStore
from tests.shore_relay.relay.box import Box
from tests.shore_relay.relay.shore import SETTINGS, Shore

IMEI = "300234010753370"
OTHER_IMEI = "300434060000001"
USERNAME, PASSWORD = "fleet@haven.example", "correct-horse-battery"  # Look for these in every output.
SBD = SbdSettings().profile()


@dataclass
class RockBlock:
    """The operator: signs what modems send, and queues what they are to fetch."""

    key: RSAPrivateKey
    answers: deque[str] = field(default_factory=deque)
    """What the next requests are answered with; behind them everything is taken."""
    requests: list[dict[str, str]] = field(default_factory=list)
    queues: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    port: int = 0
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["RockBlock"]:
        application = web.Application()
        application.add_routes([web.post("/MT", self._take)])
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = int(runner.addresses[0][1])
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.requests.append(form)
        answer = self.answers.popleft() if self.answers else f"OK,{len(self.requests)}"
        if answer.startswith("OK"):
            if form.get("flush") == "yes":
                self.queues[form["imei"]].clear()
            self.queues[form["imei"]].append(bytes.fromhex(form["data"]))
        self._moved.set()
        if answer == "HANG UP":
            assert request.transport is not None
            request.transport.close()
        return web.Response(text=answer)

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not seen():
                self._moved.clear()
                await self._moved.wait()

    async def asked(self, times: int) -> None:
        """Wait until the relay has handed over something so many times in all."""
        await self.until(lambda: len(self.requests) >= times)

    def public_pem(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, fields: dict[str, object], key: RSAPrivateKey | None = None, **changes: object) -> str:
        claims = {name: str(value) for name, value in fields.items()}
        return jwt.encode(
            {"iss": "Rock 7", "iat": 1_635_677_000} | claims | changes, key or self.key, algorithm="RS256"
        )

    def settings(self, **changes: object) -> Settings:
        sbd = SbdSettings(
            rockblock_url=f"http://127.0.0.1:{self.port}/MT",
            urgent_receipt_minutes=0.0,
            **changes,  # type: ignore[arg-type]  # Each test gives settings.
        )
        return replace(SETTINGS, sbd=sbd)


def fields(data: bytes, momsn: int = 1, imei: str = IMEI, at: str = "21-10-31 10:41:50") -> dict[str, object]:
    return {
        "imei": imei,
        "serial": 12_345,
        "momsn": momsn,
        "transmit_time": at,
        "iridium_latitude": 12.5867,
        "iridium_longitude": 100.9938,
        "iridium_cep": 8,
        "data": data.hex(),
    }


@dataclass
class Wall:
    """A wall clock that tests set."""

    now: int = 1_700_000_000

    def __call__(self) -> UnixSeconds:
        return UnixSeconds(self.now)


@dataclass
class Sky:
    """A relay's folder with RockBLOCK's files in it."""

    shore: Shore
    rockblock: RockBlock
    wall: Wall | None = None
    log: list[str] = field(default_factory=list)
    momsn: int = 65_533
    """Numbers wrap soon, and nobody minds."""
    _logged: asyncio.Event = field(default_factory=asyncio.Event)

    def prepare(self) -> None:
        (self.shore.folder / "rockblock.pem").write_bytes(self.rockblock.public_pem())
        secret = self.shore.folder / "rockblock.toml"
        secret.write_text(f'username = "{USERNAME}"\npassword = "{PASSWORD}"\n')
        secret.chmod(0o600)

    @asynccontextmanager
    async def serving(self, store: str = "", **changes: object) -> AsyncIterator[RunningRelay]:
        world = World(log=self._note) if self.wall is None else World(log=self._note, wall=self.wall)
        settings = replace(self.rockblock.settings(**changes), store=store)
        async with running_relay(self.shore.folder, settings, world) as relay:
            yield relay

    @asynccontextmanager
    async def serving_nothing(self) -> AsyncIterator[SqliteStore]:
        """Look at what a relay that has stopped left behind."""
        async with await SqliteStore.open(database_path(self.shore.folder)) as store:
            yield store

    def _note(self, event: str, /, **facts: str | int) -> None:
        silent(event, **facts)
        self.log.append(f"{event} {facts}")
        self._logged.set()

    async def logged(self, event: str, times: int = 1) -> None:
        """Wait until the relay has noted something so often."""
        async with asyncio.timeout(20):
            while len([line for line in self.log if line.startswith(f"{event} ")]) < times:
                self._logged.clear()
                await self._logged.wait()

    async def post(
        self,
        relay: RunningRelay,
        message: dict[str, object],
        *,
        token: str | None = None,
        as_json: bool = False,
    ) -> tuple[int, str]:
        signed = message | {"JWT": self.rockblock.sign(message) if token is None else token}
        url = f"http://127.0.0.1:{relay.http_port}/v1/rockblock"
        body: dict[str, object] = (
            {"json": signed} if as_json else {"data": {name: str(value) for name, value in signed.items()}}
        )
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, **body) as response,  # type: ignore[arg-type]  # A form or a document.
        ):
            return response.status, await response.text()

    def next_momsn(self) -> int:
        self.momsn = (self.momsn + 1) % 65_536
        return self.momsn


@dataclass
class Vessel:
    """A box whose engine speaks through a modem: one session carries a message up, and one down."""

    box: Box
    sky: Sky
    imei: str = IMEI
    started_at: float = field(default_factory=monotonic)
    sent: list[dict[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.box.engine.contact_opened(SBD, monotonic())

    def packet(self) -> bytes:
        packet = self.box.engine.transmit(SBD, monotonic())
        self.box.changes += self.box.journal.drain()
        assert packet is not None, "the box has nothing to say"
        return packet

    def quiet(self) -> bool:
        return self.box.engine.transmit(SBD, monotonic()) is None

    async def send(self, relay: RunningRelay, packet: bytes | None = None) -> dict[str, object]:
        """One session: a message up."""
        message = fields(
            self.packet() if packet is None else packet, momsn=self.sky.next_momsn(), imei=self.imei
        )
        status, body = await self.sky.post(relay, message)
        assert status == 200, body
        self.sent.append(message)
        return message

    def fetch(self) -> list[Event]:
        """The other half of a session: the oldest message down."""
        packet = self.sky.rockblock.queues[self.imei].pop(0)
        return self.take(packet)

    def take(self, packet: bytes) -> list[Event]:
        events = self.box.engine.receive(packet, SBD, monotonic())
        self.box.events += events
        self.box.changes += self.box.journal.drain()
        return events


def new_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65_537, key_size=2_048)


def as_document(text: str) -> dict[str, object]:
    document = json.loads(text)
    assert isinstance(document, dict)
    return document


async def refused(relay: RunningRelay, code: str) -> int:
    """Return how often something was refused, wherever it is counted by now."""
    await relay.store_counts()
    return (await relay.store.status()).refusals.get(code, 0)
