"""Iridium DirectIP over TCP: a server for messages up, one frame a connection, and a client for those down.

The protocol knows no signature: only addresses that the operator named may speak, and what they bring still
has to be sealed by the vessel's own key.
"""

import asyncio
import ipaddress
from dataclasses import dataclass

from shore_relay.relay.bearers.gate import Gate
from shore_relay.relay.bearers.sbd.directip_elements import (
    HEAD,
    HEADERS_BYTES_MAX,
    frame_bytes,
    read_downward_confirmation,
    read_upward,
    write_confirmation,
    write_downward,
)
from shore_relay.relay.bearers.sbd.gateway import Accept, Gateway, Refusal, Scope
from shore_relay.relay.errors import MessageRefused, SettingsInvalid, StoreFailed
from shore_relay.relay.store.sbd_rows import OutboundMessage, Via

_PATIENCE_S = 20.0
_CONNECTIONS_MAX = 64
_MESSAGE_IDS = 2**32

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def read_networks(text: str) -> tuple[Network, ...]:
    """Return the networks that the setting directip_from names; raises `SettingsInvalid`."""
    try:
        return tuple(ipaddress.ip_network(one.strip()) for one in text.split(",") if one.strip())
    except ValueError as reason:
        raise SettingsInvalid(
            "The setting sbd.directip_from must be addresses or networks joined by commas."
        ) from reason


class DirectIpServer:
    """Takes messages up from the Iridium gateway."""

    def __init__(
        self, gate: Gate, accept: Accept, networks: tuple[Network, ...], *, data_bytes_max: int
    ) -> None:
        self._gate = gate
        self._accept = accept
        self._networks = networks
        self._data_bytes_max = data_bytes_max
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port; raises `OSError` where it cannot be had."""
        self._server = await asyncio.start_server(self._on_connection, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """End all connections and listen no more."""
        if self._server is None:
            return
        self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._server.wait_closed()

    def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._is_gateway(writer):
            self._gate.refuse("directip-stranger", "sbd")
            writer.transport.abort()
            return
        if len(self._tasks) >= _CONNECTIONS_MAX:
            self._gate.refuse("busy", "sbd")
            writer.transport.abort()
            return
        task = asyncio.create_task(self._serve(reader, writer), name="directip connection")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _is_gateway(self, writer: asyncio.StreamWriter) -> bool:
        peer = (writer.get_extra_info("peername") or ("",))[0]
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                taken = await self._take(reader)
                writer.write(write_confirmation(taken=taken))
                await writer.drain()
                writer.close()
        except (OSError, EOFError, TimeoutError):
            # The gateway repeats what it heard no confirmation of.
            self._gate.refuse("directip-broken-off", "sbd")
        finally:
            writer.close()

    async def _take(self, reader: asyncio.StreamReader) -> bool:
        try:
            head = await reader.readexactly(HEAD.size)
            body = await reader.readexactly(frame_bytes(head, most=self._data_bytes_max + HEADERS_BYTES_MAX))
            upward = read_upward(body, data_bytes_max=self._data_bytes_max)
            if upward.came_whole:
                await self._accept(Via.DIRECTIP, upward.message)
            else:
                self._gate.refuse("directip-session-failed", "sbd")
        except MessageRefused as refused:
            self._gate.refuse(refused.code, "sbd")
            return False
        except StoreFailed as reason:
            self._gate.note(reason.code, "sbd")
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the gateway takes messages down."""

    host: str
    port: int


def read_endpoint(text: str) -> Endpoint | None:
    """Return the gateway that the setting directip_gateway names; raises `SettingsInvalid`."""
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise SettingsInvalid("The setting sbd.directip_gateway must be host:port.")
    return Endpoint(host=host.strip("[]"), port=int(port))


class DirectIpGateway(Gateway):
    """Hands messages to the Iridium gateway."""

    via = Via.DIRECTIP

    def __init__(self, endpoint: Endpoint, *, patience_s: float) -> None:
        self._endpoint = endpoint
        self._patience_s = patience_s

    async def deliver(self, message: OutboundMessage) -> Refusal | None:
        """Hand over one message."""
        message_id = message.id % _MESSAGE_IDS
        frame = write_downward(message_id, message.imei, message.packet, flush=message.flush)
        sent = False
        try:
            async with asyncio.timeout(self._patience_s):
                reader, writer = await asyncio.open_connection(self._endpoint.host, self._endpoint.port)
                try:
                    sent = True
                    writer.write(frame)
                    await writer.drain()
                    head = await reader.readexactly(HEAD.size)
                    body = await reader.readexactly(frame_bytes(head, most=HEADERS_BYTES_MAX))
                    return read_downward_confirmation(body, message_id, message.imei)
                finally:
                    writer.close()
        except (OSError, EOFError, TimeoutError, MessageRefused):
            return Refusal(
                code="directip-unreachable",
                scope=Scope.PASSING,
                advice="The gateway does not answer as it should; check directip_gateway and this network.",
                in_doubt=sent,
            )
