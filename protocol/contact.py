"""One bearer's present contact: its stream, its pace, and what is on its way over it."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from protocol import limits
from protocol.fragment import RangeSet
from protocol.frames import Ack, Pad, Priority
from protocol.ids import Instant
from protocol.linkguard import KEY_ID_BYTES, TAG_BYTES, LinkGuard, StreamOpener, StreamSealer
from protocol.links import LinkKind, LinkProfile, Side
from protocol.outbox import Allows, Piece, anything
from protocol.shape import Slots, padding, padding_bytes_min

REORDER_PACKETS = 2
"""A datagram may be overtaken by this many before it counts as lost."""

PACE_AHEAD_S = 0.25
"""Hand over the next packet a little before the last has left, so that the link never idles."""

STREAM_PACE = 0.98
"""The share of its rate at which a stream is filled: links are slower than their numbers say, and what comes
too fast lies in a buffer, where urgent bundles wait behind it and a cut wastes it."""

DATAGRAM_WINDOW_BYTES = 4 * limits.ACK_BYTES
PROBE_DELAY_S_MAX = 60.0
MESSAGE_PATIENCE_DOUBLINGS_MAX = 3
STREAM_STALL_S = 30.0
LENGTH_BYTES = 2
"""What a byte stream adds to each record; WebSocket frames and datagrams know their own length."""


@dataclass(frozen=True, slots=True)
class _Sent:
    piece: Piece
    at: Instant
    order: int


class Contact:
    """What the engine has to remember of one link while it is up."""

    def __init__(
        self,
        link: LinkProfile,
        side: Side,
        guard: LinkGuard,
        now: Instant,
        allows: Allows = anything,
        slots: Slots | None = None,
    ) -> None:
        self.link = link
        self.slots = slots
        """Vessel: the times at which a packet goes over a shaped link, and nothing between."""
        self._answer_bytes: int | None = None
        """Relay: the size of the one packet that the vessel waits for; 0 once it has gone; None unshaped."""
        self._allows = allows
        self.copied: dict[int, RangeSet] = {}
        """Urgent bytes that went over this contact although another link carries them too."""
        self._side = side
        self._guard = guard
        self._sealer: StreamSealer | None = None
        self._opener: StreamOpener | None = None
        self._in_flight: deque[_Sent] = deque()
        self._order = 0
        self._asked_orders: deque[int] = deque()
        self._free_at = now
        self.hold_until = now
        """Nothing goes before this: a rekey is under way, and what was sealed now could not be opened."""
        if side is Side.RELAY:
            # The vessel's first record may be a rekey request; anything said before it would tear the stream.
            self.hold_until_heard()
        self.opened_at = now
        self.last_heard_at = now
        self.heard = False
        self.said_something = False
        self.awaits_answer = False
        """Whether anything was said that a peer answers: data, a question, a rekey request."""
        self.key_unknown = False
        """Vessel: the relay said on this contact that it does not know our key."""
        self.silent = False
        """Datagrams: nothing came back in time, so only probes go until something does."""
        self.asked_at: Instant | None = None
        self.probes = 0
        self.reply_due = False
        """Whether the peer asked what we hold."""
        self._reply_asked_at = now
        self.sent_end: tuple[int, int] | None = None
        """Streams: bundle and offset right behind the last fragment sent, for NEXT."""
        self.heard_end: tuple[int, int] | None = None

    def allows(self, number: int, priority: Priority) -> bool:
        """Return whether this link may carry a bundle now: by its profile, and by its shell's word."""
        return priority <= self.link.priority_max and self._allows(number, priority)

    # --- packets ---

    @property
    def is_stream(self) -> bool:
        """Whether records follow one another in order."""
        return self.link.kind is LinkKind.STREAM

    @property
    def _named(self) -> bool:
        return self._side is Side.VESSEL and not self.link.identifies_vessel

    def room_bytes(self) -> int:
        """Return how much plaintext the next packet may carry."""
        return self._whole_room_bytes() - (padding_bytes_min(self._wanted_bytes) if self.is_shaped else 0)

    def _whole_room_bytes(self) -> int:
        size = self.link.packet_bytes(self._side)
        if self._answer_bytes:
            size = min(size, self._answer_bytes)
        size -= TAG_BYTES
        if self.is_stream and self._sealer is not None:
            return size
        return size - 4 - (KEY_ID_BYTES if self._named else 0)

    @property
    def is_shaped(self) -> bool:
        """Whether packets go at set times and in one size only."""
        return self.slots is not None or self._answer_bytes is not None

    @property
    def unanswered_slots(self) -> int:
        """How many packets in a row, of those that want an answer of a size, brought none."""
        return self.slots.unanswered if self.slots is not None and self._wanted_bytes else 0

    @property
    def _wanted_bytes(self) -> int:
        return self.link.shape.answer_bytes if self.link.shape is not None else 0

    def answer_freely(self) -> None:
        """Relay: forget what shape the packets before wanted; the one at hand says it again, or not."""
        self._answer_bytes = None

    def keep_shape(self, before: "Contact") -> None:
        """Relay: go on waiting for the vessel's next packet where the contact before this one did."""
        if before._answer_bytes is not None:
            self._answer_bytes = 0

    def answer_in_shape(self, pad: Pad) -> None:
        """Relay: note that this link wants exactly one packet of this size, and nothing else."""
        if self._side is Side.RELAY and pad.answer_bytes:
            self._answer_bytes = pad.answer_bytes

    def seal(self, plaintext: bytes) -> bytes:
        """Return the packet or record that carries `plaintext`, filled up where the link has a shape."""
        self.said_something = True
        if self.is_shaped:
            plaintext += padding(self._whole_room_bytes() - len(plaintext), self._wanted_bytes)
        if not self.is_stream:
            return self._guard.seal(plaintext, named=self._named)
        if self._sealer is None:
            self._sealer = self._guard.seal_stream(named=self._named)
        return self._sealer.seal(plaintext)

    def open(self, packet: bytes) -> bytes:
        """Return the plaintext of a packet or record; raises the packet layer's `RemoteError`s."""
        if not self.is_stream:
            return self._guard.open(packet)
        if self._opener is None:
            plaintext, self._opener = self._guard.open_stream(packet)
            return plaintext
        return self._opener.open(packet)

    @property
    def begun(self) -> bool:
        """Whether the peer's first record has come, so that those behind it have no flags to look at."""
        return self._opener is not None

    def restart(self) -> None:
        """Begin the stream anew after a rekey: the next record each way has a header again."""
        self._sealer = None
        self._opener = None
        self.sent_end = None
        self.heard_end = None
        self.asked_at = None

    @property
    def may_rekey(self) -> bool:
        """Whether a rekey request can be read here: on a stream, nothing may have been sealed before it.

        A relay that knows our key reads the records behind the first as records of that stream; a request
        among them would only make it close the connection.
        """
        return not self.is_stream or self._sealer is None or self.key_unknown

    def hold_for_rekey(self, now: Instant) -> None:
        """Streams, vessel: give the relay time to answer, since its answer puts an end to the old keys."""
        if self.is_stream:
            self.hold_until = Instant(now + self._patience_s)

    def hold_until_heard(self) -> None:
        """Streams, relay: the vessel can open nothing but the answer until it has said so."""
        if self.is_stream:
            self.hold_until = Instant(float("inf"))

    @property
    def _patience_s(self) -> float:
        """How long an answer may take behind what the peer has queued on a stream."""
        return 3 * self.link.round_trip_s + limits.ACK_DELAY_S

    def on_heard(self, now: Instant) -> None:
        """Note that the peer is there."""
        self.heard = True
        if self.slots is not None:
            self.slots.unanswered = 0
        self.key_unknown = False
        self.silent = False
        self.probes = 0
        self.last_heard_at = now
        self.hold_until = now

    # --- pace ---

    def may_send_at(self) -> Instant:
        """Return when the pace of the link allows the next packet."""
        if self._answer_bytes == 0:
            return Instant(float("inf"))
        slot_at = self.slots.open_at() if self.slots is not None else self.hold_until
        return Instant(max(self._free_at - PACE_AHEAD_S, self.hold_until, slot_at))

    def on_sent(self, size_bytes: int, pieces: list[Piece], now: Instant) -> None:
        """Note that a packet was handed to the bearer."""
        rate_bps = self.link.rate_bps(self._side)
        if rate_bps is not None:
            on_wire = (size_bytes + LENGTH_BYTES) / STREAM_PACE if self.is_stream else size_bytes
            self._free_at = Instant(max(self._free_at, now) + on_wire * 8 / rate_bps)
        if self.slots is not None:
            self.slots.use(now)
        if self._answer_bytes is not None:
            self._answer_bytes = 0
        self.awaits_answer |= bool(pieces)
        for piece in pieces:
            if not piece.is_copy:
                self._in_flight.append(_Sent(piece, now, self._order))
        self._order += 1

    def departed(self, now: Instant) -> None:
        """Messages: the last packet, which waited for the sky, has left only now."""
        last = self._order - 1
        self._in_flight = deque(
            _Sent(sent.piece, now, sent.order) if sent.order == last else sent for sent in self._in_flight
        )
        if self.asked_at is not None and last in self._asked_orders:
            self.asked_at = now

    def window_open(self) -> bool:
        """Return whether more data may be on its way unacknowledged."""
        if self.link.kind is not LinkKind.DATAGRAM:
            return True
        rate_bps = self.link.rate_bps(self._side)
        carried = 2 * (rate_bps or 400_000.0) / 8 * self.link.round_trip_s
        flying = sum(sent.piece.end - sent.piece.start for sent in self._in_flight)
        return flying < max(DATAGRAM_WINDOW_BYTES, carried)

    # --- what is on its way ---

    def on_ack(self, ack: Ack) -> list[Piece]:
        """Forget what has arrived and return the pieces that must be lost because later ones arrived."""
        held = RangeSet(((0, ack.end), *ack.beyond))
        newest = -1
        waiting: deque[_Sent] = deque()
        for sent in self._in_flight:
            if sent.piece.number == ack.number and held.covers(sent.piece.start, sent.piece.end):
                newest = max(newest, sent.order)
            else:
                waiting.append(sent)
        self._in_flight = waiting
        if self.link.kind is not LinkKind.DATAGRAM:
            return []
        lost = [sent for sent in waiting if sent.order < newest - REORDER_PACKETS]
        self._in_flight = deque(sent for sent in waiting if sent.order >= newest - REORDER_PACKETS)
        return [sent.piece for sent in lost]

    def forget(self, number: int) -> None:
        """Drop the pieces of a bundle that is settled or refused."""
        self.copied.pop(number, None)
        self._in_flight = deque(sent for sent in self._in_flight if sent.piece.number != number)

    def give_up(self) -> list[Piece]:
        """Return everything on its way, which is in doubt from now on."""
        pieces = [sent.piece for sent in self._in_flight]
        self._in_flight.clear()
        self._asked_orders.clear()
        return pieces

    def in_flight(self) -> Iterator[Piece]:
        """Yield what is on its way."""
        return (sent.piece for sent in self._in_flight)

    def give_up_at(self, *, tail: bool) -> Instant | None:
        """Return when silence means that what is on its way may be lost; `tail`: nothing more will follow."""
        if not self._in_flight:
            return None
        match self.link.kind:
            case LinkKind.STREAM:
                return None
            case LinkKind.DATAGRAM:
                # A peer acknowledges within ACK_DELAY, and at once when it is asked or has seen the end.
                # One acknowledgement may be lost.
                wait_s = self._answer_s + (0.0 if tail else 2 * limits.ACK_DELAY_S)
            case LinkKind.MESSAGE:
                wait_s = self._message_patience_s
        since = (
            (self._in_flight[-1].at, self._free_at) if tail else (self._in_flight[0].at, self.last_heard_at)
        )
        return Instant(max(since) + wait_s)

    def stalled_at(self) -> Instant | None:
        """Streams: return when the shell should close a connection that has gone quiet under load."""
        if not self.is_stream or not self._in_flight:
            return None
        patience_s = limits.ACK_DELAY_S + 4 * self.link.round_trip_s + STREAM_STALL_S
        return Instant(max(self.last_heard_at, self._free_at, self._in_flight[0].at) + patience_s)

    # --- asking what the peer holds ---

    def owe_reply(self, now: Instant) -> None:
        """Note that the peer asked."""
        if not self.reply_due:
            self._reply_asked_at = now
        self.reply_due = True

    def reply_at(self) -> Instant:
        """Return when the reply goes, even if a packet goes only for it."""
        return Instant(self._reply_asked_at + self.link.answer_wait_s)

    def ask_at(self) -> Instant:
        """Return when the peer may be asked (again) what it holds."""
        if self.asked_at is None:
            return self.opened_at
        match self.link.kind:
            case LinkKind.STREAM:
                return Instant(float("inf"))
            case LinkKind.DATAGRAM:
                delay_s = self._answer_s * 2 ** min(self.probes - 1, 6)
                return Instant(self.asked_at + min(delay_s, PROBE_DELAY_S_MAX))
            case LinkKind.MESSAGE:
                return Instant(self.asked_at + self._message_patience_s)

    def on_asked(self, now: Instant) -> None:
        """Note that the peer was asked."""
        self.awaits_answer = True
        self.asked_at = now
        self.probes += 1
        self._asked_orders.append(self._order)

    def missed(self) -> list[Piece]:
        """Return what was sent before the peer was asked and is not in its answer: it is lost.

        Answers carry no name, so each counts for the oldest question: a lost one makes us wait, never repeat.
        """
        asked = self._asked_orders.popleft() if self._asked_orders else -1
        if self.link.kind is not LinkKind.DATAGRAM:
            return []
        lost = [sent for sent in self._in_flight if sent.order <= asked]
        self._in_flight = deque(sent for sent in self._in_flight if sent.order > asked)
        return [sent.piece for sent in lost]

    def wants_account(self, now: Instant, *, tail: bool) -> bool:
        """Return whether a data packet should also ask what has arrived.

        With the last data, so that the answer names what was lost without a timeout; and where an
        acknowledgement is overdue, since one that was lost is no reason to fall silent.
        """
        overdue_at = self.overdue_at()
        return overdue_at is not None and (tail or now >= overdue_at)

    def overdue_at(self) -> Instant | None:
        """Datagrams: return when an acknowledgement of what is on its way is overdue."""
        if self.link.kind is not LinkKind.DATAGRAM or not self._in_flight:
            return None
        asked_at = self.asked_at if self.asked_at is not None else self.opened_at
        return Instant(max(self._in_flight[0].at, asked_at) + limits.ACK_DELAY_S + self._answer_s)

    @property
    def _answer_s(self) -> float:
        """How long an immediate answer may take."""
        return 1.25 * self.link.round_trip_s + 0.5

    def patience_ends_at(self) -> Instant | None:
        """Return when to stop waiting for an answer about bytes in doubt, and send them again."""
        if self.asked_at is None:
            return None
        match self.link.kind:
            case LinkKind.STREAM:
                return Instant(self.asked_at + self._patience_s)
            case LinkKind.DATAGRAM:
                return None
            case LinkKind.MESSAGE:
                return Instant(self.asked_at + self._message_patience_s)

    @property
    def _message_patience_s(self) -> float:
        # A relay that is down for a day must not cost the same messages every half hour.
        return self.link.patience_s * 2.0 ** min(max(0, self.probes - 1), MESSAGE_PATIENCE_DOUBLINGS_MAX)
