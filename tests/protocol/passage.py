"""A small sea: two engines with stores, and links that lose, double, delay and cut, on a virtual clock."""

import heapq
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from unittest.mock import patch

from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from protocol import bundle as bundles
from protocol import linkguard
from protocol.bundle import Mail, Report
from protocol.engine import SyncEngine
from protocol.errors import RemoteError
from protocol.events import NumberTaken, PacketRefused
from protocol.fragment import Range, RangeSet
from protocol.frames import Priority
from protocol.ids import DeskKeyId, Instant, MailboxId
from protocol.journal import (
    BundleTaken,
    Change,
    FragmentHeld,
    FragmentsDropped,
    GuardChanged,
    HeldFragment,
    MemoryJournal,
    OutgoingAcked,
    OutgoingBegun,
    OutgoingSettled,
    Snapshot,
)
from protocol.linkguard import (
    Form,
    GuardState,
    read_flags,
    read_key_id,
    rekey_secret,
    unknown_key_hint,
)
from protocol.links import LinkKind, LinkProfile, Side
from protocol.origin import public_half
from protocol.rekey import open_request
from tests.memory_link import RELAY_PRIVATE, SECRET, VESSEL, admit_all

MESSAGE_INTERVAL_S = 40.0
SPINS_MAX = 8
HEALTH_INTERVAL_S = 600.0
"""How often a box tells its health: what it sends lets a relay that lost its keys say so."""


def report(size_bytes: int, fill: int = 0) -> bytes:
    """Return a report bundle of about this size, with bytes of its own."""
    sealed = Random(size_bytes * 1_000 + fill).randbytes(max(49, size_bytes - 13))
    return bundles.encode(Report(desk_key=DeskKeyId(b"desk"), origin_tag=bytes(8), sealed=sealed))


def mail(size_bytes: int, fill: int = 0) -> bytes:
    """Return an answer of about this size, with bytes of its own."""
    sealed = Random(size_bytes * 1_000 + fill).randbytes(max(49, size_bytes - 37))
    return bundles.encode(
        Mail(mailbox=MailboxId(bytes(16)), desk_key=DeskKeyId(b"desk"), tag=bytes(16), sealed=sealed)
    )


class NonceSpy:
    """The library's cipher, which also remembers every key and nonce that sealed something."""

    used: set[tuple[bytes, bytes]]

    def __init__(self, key: bytes, tag_length: int) -> None:
        self._key = key
        self._cipher = AESCCM(key, tag_length=tag_length)

    def encrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        """Seal, once for each nonce."""
        assert (self._key, nonce) not in self.used, "a nonce was used twice"
        self.used.add((self._key, nonce))
        return self._cipher.encrypt(nonce, data, associated)

    def decrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        """Open."""
        return self._cipher.decrypt(nonce, data, associated)


@contextmanager
def watched_nonces() -> Iterator[None]:
    """Fail where any link key seals twice under one nonce."""
    spy = type("Spy", (NonceSpy,), {"used": set()})
    with patch.object(linkguard, "AESCCM", spy):
        yield


@dataclass
class Stored:
    """One outgoing bundle on disk."""

    priority: Priority
    data: bytes
    begun: bool = False
    acked: tuple[Range, ...] = ()


@dataclass
class Store:
    """What survives a crash: the changes that were committed."""

    guard: GuardState = field(default_factory=lambda: GuardState(secret=SECRET))
    outgoing: dict[int, Stored] = field(default_factory=dict)
    fragments: list[HeldFragment] = field(default_factory=list)
    taken: RangeSet = field(default_factory=RangeSet)
    arrived: list[tuple[int, bytes]] = field(default_factory=list)

    def apply(self, change: Change) -> None:
        """Commit one change."""
        match change:
            case GuardChanged(state=state):
                self.guard = state
            case FragmentHeld():
                self.fragments.append(
                    HeldFragment(
                        number=change.number,
                        total_bytes=change.total_bytes,
                        priority=change.priority,
                        offset=change.offset,
                        data=change.data,
                    )
                )
            case BundleTaken(number=number, data=data):
                self._forget(number)
                self.taken.add(number, number + 1)
                self.arrived.append((number, data))
            case FragmentsDropped(number=number):
                self._forget(number)
            case OutgoingBegun(number=number):
                self.outgoing[number].begun = True
            case OutgoingAcked(number=number, ranges=ranges):
                self.outgoing[number].acked = ranges
            case OutgoingSettled(number=number):
                del self.outgoing[number]

    def _forget(self, number: int) -> None:
        self.fragments = [piece for piece in self.fragments if piece.number != number]


