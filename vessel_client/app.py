"""The composition root of the service: everything is made here, and only here."""

import asyncio
import errno
import os
import random
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from protocol.links import LinkKind
from protocol.provisioning import BearerKind, RelayAddress
from vessel_client.bearers.pump import BackOff, Bearer, Dial, RunningBearer
from vessel_client.bearers.tcp import dial_tcp
from vessel_client.bearers.udp import dial_udp
from vessel_client.bearers.websocket import dial_websocket
from vessel_client.clocks import LinkClock, WallClock, system_wall_clock
from vessel_client.errors import PortInUse, StoreFailed
from vessel_client.log import log_event
from vessel_client.queueing import QueueBounds
from vessel_client.settings import SbdSettings, Settings
from vessel_client.status import status_json
from vessel_client.store import outbox
from vessel_client.store.box import load_box
from vessel_client.store.database import Database, open_database
from vessel_client.sync_service import SyncService
from vessel_client.web.api import Api, GetStatus

EXPIRY_CHECK_S_MAX = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningService:
    """A service that answers at `url`."""

    url: str
    database: Database
    service: SyncService
    bearers: tuple[RunningBearer, ...]


@asynccontextmanager
async def running_service(
    settings: Settings, *, clock: LinkClock, wall_clock: WallClock
) -> AsyncIterator[RunningService]:
    """Run the box until the context ends.

    Raises: NotInitialised, StoreFailed, PortInUse.
    """
    database = await open_database(settings.data_dir)
    try:
        service = await _make_service(database, settings, clock, wall_clock)
        bearers: tuple[RunningBearer, ...] = tuple(_make_bearers(service, settings))
        if settings.sbd.enabled:
            bearers += (_make_modem(service, settings.sbd),)
        status = partial(status_json, database, service, bearers, settings, wall_clock)
        async with _serving(database, service, status, settings) as url:
            tasks = [asyncio.create_task(bearer.run()) for bearer in bearers]
            tasks.append(asyncio.create_task(_end_lifetimes(database, service, wall_clock)))
            if any(bearer.link.kind is LinkKind.DATAGRAM for bearer in bearers):
                tasks.append(asyncio.create_task(_report_health(service, settings.health_interval_s)))
            try:
                yield RunningService(url=url, database=database, service=service, bearers=bearers)
            finally:
                await _stop(tasks)
                await _flush(service)
    finally:
        await database.close()


async def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Run the box until SIGTERM or SIGINT; `announce` is told the URL once it answers."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    clock = LinkClock(speed=settings.link_speed)
    async with running_service(settings, clock=clock, wall_clock=system_wall_clock) as running:
        announce(running.url)
        await stopped.wait()
        log_event("stopping")


async def _make_service(
    database: Database, settings: Settings, clock: LinkClock, wall_clock: WallClock
) -> SyncService:
    async with database.reading() as connection:
        box = await load_box(connection)
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
    )


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


@asynccontextmanager
async def _serving(
    database: Database,
    service: SyncService,
    status: GetStatus,
    settings: Settings,
) -> AsyncIterator[str]:
    hosts = frozenset(name.strip() for name in settings.api_hosts_allowed.split(",") if name.strip())
    application = Api(database, service, status).application(hosts | {settings.api_host})
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.api_host, settings.api_port)
        try:
            await site.start()
        except OSError as reason:
            raise _cannot_listen(settings, reason) from reason
        host, port = runner.addresses[0][:2]
        yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    finally:
        await runner.cleanup()


def _cannot_listen(settings: Settings, reason: OSError) -> PortInUse:
    if reason.errno == errno.EADDRINUSE:
        return PortInUse(
            f"Port {settings.api_port} of {settings.api_host} is in use: the box may be running already. "
            "Stop the other program, or choose another api_port in settings.toml."
        )
    text = os.strerror(reason.errno) if reason.errno else str(reason)
    return PortInUse(f"The box cannot listen on {settings.api_host}, port {settings.api_port}: {text}.")


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
