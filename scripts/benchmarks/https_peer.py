"""HTTPS under the same sky: a web server that takes reports, and a client that tries again after a cut."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from scripts.benchmarks.cargo import opaque
from scripts.benchmarks.certificates import HOST, write_certificates
from scripts.benchmarks.outcome import Outcome
from scripts.benchmarks.ports import free_port
from scripts.benchmarks.scenes import Scene, Sky
from scripts.benchmarks.seavoice_environment import RETRY_S

READ_BYTES = 16_384
SEGMENT_BYTES = 1_400
TCP_INFO_SEGMENTS_OUT = 136
"""Where Linux's tcp_info has its counts of segments out and in (include/uapi/linux/tcp.h)."""

SEGMENT_HEADER_BYTES = 52
"""IPv4 20, TCP 20, time stamps 12 (RFC 791, 9293, 7323)."""

OPENING_OPTIONS_BYTES = 16
"""What SYN and SYN-ACK have beyond that: segment size, window scale, selective acknowledgement, padding."""

CLOSING_SEGMENTS = 4
REQUEST_BYTES_MAX = 200_000
REQUEST = (
    "POST /v1/reports HTTP/1.1\r\nHost: {host}\r\nUser-Agent: python-requests/2.32.4\r\n"
    "Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n"
    "Authorization: Bearer 5f1cbe6b06c94f0d9f3b8a51c2d4e7a9\r\n"
    "Content-Type: application/octet-stream\r\nContent-Length: {length}\r\n\r\n"
)


class Refused(Exception):
    """The server did not answer as it should."""


@dataclass(kw_only=True)
class Connection:
    """One TLS connection, driven by hand so that it can resume an earlier session."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    tls: ssl.SSLObject
    incoming: ssl.MemoryBIO
    outgoing: ssl.MemoryBIO

    async def shake_hands(self) -> None:
        """Agree on keys."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
                continue
            await self._flush()
            return

    async def post(self, body: bytes) -> None:
        """Send one report and read the answer; raises `Refused` or `OSError`."""
        head = REQUEST.format(host=HOST, length=len(body)).encode()
        for start in range(0, len(body) or 1, READ_BYTES):
            self.tls.write((head if start == 0 else b"") + body[start : start + READ_BYTES])
            await self._flush()
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += await self._read()
        if not answer.startswith(b"HTTP/1.1 201"):
            raise Refused(answer.partition(b"\r\n")[0].decode())

    async def close(self) -> None:
        """Say goodbye as TLS does, without waiting for the other side to."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            await self._flush()
        self.writer.close()
        await self.writer.wait_closed()

    def segments(self) -> int:
        """Return how many TCP segments this end has sent and received."""
        end = self.writer.get_extra_info("socket")
        info = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_SEGMENTS_OUT + 8)
        out, back = struct.unpack_from("II", info, TCP_INFO_SEGMENTS_OUT)
        return int(out + back)

    async def _read(self) -> bytes:
        while True:
            try:
                data = self.tls.read(READ_BYTES)
            except ssl.SSLWantReadError:
                await self._fill()
                continue
            if not data:
                raise ConnectionError("the server closed")
            return data

    async def _flush(self) -> None:
        self.writer.write(self.outgoing.read())
        await self.writer.drain()

    async def _fill(self) -> None:
        data = await self.reader.read(READ_BYTES)
        if not data:
            raise ConnectionError("the connection ended")
        self.incoming.write(data)


@dataclass(kw_only=True)
class HttpsPeer:
    """A server, a sky, and the client's side."""

    sky: Sky
    context: ssl.SSLContext
    session: ssl.SSLSession | None = None
    tries: int = 0
    ip_bytes: int = 0

    async def send(self, sizes: Sequence[int]) -> None:
        """Post these over one new connection; raises `OSError` or `Refused` where that fails."""
        self.tries += 1
        end = socket.socket()
        end.setblocking(False)
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
        try:
            await asyncio.get_running_loop().sock_connect(end, ("127.0.0.1", self.sky.port))
        except OSError:
            end.close()
            raise
        reader, writer = await asyncio.open_connection(sock=end)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context.wrap_bio(incoming, outgoing, server_hostname=HOST, session=self.session)
        connection = Connection(reader=reader, writer=writer, tls=tls, incoming=incoming, outgoing=outgoing)
        try:
            await connection.shake_hands()
            for size in sizes:
                await connection.post(opaque(size))
            self.session = tls.session
            segments = connection.segments() + CLOSING_SEGMENTS
            self.ip_bytes = segments * SEGMENT_HEADER_BYTES + OPENING_OPTIONS_BYTES
            await connection.close()
        finally:
            writer.transport.abort()

    async def cross(self, sizes: Sequence[int], *, limit_s: float) -> Outcome:
        """Send once and return what it took, with the bytes of whole IP packets among its marks."""
        before, began_s = self.sky.meter.snapshot(), self.sky.now_s
        async with asyncio.timeout(limit_s):
            await self.send(sizes)
        seconds = self.sky.now_s - began_s
        await self.sky.until_settled()
        reading = self.sky.meter.snapshot() - before
        return Outcome(
            seconds=seconds, reading=reading, marks={"ip_bytes": reading.air_bytes + self.ip_bytes}
        )

    async def insist(self, sizes: Sequence[int], *, retry_s: float = RETRY_S) -> None:
        """Send, and after each failure send all of it again, for ever; `retry_s` is the machine's."""
        while True:
            try:
                await self.send(sizes)
            except (OSError, Refused):
                await asyncio.sleep(retry_s)
                continue
            return


@asynccontextmanager
async def https_peer(folder: Path, scene: Scene) -> AsyncIterator[HttpsPeer]:
    """Start a server behind the scene's sky; everything runs in this process."""
    chain, key, root = write_certificates(folder)
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(chain, key)
    client_side = ssl.create_default_context(cafile=str(root))
    application = web.Application(client_max_size=REQUEST_BYTES_MAX)
    application.add_routes([web.post("/v1/reports", _take)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=server_side).start()
    try:
        async with scene.over(port) as sky:
            yield HttpsPeer(sky=sky, context=client_side)
    finally:
        await runner.cleanup()


async def _take(request: web.Request) -> web.Response:
    try:
        body = await request.read()
    except ConnectionResetError:
        # The link was cut; nobody reads this answer, and the client begins again.
        raise web.HTTPBadRequest from None
    return web.json_response({"id": f"{len(body):08x}", "state": "accepted"}, status=201)
