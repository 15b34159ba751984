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
from protocol.errors import MalformedFrame, NotAuthentic, RemoteError
from protocol.events import (
    Event,
    FrameSkipped,
    KeyUnknown,
    LinkRekeyed,
    PacketRefused,
    StatusReported,
)
from protocol.fragment import Range
from protocol.frames import (
    Ack,
    Frame,
    More,
    Next,
    Priority,
    Receipt,
    Refuse,
    Resync,
    Start,
    Status,
    UnknownFrame,
    decode_all,
    encode,
)
from protocol.ids import Instant, VesselId
from protocol.inbox import Admit, Inbox
from protocol.journal import GuardChanged, Journal, Snapshot
from protocol.linkguard import Form, GuardState, LinkGuard, read_flags
from protocol.links import LinkKind, LinkProfile, Side
from protocol.outbox import Outbox, Outgoing, Piece
from protocol.rekey import Rekey, RekeyRequest
from protocol.scheduler import fill

INCOMING_KINDS = {
    Side.RELAY: frozenset({Kind.REPORT, Kind.INTRODUCTION}),
    Side.VESSEL: frozenset({Kind.MAIL, Kind.KEYS, Kind.DESK_RECEIPT}),
}

CONTACT_IDLE_S = 600.0
"""On a datagram link, a pause of this length ends a contact: the next packet may ratchet."""

