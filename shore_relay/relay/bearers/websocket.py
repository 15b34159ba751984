"""Vessels over WebSocket, for networks that let only web traffic through: one binary message per record."""

import asyncio
from collections.abc import Sequence

from aiohttp import WSMsgType, web

from protocol import limits
from protocol.errors import MalformedPacket
from protocol.links import LinkProfile
from shore_relay.relay.bearers.gate import Gate
from shore_relay.relay.bearers.stream import StreamService
from shore_relay.relay.bearers.tcp import keep_unsent_small

_SMALL_BYTES_MAX = 125
_MASK_BYTES = 4
"""What comes from a client is masked (RFC 6455 §5.1)."""


class WebSocketConnection:
    """One WebSocket."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self._socket = socket
        self._transport = transport
        keep_unsent_small(transport)

    async def read(self) -> Sequence[bytes]:
        """Return the next record, or none at the end."""
        message = await self._socket.receive()
        match message.type:
            case WSMsgType.BINARY if message.data:
                return (bytes(message.data),)
            case WSMsgType.BINARY | WSMsgType.TEXT:
                raise MalformedPacket("a message is one record of bytes")
            case _:
                return ()

    async def write(self, record: bytes) -> None:
        """Put one record on the connection."""
        await self._socket.send_bytes(record)

    def wire_bytes(self, record: bytes, *, upward: bool) -> int:
        """Return the record's size with its frame's head."""
        head_bytes = 2 if len(record) <= _SMALL_BYTES_MAX else 4
        return head_bytes + (_MASK_BYTES if upward else 0) + len(record)

    def abort(self) -> None:
        """Cut the connection now: the closing handshake would wait for a link that is down."""
        self._transport.abort()


class WebSocketBearer:
    """Takes the requests for the link's path."""

    def __init__(self, gate: Gate, profile: LinkProfile) -> None:
        self._gate = gate
        self._service = StreamService(gate, profile)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one WebSocket until it ends."""
        if not self._gate.proxies.trusts(request.remote or ""):
            # The port has counted it with the connection.
            return await self._serve(request)
        address = self._gate.proxies.address_of(request)
        if not self._gate.enter(address, "websocket"):
            raise web.HTTPTooManyRequests(text="Too many connections come from this address.")
        try:
            return await self._serve(request)
        finally:
            self._gate.leave(address, "websocket")

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(
            compress=False,
            max_msg_size=limits.PACKET_BYTES_MAX,
            decode_text=False,
            # Wait after every record until it has left, so that what is urgent overtakes what waits.
            writer_limit=0,
        )
        await socket.prepare(request)
        if request.transport is not None:
            await asyncio.wait([self._service.start(WebSocketConnection(socket, request.transport))])
        return socket

    async def stop(self) -> None:
        """End all connections."""
        await self._service.stop()