class End:
    """One engine and its store."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.store = Store()
        self.start()

    def start(self) -> None:
        """Build an engine from what is on disk, as after a power cut."""
        self.journal = MemoryJournal()
        snapshot = Snapshot(
            guard=self.store.guard,
            rekey_key=rekey_secret(SECRET),
            taken=tuple(self.store.taken),
            fragments=tuple(self.store.fragments),
        )
        public = public_half(RELAY_PRIVATE) if self.side is Side.VESSEL else None
        self.engine = SyncEngine(
            self.side, VESSEL, snapshot, self.journal, admit=admit_all, relay_public=public
        )
        for number, stored in self.store.outgoing.items():
            self.engine.offer(number, stored.priority, stored.data, begun=stored.begun, acked=stored.acked)

    def offer(self, number: int, priority: Priority, data: bytes) -> None:
        """Store a bundle, then offer it."""
        self.store.outgoing[number] = Stored(priority, data)
        self.engine.offer(number, priority, data)

    def renumber(self, number: int, highest: int) -> None:
        """Do what a shell does with a bundle whose number the peer knows for another."""
        stored = self.store.outgoing.pop(number)
        self.offer(max(highest, number, *self.store.outgoing) + 1, stored.priority, stored.data)

    def commit(self) -> None:
        """Write what the engine recorded."""
        for change in self.journal.drain():
            self.store.apply(change)


@dataclass(frozen=True)
class Weather:
    """What the links do to packets."""

    seed: int = 0
    loss: float = 0.0
    doubled: float = 0.0
    jitter_s: float = 0.0
    cuts_s: tuple[float, ...] = ()
    down_s: float = 20.0
    crashes: tuple[tuple[float, Side], ...] = ()
    lost_keys: tuple[tuple[float, Side], ...] = ()
    """When a side's keys are set back to those of provisioning."""


