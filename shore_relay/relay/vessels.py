"""`VesselLink`: one vessel's engine, its lock, and the order of every step: engine, disk, then the world.

If a commit fails, or a step breaks off for any other reason, the engine is thrown away with its contacts and
built anew from the store: nothing was promised to anybody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from protocol import limits
from protocol.bundle import Bundle, Report
from protocol.container import STICK
from protocol.engine import SyncEngine
from protocol.errors import (
    MalformedPacket,
    NotAuthentic,
    QueueFull,
    RemoteError,
    Replayed,
    UnknownKey,
    UnknownVersion,
)
from protocol.events import BundleRefused, CustodyAccepted, Event, NumberTaken, PacketRefused
from protocol.fragment import RangeSet
from protocol.frames import Refusal
from protocol.ids import Instant, VesselId
from protocol.journal import BundleTaken, Change, GuardChanged, MemoryJournal
from protocol.linkguard import GuardState, LinkGuard
from protocol.links import LinkProfile, Side
from protocol.outbox import Outgoing
from protocol.rekey import RekeyRequest
from shore_relay.relay.errors import ContactEnded, LinkTakenOver, StoreFailed, UnknownVessel, VesselRevoked
from shore_relay.relay.store.repository import LinkCommit, QueuedBundle, Traffic
from shore_relay.relay.store.sbd_rows import SatelliteStep
from shore_relay.relay.surroundings import Surroundings

T = TypeVar("T")
_COPIED_MAX = 10_000
"""Bundles that one stick carries to one vessel."""
_NEVER_ADDED = "This relay has no vessel of that id; add it with `seavoice-relay vessel add`."
_PACKET_LAYER_CODES = frozenset(
    error.code for error in (MalformedPacket, UnknownVersion, UnknownKey, NotAuthentic, Replayed)
)
"""Refusals that say nothing authentic came; a malformed frame came from the vessel itself."""


@dataclass(slots=True, kw_only=True)
class _Life:
    """One engine, from its building to its being thrown away."""

    engine: SyncEngine
    journal: MemoryJournal
    guard: GuardState
    key_ids: tuple[bytes, ...]
    held_bytes: int
    epoch: int
    duplicate_bytes: int = 0
    satellite: SatelliteStep | None = None
    """What goes to the store with the commit of a visit."""
    contacts: dict[str, "Contact"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What came of driving an engine for a bearer that only stores."""

    step: SatelliteStep
    """To be stored with all that the visit changed in the engine."""
    events: tuple[Event, ...] = ()
    bytes_up: int = 0


class Contact:
    """One bearer's hold on a vessel's link, until it is closed or another takes its place."""

    def __init__(self, vessel_link: "VesselLink", profile: LinkProfile, wake: asyncio.Event) -> None:
        self._vessel_link = vessel_link
        self.profile = profile
        self.wake = wake
        """Set whenever `transmit` may have something new to say, or the contact has ended."""
        self.ended = False

    @property
    def vessel(self) -> VesselId:
        """Whose contact this is."""
        return self._vessel_link.vessel

    async def receive(self, packets: Sequence[bytes], wire_bytes: Sequence[int]) -> list[PacketRefused]:
        """Take packets in their order, all of them durably at once; return what was refused.

        Nothing behind a refused packet is looked at: on a stream it cannot be read. `wire_bytes` says what
        each took on the wire. Raises `ContactEnded`, `StoreFailed`.
        """
        return await self._vessel_link.receive(self, packets, wire_bytes)

    async def transmit(self) -> bytes | None:
        """Return the next packet, or None for nothing now. Raises `ContactEnded`, `StoreFailed`."""
        return await self._vessel_link.transmit(self)

    def sent(self, wire_bytes: int) -> None:
        """Count what a packet took on the wire."""
        self._vessel_link.count(self.profile.name, Traffic(bytes_down=wire_bytes))

    def wait_s(self) -> float | None:
        """Return after how many seconds `transmit` should be called again unasked; None for never."""
        return self._vessel_link.wait_s()

    def stalled(self) -> bool:
        """Return whether the connection has been quiet under load for so long that it should be closed."""
        return self._vessel_link.stalled(self)

    async def close(self) -> None:
        """End the contact; what was on its way is in doubt."""
        await self._vessel_link.close_contact(self)

    def end(self) -> None:
        """Note that the contact is over, and let whoever serves it find out."""
        self.ended = True
        self.wake.set()


