"""Builds what the settings ask for of the satellite bearer, and runs it."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from shore_relay.relay.bearers.gate import Gate
from shore_relay.relay.bearers.listening import listen
from shore_relay.relay.bearers.sbd.directip import (
    DirectIpGateway,
    DirectIpServer,
    read_endpoint,
    read_networks,
)
from shore_relay.relay.bearers.sbd.gateway import Gateway
from shore_relay.relay.bearers.sbd.post_office import PostOffice
from shore_relay.relay.bearers.sbd.rockblock import RockBlockGateway, check_url
from shore_relay.relay.bearers.sbd.secrets_on_disk import load_credentials, load_public_key
from shore_relay.relay.bearers.sbd.webhook import RockBlockWebhook
from shore_relay.relay.fleet import Fleet
from shore_relay.relay.settings import SbdSettings
from shore_relay.relay.store.sbd import SbdStore
from shore_relay.relay.store.sbd_rows import Via
from shore_relay.relay.store.sql_store import SqlStore
from shore_relay.relay.surroundings import Clock, WallClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Satellite:
    """The satellite bearer, as the rest of the relay sees it."""

    routes: tuple[web.RouteDef, ...]
    """What the HTTP port has to serve for it."""
    directip_port: int
    """0 where DirectIP is off."""


@asynccontextmanager
async def satellite_running(
    folder: Path, gate: Gate, store: SqlStore, fleet: Fleet, clock: Clock, wall: WallClock
) -> AsyncIterator[Satellite]:
    """Run the gateways that the settings and the files in the folder turn on, until the block ends.

    Raises `SecretUnreadable`, `SettingsInvalid`, `PortInUse` or `StoreFailed`.
    """
    settings = gate.settings.sbd
    key = load_public_key(folder / settings.rockblock_key_file)
    async with contextlib.AsyncExitStack() as stack:
        gateways = await _gateways(folder, settings, stack)
        office = PostOffice(gate, SbdStore(store), gateways, clock, wall)
        await stack.enter_async_context(office.running())
        fleet.listen(office.dispatched)
        routes: list[web.RouteDef] = []
        if key is not None:
            webhook = RockBlockWebhook(gate, office.accept, key, data_bytes_max=settings.mtu_up_bytes)
            routes = webhook.routes()
        port = 0
        if networks := read_networks(settings.directip_from):
            server = DirectIpServer(gate, office.accept, networks, data_bytes_max=settings.mtu_up_bytes)
            stack.push_async_callback(server.stop)
            port = await listen(
                "TCP", "sbd.directip_port", server.start, gate.settings.listen_host, settings.directip_port
            )
        yield Satellite(routes=tuple(routes), directip_port=port)


async def _gateways(
    folder: Path, settings: SbdSettings, stack: contextlib.AsyncExitStack
) -> dict[Via, Gateway]:
    gateways: dict[Via, Gateway] = {}
    credentials = load_credentials(folder / settings.rockblock_secret_file)
    if credentials is not None:
        # The environment of a server may hold proxies and passwords of others; none of that is ours.
        session = await stack.enter_async_context(aiohttp.ClientSession(trust_env=False))
        gateways[Via.ROCKBLOCK] = RockBlockGateway(
            session, check_url(settings.rockblock_url), credentials, patience_s=settings.gateway_patience_s
        )
    endpoint = read_endpoint(settings.directip_gateway)
    if endpoint is not None:
        gateways[Via.DIRECTIP] = DirectIpGateway(endpoint, patience_s=settings.gateway_patience_s)
    return gateways
