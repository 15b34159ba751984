"""The composition root: builds the store, the fleet, the bearers and the HTTP application, and runs them."""

import asyncio
import contextlib
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from protocol.ids import Instant, UnixSeconds
from protocol.provisioning import BearerKind
from shore_relay.relay.bearers.gate import Gate
from shore_relay.relay.bearers.listening import listen
from shore_relay.relay.bearers.sbd import webhook
from shore_relay.relay.bearers.sbd.running import satellite_running
from shore_relay.relay.bearers.tcp import TcpBearer
from shore_relay.relay.bearers.udp import UdpBearer
from shore_relay.relay.bearers.websocket import WebSocketBearer
from shore_relay.relay.bell import Bell
from shore_relay.relay.cluster import Neighbours
from shore_relay.relay.data_folder import serving
from shore_relay.relay.desk_api import DeskApi
from shore_relay.relay.errors import CertificateUnusable, SecretUnreadable, StoreFailed
from shore_relay.relay.fleet import Fleet
from shore_relay.relay.http_port import HttpPort
from shore_relay.relay.logfmt import Log, to_stderr
from shore_relay.relay.notices.sending import load_post
from shore_relay.relay.notices.telling import Telling
from shore_relay.relay.operator_api import OperatorApi
from shore_relay.relay.settings import LINK_PATH, Settings
from shore_relay.relay.sticks import Sticks
from shore_relay.relay.store.deliveries import DeliveryStore
from shore_relay.relay.store.opening import open_store
from shore_relay.relay.store.sql_store import SqlStore
from shore_relay.relay.surroundings import Clock, WallClock
from shore_relay.relay.tls import Certificate
from shore_relay.relay.watch.facts import Watcher
from shore_relay.relay.watch.health import Health
from shore_relay.relay.watch.port import operator_port_open

_UPKEEP_S = 2.0
"""How often refusals are stored, and desks that an admin added are noticed without being asked for."""
_FORGET_EVERY = 15
"""Turns of the upkeep: within half a minute replaced link keys are wiped from the disk, and the bytes of
contacts that last are stored; those of a contact that ends are stored with its end."""


def monotonic() -> Instant:
    """Return the machine's monotonic time."""
    return Instant(time.monotonic())


def unix_time() -> UnixSeconds:
    """Return the machine's wall clock."""
    return UnixSeconds(int(time.time()))


def silent(_event: str, /, **_facts: str | int) -> None:
    """Log nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the relay takes from the machine it runs on; tests bring their own."""

    clock: Clock = monotonic
    wall: WallClock = unix_time
    entropy: Callable[[int], bytes] = secrets.token_bytes
    log: Log | None = None
    """None: to standard error, in the form that the settings name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningRelay:
    """A relay that serves."""

    http_port: int
    tcp_port: int
    udp_port: int
    directip_port: int
    """0 where DirectIP is off."""
    operator_port: int
    """0 where the operator's port is off."""
    store: SqlStore
    fleet: Fleet
    refusals: Counter[str]
    """What was refused since the counters were last stored."""
    connections: Mapping[str, int]
    """Open connections by bearer, strangers included."""
    store_counts: Callable[[], Awaitable[None]]
    """Stores all counters now, for `status` to see."""