UNANSWERED_CONTACTS_MAX = 3
UNANSWERED_PROBES_MAX = 8
UNREADABLE_PACKETS_MAX = {LinkKind.STREAM: 3, LinkKind.DATAGRAM: 8, LinkKind.MESSAGE: 3}
"""One may have been damaged on its way, and anybody can send a datagram; a request costs a message."""


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
        self._status: Status | None = None
        self._truth_wanted = False
        """After a rekey, no data goes before the peer has said which numbers it knows."""
        self._unanswered_contacts = 0
        self._unreadable = 0
        """How many packets in a row no key opened."""
        self._rekey = Rekey(side, vessel, snapshot.rekey_key, relay_public)
        self._now = Instant(0.0)
        """The latest time that the shell told us."""
        self.last_pieces: tuple[Piece, ...] = ()
        """What the last packet from `transmit` carried of which bundles, for the shell's ledger of bytes."""
        self.counters: Counter[str] = Counter()
        """How often each refusal happened, by the error's code."""

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

    def contact_opened(self, link: LinkProfile, now: Instant) -> None:
        """Say that a bearer works now. A stream that was open under the same name counts as cut."""
        self._now = now
        if link.name in self._contacts:
            self.contact_closed(link, now)
        self._guard.begin_contact()
        self._contacts[link.name] = Contact(link, self._side, self._guard, now)

    def contact_closed(self, link: LinkProfile, now: Instant) -> None:
        """Say that a bearer stopped working: what was on its way is in doubt."""
        self._now = now
        contact = self._contacts.pop(link.name, None)
        if contact is None:
            return
        self._outbox.doubt(contact.give_up())
        # A greeting or a status needs no answer, so that a cut behind one says nothing about the keys.
        if contact.awaits_answer and not contact.heard:
            self._unanswered_contacts += 1
        self._consider_rekey()

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
        times = [at for contact in contacts for at in self._deadlines(contact)]
        times.append(self._outbox.pause_deadline(self._now))
        known = [at for at in times if at is not None and at != float("inf")]
        return min(known, default=None)

    def _deadlines(self, contact: Contact) -> list[Instant | None]:
        paced: list[Instant | None] = [self._inbox.deadline(contact.link)]
        if contact.reply_due:
            paced.append(contact.reply_at())
        if self._data_wanted(contact, self._now) or self._greeting_due(contact):
            paced.append(self._now)
        if self._asking_wanted(contact, self._now):
            paced += [contact.ask_at(), contact.patience_ends_at()]
        if self._rekey.due and contact.may_rekey:
            paced.append(self._rekey.may_ask_at())
        overdue_at = contact.overdue_at() if not contact.window_open() else None
        if overdue_at is not None:
            paced.append(Instant(max(overdue_at, contact.ask_at())))
        free_at = contact.may_send_at()
        return [
            contact.give_up_at(tail=not self._more_to_send(contact)),
            contact.stalled_at(),
            *(Instant(max(at, free_at)) for at in paced if at is not None),
        ]

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
                self._on_unreadable(link)
            return [self._refused(error)]
        contact.on_heard(now)
        self._outbox.on_heard()
        self._unanswered_contacts = 0
        self._unreadable = 0
        # What was opened shows that the keys meet: to change them would only cost.
        self._rekey.due = False
        events: list[Event] = []
        try:
            for frame in decode_all(plaintext):
                events += self._on_frame(frame, contact, now)
        except RemoteError as error:
            # The frames before the bad one came authentically and stand; where those behind it would have
            # led a NEXT, nobody knows.
            contact.heard_end = None
            events.append(self._refused(error))
        return events

    def _on_frame(self, frame: Frame | UnknownFrame, contact: Contact, now: Instant) -> list[Event]:
        match frame:
            case Start() | More() | Next():
                return self._on_data(frame, contact, now)
            case Ack():
                return self._on_ack(frame)
            case Resync():
                return self._on_resync(frame, contact, now)
            case Receipt():
                return self._settle(self._outbox.on_receipt(frame.numbers))
            case Refuse():
                for each in self._contacts.values():
                    each.forget(frame.number)
                return self._outbox.on_refuse(frame, now)
            case Status():
                return [StatusReported(values=dict(frame.values))]
            case UnknownFrame():
                self.counters["unknown-frame"] += 1
                return [FrameSkipped(type=frame.type)]

    def _on_data(self, frame: Start | More | Next, contact: Contact, now: Instant) -> list[Event]:
        first: tuple[int, Priority] | None = None
        match frame:
            case Start():
                number, offset = frame.number, 0
                first = (frame.total_bytes, frame.priority)
            case More():
                number, offset = frame.number, frame.offset
            case Next():
                if contact.heard_end is None:
                    raise MalformedFrame(
                        "a NEXT continues nothing: no fragment came before it on this stream"
                    )
                number, offset = contact.heard_end
        contact.heard_end = (number, offset + len(frame.data)) if contact.is_stream else None
        return self._inbox.take(number, offset, frame.data, now, first)

    def _on_ack(self, ack: Ack) -> list[Event]:
        self._outbox.on_ack(ack)
        for contact in self._contacts.values():
            self._outbox.release(contact.on_ack(ack))
        return []

    def _on_resync(self, resync: Resync, contact: Contact, now: Instant) -> list[Event]:
        if resync.reply_wanted:
            contact.owe_reply(now)
        self._truth_wanted = False
        contact.asked_at = None
        for ack in resync.partial:
            self._on_ack(ack)
        events = self._settle(self._outbox.on_resync(resync))
        if not resync.reply_wanted:
            self._outbox.release(contact.missed())
        return events

    def _settle(self, events: list[Event]) -> list[Event]:
        for contact in self._contacts.values():
            for piece in [piece for piece in contact.in_flight() if piece.number not in self._outbox]:
                contact.forget(piece.number)
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
        self._truth_wanted = True
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
            self._truth_wanted = True
        contact.restart()
        contact.hold_until_heard()
        return answer

    def _on_unreadable(self, link: LinkProfile) -> None:
        """Ask for new keys where what comes from the relay does not open, again and again.

        A relay that is one generation ahead still reads what a set-back vessel sends, so it gives no hint;
        and where the bearer names the vessel, no packet names a key that a hint could be about.
        """
        self._unreadable += 1
        if self._unreadable >= UNREADABLE_PACKETS_MAX[link.kind]:
            self._unreadable = 0
            self._rekey.due = True

    def _consider_rekey(self) -> None:
        probes = max((contact.probes for contact in self._contacts.values()), default=0)
        if self._unanswered_contacts >= UNANSWERED_CONTACTS_MAX or probes >= UNANSWERED_PROBES_MAX:
            self._rekey.due = True

    def _rekey_request(self, contact: Contact, now: Instant) -> bytes | None:
        if not self._rekey.due or not contact.may_rekey or now < self._rekey.may_ask_at():
            return None
        self._unanswered_contacts = 0
        return self._rekey.request(self._guard.key_ids()[0], now)

    def _record_guard(self, state: GuardState) -> None:
        self._journal.record(GuardChanged(state=state))

    # --- outgoing ---

    def transmit(self, link: LinkProfile, now: Instant) -> bytes | None:
        """Return the next packet for this link, or None if nothing has to go now.

        Call it again until it returns None; then wait for `deadline`, an incoming packet or a new bundle.
        Raises `CountersSpent`.
        """
        self._now = now
        contact = self._contact(link, now)
        self._note_silence(contact, now)
        if now < contact.may_send_at():
            return None
        request = self._rekey_request(contact, now)
        self.last_pieces = ()
        if request is not None:
            contact.on_sent(len(request), [], now)
            contact.said_something = contact.awaits_answer = True
            contact.hold_for_rekey(now)
            return request
        room_bytes = contact.room_bytes()
        data_wanted = self._data_wanted(contact, now)
        going = data_wanted or self._inbox.answer_due(now, link)
        said = self._opening(contact, room_bytes, now, going=going)
        if said or going:
            said += self._inbox.answers(room_bytes - len(said))
        pieces: list[Piece] = []
        if data_wanted:
            data, pieces = fill(contact, self._outbox, room_bytes - len(said), now, empty=not said)
            said += data
            if pieces and contact.wants_account(now, tail=not self._more_to_send(contact)):
                said += self._ask(contact, room_bytes - len(said), now)
        said += self._status_frame(link, room_bytes - len(said))
        if not said and not self._greeting_due(contact):
            return None
        packet = contact.seal(said)
        contact.on_sent(len(packet), pieces, now)
        self.last_pieces = tuple(pieces)
        return packet

    def _contact(self, link: LinkProfile, now: Instant) -> Contact:
        contact = self._contacts.get(link.name)
        idle = contact is not None and now - max(contact.last_heard_at, contact.opened_at) > CONTACT_IDLE_S
        if contact is None or (idle and link.kind is LinkKind.DATAGRAM and not contact.silent):
            self.contact_opened(link, now)
            return self._contacts[link.name]
        return contact

    def _opening(self, contact: Contact, room_bytes: int, now: Instant, *, going: bool) -> bytes:
        """Say what we hold where the peer asked, or ask it where we are in doubt.

        `going` says that a packet goes anyway.
        """
        asking = self._asking_wanted(contact, now) and now >= contact.ask_at()
        replying = contact.reply_due and (going or now >= contact.reply_at())
        if not asking and not replying:
            return b""
        contact.reply_due = False
        if asking:
            contact.on_asked(now)
            self._consider_rekey()
        return self._inbox.resync(reply_wanted=asking, room_bytes=room_bytes)

    def _asking_wanted(self, contact: Contact, now: Instant) -> bool:
        # A silent contact has to be probed even if its bytes arrived by another link: nothing else wakes it.
        waiting = contact.silent and self._next_for(contact, now) is not None
        # A window that was lost as a whole brings no acknowledgement, and no data packet that could ask.
        overdue_at = contact.overdue_at() if not contact.window_open() else None
        overdue = overdue_at is not None and now >= overdue_at
        return self._outbox.in_doubt(contact.link.priority_max) or self._truth_wanted or waiting or overdue

    def _ask(self, contact: Contact, room_bytes: int, now: Instant) -> bytes:
        account = self._inbox.resync(reply_wanted=True, room_bytes=room_bytes)
        if account:
            contact.on_asked(now)
        return account

    def _data_wanted(self, contact: Contact, now: Instant) -> bool:
        return (
            not contact.silent
            and not self._truth_wanted
            and contact.window_open()
            and self._next_for(contact, now) is not None
        )

    def _more_to_send(self, contact: Contact) -> bool:
        return self._next_for(contact, self._now) is not None

    def _next_for(self, contact: Contact, now: Instant) -> Outgoing | None:
        return self._outbox.next_to_send(now, contact.link.priority_max)

    def _greeting_due(self, contact: Contact) -> bool:
        """A vessel's first record names it, so that the relay knows where to send."""
        return self._side is Side.VESSEL and contact.is_stream and not contact.said_something

    def _status_frame(self, link: LinkProfile, room_bytes: int) -> bytes:
        if self._status is None or link.kind is LinkKind.MESSAGE:
            return b""
        frame = encode(self._status)
        if len(frame) > room_bytes:
            return b""
        self._status = None
        return frame

    def _note_silence(self, contact: Contact, now: Instant) -> None:
        tail = not self._more_to_send(contact)
        give_up_at = contact.give_up_at(tail=tail)
        if give_up_at is not None and now >= give_up_at:
            self._outbox.doubt(contact.give_up())
            contact.asked_at = None
            contact.silent = contact.link.kind is LinkKind.DATAGRAM
        patience = contact.patience_ends_at()
        if patience is not None and now >= patience:
            contact.asked_at = None
            self._outbox.release_doubt()
