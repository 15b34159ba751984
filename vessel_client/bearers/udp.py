"""UDP: one packet in each datagram."""

import asyncio
from typing import cast
from urllib.parse import urlsplit

_WAITING_MAX = 256
"""Datagrams that may wait for the engine; more are dropped, as a network would."""


class UdpConnection(asyncio.DatagramProtocol):
    """A connected datagram socket."""

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # Python 3.11's own transport does not derive from the class that it implements.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def connection_lost(self, _error: Exception | None) -> None:
        """End the receiver."""
        self._waiting.put_nowait(None)

    def datagram_received(self, data: bytes, _address: object) -> None:
        """Keep a datagram for `receive`."""
        if self._waiting.qsize() < _WAITING_MAX:
            self._waiting.put_nowait(data)

    def error_received(self, _error: Exception) -> None:
        """Go on: "unreachable" is a passing state of a link at sea, and the engine's probes are rare."""

    async def send(self, packet: bytes) -> None:
        """Send one datagram."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError("the socket is closed")
        self._transport.sendto(packet)

    async def receive(self) -> bytes | None:
        """Return the next datagram."""
        return await self._waiting.get()

    async def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.abort()


async def dial_udp(url: str) -> UdpConnection:
    """Open a socket to udp://host:port; raises `OSError`."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    _, connection = await asyncio.get_running_loop().create_datagram_endpoint(
        UdpConnection, remote_addr=(parts.hostname, parts.port)
    )
    return connection
