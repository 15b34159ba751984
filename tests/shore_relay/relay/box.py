"""A vessel for tests: the real engine behind real sockets, with a valve that can hold its records back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import aiohttp

from protocol.bundle import Bundle, Introduction, Report
from protocol.bundle import encode as encode_bundle
from protocol.engine import SyncEngine
from protocol.events import BundleArrived, CustodyAccepted, Event
from protocol.frames import Priority, Refusal
from protocol.ids import DeskKeyId
from protocol.journal import Change, MemoryJournal, OutgoingAcked, Snapshot
from protocol.linkguard import GuardState, rekey_secret
from protocol.links import LinkKind, LinkProfile, Side
from protocol.provisioning import Provisioning
from protocol.records import RecordReader, frame_record
from shore_relay.relay.app import monotonic

E = TypeVar("E", bound=Event)
Read = Callable[[], Awaitable[list[bytes]]]
Write = Callable[[bytes], Awaitable[None]]


def stream(name: str) -> LinkProfile:
    return LinkProfile(
        name=name,
        kind=LinkKind.STREAM,
        mtu_up_bytes=65_535,
        mtu_down_bytes=65_535,
        contact_bytes_expected=40_000,
    )


UDP = LinkProfile(name="udp", kind=LinkKind.DATAGRAM, mtu_up_bytes=1_200, mtu_down_bytes=1_200)


def report(desk_key: DeskKeyId, size_bytes: int, fill: int = 7) -> bytes:
    sealed = bytes((fill + at) % 251 for at in range(size_bytes))
    return encode_bundle(Report(desk_key=desk_key, origin_tag=bytes(8), sealed=sealed))


def introduction() -> bytes:
    return encode_bundle(Introduction(box_public=bytes(range(32))))


class Box:
    """One vessel's box; it outlives the connections, and the relay's restarts."""

    def __init__(self, provisioning: Provisioning, *, guard: GuardState | None = None) -> None:
        secret = provisioning.link_secret
        self.provisioning = provisioning
        self.journal = MemoryJournal()
        self.engine = SyncEngine(
            Side.VESSEL,
            provisioning.vessel,
            Snapshot(guard=guard or GuardState(secret=secret), rekey_key=rekey_secret(secret)),
            self.journal,
            admit=self._admit,
            relay_public=provisioning.relay_public,
        )
        self.events: list[Event] = []
        self.changes: list[Change] = []
        self.refusal: Refusal | None = None
        self.records_sent = 0
        self.records_max: int | None = None
        """The valve: how many records may leave in all; None for any number."""
        self.deaf = False
        """What comes down is thrown away, as if the cut had come first."""
        self._moved = asyncio.Event()
        self._wake = asyncio.Event()

    def _admit(self, _number: int, _bundle: Bundle) -> Refusal | None:
        return self.refusal

    def offer(self, number: int, data: bytes, priority: Priority = Priority.TEXT) -> None:
        self.engine.offer(number, priority, data)
        self._wake.set()

    def open_valve(self) -> None:
        self.records_max = None
        self._wake.set()

    # --- waiting for what happens ---

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not seen():
                self._moved.clear()
                await self._moved.wait()

    async def custody(self, *numbers: int) -> None:
        await self.until(lambda: {e.number for e in self.of(CustodyAccepted)} >= set(numbers))

    async def custody_or_end(self, number: int, ended: "asyncio.Task[None]") -> None:
        """Wait until the relay has the bundle or has closed the connection."""
        await self.until(
            lambda: ended.done() or number in {event.number for event in self.of(CustodyAccepted)}
        )

    async def arrived(self, count: int = 1) -> list[BundleArrived]:
        await self.until(lambda: len(self.of(BundleArrived)) >= count)
        return self.of(BundleArrived)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def acked_bytes(self, number: int) -> int:
        acks = [c for c in self.changes if isinstance(c, OutgoingAcked) and c.number == number]
        return sum(end - start for start, end in acks[-1].ranges) if acks else 0

    # --- links ---

    @asynccontextmanager
    async def over_tcp(self, port: int) -> AsyncIterator["asyncio.Task[None]"]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        records = RecordReader()

        async def read() -> list[bytes]:
            while data := await reader.read(65_536):
                if complete := records.feed(data):
                    return complete
            return []

        async def write(record: bytes) -> None:
            writer.write(frame_record(record))
            await writer.drain()

        try:
            async with self._pumped(stream("tcp"), read, write) as ended:
                yield ended
        finally:
            writer.transport.abort()

    @asynccontextmanager
    async def over_websocket(self, port: int) -> AsyncIterator["asyncio.Task[None]"]:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"ws://127.0.0.1:{port}/v1/link", compress=0) as socket,
        ):

            async def read() -> list[bytes]:
                message = await socket.receive()
                return [message.data] if message.type is aiohttp.WSMsgType.BINARY else []

            async with self._pumped(stream("websocket"), read, socket.send_bytes) as ended:
                yield ended

    @asynccontextmanager
    async def over_udp(self, port: int) -> AsyncIterator["asyncio.Task[None]"]:
        endpoint = Datagrams()
        await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: endpoint, remote_addr=("127.0.0.1", port)
        )
        try:
            async with self._pumped(UDP, endpoint.read, endpoint.write) as ended:
                yield ended
        finally:
            endpoint.transport.close()

    @asynccontextmanager
    async def _pumped(
        self, profile: LinkProfile, read: Read, write: Write
    ) -> AsyncIterator["asyncio.Task[None]"]:
        self.engine.contact_opened(profile, monotonic())
        listening = asyncio.create_task(self._listen(profile, read))
        speaking = asyncio.create_task(self._speak(profile, write))
        try:
            yield listening
        finally:
            listening.cancel()
            speaking.cancel()
            await asyncio.gather(listening, speaking, return_exceptions=True)
            self.engine.contact_closed(profile, monotonic())
            self._moved.set()

    async def _listen(self, profile: LinkProfile, read: Read) -> None:
        try:
            while packets := await read():
                for packet in packets:
                    if not self.deaf:
                        self.events += self.engine.receive(packet, profile, monotonic())
                self._note()
                self._wake.set()
        except ConnectionError:
            return
        finally:
            self._moved.set()

    async def _speak(self, profile: LinkProfile, write: Write) -> None:
        while True:
            self._wake.clear()
            while self.records_max is None or self.records_sent < self.records_max:
                packet = self.engine.transmit(profile, monotonic())
                if packet is None:
                    break
                self._note()
                self.records_sent += 1
                await write(packet)
            deadline = self.engine.deadline()
            held = self.records_max is not None and self.records_sent >= self.records_max
            wait_s = None if deadline is None or held else max(deadline - monotonic(), 0.005)
            try:
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _note(self) -> None:
        self.changes += self.journal.drain()
        self._moved.set()


class Datagrams(asyncio.DatagramProtocol):
    """One UDP socket."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes] = asyncio.Queue()
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.queue.put_nowait(data)

    async def read(self) -> list[bytes]:
        return [await self.queue.get()]

    async def write(self, packet: bytes) -> None:
        self.transport.sendto(packet)
