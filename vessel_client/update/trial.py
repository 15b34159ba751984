"""Runs the box on a copy of its store, on no link, to see whether this release works here."""

import asyncio
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from vessel_client.app import running_service
from vessel_client.clocks import LinkClock, WallClock
from vessel_client.service_client import ServiceClient
from vessel_client.settings import Settings
from vessel_client.store.database import copy_store
from vessel_client.store.names import DATABASE_FILE

_PREFIX = ".trial-"


async def try_release(settings: Settings, wall_clock: WallClock) -> bool:
    """Start the box, ask it something and stop it; returns False where there is no box to try.

    The store is brought to this release's schema, but only in the copy. Raises what the start raises.
    """
    if not (settings.data_dir / DATABASE_FILE).exists():
        return False
    for left in settings.data_dir.glob(f"{_PREFIX}*"):
        # A power cut ended a trial.
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=settings.data_dir, prefix=_PREFIX) as room:
        await copy_store(settings.data_dir, Path(room))
        alone = _without_links(replace(settings, data_dir=Path(room)))
        async with running_service(alone, clock=LinkClock(), wall_clock=wall_clock) as running:
            await asyncio.to_thread(ServiceClient(running.url).box)
    return True


def _without_links(settings: Settings) -> Settings:
    """A copy uses the counters of the store, so not one packet of it may leave."""
    return replace(
        settings,
        api_host="127.0.0.1",
        api_port=0,
        tls_certificate="",
        tls_key="",
        tcp=replace(settings.tcp, enabled=False),
        websocket=replace(settings.websocket, enabled=False),
        udp=replace(settings.udp, enabled=False),
        sbd=replace(settings.sbd, enabled=False),
    )
