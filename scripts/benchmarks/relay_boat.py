"""One vessel of a fleet on loopback: the real engine on a TCP connection, as lean as asyncio allows."""

import asyncio
import hashlib
import time

from protocol import bundle
from protocol.bundle import Bundle, Report
from protocol.engine import SyncEngine
from protocol.events import CustodyAccepted, PacketRefused
from protocol.frames import Priority, Refusal
from protocol.ids import DeskKeyId, Instant, VesselId
from protocol.journal import MemoryJournal, Snapshot
from protocol.limits import LINK_SECRET_BYTES, ORIGIN_TAG_BYTES, VESSEL_ID_BYTES
from protocol.linkguard import GuardState, rekey_secret
from protocol.links import LinkKind, LinkProfile, Side
from protocol.records import RecordReader, frame_record
from scripts.benchmarks.cargo import opaque

LINK = LinkProfile(
    name="tcp",
    kind=LinkKind.STREAM,
    mtu_up_bytes=65_535,
    mtu_down_bytes=65_535,
    contact_bytes_expected=40_000,
)
_SOON_S = 0.005
_REDIAL_S = 1.0
_DIALS_MAX = 10


def vessel_id(number: int) -> VesselId:
    """Return the id of a fleet's vessel by its number."""
    return VesselId(hashlib.sha256(b"vessel %d" % number).digest()[:VESSEL_ID_BYTES])


def link_secret(number: int) -> bytes:
    """Return the secret of the same vessel's link."""
    return hashlib.sha256(b"secret %d" % number).digest()[:LINK_SECRET_BYTES]


def now() -> Instant:
    """Return the machine's monotonic time, which all processes share."""
    return Instant(time.monotonic())


def report(desk_key: DeskKeyId, size_bytes: int) -> bytes:
    """Return a bundle of so many sealed bytes."""
    sealed = opaque(size_bytes)
    return bundle.encode(Report(desk_key=desk_key, origin_tag=bytes(ORIGIN_TAG_BYTES), sealed=sealed))


class Boat(asyncio.Protocol):
    """Hands over what it is given, and stays connected until it is closed."""

    def __init__(self, number: int) -> None:
        secret = link_secret(number)
        self._journal = MemoryJournal()
        self._engine = SyncEngine(
            Side.VESSEL,
            vessel_id(number),
            Snapshot(guard=GuardState(secret=secret), rekey_key=rekey_secret(secret)),
            self._journal,
            admit=_admit,
        )
        self._next = 1
        self._ready: list[bytes] = []
        self._transport: asyncio.Transport | None = None
        self._port = 0
        self._records = RecordReader()
        self._timer: asyncio.TimerHandle | None = None
        self._done: asyncio.Future[Instant] | None = None
        self.sent: list[bytes] = []
        """Packets that were made before the connection."""
        self.refused = 0
        """Packets of the relay that could not be read."""
        self.cuts = 0
        """How often the relay hung up, or could not be reached."""

    async def dial(self, port: int) -> None:
        """Connect to a relay on this machine."""
        self._port = port
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)

    def prepare(self, bundles: int, data: bytes) -> None:
        """Make one packet for each of so many bundles, to be sent as soon as there is a connection."""
        self._engine.contact_opened(LINK, now())
        for _ in range(bundles):
            self._offer(data)
            self._ready += self._packets()
        self.sent = list(self._ready)

    def hand_over(self, data: bytes) -> None:
        """Queue a bundle and let it go."""
        self._offer(data)
        self._talk()

    def _offer(self, data: bytes) -> None:
        self._engine.offer(self._next, Priority.TEXT, data)
        self._next += 1

    async def all_taken(self) -> Instant:
        """Return when the relay had acknowledged the last bundle; dials again where it is cut off.

        Raises `ConnectionError` where the relay cuts it off again and again.
        """
        for attempt in range(_DIALS_MAX):
            if not self._engine.queued:
                break
            self._done = asyncio.get_running_loop().create_future()
            try:
                return await self._done
            except ConnectionError:
                if attempt + 1 == _DIALS_MAX:
                    raise
                await asyncio.sleep(_REDIAL_S)
                await self.dial(self._port)
        return now()

    # --- asyncio's side ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin a contact, unless its first packets are made already."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        ready, self._ready = self._ready, []
        if ready:
            transport.writelines([frame_record(packet) for packet in ready])
        else:
            self._engine.contact_opened(LINK, now())
        self._talk()

    def data_received(self, data: bytes) -> None:
        """Take what the relay says, and answer it."""
        for record in self._records.feed(data):
            events = self._engine.receive(record, LINK, now())
            self.refused += sum(isinstance(event, PacketRefused) for event in events)
            if any(isinstance(event, CustodyAccepted) for event in events) and not self._engine.queued:
                self._finish(None)
        self._talk()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the contact."""
        self._transport = None
        self._records = RecordReader()
        if self._timer is not None:
            self._timer.cancel()
        self.cuts += 1
        self._engine.contact_closed(LINK, now())
        self._finish(exc or ConnectionResetError("the relay closed the connection"))

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def _finish(self, failure: Exception | None) -> None:
        if self._done is None or self._done.done():
            return
        if failure is None:
            self._done.set_result(now())
        else:
            self._done.set_exception(failure)

    def _packets(self) -> list[bytes]:
        packets: list[bytes] = []
        while (packet := self._engine.transmit(LINK, now())) is not None:
            packets.append(packet)
        self._journal.drain()
        return packets

    def _talk(self) -> None:
        if self._transport is None:
            return
        for packet in self._packets():
            self._transport.write(frame_record(packet))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._engine.deadline()
        if deadline is not None:
            wait_s = max(deadline - now(), _SOON_S)
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._talk)


def _admit(_number: int, _bundle: Bundle) -> Refusal | None:
    return None
