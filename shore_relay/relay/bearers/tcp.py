"""Vessels over plain TCP: two bytes of length, then the record."""

import asyncio
import socket
from collections.abc import Sequence

from protocol.links import LinkProfile
from protocol.records import LENGTH_BYTES, RecordReader, frame_record
from shore_relay.relay.bearers.gate import Gate
from shore_relay.relay.bearers.stream import StreamService

_READ_BYTES = 65_536
_UNSENT_BYTES = 4_096
"""How much the kernel may hold that has not left: more would let bulk delay what is urgent."""
_WRITE_PATIENCE_S = 120.0
"""A record of a full packet needs 2.5 s of a slow link; a peer that takes so much longer is gone."""


class TcpConnection:
    """One TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._records = RecordReader()
        keep_unsent_small(writer.transport)

    async def read(self) -> Sequence[bytes]:
        """Return the next records, or none at the end."""
        records: list[bytes] = []
        while not records:
            data = await self._reader.read(_READ_BYTES)
            if not data:
                return ()
            records = self._records.feed(data)
        return records

    async def write(self, record: bytes) -> None:
        """Put one record on the connection."""
        self._writer.write(frame_record(record))
        async with asyncio.timeout(_WRITE_PATIENCE_S):
            await self._writer.drain()

    def wire_bytes(self, record: bytes, *, upward: bool) -> int:  # noqa: ARG002  # The same both ways.
        """Return the record's size with its length."""
        return len(record) + LENGTH_BYTES

    def abort(self) -> None:
        """Cut the connection now."""
        self._writer.transport.abort()


def keep_unsent_small(transport: asyncio.WriteTransport) -> None:
    """Keep buffers on the way out small, so that what is urgent overtakes what waits."""
    transport.set_write_buffer_limits(high=0)
    connected: socket.socket | None = transport.get_extra_info("socket")
    if connected is not None and hasattr(socket, "TCP_NOTSENT_LOWAT"):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)


class TcpBearer:
    """Listens for vessels on one TCP port."""

    def __init__(self, gate: Gate, profile: LinkProfile) -> None:
        self._gate = gate
        self._service = StreamService(gate, profile)
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port; raises `OSError` where it cannot be had."""
        self._server = await asyncio.start_server(self._on_connection, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """End all connections and listen no more."""
        if self._server is not None:
            self._server.close()
            await self._service.stop()
            await self._server.wait_closed()

    def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = str((writer.get_extra_info("peername") or ("unknown",))[0])
        if not self._gate.enter(address, "tcp"):
            writer.transport.abort()
            return
        task = self._service.start(TcpConnection(reader, writer))
        task.add_done_callback(lambda _task: self._gate.leave(address, "tcp"))
