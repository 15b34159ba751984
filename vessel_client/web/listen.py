"""Listens for browsers on plain http, which always works; the door for phones by https is beside it."""

import errno
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from vessel_client.errors import PortInUse
from vessel_client.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Where the box answers on plain http, and what else may be opened on the same application."""

    url: str
    runner: web.AppRunner


@asynccontextmanager
async def serving(application: web.Application, settings: Settings) -> AsyncIterator[Served]:
    """Answer browsers until the context ends. Raises: PortInUse."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        plain = web.TCPSite(runner, settings.api_host, settings.api_port)
        await listen(plain, settings.api_host, settings.api_port, "api_port")
        host, port = runner.addresses[0][:2]
        yield Served(url=f"http://{shown_host(host)}:{port}", runner=runner)
    finally:
        await runner.cleanup()


def shown_host(host: str) -> str:
    """Return a host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


async def listen(site: web.TCPSite, host: str, port: int, setting: str) -> None:
    """Start a site. Raises: PortInUse, with the setting that chooses another port."""
    try:
        await site.start()
    except OSError as reason:
        raise PortInUse(_why_not(reason, host, port, setting)) from reason


def _why_not(reason: OSError, host: str, port: int, setting: str) -> str:
    if reason.errno == errno.EADDRINUSE:
        return (
            f"Port {port} of {host} is in use: the box may be running already. "
            f"Stop the other program, or choose another {setting} in settings.toml."
        )
    if reason.errno == errno.EACCES:
        return (
            f"This user may not listen on port {port}. Start the box by the unit of `seavoice-vessel kiosk`, "
            f"or choose a {setting} above 1023 in settings.toml."
        )
    text = os.strerror(reason.errno) if reason.errno else str(reason)
    return f"The box cannot listen on {host}, port {port}: {text}."
