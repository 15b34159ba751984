"""What goes next on this link, within this packet: urgent first, whole bundles side by side, then pieces."""

from protocol.contact import Contact
from protocol.fragment import Range
from protocol.frames import More, Next, Priority, Start, encode
from protocol.ids import Instant
from protocol.outbox import Outbox, Outgoing, Piece
from protocol.wire import pack

PIECE_BYTES_MIN = 32
"""Cutting a smaller piece off a bundle would cost more in headers than it moves."""


def fill(
    contact: Contact, outbox: Outbox, room_bytes: int, now: Instant, *, empty: bool
) -> tuple[bytes, list[Piece]]:
    """Return the data frames that fit into `room_bytes`, and the pieces they carry.

    `empty` says that nothing else is in the packet yet, so that even a small piece must go.
    """
    said = bytearray()
    pieces: list[Piece] = []
    urgent = False
    while contact.window_open():
        outgoing = outbox.next_to_send(now)
        gap = outgoing.next_gap() if outgoing is not None else None
        if outgoing is None or gap is None:
            break
        if pieces and urgent and outgoing.priority is not Priority.URGENT:
            # Bulk behind an urgent bundle would only make the packet, and so the urgent bundle, later.
            break
        urgent = outgoing.priority is Priority.URGENT
        smallest = 1 if empty and not said else PIECE_BYTES_MIN
        frame = _cut(contact, outgoing, gap, room_bytes - len(said), smallest)
        if frame is None:
            break
        said += encode(frame)
        piece = Piece(outgoing.number, gap[0], gap[0] + len(frame.data))
        outgoing.claimed.add(piece.start, piece.end)
        pieces.append(piece)
        contact.sent_end = (piece.number, piece.end)
        outbox.begin(outgoing)
    return bytes(said), pieces


def _cut(
    contact: Contact, outgoing: Outgoing, gap: Range, room_bytes: int, smallest_bytes: int
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


def _frame(contact: Contact, outgoing: Outgoing, start: int, data: bytes) -> Start | More | Next:
    if start == 0:
        return Start(
            number=outgoing.number,
            total_bytes=outgoing.size_bytes,
            priority=outgoing.priority,
            data=data,
        )
    if contact.is_stream and contact.sent_end == (outgoing.number, start):
        return Next(data=data)
    return More(number=outgoing.number, offset=start, data=data)
