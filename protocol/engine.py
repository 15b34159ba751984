"""`SyncEngine`: the one state machine that every bearer drives, on the vessel and on the relay (SPEC §8).

The shell's part, always in this order:

1. call `receive` or `transmit` (or `offer`, `contact_opened`, `contact_closed`);
2. commit what the journal recorded, durably, in one transaction;
3. only then act on the events, and put the packet on the link.

If a commit fails, throw the engine away and build a new one from the store: nothing was promised to anybody.
"""

from collections import Counter
from collections.abc import Callable, Iterable

from protocol.bundle import Kind
from protocol.contact import Contact
from protocol.errors import NotAuthentic, RemoteError
from protocol.events import (
    Event,
    KeyUnknown,
    LinkRekeyed,
    PacketRefused,
)
from protocol.fragment import Range, RangeSet
from protocol.frames import (
    Priority,
    Status,
    decode_all,
    encode,
)
from protocol.ids import Instant, VesselId
from protocol.inbox import Admit, Inbox
from protocol.intake import Intake
from protocol.journal import GuardChanged, Journal, OutgoingBegun, Snapshot
from protocol.linkguard import Form, GuardState, LinkGuard, read_flags
from protocol.links import LinkKind, LinkProfile, Side
from protocol.outbox import Allows, Outbox, Outgoing, Piece, anything
from protocol.rekey import RekeyRequest
from protocol.rekeying import Rekey
from protocol.scheduler import copy_out, fill
from protocol.shape import Slots
from protocol.wishes import Wishes

INCOMING_KINDS = {
    Side.RELAY: frozenset({Kind.REPORT, Kind.INTRODUCTION}),
    Side.VESSEL: frozenset({Kind.MAIL, Kind.KEYS, Kind.DESK_RECEIPT, Kind.SETTINGS}),
}

CONTACT_IDLE_S = 600.0
"""On a datagram link, a pause of this length ends a contact: the next packet may ratchet."""