@asynccontextmanager
async def running_relay(
    folder: Path, settings: Settings, world: World | None = None
) -> AsyncIterator[RunningRelay]:
    """Serve until the block ends.

    Raises `DataFolderMissing`, `AlreadyServing`, `StoreUnusable`, `StoreFromFuture`, `PortInUse`,
    `SettingsInvalid`, `SecretUnreadable` or `CertificateUnusable`.
    """
    world = world or World()
    log = world.log or to_stderr(time.time, as_json=settings.log_format == "json")
    bell = Bell()
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(serving(folder, has_file=not settings.store))
        store = await stack.enter_async_context(await open_store(folder, settings, on_feed=bell.ring))
        refusals: Counter[str] = Counter()
        fleet = await _make_fleet(store, settings, world, refusals)
        await stack.enter_async_context(Neighbours(store, fleet, world.wall, log).serving())
        certificate = Certificate(folder, settings.tls) if settings.tls.is_on else None
        upkeep = _Upkeep(store, fleet, refusals, log, certificate)
        stack.push_async_callback(upkeep.store_counts)
        gate = Gate(fleet=fleet, settings=settings, clock=world.clock, refusals=refusals, log=log)
        watcher = Watcher(
            folder,
            settings,
            store,
            fleet,
            clock=world.clock,
            wall=world.wall,
            refusals=refusals,
            connections=gate.connections,
        )
        operator = OperatorApi(Sticks(fleet, store, refusals), fleet, watcher)

        tcp = TcpBearer(gate, settings.profile(BearerKind.TCP))
        stack.push_async_callback(tcp.stop)
        tcp_port = await listen("TCP", "tcp_port", tcp.start, settings.listen_host, settings.tcp_port)

        udp = UdpBearer(gate, settings.profile(BearerKind.UDP), world.clock)
        stack.push_async_callback(udp.stop)
        udp_port = await listen("UDP", "udp_port", udp.start, settings.listen_host, settings.udp_port)

        websocket = WebSocketBearer(gate, settings.profile(BearerKind.WEBSOCKET))
        desks = DeskApi(
            store=store,
            fleet=fleet,
            bell=bell,
            settings=settings,
            wall=world.wall,
            refusals=refusals,
        )
        health = Health(store, world.clock)
        satellite = await stack.enter_async_context(
            satellite_running(folder, gate, store, fleet, world.clock, world.wall)
        )
        context = certificate.context if certificate is not None else None
        http = HttpPort(
            gate,
            [
                *desks.routes(),
                *health.routes(),
                web.get(LINK_PATH, websocket.handle),
                *satellite.routes,
            ],
            context=context,
            read_their_own=frozenset({webhook.PATH}),
        )
        stack.push_async_callback(http.stop)
        http_port = await listen("TCP", "http_port", http.start, settings.listen_host, settings.http_port)
        operator_port = await stack.enter_async_context(
            operator_port_open(folder, gate, watcher, health, context=context)
        )
        # The handlers that wait must go before the server waits for them.
        stack.push_async_callback(websocket.stop)
        stack.callback(bell.close)
        stack.callback(health.stop)

        telling = Telling(
            DeliveryStore(store),
            settings.notices,
            load_post(folder, settings.notices),
            wall=world.wall,
            entropy=world.entropy,
            log=log,
        )
        await stack.enter_async_context(telling.running())
        await stack.enter_async_context(upkeep.running())
        await stack.enter_async_context(operator.serving(folder))
        log(
            "serving",
            http=http_port,
            tcp=tcp_port,
            udp=udp_port,
            directip=satellite.directip_port,
            operator=operator_port,
        )
        yield RunningRelay(
            http_port=http_port,
            tcp_port=tcp_port,
            udp_port=udp_port,
            directip_port=satellite.directip_port,
            operator_port=operator_port,
            store=store,
            fleet=fleet,
            refusals=refusals,
            connections=gate.connections,
            store_counts=upkeep.store_counts,
        )
        log("stopping")


async def _make_fleet(store: SqlStore, settings: Settings, world: World, refusals: Counter[str]) -> Fleet:
    fleet = Fleet(
        store,
        settings,
        clock=world.clock,
        wall=world.wall,
        entropy=world.entropy,
        rekey_private=await store.rekey_private(),
        refusals=refusals,
    )
    await fleet.load()
    return fleet


@asynccontextmanager
async def resting_sticks(
    folder: Path, settings: Settings, world: World | None = None
) -> AsyncIterator[Sticks]:
    """Handle sticks for a folder that no relay serves, and keep one away meanwhile.

    Raises what `running_relay` raises, but `PortInUse`.
    """
    world = world or World()
    refusals: Counter[str] = Counter()
    with serving(folder, has_file=not settings.store):
        async with await open_store(folder, settings) as store:
            fleet = await _make_fleet(store, settings, world, refusals)
            try:
                yield Sticks(fleet, store, refusals)
            finally:
                await _Upkeep(store, fleet, refusals, world.log or to_stderr(time.time)).store_counts()


class _Upkeep:
    """Stores counters and notices what admins did, now and then."""

    def __init__(
        self,
        store: SqlStore,
        fleet: Fleet,
        refusals: Counter[str],
        log: Log,
        certificate: Certificate | None = None,
    ) -> None:
        self._certificate = certificate
        self._store = store
        self._fleet = fleet
        self._refusals = refusals
        self._log = log

    async def store_counts(self) -> None:
        """Store all counters; what the disk does not take is only lost for people to read."""
        await self._store_refusals()
        try:
            await self._fleet.store_counts()
        except StoreFailed as reason:
            self._log(reason.code)

    async def _store_refusals(self) -> None:
        counts = dict(self._refusals)
        self._refusals.clear()
        try:
            if counts:
                await self._store.count_refusals(counts)
        except StoreFailed as reason:
            self._refusals.update(counts)
            self._log(reason.code)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do it every few seconds until the block ends."""
        task = asyncio.create_task(self._repeat(), name="upkeep")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _repeat(self) -> None:
        turn = 0
        while True:
            await asyncio.sleep(_UPKEEP_S)
            await self._store_refusals()
            turn += 1
            if turn % _FORGET_EVERY == 0:
                await self.store_counts()
                await self._store.forget_old_pages()
                self._renew()
            try:
                await self._fleet.refresh_directory()
            except StoreFailed as reason:
                self._log(reason.code)

    def _renew(self) -> None:
        """Take up a certificate that was renewed; the old one serves on where the new one is no good."""
        try:
            if self._certificate is not None and self._certificate.refresh():
                self._log("certificate-renewed")
        except (CertificateUnusable, SecretUnreadable) as reason:
            self._log(reason.code)