class VesselLink:
    """Everything the relay does with one vessel, whatever the bearer."""

    def __init__(self, vessel: VesselId, surroundings: Surroundings) -> None:
        self.vessel = vessel
        self._around = surroundings
        self._lock = asyncio.Lock()
        self._life: _Life | None = None
        self._rests_until = Instant(float("-inf"))
        self._traffic: dict[str, Traffic] = {}
        self._last_bearer = ""
        self._revoked = False

    @property
    def awake(self) -> bool:
        """Whether there is an engine."""
        return self._life is not None

    def fall_asleep(self) -> bool:
        """Let the engine go if nothing would be lost by building it again when it is needed."""
        if self._life is None or self._life.contacts or self._lock.locked() or self._traffic:
            return False
        self._life = None
        return True

    # --- contacts -----------------------------------------------------------------------------------------

    async def recognises(self, packet: bytes) -> None:
        """Raise a `RemoteError` unless this vessel made the packet, and it is new. Changes nothing.

        So a stranger who repeats a key id that he saw can not end the vessel's own contact.
        """
        async with self._lock:
            LinkGuard(await self._guard(), Side.RELAY, _unchanged).open(packet)

    async def _guard(self) -> GuardState:
        if not self._around.shared:
            return (await self._alive()).guard
        # Nobody takes a link over from another relay before the vessel itself has come.
        guard = await self._around.store.guard(self.vessel)
        if guard is None:
            raise UnknownVessel(_NEVER_ADDED)
        return guard

    async def open_contact(self, profile: LinkProfile, wake: asyncio.Event | None = None) -> Contact:
        """Begin a contact; one that was open over the same bearer ends. Raises `StoreFailed`.

        `wake` is set whenever there may be something to send; without one the contact makes its own.
        """

        async def begin(life: _Life) -> Contact:
            replaced = life.contacts.pop(profile.name, None)
            if replaced is not None:
                replaced.end()
            contact = life.contacts[profile.name] = Contact(self, profile, wake or asyncio.Event())
            await self._step(life, profile.name, lambda: life.engine.contact_opened(profile, self._now()))
            return contact

        return await self._owning(begin)

    async def close_contact(self, contact: Contact) -> None:
        """End a contact that may have ended already."""
        async with self._lock:
            life = self._life
            if contact.ended or life is None:
                return
            del life.contacts[contact.profile.name]
            contact.end()
            try:
                await self._step(
                    life,
                    contact.profile.name,
                    lambda: life.engine.contact_closed(contact.profile, self._now()),
                    count=True,
                )
            except LinkTakenOver:
                # The vessel went on over another relay: nothing of this contact is ours to settle.
                return

    @property
    def connected(self) -> bool:
        """Whether the vessel is there now, over a bearer that answers at once."""
        return self._life is not None and bool(self._life.contacts)

    async def visit(self, profile: LinkProfile, act: Callable[[SyncEngine, Instant], "Visit"]) -> "Visit":
        """Let `act` drive the engine within a contact of its own, durably: for bearers that only store.

        Nothing holds a contact open while a message is on its way for hours. Raises `StoreFailed`.
        """

        async def pay(life: _Life) -> Visit:
            def step() -> Visit:
                life.engine.contact_opened(profile, self._now())
                visit = act(life.engine, self._now())
                life.engine.contact_closed(profile, self._now())
                if visit.bytes_up:
                    self.count(profile.name, Traffic(bytes_up=visit.bytes_up))
                life.satellite = visit.step
                return visit

            self._last_bearer = profile.name
            visit = await self._step(life, profile.name, step)
            self._around.refusals.update(
                event.code for event in visit.events if isinstance(event, PacketRefused)
            )
            await self._act_on(life, visit.events)
            # What `act` withdrew, because this bearer is not for it, is there again for the others.
            await self._refill(life)
            _wake_all(life.contacts.values())
            return visit

        return await self._owning(pay)

    async def receive(
        self, contact: Contact, packets: Sequence[bytes], wire_bytes: Sequence[int]
    ) -> list[PacketRefused]:
        """See `Contact.receive`."""
        async with self._lock:
            life = self._life_of(contact)
            self._last_bearer = contact.profile.name
            events, authentic = await self._step(
                life, contact.profile.name, lambda: self._read_packets(life, contact.profile, packets)
            )
            refused = [event for event in events if isinstance(event, PacketRefused)]
            self._around.refusals.update(event.code for event in refused)
            if authentic:
                self.count(contact.profile.name, Traffic(bytes_up=sum(wire_bytes[:authentic])))
            await self._act_on(life, events)
            _wake_all(life.contacts.values())
            return refused

    def _read_packets(
        self, life: _Life, profile: LinkProfile, packets: Sequence[bytes]
    ) -> tuple[list[Event], int]:
        """Return what came of the packets, and how many of the first were the vessel's own."""
        events: list[Event] = []
        for at, packet in enumerate(packets):
            said = life.engine.receive(packet, profile, self._now())
            events += said
            refused = [event for event in said if isinstance(event, PacketRefused)]
            if refused:
                return events, at + is_authentic(refused)
        return events, len(packets)

    async def transmit(self, contact: Contact) -> bytes | None:
        """See `Contact.transmit`."""
        async with self._lock:
            life = self._life_of(contact)
            return await self._step(
                life,
                contact.profile.name,
                lambda: life.engine.transmit(contact.profile, self._now()),
            )

    def wait_s(self) -> float | None:
        """See `Contact.wait_s`."""
        deadline = self._life.engine.deadline() if self._life is not None else None
        return None if deadline is None else deadline - self._now()

    def stalled(self, contact: Contact) -> bool:
        """See `Contact.stalled`."""
        if contact.ended or self._life is None:
            return True
        return self._life.engine.stalled(contact.profile, self._now())

    def count(self, bearer: str, traffic: Traffic) -> None:
        """Add to what crossed a bearer; it is stored with the next commit."""
        before = self._traffic.get(bearer, Traffic())
        self._traffic[bearer] = Traffic(
            bytes_up=before.bytes_up + traffic.bytes_up, bytes_down=before.bytes_down + traffic.bytes_down
        )

    # --- what others ask for --------------------------------------------------------------------------------

    async def answer_rekey(
        self, request: RekeyRequest, entropy: Callable[[int], bytes], profile: LinkProfile
    ) -> bytes:
        """Return the answer to a request for new keys, durably. Raises `NotAuthentic`, `StoreFailed`."""
        # A contact of its own, so that a repeated request cannot disturb one that works.
        apart = replace(profile, name=f"{profile.name}-rekey")

        async def reply(life: _Life) -> bytes:
            def answer() -> bytes | RemoteError:
                try:
                    return life.engine.answer_rekey(request, entropy, apart, self._now())
                except RemoteError as forged:
                    return forged
                finally:
                    life.engine.contact_closed(apart, self._now())

            outcome = await self._step(life, profile.name, answer)
            if isinstance(outcome, RemoteError):
                raise outcome
            return outcome

        return await self._owning(reply)

    async def take_carried(self, packets: Sequence[bytes]) -> list[str]:
        """Take packets from a stick, durably; return for each the code of its refusal, or "".

        Raises `StoreFailed`.
        """

        async def take(life: _Life) -> list[str]:
            outcomes = await self._step(life, STICK.name, lambda: self._read_stick(life, packets))
            codes: list[str] = []
            for packet, events in zip(packets, outcomes, strict=True):
                refused = [event for event in events if isinstance(event, PacketRefused)]
                self._around.refusals.update(f"{STICK.name}-{event.code}" for event in refused)
                if is_authentic(refused):
                    self.count(STICK.name, Traffic(bytes_up=len(packet)))
                codes.append(refused[0].code if refused else "")
            self._last_bearer = STICK.name
            await self._act_on(life, [event for events in outcomes for event in events])
            _wake_all(life.contacts.values())
            return codes

        return await self._owning(take)

    def _read_stick(self, life: _Life, packets: Sequence[bytes]) -> list[list[Event]]:
        life.engine.contact_opened(STICK, self._now())
        outcomes = [life.engine.receive(packet, STICK, self._now()) for packet in packets]
        life.engine.contact_closed(STICK, self._now())
        return outcomes

    async def copy_out(self) -> tuple[bytes, list[bytes]]:
        """Return key id and packets that a stick should carry to this vessel. Raises `StoreFailed`."""

        async def copy(life: _Life) -> tuple[bytes, list[bytes]]:
            queued = await self._around.store.queued(self.vessel, most=_COPIED_MAX)
            bundles = [
                Outgoing(
                    number=each.number,
                    priority=each.priority,
                    data=each.data,
                    begun=each.begun,
                    acked=RangeSet(each.acked),
                )
                for each in queued
            ]
            packets = await self._step(
                life,
                STICK.name,
                lambda: life.engine.copies(STICK, bundles, self._now(), account=True),
            )
            self.count(STICK.name, Traffic(bytes_down=sum(map(len, packets))))
            return life.engine.key_ids()[0], packets

        return await self._owning(copy)

    async def offer_waiting(self) -> None:
        """Hand newly dispatched bundles to the engine, if there is one, and let its contacts send them."""
        async with self._lock:
            if self._life is not None:
                await self._refill(self._life)
                _wake_all(self._life.contacts.values())

    def release(self, freed_bytes: int) -> None:
        """Note that a desk took bytes that were held for it."""
        if self._life is not None:
            self._life.held_bytes = max(0, self._life.held_bytes - freed_bytes)

    async def look_for_room(self) -> None:
        """Look whether desks have emptied what seems full here; they may have done so at another relay."""
        life = self._life
        if life is not None and life.held_bytes >= self._around.held_bytes_max:
            life.held_bytes = await self._around.store.held_bytes(self.vessel)

    async def revoke(self) -> None:
        """End every contact and build no engine any more; nothing is lost that was acknowledged.

        Who was given this link a moment ago, and still waits to use it, gets `VesselRevoked`.
        """
        async with self._lock:
            self._revoked = True
            if self._life is not None:
                self._drop(self._life)

    @property
    def owes_counts(self) -> bool:
        """Whether there are byte counters that no commit has carried yet."""
        return bool(self._traffic)

    async def store_counts(self) -> None:
        """Store the byte counters that no commit has carried yet."""
        async with self._lock:
            if self._life is not None and self._traffic:
                try:
                    await self._step(self._life, self._last_bearer, lambda: None, count=True)
                except LinkTakenOver:
                    # What crossed a link that is another relay's by now is only lost for people to read.
                    return

    # --- the order of every step ----------------------------------------------------------------------------

    def _now(self) -> Instant:
        return self._around.clock()

    def _life_of(self, contact: Contact) -> _Life:
        if contact.ended or self._life is None:
            raise ContactEnded("Another connection took this one's place, or the link is being rebuilt.")
        return self._life

    async def _owning(self, act: Callable[[_Life], Awaitable[T]]) -> T:
        """Do something that does not hang on a contact: if the link was taken over, take it back first."""
        async with self._lock:
            try:
                return await act(await self._alive())
            except LinkTakenOver:
                return await act(await self._alive())

    async def _alive(self) -> _Life:
        if self._life is not None:
            if not self._around.shared or await self._around.store.epoch(self.vessel) == self._life.epoch:
                return self._life
            self._drop(self._life)
        if self._revoked:
            raise VesselRevoked("the operator has ended this vessel's link")
        if self._now() < self._rests_until:
            raise StoreFailed("The store failed a moment ago; the vessel's link rests before it tries again.")
        self._around.make_room(self.vessel)
        state = await self._around.store.load_link(self.vessel, queued_max=limits.BUNDLES_OFFERED_MAX)
        if state is None:
            raise UnknownVessel(_NEVER_ADDED)
        journal = MemoryJournal()
        engine = SyncEngine(Side.RELAY, self.vessel, state.snapshot, journal, admit=self._admit)
        self._life = _Life(
            engine=engine,
            journal=journal,
            guard=state.snapshot.guard,
            key_ids=engine.key_ids(),
            held_bytes=state.held_bytes,
            epoch=state.epoch,
        )
        _offer(engine, state.queued)
        return self._life

    async def _step(self, life: _Life, bearer: str, step: Callable[[], T], *, count: bool = False) -> T:
        """Do one thing with the engine and make it durable; if it breaks off, drop the engine."""
        whole = False
        try:
            outcome = step()
            await self._commit(life, bearer, count=count)
            whole = True
        except StoreFailed:
            self._rests_until = Instant(self._now() + self._around.store_retry_s)
            raise
        finally:
            # Also when this task was cancelled: the engine may know what the disk does not.
            if not whole:
                self._drop(life)
        return outcome

    async def _commit(self, life: _Life, bearer: str, *, count: bool) -> None:
        changes = tuple(life.journal.drain())
        satellite, life.satellite = life.satellite, None
        # Where others share the store, an engine without a contact is let go: its state may soon be old.
        releases = self._around.shared and not life.contacts
        if not changes and satellite is None and not (count and self._traffic) and not releases:
            return
        key_ids = life.engine.key_ids()
        duplicate_bytes = life.engine.duplicate_bytes
        traffic, self._traffic = self._traffic, {}
        commit = LinkCommit(
            vessel=self.vessel,
            at=self._around.wall(),
            bearer=bearer,
            changes=changes,
            key_ids=key_ids if key_ids != life.key_ids else None,
            rekeyed=_rekeyed(life.guard, changes),
            traffic=traffic,
            duplicate_bytes=duplicate_bytes - life.duplicate_bytes,
            satellite=satellite,
            epoch=life.epoch,
            releases=releases,
        )
        await self._around.store.commit_link(commit)
        if releases:
            self._life = None
        life.duplicate_bytes = duplicate_bytes
        for change in changes:
            if isinstance(change, GuardChanged):
                life.guard = change.state
            elif isinstance(change, BundleTaken):
                life.held_bytes += len(change.data)
        if commit.key_ids is not None:
            life.key_ids = key_ids
            self._around.index(self.vessel, key_ids)

    def _drop(self, life: _Life) -> None:
        self._life = None
        for contact in life.contacts.values():
            contact.end()

    # --- bundles --------------------------------------------------------------------------------------------

    def _admit(self, _number: int, bundle: Bundle) -> Refusal | None:
        assert self._life is not None
        if isinstance(bundle, Report) and not self._around.routable(bundle.desk_key):
            return self._refuse(Refusal.UNKNOWN_DESK)
        if self._life.held_bytes >= self._around.held_bytes_max:
            return self._refuse(Refusal.BUSY)
        return None

    def _refuse(self, reason: Refusal) -> Refusal:
        self._around.refusals[f"bundle-{reason.name.lower().replace('_', '-')}"] += 1
        return reason

    async def _act_on(self, life: _Life, events: Iterable[Event]) -> None:
        refill = False
        for event in events:
            match event:
                case NumberTaken(number=number, highest=highest):
                    await self._around.store.renumber(self.vessel, number, above=highest)
                    refill = True
                case CustodyAccepted():
                    refill = True
                case BundleRefused(reason=reason):
                    self._around.refusals[f"vessel-refused-{reason.name.lower().replace('_', '-')}"] += 1
                case _:
                    # What arrived was stored and announced by the commit; the rest only informs.
                    pass
        if refill:
            await self._refill(life)

    async def _refill(self, life: _Life) -> None:
        # Urgent bundles are taken beyond the bound, so a few more are asked for than there is room.
        queued = await self._around.store.queued(self.vessel, most=2 * limits.BUNDLES_OFFERED_MAX)
        _offer(life.engine, queued)


def _rekeyed(guard: GuardState, changes: Iterable[Change]) -> bool:
    """Return whether the vessel has begun to use the keys of a rekey."""
    for change in changes:
        if isinstance(change, GuardChanged):
            if change.state.secret == guard.pending_secret:
                return True
            guard = change.state
    return False


def is_authentic(refused: Iterable[PacketRefused]) -> bool:
    """Return whether a packet came from the vessel, whatever was wrong inside it."""
    return not any(event.code in _PACKET_LAYER_CODES for event in refused)


def _offer(engine: SyncEngine, queued: Iterable[QueuedBundle]) -> None:
    for waiting in queued:
        try:
            engine.offer(
                waiting.number, waiting.priority, waiting.data, begun=waiting.begun, acked=waiting.acked
            )
        except QueueFull:
            return


def _wake_all(contacts: Iterable[Contact]) -> None:
    for contact in contacts:
        contact.wake.set()


def _unchanged(_state: GuardState) -> None:
    """Let a guard that only checks change nothing."""
