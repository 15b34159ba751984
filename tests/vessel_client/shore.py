"""A real relay engine behind real sockets: what the box talks to in these tests."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import WSMsgType, web

from protocol import bundle as bundles
from protocol.bundle import Bundle
from protocol.engine import SyncEngine
from protocol.errors import RemoteError
from protocol.events import BundleArrived, PacketRefused
from protocol.frames import Priority, Refusal
from protocol.ids import Instant
from protocol.journal import MemoryJournal
from protocol.links import LinkKind, LinkProfile, Side
from protocol.provisioning import BearerKind, RelayAddress
from protocol.records import RecordReader, frame_record
from protocol.rekey import RekeyRequest, open_request
from tests.memory_link import RELAY_PRIVATE, VESSEL, snapshot

PATIENCE_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A bundle that the shore took into custody."""

    number: int
    priority: Priority
    bundle: Bundle


Send = Callable[[bytes], Awaitable[None]]


class Shore:
    """One vessel's relay: keeps what comes, sends what it is given, and can cut its links."""

    def __init__(self, refuse: Callable[[int, Bundle], Refusal | None] = lambda _n, _b: None) -> None:
        self.engine = SyncEngine(Side.RELAY, VESSEL, snapshot(), MemoryJournal(), admit=refuse)
        self.arrived: list[Arrived] = []
        self.connections = 0
        self.cut_after_packets: int | None = None
        """Close the stream behind this many packets, once."""
        self.addresses: dict[BearerKind, RelayAddress] = {}
        self._given = 0
        self._changed = asyncio.Condition()
        self._woken: set[asyncio.Event] = set()
        self._closers: set[Callable[[], object]] = set()

    def numbers(self) -> list[int]:
        """Return the numbers that came, in order of arrival."""
        return [each.number for each in self.arrived]

    def offer(self, bundle: Bundle, priority: Priority = Priority.TEXT) -> int:
        """Send a bundle to the box."""
        self._given += 1
        self.engine.offer(self._given, priority, bundles.encode(bundle))
        for event in self._woken:
            event.set()
        return self._given

    def cut(self) -> None:
        """End every stream at once."""
        for close in list(self._closers):
            close()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something that came makes the condition true."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(condition)

    async def take(self, packet: bytes, link: LinkProfile, send: Send) -> bool:
        """Take one packet, note what it completed, and return whether it was refused."""
        request = _rekey_request(packet)
        if request is not None:
            await send(self.engine.answer_rekey(request, secrets.token_bytes, link, _now()))
            return False
        events = self.engine.receive(packet, link, _now())
        for arrived in events:
            if isinstance(arrived, BundleArrived):
                self.arrived.append(
                    Arrived(number=arrived.number, priority=arrived.priority, bundle=arrived.bundle)
                )
        if self.cut_after_packets is not None:
            self.cut_after_packets -= 1
            if self.cut_after_packets == 0:
                self.cut_after_packets = None
                self.cut()
        async with self._changed:
            self._changed.notify_all()
        for woken in self._woken:
            woken.set()
        return any(isinstance(event, PacketRefused) for event in events)

    @asynccontextmanager
    async def talking(
        self, link: LinkProfile, send: Send, close: Callable[[], object]
    ) -> AsyncIterator[None]:
        """Send whatever the engine has for this link while the context lasts."""
        self.engine.contact_opened(link, _now())
        self.connections += 1
        self._closers.add(close)
        task = asyncio.create_task(self._send_all(link, send))
        try:
            yield
        finally:
            self._closers.discard(close)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self.engine.contact_closed(link, _now())

    async def _send_all(self, link: LinkProfile, send: Send) -> None:
        woken = asyncio.Event()
        self._woken.add(woken)
        try:
            while True:
                woken.clear()
                while (packet := self.engine.transmit(link, _now())) is not None:
                    await send(packet)
                deadline = self.engine.deadline()
                try:
                    wait_s = None if deadline is None else max(0.01, deadline - _now())
                    async with asyncio.timeout(wait_s):
                        await woken.wait()
                except TimeoutError:
                    continue
        finally:
            self._woken.discard(woken)


def _rekey_request(packet: bytes) -> RekeyRequest | None:
    try:
        return open_request(packet, RELAY_PRIVATE)
    except RemoteError:
        return None


def _now() -> Instant:
    return Instant(asyncio.get_running_loop().time())


def link(kind: BearerKind) -> LinkProfile:
    """Return the shore's view of a bearer."""
    datagram = kind is BearerKind.UDP
    mtu = 1_200 if datagram else 65_535
    return LinkProfile(
        name=kind.value,
        kind=LinkKind.DATAGRAM if datagram else LinkKind.STREAM,
        mtu_up_bytes=mtu,
        mtu_down_bytes=mtu,
    )


@asynccontextmanager
async def tcp_shore(shore: Shore, port: int = 0) -> AsyncIterator[Shore]:
    """Serve the shore on a TCP port."""
    profile = link(BearerKind.TCP)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        records = RecordReader()

        async def send(packet: bytes) -> None:
            writer.write(frame_record(packet))
            await writer.drain()

        try:
            async with shore.talking(profile, send, writer.transport.abort):
                while data := await reader.read(65_536):
                    for record in records.feed(data):
                        if await shore.take(record, profile, send):
                            return
        except ConnectionError:
            return
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", port)
    bound = server.sockets[0].getsockname()[1]
    _name(shore, BearerKind.TCP, f"tcp://127.0.0.1:{bound}")
    try:
        yield shore
    finally:
        server.close()
        shore.cut()
        await server.wait_closed()


@asynccontextmanager
async def websocket_shore(shore: Shore) -> AsyncIterator[Shore]:
    """Serve the shore on a WebSocket."""
    profile = link(BearerKind.WEBSOCKET)

    async def talk(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        transport = request.transport
        assert transport is not None
        async with shore.talking(profile, socket.send_bytes, transport.abort):
            async for message in socket:
                if message.type is not WSMsgType.BINARY or await shore.take(
                    message.data, profile, socket.send_bytes
                ):
                    break
        return socket

    application = web.Application()
    application.add_routes([web.get("/v1/link", talk)])
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _name(shore, BearerKind.WEBSOCKET, f"ws://127.0.0.1:{runner.addresses[0][1]}/v1/link")
    try:
        yield shore
    finally:
        shore.cut()
        await runner.cleanup()


@asynccontextmanager
async def udp_shore(shore: Shore) -> AsyncIterator[Shore]:
    """Serve the shore on a UDP port."""
    profile = link(BearerKind.UDP)
    incoming: asyncio.Queue[bytes] = asyncio.Queue()

    class Socket(asyncio.DatagramProtocol):
        peer: tuple[str, int] | None = None

        def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
            self.peer = address
            incoming.put_nowait(data)

    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        Socket, local_addr=("127.0.0.1", 0)
    )

    async def send(packet: bytes) -> None:
        transport.sendto(packet, protocol.peer)

    async def receive() -> None:
        while True:
            await shore.take(await incoming.get(), profile, send)

    _name(shore, BearerKind.UDP, f"udp://127.0.0.1:{transport.get_extra_info('sockname')[1]}")
    receiver = asyncio.create_task(receive())
    try:
        async with shore.talking(profile, send, lambda: None):
            yield shore
    finally:
        receiver.cancel()
        await asyncio.gather(receiver, return_exceptions=True)
        transport.close()


def _name(shore: Shore, kind: BearerKind, url: str) -> None:
    shore.addresses[kind] = RelayAddress(kind=kind, url=url)