class SyncEngine:
    """Moves bundles both ways between one vessel and its relay, over any number of links at once."""

    def __init__(
        self,
        side: Side,
        vessel: VesselId,
        snapshot: Snapshot,
        journal: Journal,
        *,
        admit: Admit,
        relay_public: bytes | None = None,
    ) -> None:
        """`relay_public` is the relay's rekey key; only a vessel needs it."""
        self._side = side
        self._journal = journal
        self._guard = LinkGuard(snapshot.guard, side, self._record_guard)
        self._inbox = Inbox(
            taken=snapshot.taken,
            fragments=snapshot.fragments,
            journal=journal,
            admit=admit,
            kinds=INCOMING_KINDS[side],
        )
        self._outbox = Outbox(journal)
        self._contacts: dict[str, Contact] = {}
        self._slots: dict[str, Slots] = {}
        self._status: Status | None = None
        self._rekey = Rekey(side, vessel, snapshot.rekey_key, relay_public)
        self._wishes = Wishes(side, self._inbox, self._outbox, self._rekey, self._contacts)
        self._now = Instant(0.0)
        """The latest time that the shell told us."""
        self.last_pieces: tuple[Piece, ...] = ()
        """What the last packet from `transmit` carried of which bundles, for the shell's ledger of bytes."""
        self.counters: Counter[str] = Counter()
        """How often each refusal happened, by the error's code."""
        self._intake = Intake(self._inbox, self._outbox, self._contacts, self.counters)

    # --- what the shell asks for ---

    def offer(
        self,
        number: int,
        priority: Priority,
        data: bytes,
        *,
        begun: bool = False,
        acked: Iterable[Range] = (),
    ) -> None:
        """Queue a bundle that is durably stored. Raises `TooLarge`, or `QueueFull`: then offer it later."""
        self._outbox.offer(number, priority, data, begun=begun, acked=acked)

    def withdraw(self, number: int) -> None:
        """Stop sending a bundle."""
        self._outbox.withdraw(number)
        for contact in self._contacts.values():
            contact.forget(number)

    def report_status(self, values: dict[int, int]) -> None:
        """Tell the relay the box's health with the next packet that has room for it."""
        self._status = Status(values=values)

    def remaining_bytes(self, number: int) -> int:
        """Return how much of a bundle the peer has not acknowledged; 0 where it is not held here."""
        outgoing = self._outbox.get(number)
        return 0 if outgoing is None else outgoing.size_bytes - outgoing.acked.total()

    def holds(self, number: int) -> bool:
        """Return whether this bundle is queued here and not settled."""
        return number in self._outbox

    @property
    def queued(self) -> int:
        """How many bundles wait here for custody."""
        return len(self._outbox)

    @property
    def duplicate_bytes(self) -> int:
        """Payload bytes that came although they were held."""
        return self._inbox.duplicate_bytes

    def key_ids(self) -> tuple[bytes, ...]:
        """Return the key ids under which a relay finds this vessel now."""
        return self._guard.key_ids()

    # --- for bearers where each packet costs money, so that the shell decides when to ask for one ---

    def unsent(self, now: Instant) -> frozenset[int]:
        """Return the numbers of bundles that have bytes neither delivered, nor on their way, nor in doubt."""
        return self._outbox.ready(now)

    def owes_answer(self, link: LinkProfile) -> bool:
        """Return whether the peer waits for a word of ours: custody, a refusal, or what it asked for."""
        contact = self._contacts.get(link.name)
        asked = contact is not None and contact.reply_due
        return asked or self._inbox.answer_due(self._now, link)

    def restate(self, link: LinkProfile) -> None:
        """Say with the next packet all that we hold: what was said before on this link may never arrive."""
        self._contacts[link.name].reply_due = True

    # --- contacts ---

    def contact_opened(self, link: LinkProfile, now: Instant, allows: Allows = anything) -> None:
        """Say that a bearer works now, and what it may carry.

        A stream that was open under the same name counts as cut. `allows` is asked before anything goes; when
        its answer may have changed, call `transmit` again.
        """
        self._now = now
        if link.name in self._contacts:
            self.contact_closed(link, now)
        if not link.carried:
            self._guard.begin_contact()
        self._contacts[link.name] = Contact(
            link, self._side, self._guard, now, allows, self._slots_of(link, now)
        )

    def _slots_of(self, link: LinkProfile, now: Instant) -> Slots | None:
        if link.shape is None:
            return None
        assert self._side is Side.VESSEL, "a relay takes the shape that each packet asks for"
        assert link.kind is not LinkKind.STREAM, "what cuts a stream tells of it"
        return self._slots.setdefault(link.name, Slots(link.shape.interval_s, now))

    def contact_closed(self, link: LinkProfile, now: Instant) -> None:
        """Say that a bearer stopped working: what was on its way is in doubt."""
        self._now = now
        contact = self._contacts.pop(link.name, None)
        if contact is None:
            return
        self._outbox.doubt(contact.give_up())
        self._rekey.on_contact_closed(contact)
        self._rekey.consider(self._contacts.values())

    def stalled(self, link: LinkProfile, now: Instant) -> bool:
        """Return whether a stream has been quiet for so long under load that it should be closed."""
        contact = self._contacts.get(link.name)
        stalled_at = contact.stalled_at() if contact is not None else None
        return stalled_at is not None and now >= stalled_at

    def departed(self, link: LinkProfile, now: Instant) -> None:
        """Say that the last message from `transmit`, which had to wait for the sky, has left only now."""
        self._now = now
        contact = self._contacts.get(link.name)
        if contact is not None:
            contact.departed(now)

    def deadline(self, link: LinkProfile | None = None) -> Instant | None:
        """Return when `transmit` should be called again even if nothing arrives; None for never.

        With a `link`, only what concerns it counts.
        """
        contacts = [contact for name, contact in self._contacts.items() if link is None or name == link.name]
        if not contacts:
            # A refused bundle may fall due, but there is no link to transmit it on, nor to tell us the time.
            return None
        times = [at for contact in contacts for at in self._wishes.deadlines(contact, self._now)]
        if not all(contact.is_shaped for contact in contacts):
            times.append(self._outbox.pause_deadline(self._now))
        known = [at for at in times if at is not None and at != float("inf")]
        return min(known, default=None)

    # --- incoming ---

    def receive(self, packet: bytes, link: LinkProfile, now: Instant) -> list[Event]:
        """Take one packet. Bad bytes become a `PacketRefused` event and a count; nothing held is lost."""
        self._now = now
        contact = self._contact(link, now)
        try:
            if not (contact.is_stream and contact.begun):
                form, _ = read_flags(packet)
                if form not in (Form.NAMED, Form.UNNAMED):
                    return self._on_key_packet(form, packet, contact, now)
            plaintext = contact.open(packet)
        except RemoteError as error:
            if isinstance(error, NotAuthentic):
                self._rekey.on_unreadable(link)
            return [self._refused(error)]
        contact.on_heard(now)
        contact.answer_freely()
        self._outbox.on_heard()
        self._rekey.on_opened()
        events: list[Event] = []
        try:
            for frame in decode_all(plaintext):
                events += self._intake.take(frame, contact, now)
        except RemoteError as error:
            # The frames before the bad one came authentically and stand; where those behind it would have
            # led a NEXT, nobody knows.
            contact.heard_end = None
            events.append(self._refused(error))
        return events

    def _refused(self, error: RemoteError) -> PacketRefused:
        self.counters[error.code] += 1
        return PacketRefused(code=error.code, reason=str(error))

    # --- keys ---

    def _on_key_packet(self, form: Form, packet: bytes, contact: Contact, now: Instant) -> list[Event]:
        if form is Form.UNKNOWN_KEY:
            # Unauthenticated: believed only about the key in use, and answered only now and then.
            contact.key_unknown |= packet[1:] == self._guard.key_ids()[0]
            self._rekey.due |= contact.key_unknown
            return [KeyUnknown()] if contact.key_unknown else []
        answer = self._rekey.on_answer(packet)
        self._guard.rekey(answer.secret)
        self._outbox.doubt(contact.give_up())
        if not answer.met:
            self._outbox.forget_unheard()
        for each in self._contacts.values():
            each.asked_at = None
        contact.restart()
        contact.on_heard(now)
        self._outbox.truth_wanted = True
        return [LinkRekeyed()]

    def answer_rekey(
        self, request: RekeyRequest, entropy: Callable[[int], bytes], link: LinkProfile, now: Instant
    ) -> bytes:
        """Relay: return the answer to a rekey request; raises `NotAuthentic`. Commit before sending it."""
        contact = self._contact(link, now)
        secret, answer = self._rekey.answer(request, self._guard.readable_key_ids(), entropy)
        if secret is not None:
            self._guard.rekey(secret)
            # A restored relay may give a number that the vessel knows for another bundle.
            self._outbox.truth_wanted = True
        contact.restart()
        contact.hold_until_heard()
        return answer

    def _record_guard(self, state: GuardState) -> None:
        self._journal.record(GuardChanged(state=state))

    # --- outgoing ---

    def transmit(self, link: LinkProfile, now: Instant, *, going: bool = False) -> bytes | None:
        """Return the next packet for this link, or None if nothing has to go now.

        `going` says that a message is paid for anyway, so that what is owed need not wait. Call this again
        until it returns None; then wait for `deadline`, an incoming packet or a new bundle.
        Raises `CountersSpent`.
        """
        self._now = now
        contact = self._contact(link, now)
        self._note_silence(contact, now)
        if now < contact.may_send_at():
            return None
        self.last_pieces = ()
        if self._rekey.is_due_on(contact, now):
            request = self._rekey.request(self._guard.key_ids()[0], now)
            contact.on_sent(len(request), [], now)
            contact.said_something = contact.awaits_answer = True
            contact.hold_for_rekey(now)
            return request
        room_bytes = contact.room_bytes()
        data_wanted = self._wishes.data(contact, now)
        going = going or contact.is_shaped or data_wanted or self._inbox.answer_due(now, link)
        said = self._opening(contact, room_bytes, now, going=going)
        if said or going:
            said += self._inbox.answers(room_bytes - len(said))
        pieces: list[Piece] = []
        if data_wanted:
            elsewhere = self._wishes.elsewhere(contact)
            data, pieces = fill(
                contact, self._outbox, room_bytes - len(said), now, empty=not said, elsewhere=elsewhere
            )
            said += data
            if pieces and self._wishes.account(contact, now):
                said += self._ask(contact, room_bytes - len(said), now)
        said += self._status_frame(link, room_bytes - len(said))
        if not said and not contact.is_shaped and not self._wishes.greeting(contact):
            return None
        packet = contact.seal(said)
        contact.on_sent(len(packet), pieces, now)
        self.last_pieces = tuple(pieces)
        return packet

    def copies(
        self, link: LinkProfile, bundles: Iterable[Outgoing], now: Instant, *, account: bool
    ) -> list[bytes]:
        """Return packets with all that is not acknowledged of `bundles`, for somebody to carry.

        Nothing of it counts as being on its way: other links go on as if there were no copies, and the next
        call copies everything again. `account` puts what this side holds before it. The bundles may be any
        that are durably stored, also more than are offered. Commit before handing the packets out. Raises
        `CountersSpent`.
        """
        assert link.carried, "copies go only where repeating costs nothing"
        self._now = now
        packets: list[bytes] = []
        if account:
            self._guard.begin_contact()
            if self._rekey.due and now >= self._rekey.may_ask_at():
                packets.append(self._rekey.request(self._guard.key_ids()[0], now))
        contact = Contact(link, self._side, self._guard, now)
        frames = self._inbox.account() if account else ()
        copied = [self._begun_copy(outgoing) for outgoing in bundles]
        packets += [contact.seal(said) for said in copy_out(frames, copied, contact.room_bytes())]
        return packets

    def _begun_copy(self, stored: Outgoing) -> Outgoing:
        offered = self._outbox.get(stored.number)
        if offered is not None:
            self._outbox.begin(offered)
        elif not stored.begun:
            self._journal.record(OutgoingBegun(number=stored.number))
        acked = offered.acked if offered is not None else stored.acked
        return Outgoing(
            number=stored.number, priority=stored.priority, data=stored.data, acked=RangeSet(acked)
        )

    def _contact(self, link: LinkProfile, now: Instant) -> Contact:
        contact = self._contacts.get(link.name)
        idle = contact is not None and now - max(contact.last_heard_at, contact.opened_at) > CONTACT_IDLE_S
        if contact is None or (idle and link.kind is LinkKind.DATAGRAM and not contact.silent):
            self.contact_opened(link, now, contact.allows if contact is not None else anything)
            if contact is not None:
                self._contacts[link.name].keep_shape(contact)
            return self._contacts[link.name]
        return contact

    def _opening(self, contact: Contact, room_bytes: int, now: Instant, *, going: bool) -> bytes:
        """Say what we hold where the peer asked, or ask it where we are in doubt.

        `going` says that a packet goes anyway.
        """
        asking = self._wishes.asking(contact, now) and now >= contact.ask_at()
        replying = contact.reply_due and (going or now >= contact.reply_at())
        if not asking and not replying:
            return b""
        contact.reply_due = False
        if asking:
            contact.on_asked(now)
            self._rekey.consider(self._contacts.values())
        return self._inbox.resync(reply_wanted=asking, room_bytes=room_bytes)

    def _ask(self, contact: Contact, room_bytes: int, now: Instant) -> bytes:
        account = self._inbox.resync(reply_wanted=True, room_bytes=room_bytes)
        if account:
            contact.on_asked(now)
        return account

    def _status_frame(self, link: LinkProfile, room_bytes: int) -> bytes:
        if self._status is None or link.kind is LinkKind.MESSAGE:
            return b""
        frame = encode(self._status)
        if len(frame) > room_bytes:
            return b""
        self._status = None
        return frame

    def _note_silence(self, contact: Contact, now: Instant) -> None:
        give_up_at = self._wishes.give_up_at(contact, now)
        if give_up_at is not None and now >= give_up_at:
            self._outbox.doubt(contact.give_up())
            contact.asked_at = None
            contact.silent = contact.link.kind is LinkKind.DATAGRAM
        patience = contact.patience_ends_at()
        if patience is not None and now >= patience:
            contact.asked_at = None
            self._outbox.release_doubt()