class Passage:
    """Carries packets between a vessel and a relay until both are at rest."""

    def __init__(self, links: list[LinkProfile], weather: Weather) -> None:
        self.links = links
        self.weather = weather
        self.random = Random(weather.seed)
        self.now = 0.0
        self.vessel = End(Side.VESSEL)
        self.relay = End(Side.RELAY)
        self.packets: list[tuple[Side, bytes]] = []
        self._order = 0
        self._spins = 0
        self._health_at = HEALTH_INTERVAL_S
        self._wire: list[tuple[float, int, End, LinkProfile, bytes, int]] = []
        self._epoch = {link.name: 0 for link in links}
        self._down_until = {link.name: 0.0 for link in links}
        self._busy_until: dict[tuple[str, Side], float] = {}
        self._plan = sorted(
            [(at, "cut") for at in weather.cuts_s]
            + [(at, side.value) for at, side in weather.crashes]
            + [(at, f"keys of {side.value}") for at, side in weather.lost_keys]
        )
        self._known: set[tuple[str, int]] = set()
        """Streams whose vessel the relay's shell has recognised."""
        for link in links:
            self._open(link)

    def run(self, until_s: float) -> None:
        """Go on until everything is settled and silent; fails if that takes longer than `until_s`."""
        while self.now < until_s:
            self._pump()
            at = self._next_moment()
            if at is None:
                return
            self.now = max(self.now, at)
            self._happen()
            self._deliver()
        raise AssertionError(
            f"not at rest after {until_s} s: {self.vessel.engine.queued} up, {self.relay.engine.queued} down"
        )

    def _open(self, link: LinkProfile) -> None:
        for end in (self.vessel, self.relay):
            end.engine.contact_opened(link, Instant(self.now))
            end.commit()

    def _cut(self, link: LinkProfile) -> None:
        self._epoch[link.name] += 1
        self._down_until[link.name] = self.now + self.weather.down_s
        self._wire = [entry for entry in self._wire if entry[3].name != link.name]
        heapq.heapify(self._wire)
        for end in (self.vessel, self.relay):
            end.engine.contact_closed(link, Instant(self.now))
            end.commit()

    def _happen(self) -> None:
        if self.now >= self._health_at:
            self._health_at = self.now + HEALTH_INTERVAL_S
            self.vessel.engine.report_status({1: 80})
        while self._plan and self._plan[0][0] <= self.now:
            _, what = self._plan.pop(0)
            if what != "cut":
                end = self.vessel if what.endswith(Side.VESSEL.value) else self.relay
                if what.startswith("keys"):
                    end.store.guard = GuardState(secret=SECRET)
                end.start()
                for link in self.links:
                    end.engine.contact_opened(link, Instant(self.now))
                end.commit()
            for link in self.links:
                if link.kind is LinkKind.STREAM:
                    self._cut(link)
        for link in self.links:
            if 0.0 < self._down_until[link.name] <= self.now:
                self._down_until[link.name] = 0.0
                self._open(link)
            if link.kind is LinkKind.STREAM and any(
                end.engine.stalled(link, Instant(self.now)) for end in (self.vessel, self.relay)
            ):
                self._cut(link)

    def _pump(self) -> None:
        for end, other in ((self.vessel, self.relay), (self.relay, self.vessel)):
            for link in self.links:
                if self._down_until[link.name]:
                    continue
                for _ in range(10_000):
                    if self._busy_until.get((link.name, end.side), 0.0) > self.now:
                        break
                    packet = end.engine.transmit(link, Instant(self.now))
                    end.commit()
                    if packet is None:
                        break
                    self._send(end, other, link, packet)
                else:
                    raise AssertionError("an engine never stops sending")

    def _send(self, end: End, other: End, link: LinkProfile, packet: bytes) -> None:
        assert len(packet) <= link.mtu_bytes(end.side), "a packet is larger than its link allows"
        self._spins = 0
        self.packets.append((end.side, packet))
        delay_s = link.round_trip_s / 2
        if link.kind is LinkKind.MESSAGE:
            self._busy_until[link.name, end.side] = self.now + MESSAGE_INTERVAL_S
        copies = 1
        if link.kind is not LinkKind.STREAM:
            copies = 0 if self.random.random() < self.weather.loss else 1
            copies += self.random.random() < self.weather.doubled
        for _ in range(copies):
            jitter_s = 0.0 if link.kind is LinkKind.STREAM else self.random.random() * self.weather.jitter_s
            self._order += 1
            heapq.heappush(
                self._wire,
                (self.now + delay_s + jitter_s, self._order, other, link, packet, self._epoch[link.name]),
            )

    def _deliver(self) -> None:
        while self._wire and self._wire[0][0] <= self.now:
            _, _, end, link, packet, epoch = heapq.heappop(self._wire)
            if epoch != self._epoch[link.name]:
                continue
            try:
                if end is self.relay and self._answered_by_the_shell(packet, link):
                    continue
            except RemoteError:
                # A record behind one whose key nobody knows: the shell closes the stream.
                self._cut(link)
                continue
            events = end.engine.receive(packet, link, Instant(self.now))
            end.commit()
            for event in events:
                if isinstance(event, NumberTaken):
                    end.renumber(event.number, event.highest)
            if link.kind is LinkKind.STREAM and any(isinstance(event, PacketRefused) for event in events):
                self._cut(link)

    def _answered_by_the_shell(self, packet: bytes, link: LinkProfile) -> bool:
        """Do what a relay's shell does before it knows whose packet this is."""
        stream = (link.name, self._epoch[link.name])
        if link.kind is LinkKind.STREAM and stream in self._known:
            return False
        form, _ = read_flags(packet)
        if form is Form.REKEY_REQUEST:
            request = open_request(packet, RELAY_PRIVATE)
            answer = self.relay.engine.answer_rekey(request, self.random.randbytes, link, Instant(self.now))
            self.relay.commit()
            self._send(self.relay, self.vessel, link, answer)
            return True
        if form is Form.NAMED and read_key_id(packet) not in self.relay.engine.key_ids():
            self._send(self.relay, self.vessel, link, unknown_key_hint(read_key_id(packet)))
            return True
        self._known.add(stream)
        return False

    def _next_moment(self) -> float | None:
        moments = [at for at in self._down_until.values() if at]
        if self._wire:
            moments.append(self._wire[0][0])
        if self._plan:
            moments.append(self._plan[0][0])
        if self.weather.lost_keys and self.relay.store.outgoing:
            moments.append(self._health_at)
        for end in (self.vessel, self.relay):
            deadline = end.engine.deadline()
            if deadline is None:
                continue
            busy = [at for (_, side), at in self._busy_until.items() if side is end.side and at > self.now]
            links_up = any(not at for at in self._down_until.values())
            if deadline > self.now:
                moments.append(deadline)
            elif busy:
                moments.append(min(busy))
            elif links_up:
                # What one link found out may have given another one something to say, but not for ever.
                self._spins += 1
                assert self._spins < SPINS_MAX, "a deadline has passed and the engine has nothing to say"
                moments.append(self.now)
        return min(moments, default=None)
