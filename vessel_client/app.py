"""The composition root of the service: everything is made here, and only here."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from protocol.links import LinkKind
from protocol.provisioning import BearerKind, RelayAddress
from vessel_client.bearers.pump import BackOff, Bearer, Dial, RunningBearer
from vessel_client.bearers.tcp import dial_tcp
from vessel_client.bearers.udp import dial_udp
from vessel_client.bearers.websocket import dial_websocket
from vessel_client.budget import Budget
from vessel_client.clocks import LinkClock, WallClock, system_wall_clock
from vessel_client.errors import StoreFailed, WrongSettings
from vessel_client.log import log_event
from vessel_client.machine import machine_mark
from vessel_client.policy import Cap, Tariff, month_of
from vessel_client.queueing import QueueBounds
from vessel_client.settings import SETTINGS_FILE, SbdSettings, Settings
from vessel_client.status import status_json
from vessel_client.store import caps, outbox
from vessel_client.store.box import load_box
from vessel_client.store.chain import load_chain
from vessel_client.store.copied import note_machine
from vessel_client.store.database import Connection, Database, open_database
from vessel_client.store.ledger import spent_in
from vessel_client.store.lock import holding
from vessel_client.sync_service import SyncService
from vessel_client.web.allowance import Allowance, Allowances
from vessel_client.web.api import Api, GetStatus
from vessel_client.web.listen import serving

if TYPE_CHECKING:
    from vessel_client.web.door import Door

EXPIRY_CHECK_S_MAX = 60.0
WEIGH_INTERVAL_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningService:
    """A service that answers at `url`."""

    url: str
    door: "Door | None"
    """Where phones come in by https; None where the box has no key for that."""
    database: Database
    service: SyncService
    bearers: tuple[RunningBearer, ...]


@asynccontextmanager
async def running_service(
    settings: Settings, *, clock: LinkClock, wall_clock: WallClock
) -> AsyncIterator[RunningService]:
    """Run the box until the context ends.

    Raises: NotInitialised, AlreadyRunning, StoreFailed, PortInUse.
    """
    with holding(settings.data_dir):
        async with _open_service(settings, clock, wall_clock) as running:
            yield running


@asynccontextmanager
async def _open_service(
    settings: Settings, clock: LinkClock, wall_clock: WallClock
) -> AsyncIterator[RunningService]:
    database = await open_database(settings.data_dir)
    try:
        service = await make_service(database, settings, clock, wall_clock)
        bearers: tuple[RunningBearer, ...] = tuple(_make_bearers(service, settings))
        if settings.sbd.enabled:
            bearers += (_make_modem(service, settings.sbd),)
        door = _make_door(settings, database)
        status = partial(status_json, database, service, bearers, door, settings, wall_clock)
        application = _make_application(database, service, status, settings, door, clock)
        async with serving(application, settings) as served:
            tasks = [asyncio.create_task(bearer.run()) for bearer in bearers]
            tasks.append(asyncio.create_task(_end_lifetimes(database, service, wall_clock)))
            if any(not tariff.is_free for tariff in settings.tariffs().values()):
                tasks.append(asyncio.create_task(_weigh_again(service)))
            if any(bearer.link.kind is LinkKind.DATAGRAM for bearer in bearers):
                tasks.append(asyncio.create_task(_report_health(service, settings.health_interval_s)))
            if door is not None:
                await door.look(served.runner)
                tasks.append(asyncio.create_task(door.follow(served.runner)))
            try:
                yield RunningService(
                    url=served.url, door=door, database=database, service=service, bearers=bearers
                )
            finally:
                await _stop(tasks)
                await _flush(service)
    finally:
        await database.close()


async def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Run the box until SIGTERM or SIGINT; `announce` is told each URL once it answers.

    SIGHUP takes the certificate anew.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    clock = LinkClock(speed=settings.link_speed)
    async with running_service(settings, clock=clock, wall_clock=system_wall_clock) as running:
        announce(running.url)
        if running.door is not None:
            loop.add_signal_handler(signal.SIGHUP, running.door.asked.set)
            if running.door.url:
                announce(running.door.url)
        await stopped.wait()
        log_event("stopping")


async def make_service(
    database: Database, settings: Settings, clock: LinkClock, wall_clock: WallClock
) -> SyncService:
    """Return the engine's shell over an open store, without any bearer."""
    tariffs = settings.tariffs()
    async with database.transaction() as connection:
        box = await load_box(connection)
        await _note_caps(connection, tariffs, wall_clock)
        copied = await note_machine(connection, machine_mark(settings.data_dir))
    if copied:
        # The other life of this disk may still go on, here or elsewhere.
        log_event("disk-copied")
    return SyncService(
        database,
        box,
        clock=clock,
        wall_clock=wall_clock,
        bounds=QueueBounds(
            size_bytes_max=settings.queue_bytes_max,
            bundles_max=settings.queue_bundles_max,
            reserve_bytes=settings.reserve_bytes,
            reserve_bundles=settings.reserve_bundles,
        ),
        mail_bytes_max=settings.mail_bytes_max,
        budget=Budget(tariffs),
    )


