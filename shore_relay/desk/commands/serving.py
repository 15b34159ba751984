"""`serve`: fetch and send as long as the computer is on, and show the page."""

import argparse
import asyncio
import errno
import signal

import aiohttp
from aiohttp import web

from shore_relay.desk.app import Desk
from shore_relay.desk.changes import Changes
from shore_relay.desk.commands.terminal import environment, say, unlocked
from shore_relay.desk.errors import AlreadyServing, PortInUse
from shore_relay.desk.log import log_to_stderr
from shore_relay.desk.notices.channels import Channels, load_channels
from shore_relay.desk.notices.delivering import Notices
from shore_relay.desk.people.roles import Permission
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.relay_lock import relay_lock
from shore_relay.desk.service import Service
from shore_relay.desk.web.server import Page

_SHUTDOWN_S = 2.0


async def serve(arguments: argparse.Namespace) -> None:
    """Run until SIGTERM or SIGINT."""
    log_to_stderr()
    async with unlocked(arguments, Permission.SERVE) as desk:
        with relay_lock(desk.data) as is_ours:
            if not is_ours:
                raise AlreadyServing(
                    f"Another process serves {desk.data} already; use its page, or stop it first."
                )
            await _serve(desk, load_channels(desk.settings, environment()))


async def _serve(desk: Desk, channels: Channels) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    changes = Changes()
    page = Page(desk, changes, channels=channels)
    await page.warm()
    runner = web.AppRunner(page.application(), access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        port = await listen(runner, desk.settings.host, desk.settings.port)
        page.listen_on(desk.settings.host, port)
        async with aiohttp.ClientSession() as session:
            loops = Service(desk, RelayClient(desk, session), changes, notices=Notices(desk, channels))
            service = asyncio.create_task(loops.run())
            say(f"ready: http://{desk.settings.host}:{port}/")
            await _until(stopping, service)
    finally:
        page.close()
        await runner.cleanup()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def listen(runner: web.AppRunner, host: str, port: int) -> int:
    """Listen and return the port, which the system chooses where 0 is asked for; raises `PortInUse`."""
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except OSError as reason:
        if reason.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise PortInUse(f"The page cannot listen on {host}; correct the setting `host`.") from reason
        raise PortInUse(
            f"Port {port} on {host} is taken by another program; stop that one, or choose another with "
            "SEAVOICE_DESK_PORT or the setting `port`."
        ) from reason
    address: tuple[str, int] = runner.addresses[0]
    return address[1]


async def _until(stopping: asyncio.Event, service: asyncio.Task[None]) -> None:
    waiting = asyncio.create_task(stopping.wait())
    done, _ = await asyncio.wait({waiting, service}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    service.cancel()
    if service in done:
        # A bug ended the loops; it must not look like an orderly end.
        await service
