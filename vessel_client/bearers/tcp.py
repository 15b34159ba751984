"""TCP: the cheapest stream. Two bytes of length, then the record."""

import asyncio
import socket
from collections import deque
from urllib.parse import urlsplit

from protocol.errors import MalformedPacket
from protocol.records import RecordReader, frame_record

_READ_BYTES = 16_384


class TcpConnection:
    """A connected stream of records."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._records = RecordReader()
        self._ready: deque[bytes] = deque()
        # What waits in a buffer can no longer be overtaken by something urgent.
        writer.transport.set_write_buffer_limits(high=0)

    async def send(self, packet: bytes) -> None:
        """Write one record."""
        self._writer.write(frame_record(packet))
        await self._writer.drain()

    async def receive(self) -> bytes | None:
        """Return the next record; a stream that is not ours ends with `ConnectionError`."""
        while not self._ready:
            data = await self._reader.read(_READ_BYTES)
            if not data:
                return None
            try:
                self._ready.extend(self._records.feed(data))
            except MalformedPacket as reason:
                raise ConnectionError(str(reason)) from reason
        return self._ready.popleft()

    async def close(self) -> None:
        """Close without waiting for what the peer has not taken."""
        self._writer.transport.abort()


async def dial_tcp(url: str, keepalive_s: int) -> TcpConnection:
    """Connect to tcp://host:port; raises `OSError`."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=_READ_BYTES)
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A connection that a satellite forgot would otherwise look alive until we next have something to say.
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, keepalive_s)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, keepalive_s // 4))
    return TcpConnection(reader, writer)
