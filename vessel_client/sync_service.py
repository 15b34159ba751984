"""Joins the engine, the store and the bearers: one lock, and a commit before anything leaves.

Whatever happens to the caller, a step that has begun is finished: the engine and the disk never part. Where
a commit fails, the engine is thrown away, its contacts end, and the next contact builds a new one from the
disk.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

from protocol import limits
from protocol.bundle import Bundle, Kind, OperatorSettings
from protocol.chains import holds_chain
from protocol.container import STICK
from protocol.engine import SyncEngine
from protocol.errors import LocalError
from protocol.events import (
    BundleArrived,
    BundleRefused,
    CustodyAccepted,
    Event,
    KeyUnknown,
    LinkRekeyed,
    NumberTaken,
    PacketRefused,
)
from protocol.fragment import RangeSet
from protocol.frames import Priority, Refusal
from protocol.ids import Instant
from protocol.journal import Change, GuardChanged, MemoryJournal
from protocol.links import LinkProfile, Side
from protocol.outbox import Outgoing, Piece
from vessel_client.budget import Budget
from vessel_client.carrying import COPIED_BYTES_MAX, START, CopiedPage, Place
from vessel_client.clocks import LinkClock, WallClock
from vessel_client.errors import StoreFailed
from vessel_client.log import log_event
from vessel_client.queue_request import QueueRequest
from vessel_client.queueing import QueueBounds, Queued, add_to_queue, give_new_number
from vessel_client.spending import Spending
from vessel_client.store import inbox, outbox
from vessel_client.store.box import Box, load_box
from vessel_client.store.changes import load_snapshot, write_changes
from vessel_client.store.database import Connection, Database
from vessel_client.store.sessions import Session, last_look
from vessel_client.trust import Trust

Result = TypeVar("Result")


class Health(IntEnum):
    """What the numbers of a health report mean."""

    BUNDLES_WAITING = 1
    BYTES_WAITING = 2


class ContactLost(Exception):
    """This contact belongs to an engine that is gone: close the connection and open another contact."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenContact:
    """One bearer's contact with the engine that it was opened on."""

    link: LinkProfile
    engine: SyncEngine
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when `transmit` may have something to say that it had not before."""


class SyncService:
    """The shell of one engine. Make it with `open`; every method may be called from any task."""

    def __init__(
        self,
        database: Database,
        box: Box,
        *,
        clock: LinkClock,
        wall_clock: WallClock,
        bounds: QueueBounds,
        mail_bytes_max: int,
        budget: Budget,
    ) -> None:
        self.box = box
        self.clock = clock
        self.counters: Counter[str] = Counter()
        """What was refused since the start, by code."""
        self._database = database
        self._wall_clock = wall_clock
        self._bounds = bounds
        self._mail_bytes_max = mail_bytes_max
        self._mail_bytes = 0
        self._trust = Trust(box)
        self._lock = asyncio.Lock()
        self._journal = MemoryJournal()
        self._engine: SyncEngine | None = None
        self._offered: dict[int, Priority] = {}
        """What the engine was given; some of it may have left since."""
        self._contacts: set[OpenContact] = set()
        self._spending = Spending(budget, wall_clock, self.counters)
        self._carried: dict[str, frozenset[int]] = {}
        """Which bundles each bearer's last packet held."""
        self._link_secret = b""
        """The link key whose forerunners are wiped from the disk."""
        self.known_to_relay = True
        """False since somebody said that the relay does not know this box's key, until it is heard again."""

    # --- contacts -----------------------------------------------------------------------------------------

    async def open_contact(self, link: LinkProfile) -> OpenContact:
        """Say that a bearer works now; builds the engine where there is none. Raises `StoreFailed`."""

        async def work() -> OpenContact:
            engine = await self._ready_engine()
            engine.contact_opened(
                link, self.clock.now(), lambda number, _: self._spending.permits(link.name, number)
            )
            await self._commit(engine, [])
            contact = OpenContact(link, engine)
            self._contacts.add(contact)
            self._weigh(engine)
            return contact

        return await self._step(work)

    async def close_contact(self, contact: OpenContact) -> None:
        """Say that a bearer stopped working. Raises `StoreFailed`."""

        async def work() -> None:
            self._contacts.discard(contact)
            if contact.engine is self._engine:
                contact.engine.contact_closed(contact.link, self.clock.now())
                await self._commit(contact.engine, [], flush=True)
                self._weigh(contact.engine)
                self._wake()

        await self._step(work)

    async def receive(self, contact: OpenContact, packet: bytes) -> bool:
        """Take one packet and return whether it was refused. Raises `ContactLost` or `StoreFailed`."""

        async def work() -> bool:
            engine = self._engine_of(contact)
            events = engine.receive(packet, contact.link, self.clock.now())
            refused = any(isinstance(event, PacketRefused) for event in events)
            unknown = any(isinstance(event, KeyUnknown) for event in events)
            self.known_to_relay = not unknown and (self.known_to_relay or not refused)
            self._count_received(contact.link.name, packet, is_authentic=not refused and not unknown)
            await self._commit(engine, events)
            self._wake()
            return refused

        return await self._step(work)

    async def transmit(self, contact: OpenContact, *, going: bool = False) -> bytes | None:
        """Return the next packet, prepared durably; `going`: a message is paid for anyway.

        Raises: ContactLost, StoreFailed, CountersSpent.
        """

        async def work() -> bytes | None:
            engine = self._engine_of(contact)
            packet = engine.transmit(contact.link, self.clock.now(), going=going)
            if packet is not None:
                self._carried[contact.link.name] = frozenset(piece.number for piece in engine.last_pieces)
                carried = [(self._offered[piece.number], piece) for piece in engine.last_pieces]
                self._count_sent(contact.link.name, packet, carried)
            await self._commit(engine, [])
            return packet

        return await self._step(work)

    async def session_held(self, contact: OpenContact, spent_credits: int, *, sure: bool) -> None:
        """Write down a satellite session; `sure` means that what `transmit` gave has left only now.

        Raises: ContactLost, StoreFailed.
        """

        async def work() -> None:
            engine = self._engine_of(contact)
            if sure:
                engine.departed(contact.link, self.clock.now())
            session = Session(
                bearer=contact.link.name, at=self._wall_clock(), sure=sure, credits=spent_credits
            )
            self._spending.session(session)
            self._weigh(engine)
            await self._commit(engine, [], flush=True)

        await self._step(work)

    async def mail_age_s(self, bearer: str) -> float | None:
        """Return how long ago a satellite bearer last looked for mail, or None for never."""
        async with self._database.reading() as connection:
            looked_at = await last_look(connection, bearer)
        # A clock that was set back must not put off the next look for years.
        return None if looked_at is None else float(max(0, self._wall_clock() - looked_at))

    def carried(self, contact: OpenContact) -> frozenset[int]:
        """Return the bundles in the last packet that `transmit` gave for this contact."""
        return self._carried.get(contact.link.name, frozenset())

    def holds_any(self, numbers: Iterable[int]) -> bool:
        """Return whether the relay still has to take one of these bundles into custody."""
        return self._engine is not None and any(self._engine.holds(number) for number in numbers)

    def deadline(self, contact: OpenContact) -> Instant | None:
        """Return when `transmit` should be called again although nothing happened."""
        return self._engine_of(contact).deadline(contact.link)

    def is_stalled(self, contact: OpenContact) -> bool:
        """Return whether a stream is so quiet under load that it should be closed."""
        return self._engine_of(contact).stalled(contact.link, self.clock.now())

    # --- sticks -------------------------------------------------------------------------------------------

    async def key_ids(self) -> frozenset[bytes]:
        """Return under which ids records on a stick are this box's. Raises `StoreFailed`."""

        async def work() -> frozenset[bytes]:
            return frozenset((await self._ready_engine()).key_ids())

        return await self._step(work)

    async def copy_out(self, after: Place) -> CopiedPage:
        """Return the next packets for a stick, prepared durably. Raises `StoreFailed`, `CountersSpent`."""

        async def work() -> CopiedPage:
            engine = await self._ready_engine()
            async with self._database.reading() as connection:
                waiting = await outbox.waiting_behind(
                    connection, after.priority, after.number, COPIED_BYTES_MAX
                )
            bundles = [
                Outgoing(
                    number=each.number,
                    priority=each.priority,
                    data=each.data,
                    begun=each.begun,
                    acked=RangeSet(each.acked),
                )
                for each in waiting
            ]
            packets = engine.copies(STICK, bundles, self.clock.now(), account=after == START)
            for packet in packets:
                self._count_sent(STICK.name, packet, ())
            await self._commit(engine, [])
            last = waiting[-1] if waiting else None
            following = Place(priority=int(last.priority), number=last.number) if last is not None else None
            return CopiedPage(packets=tuple(packets), following=following)

        return await self._step(work)

    async def take_carried(self, packets: Sequence[bytes]) -> list[str]:
        """Take packets from a stick; return for each the code of its refusal, or "". Raises `StoreFailed`."""

        async def work() -> list[str]:
            engine = await self._ready_engine()
            engine.contact_opened(STICK, self.clock.now())
            all_events: list[Event] = []
            codes: list[str] = []
            for packet in packets:
                events = engine.receive(packet, STICK, self.clock.now())
                codes.append(next((each.code for each in events if isinstance(each, PacketRefused)), ""))
                self._count_received(STICK.name, packet, is_authentic=not codes[-1])
                all_events += events
            engine.contact_closed(STICK, self.clock.now())
            await self._commit(engine, all_events, flush=True)
            self._wake()
            return codes

        return await self._step(work)

    # --- the queue ----------------------------------------------------------------------------------------

    async def queue(self, request: QueueRequest) -> Queued:
        """Take a sealed bundle: it has its number and is on the disk when this returns.

        Raises: UnknownDeskKey, ReferenceUsed, QueueFull, DiskFull, StoreFailed.
        """

        async def work() -> Queued:
            queued = await add_to_queue(
                self._database, self._trust, self._bounds, request, self._wall_clock()
            )
            if queued.is_new and self._engine is not None:
                await self._refill(self._engine)
                self._wake()
            return queued

        queued = await self._step(work)
        if queued.is_new:
            log_event("queued", number=queued.number, priority=request.priority.name.lower())
        return queued

    async def expire(self) -> None:
        """End the lifetimes that are over. Raises `StoreFailed`."""

        async def work() -> None:
            async with self._database.transaction() as connection:
                numbers = await outbox.expire(connection, self._wall_clock())
            for number in numbers:
                log_event("expired", number=number)
                if self._engine is not None:
                    self._engine.withdraw(number)
            if numbers and self._engine is not None:
                await self._refill(self._engine)

        await self._step(work)

    async def weigh(self) -> None:
        """Decide anew which bearer carries what, since time has passed. Raises `StoreFailed`."""

        async def work() -> None:
            if self._engine is not None:
                self._weigh(self._engine)

        await self._step(work)

    async def report_health(self) -> None:
        """Tell the relay how much waits here, with the next packet. Raises `StoreFailed`.

        On a datagram link a silent box would never learn that its relay lost the keys (SPEC §3.5).
        """

        async def work() -> None:
            if self._engine is None:
                return
            async with self._database.reading() as connection:
                size = await outbox.queue_size(connection)
            self._engine.report_status(
                {Health.BUNDLES_WAITING: size.bundles, Health.BYTES_WAITING: size.size_bytes}
            )
            self._wake()

        await self._step(work)

    async def close(self) -> None:
        """Write down what the ledger still owes. Raises `StoreFailed`."""

        async def work() -> None:
            async with self._database.transaction() as connection:
                await self._spending.flush(connection)
            self._spending.flushed()

        await self._step(work)

    @property
    def duplicate_bytes(self) -> int:
        """Payload bytes that came twice since the engine was built."""
        return self._engine.duplicate_bytes if self._engine is not None else 0

    # --- inside the lock ----------------------------------------------------------------------------------

    async def _step(self, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        async def locked() -> Result:
            async with self._lock:
                return await work()

        # A bearer's task may be cancelled at any moment; half a step would part the engine from the disk.
        return await asyncio.shield(asyncio.ensure_future(locked()))

    def _engine_of(self, contact: OpenContact) -> SyncEngine:
        if contact.engine is not self._engine:
            raise ContactLost
        return contact.engine

    async def _ready_engine(self) -> SyncEngine:
        if self._engine is not None:
            return self._engine
        async with self._database.reading() as connection:
            snapshot = await load_snapshot(connection, self.box.rekey_key)
            self._mail_bytes = await inbox.mail_bytes(connection)
            await self._spending.load(connection)
        self._journal = MemoryJournal()
        self._offered = {}
        engine = SyncEngine(
            Side.VESSEL,
            self.box.vessel,
            snapshot,
            self._journal,
            admit=self._admit,
            relay_public=self.box.relay_public,
        )
        await self._refill(engine)
        self._engine = engine
        return engine

    def _admit(self, _number: int, bundle: Bundle) -> Refusal | None:
        refusal = self._trust.judge(bundle, self._mail_bytes_max - self._mail_bytes)
        if refusal is not None:
            self.counters[f"bundle-{refusal.name.lower().replace('_', '-')}"] += 1
        return refusal

    async def _commit(self, engine: SyncEngine, events: list[Event], *, flush: bool = False) -> None:
        changes = self._journal.drain()
        settles = any(isinstance(event, NumberTaken | BundleRefused) for event in events)
        try:
            if changes or settles or flush:
                async with self._database.transaction() as connection:
                    await write_changes(connection, changes, self._wall_clock())
                    await self._write_events(connection, events)
                    await self._spending.flush(connection)
                self._spending.flushed()
            await self._forget_old_keys(changes)
            await self._act(engine, events)
        except (StoreFailed, LocalError):
            # Nothing was promised to anybody: what is on the disk is the truth, and an engine comes from it.
            self._drop_engine()
            raise

    async def _forget_old_keys(self, changes: list[Change]) -> None:
        secrets = [change.state.secret for change in changes if isinstance(change, GuardChanged)]
        if secrets and secrets[-1] != self._link_secret:
            self._link_secret = secrets[-1]
            await self._database.forget_old_pages()

    async def _write_events(self, connection: Connection, events: list[Event]) -> None:
        for event in events:
            match event:
                case NumberTaken(number=number, highest=highest):
                    await give_new_number(connection, self._trust, number, highest)
                case BundleRefused(number=number, reason=reason):
                    await outbox.mark_refused(connection, number, reason.name.lower())
                case _:
                    pass

    async def _act(self, engine: SyncEngine, events: list[Event]) -> None:
        room = False
        for event in events:
            match event:
                case CustodyAccepted(number=number):
                    log_event("left-the-boat", number=number)
                    room = True
                case NumberTaken(number=number, highest=highest):
                    log_event("number-taken", number=number, highest=highest)
                    room = True
                case BundleRefused(number=number, reason=reason):
                    log_event("refused", number=number, reason=reason.name.lower())
                    room = True
                case BundleArrived(number=number, bundle=bundle):
                    log_event("arrived", number=number, kind=bundle.KIND.name.lower())
                    await self._arrived(bundle)
                case PacketRefused(code=code):
                    self.counters[code] += 1
                    log_event("packet-refused", code=code)
                case KeyUnknown():
                    log_event("key-unknown")
                case LinkRekeyed():
                    log_event("rekeyed")
                case _:
                    pass
        if room:
            await self._refill(engine)

    async def _arrived(self, bundle: Bundle) -> None:
        async with self._database.reading() as connection:
            if bundle.KIND is Kind.MAIL:
                self._mail_bytes = await inbox.mail_bytes(connection)
            elif isinstance(bundle, OperatorSettings) and not holds_chain(bundle):
                await self._spending.take_caps(connection)
            elif bundle.KIND is Kind.KEYS:
                self.box = await load_box(connection)
                self._trust.renew(self.box)

    async def _refill(self, engine: SyncEngine) -> None:
        """Keep the first in line with the engine, so that no bulk keeps out what matters more."""
        async with self._database.reading() as connection:
            line = await outbox.first_in_line(connection, limits.BUNDLES_OFFERED_MAX)
            for number in set(self._offered).difference(line):
                engine.withdraw(number)
            self._offered = line
            for number in line:
                if engine.holds(number):
                    continue
                waiting = await outbox.load_waiting(connection, number)
                if waiting is not None:
                    engine.offer(
                        number, waiting.priority, waiting.data, begun=waiting.begun, acked=waiting.acked
                    )
            await self._spending.note_waiting(connection)
        self._weigh(engine)

    # --- the budget ---------------------------------------------------------------------------------------

    def _weigh(self, engine: SyncEngine) -> None:
        """Decide anew which open bearer carries what, and wake the bearers where that changed."""
        links = (contact.link for contact in self._contacts if contact.engine is engine)
        if self._spending.weigh(engine, links, self._offered):
            self._wake()

    def _count_sent(self, bearer: str, packet: bytes, carried: Iterable[tuple[Priority, Piece]]) -> None:
        self._spending.sent(bearer, packet, carried)
        if self._engine is not None:
            self._weigh(self._engine)

    def _count_received(self, bearer: str, packet: bytes, *, is_authentic: bool) -> None:
        self._spending.received(bearer, packet, is_authentic=is_authentic)
        if self._engine is not None:
            self._weigh(self._engine)

    def _drop_engine(self) -> None:
        self._engine = None
        self._journal = MemoryJournal()
        for contact in self._contacts:
            contact.woken.set()
        self._contacts.clear()
        log_event("engine-dropped")

    def _wake(self) -> None:
        for contact in self._contacts:
            contact.woken.set()
