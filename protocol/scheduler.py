"""What goes next on this link, within this packet: urgent first, whole bundles side by side, then pieces."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from protocol import limits
from protocol.contact import Contact
from protocol.fragment import Range, RangeSet
from protocol.frames import Frame, More, Next, Priority, Start, encode
from protocol.ids import Instant
from protocol.outbox import Outbox, Outgoing, Piece
from protocol.wire import pack

PIECE_BYTES_MIN = 32
"""Cutting a smaller piece off a bundle would cost more in headers than it moves."""


Elsewhere = Callable[[int], RangeSet]
"""Which bytes of a bundle are on their way over other links."""


def _nothing_elsewhere(_number: int) -> RangeSet:
    return RangeSet()


@dataclass(frozen=True, slots=True)
class Choice:
    """The bytes that go next."""

    outgoing: Outgoing
    gap: Range
    is_copy: bool


def choose(
    contact: Contact, outbox: Outbox, now: Instant, elsewhere: Elsewhere = _nothing_elsewhere
) -> Choice | None:
    """Return what goes next over this contact, or None.

    Something urgent that is on its way over another link goes over this one too: whichever comes first.
    """
    outgoing = outbox.next_to_send(now, contact.allows)
    if outgoing is None or outgoing.priority is not Priority.URGENT:
        copy = _urgent_copy(contact, outbox, elsewhere)
        if copy is not None:
            return copy
    gap = outgoing.next_gap() if outgoing is not None else None
    return None if outgoing is None or gap is None else Choice(outgoing, gap, is_copy=False)


def _urgent_copy(contact: Contact, outbox: Outbox, elsewhere: Elsewhere) -> Choice | None:
    for outgoing in outbox.urgent():
        if not contact.allows(outgoing.number, outgoing.priority):
            continue
        known = RangeSet((*outgoing.acked, *contact.copied.get(outgoing.number, ())))
        for start, end in elsewhere(outgoing.number):
            gap = next(known.missing(start, end), None)
            if gap is not None:
                return Choice(outgoing, gap, is_copy=True)
    return None


def fill(
    contact: Contact,
    outbox: Outbox,
    room_bytes: int,
    now: Instant,
    *,
    empty: bool,
    elsewhere: Elsewhere = _nothing_elsewhere,
) -> tuple[bytes, list[Piece]]:
    """Return the data frames that fit into `room_bytes`, and the pieces they carry.

    `empty` says that nothing else is in the packet yet, so that even a small piece must go.
    """
    said = bytearray()
    pieces: list[Piece] = []
    urgent = False
    while len(said) < room_bytes and contact.window_open():
        choice = choose(contact, outbox, now, elsewhere)
        if choice is None:
            break
        outgoing = choice.outgoing
        if pieces and urgent and outgoing.priority is not Priority.URGENT:
            # Bulk behind an urgent bundle would only make the packet, and so the urgent bundle, later.
            break
        urgent = outgoing.priority is Priority.URGENT
        smallest = 1 if empty and not said else PIECE_BYTES_MIN
        frame = _cut(contact, outgoing, choice.gap, room_bytes - len(said), smallest)
        if frame is None:
            break
        said += encode(frame)
        start, end = choice.gap[0], choice.gap[0] + len(frame.data)
        if choice.is_copy:
            contact.copied.setdefault(outgoing.number, RangeSet()).add(start, end)
        else:
            outgoing.claimed.add(start, end)
        pieces.append(Piece(outgoing.number, start, end, choice.is_copy))
        contact.sent_end = (outgoing.number, end)
        outbox.begin(outgoing)
    return bytes(said), pieces


def copy_out(account: Iterable[Frame], bundles: Iterable[Outgoing], room_bytes: int) -> Iterator[bytes]:
    """Yield the plaintexts of packets that carry `account` and every byte that is not acknowledged."""
    packet = _Filling(room_bytes)
    for frame in account:
        yield from packet.put(encode(frame))
    for outgoing in bundles:
        while (gap := outgoing.next_gap()) is not None:
            cut = _cut(None, outgoing, gap, packet.room_left_bytes, PIECE_BYTES_MIN)
            # What does not fit behind the frames before it goes into a packet of its own.
            cut = cut or _cut(None, outgoing, gap, room_bytes, 1)
            assert cut is not None, "a stick's packets have room for a piece"
            outgoing.claimed.add(gap[0], gap[0] + len(cut.data))
            yield from packet.put(encode(cut))
    yield from packet.rest()


class _Filling:
    """One packet's frames, until the next one does not fit."""

    def __init__(self, room_bytes: int) -> None:
        self._room_bytes = room_bytes
        self._said = bytearray()
        self._frames = 0

    @property
    def room_left_bytes(self) -> int:
        return self._room_bytes - len(self._said)

    def put(self, frame: bytes) -> Iterator[bytes]:
        if len(frame) > self.room_left_bytes or self._frames >= limits.FRAMES_PER_PACKET_MAX:
            yield from self.rest()
        self._said += frame
        self._frames += 1

    def rest(self) -> Iterator[bytes]:
        if self._said:
            yield bytes(self._said)
        self._said.clear()
        self._frames = 0


def _cut(
    contact: Contact | None, outgoing: Outgoing, gap: Range, room_bytes: int, smallest_bytes: int
) -> Start | More | Next | None:
    start = gap[0]
    end = min(gap[1], start + max(room_bytes, 1))
    whole = _frame(contact, outgoing, start, outgoing.data[start:end])
    excess_bytes = len(encode(whole)) - room_bytes
    if excess_bytes <= 0:
        return whole
    # A first fragment that is not the whole bundle names its size, which takes a few bytes more.
    named_bytes = len(pack(outgoing.size_bytes)) if start == 0 and end == outgoing.size_bytes else 0
    size_bytes = end - start - excess_bytes - named_bytes
    if size_bytes < smallest_bytes:
        return None
    return _frame(contact, outgoing, start, outgoing.data[start : start + size_bytes])


def _frame(contact: Contact | None, outgoing: Outgoing, start: int, data: bytes) -> Start | More | Next:
    if start == 0:
        return Start(
            number=outgoing.number,
            total_bytes=outgoing.size_bytes,
            priority=outgoing.priority,
            data=data,
        )
    if contact is not None and contact.is_stream and contact.sent_end == (outgoing.number, start):
        return Next(data=data)
    return More(number=outgoing.number, offset=start, data=data)