async def _note_caps(connection: Connection, tariffs: Mapping[str, Tariff], wall_clock: WallClock) -> None:
    """Refuse caps that were set below what is spent; one that spending has passed since stands."""
    wanted = {bearer: tariff.cap for bearer, tariff in tariffs.items()}
    known = await caps.load_caps(connection, "settings")
    changed = {bearer: cap for bearer, cap in wanted.items() if cap != known.get(bearer, Cap())}
    problem = caps.first_below(changed, await spent_in(connection, month_of(wall_clock())))
    if problem:
        raise WrongSettings(f"{SETTINGS_FILE}: {problem.removesuffix(' The cap before it stays.')}")
    if changed:
        await caps.save_caps(connection, "settings", wanted)


def _make_bearers(service: SyncService, settings: Settings) -> list[Bearer]:
    made: dict[BearerKind, Bearer] = {}
    for address in service.box.addresses:
        chosen = settings.bearer(address.kind)
        if not chosen.enabled or address.kind in made:
            continue
        url = chosen.url or address.url
        made[address.kind] = Bearer(
            link=chosen.profile(address.kind),
            url=url,
            dial=_dial(RelayAddress(kind=address.kind, url=url), settings),
            service=service,
            back_off=BackOff(delay_s_min=settings.retry_delay_s_min, delay_s_max=settings.retry_delay_s_max),
            connect_timeout_s=settings.connect_timeout_s,
        )
    return list(made.values())


def _make_modem(service: SyncService, chosen: SbdSettings) -> RunningBearer:
    # Most boxes have no such modem, and the service is smaller without it.
    from vessel_client.bearers.sbd.bearer import SbdBearer, SbdPlan
    from vessel_client.bearers.sbd.dialogue import ModemLimits
    from vessel_client.bearers.sbd.policy import SessionRules
    from vessel_client.bearers.sbd.port import open_serial

    return SbdBearer(
        link=chosen.profile(),
        device=chosen.device,
        open_port=partial(open_serial, chosen.device, chosen.baud),
        service=service,
        plan=SbdPlan(
            limits=ModemLimits(
                up_bytes_max=chosen.mtu_up_bytes,
                down_bytes_max=chosen.mtu_down_bytes,
                baud=chosen.baud,
                answer_s=chosen.answer_timeout_s,
                session_s=chosen.session_timeout_s,
            ),
            rules=SessionRules(
                signal_min=chosen.signal_min,
                signal_interval_s=chosen.signal_interval_s,
                signal_wait_s=chosen.signal_wait_s,
                mailbox_interval_s=chosen.mailbox_interval_s,
                retry_delay_s_min=chosen.retry_delay_s_min,
                retry_delay_s_max=chosen.retry_delay_s_max,
                shaped=chosen.shape() is not None,
            ),
            credit_step_bytes=chosen.credit_step_bytes,
        ),
        draw=random.SystemRandom().random,
    )


def _dial(address: RelayAddress, settings: Settings) -> Dial:
    match address.kind:
        case BearerKind.TCP:
            return partial(dial_tcp, address.url, settings.keepalive_s)
        case BearerKind.WEBSOCKET:
            return partial(dial_websocket, address.url)
        case BearerKind.UDP:
            return partial(dial_udp, address.url)


def _make_door(settings: Settings, database: Database) -> "Door | None":
    if not settings.serves_phones():
        return None
    # Most boxes have no certificate, and the service is smaller without what reads one.
    from vessel_client.web.door import Door

    async def find_chain() -> tuple[bytes, ...]:
        async with database.reading() as connection:
            return await load_chain(connection)

    return Door(settings=settings, find_chain=find_chain)


def _make_application(
    database: Database,
    service: SyncService,
    status: GetStatus,
    settings: Settings,
    door: "Door | None",
    clock: LinkClock,
) -> web.Application:
    hosts = {name.strip() for name in settings.api_hosts_allowed.split(",") if name.strip()}
    own = frozenset({*hosts, settings.api_host})

    def names() -> frozenset[str]:
        return own if door is None else own | door.names()

    # Of the machine, not of the link: a simulated sky may hurry, the people at the screen do not.
    allowances = Allowances(
        requests=Allowance(settings.requests_per_minute_max, clock.source),
        bundles=Allowance(settings.bundles_per_minute_max, clock.source),
        lookups=Allowance(settings.lookups_per_minute_max, clock.source),
    )
    api = Api(database, service, status, allowances)
    return api.application(names)


async def _end_lifetimes(database: Database, service: SyncService, wall_clock: WallClock) -> None:
    while True:
        try:
            async with database.reading() as connection:
                due_at = await outbox.next_expiry(connection)
            if due_at is not None and due_at <= wall_clock():
                await service.expire()
        except StoreFailed as reason:
            log_event("store-failed", code=reason.code)
        await asyncio.sleep(EXPIRY_CHECK_S_MAX)


async def _weigh_again(service: SyncService) -> None:
    while True:
        # Hours begin and end, and what waits too long may take a dearer bearer.
        await asyncio.sleep(WEIGH_INTERVAL_S)
        try:
            await service.weigh()
        except StoreFailed as reason:
            log_event("store-failed", code=reason.code)


async def _report_health(service: SyncService, interval_s: float) -> None:
    while True:
        await asyncio.sleep(service.clock.machine_s(interval_s))
        try:
            await service.report_health()
        except StoreFailed as reason:
            log_event("store-failed", code=reason.code)


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _flush(service: SyncService) -> None:
    try:
        await service.close()
    except StoreFailed as reason:
        log_event("store-failed", code=reason.code)
