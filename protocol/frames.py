"""The frames inside a packet: one frozen dataclass for each, and their msgpack form (SPEC §4).

A frame is a msgpack array that begins with its type. Frames follow one another to the end of the packet.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from typing import ClassVar

from protocol import limits
from protocol.errors import MalformedFrame
from protocol.fragment import Range, from_steps, to_steps
from protocol.wire import WireValue, as_array, as_bytes, as_int, as_map, pack, unpack_all


class Priority(IntEnum):
    """What goes first (protocol.md layer 3). The lower number wins."""

    URGENT = 0
    CHECK_IN = 1
    TEXT = 2
    THIN_VOICE = 3
    CLEAR_VOICE = 4


class Refusal(IntEnum):
    """Why a receiver does not take a bundle. The sender keeps it and says so."""

    BUSY = 1
    """No room now; try again at the next contact."""
    TOO_LARGE = 2
    MALFORMED = 3
    """The assembled bytes are no bundle that this receiver may keep."""
    UNKNOWN_DESK = 4
    """No desk here has the key that this bundle is sealed to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The first fragment of a bundle, which alone tells its size and priority."""

    TYPE: ClassVar[int] = 16
    """The type of an urgent one; each lower priority has the next number, which saves saying it apart."""
    number: int
    total_bytes: int
    priority: Priority
    data: bytes

    def fields(self) -> tuple[WireValue, ...]:
        """Return the array without its type; a fragment that is the whole bundle does not repeat its size."""
        total = () if len(self.data) == self.total_bytes else (self.total_bytes,)
        return (self.number, self.data, *total)


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """A later fragment, anywhere in its bundle."""

    TYPE: ClassVar[int] = 2
    number: int
    offset: int
    data: bytes

    def fields(self) -> tuple[WireValue, ...]:
        """Return the array without its type."""
        return (self.number, self.offset, self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """The bytes right behind the fragment before it on the same stream; no other link may carry it."""

    TYPE: ClassVar[int] = 3
    data: bytes

    def fields(self) -> tuple[WireValue, ...]:
        """Return the array without its type."""
        return (self.data,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """Which bytes of one incomplete bundle are held durably."""

    TYPE: ClassVar[int] = 4
    number: int
    end: int
    """Every byte before this one is held."""
    beyond: tuple[Range, ...] = ()

    def fields(self) -> tuple[WireValue, ...]:
        """Return the array without its type."""
        return (self.number, self.end, *to_steps(self.beyond, self.end, limits.RANGES_PER_FRAME_MAX))


@dataclass(frozen=True, slots=True, kw_only=True)
class Resync:
    """Everything one side holds of what the other sent: said first after a cut, or when asked."""

    TYPE: ClassVar[int] = 5
    reply_wanted: bool = False
    floor: int = 0
    """Every bundle up to this number is in custody here."""
    beyond: tuple[Range, ...] = ()
    """Bundles above the floor that are in custody here, as ranges of numbers."""
    partial: tuple[Ack, ...] = ()
    complete: bool = True
    """False where the packet had no room for all; then what is not named may be held all the same."""

    def fields(self) -> tuple[WireValue, ...]:
        """Return the array without its type."""
        flags = int(self.reply_wanted) | int(not self.complete) << 1
        fields: tuple[WireValue, ...] = (flags, self.floor)
        if self.beyond or self.partial:
            fields += (to_steps(self.beyond, self.floor + 1, limits.RANGES_PER_FRAME_MAX),)
        return fields + tuple(ack.fields() for ack in self.partial)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The sender may delete these bundles: they are in durable custody here."""

    TYPE: ClassVar[int] = 6
    numbers: tuple[Range, ...]

    def fields(self) -> tuple[WireValue, ...]:
        """Return the array without its type."""
        (first, end), rest = self.numbers[0], self.numbers[1:]
        if not rest and end == first + 1:
            return (first,)
        return (first, end - first, *to_steps(rest, end, limits.RANGES_PER_FRAME_MAX))


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """This bundle is not taken."""

    TYPE: ClassVar[int] = 7
    number: int
    reason: Refusal

    def fields(self) -> tuple[WireValue, ...]:
        """Return the array without its type."""
        return (self.number, int(self.reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Health of the box, for the operator: numbered values, never content."""

    TYPE: ClassVar[int] = 8
    values: Mapping[int, int] = field(default_factory=dict)

    def fields(self) -> tuple[WireValue, ...]:
        """Return the array without its type."""
        return (dict(self.values),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pad:
    """Fills a packet up to a size that tells nothing, and says how large the answer to it shall be."""

    TYPE: ClassVar[int] = 9
    answer_bytes: int = 0
    """The packet size that the sender wants back, exactly once; 0 where the peer may answer as it likes."""
    size_bytes: int = 0

    def fields(self) -> tuple[WireValue, ...]:
        """Return the array without its type."""
        return (self.answer_bytes, bytes(self.size_bytes))


Frame = Start | More | Next | Ack | Resync | Receipt | Refuse | Status | Pad


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownFrame:
    """A frame of a type from the future: skipped and counted."""

    type: int


def encode(frame: Frame) -> bytes:
    """Return the frame's bytes."""
    kind = frame.TYPE + (frame.priority if isinstance(frame, Start) else 0)
    return pack((kind, *frame.fields()))


def decode_all(data: bytes) -> Iterator[Frame | UnknownFrame]:
    """Decode the frames of one packet in order; raises `MalformedFrame` at the first that is wrong."""
    for value in unpack_all(data, MalformedFrame, most=limits.FRAMES_PER_PACKET_MAX):
        array = as_array(value, MalformedFrame, "a frame", least=1, most=_ARRAY_VALUES_MAX)
        kind = as_int(array[0], MalformedFrame, "a frame's type", most=2**16)
        reader = _READERS.get(kind)
        yield UnknownFrame(type=kind) if reader is None else reader(array[1:])


_ARRAY_VALUES_MAX = 2 * limits.RANGES_PER_FRAME_MAX + limits.BUNDLES_OPEN_MAX + 4


def _integer(value: WireValue, what: str, most: int, least: int = 0) -> int:
    return as_int(value, MalformedFrame, what, most=most, least=least)


def _number(value: WireValue) -> int:
    return _integer(value, "a bundle number", limits.BUNDLE_NUMBER_MAX, 1)


def _data(value: WireValue) -> bytes:
    return as_bytes(value, MalformedFrame, "a fragment", least=1, most=limits.PACKET_BYTES_MAX)


def _steps(values: tuple[WireValue, ...], base: int) -> tuple[Range, ...]:
    if len(values) > 2 * limits.RANGES_PER_FRAME_MAX:
        raise MalformedFrame("a frame names too many ranges")
    steps = tuple(_integer(v, "a range", limits.BUNDLE_NUMBER_MAX) for v in values)
    if base + sum(steps) > limits.BUNDLE_NUMBER_MAX + 1:
        raise MalformedFrame("a range reaches behind the highest number there can be")
    return tuple(from_steps(steps, base))


def _exactly(fields: tuple[WireValue, ...], count: int) -> None:
    if len(fields) != count:
        raise MalformedFrame(f"a frame of this type has {count} fields, not {len(fields)}")


def _read_start(priority: Priority, fields: tuple[WireValue, ...]) -> Start:
    if len(fields) not in (2, 3):
        raise MalformedFrame("a first fragment has a number, data and perhaps a size")
    data = _data(fields[1])
    total_bytes = len(data)
    if len(fields) == 3:
        total_bytes = _integer(fields[2], "a bundle's size", limits.BUNDLE_BYTES_MAX, len(data) + 1)
    return Start(number=_number(fields[0]), total_bytes=total_bytes, priority=priority, data=data)


def _read_more(fields: tuple[WireValue, ...]) -> More:
    _exactly(fields, 3)
    offset = _integer(fields[1], "an offset", limits.BUNDLE_BYTES_MAX, 1)
    return More(number=_number(fields[0]), offset=offset, data=_data(fields[2]))


def _read_next(fields: tuple[WireValue, ...]) -> Next:
    _exactly(fields, 1)
    return Next(data=_data(fields[0]))


def _read_ack(fields: tuple[WireValue, ...]) -> Ack:
    if len(fields) < 2:
        raise MalformedFrame("an acknowledgement names a bundle and an end")
    end = _integer(fields[1], "an end", limits.BUNDLE_BYTES_MAX)
    return Ack(number=_number(fields[0]), end=end, beyond=_steps(fields[2:], end))


def _read_resync(fields: tuple[WireValue, ...]) -> Resync:
    if len(fields) < 2:
        raise MalformedFrame("a resync says whether a reply is wanted, and its floor")
    flags = _integer(fields[0], "a resync's flags", 3)
    wanted, complete = bool(flags & 1), not flags & 2
    floor = _integer(fields[1], "a floor", limits.BUNDLE_NUMBER_MAX)
    if len(fields) == 2:
        return Resync(reply_wanted=wanted, floor=floor, complete=complete)
    steps = as_array(fields[2], MalformedFrame, "ranges", most=2 * limits.RANGES_PER_FRAME_MAX)
    partial = tuple(
        _read_ack(as_array(entry, MalformedFrame, "a partial bundle", least=2, most=_ARRAY_VALUES_MAX))
        for entry in fields[3:]
    )
    beyond = _steps(steps, floor + 1)
    return Resync(reply_wanted=wanted, floor=floor, beyond=beyond, partial=partial, complete=complete)


def _read_receipt(fields: tuple[WireValue, ...]) -> Receipt:
    if not fields:
        raise MalformedFrame("a receipt names at least one bundle")
    first = _number(fields[0])
    count = _integer(fields[1], "a count", limits.BUNDLE_NUMBER_MAX, 1) if len(fields) > 1 else 1
    end = first + count
    if end > limits.BUNDLE_NUMBER_MAX + 1:
        raise MalformedFrame("a range reaches behind the highest number there can be")
    return Receipt(numbers=((first, end), *_steps(fields[2:], end)))


def _read_refuse(fields: tuple[WireValue, ...]) -> Refuse:
    _exactly(fields, 2)
    reason = Refusal(_integer(fields[1], "a reason", max(Refusal), 1))
    return Refuse(number=_number(fields[0]), reason=reason)


def _read_status(fields: tuple[WireValue, ...]) -> Status:
    _exactly(fields, 1)
    entries = as_map(fields[0], MalformedFrame, "a status")
    if len(entries) > limits.STATUS_ENTRIES_MAX:
        raise MalformedFrame("a status has too many entries")
    bound = 2**53
    return Status(values={key: _integer(v, "a status value", bound, -bound) for key, v in entries.items()})


def _read_pad(fields: tuple[WireValue, ...]) -> Pad:
    _exactly(fields, 2)
    answer_bytes = _integer(fields[0], "an answer's size", limits.PACKET_BYTES_MAX)
    if 0 < answer_bytes < limits.SHAPED_PACKET_BYTES_MIN:
        raise MalformedFrame(f"an answer of {answer_bytes} bytes has no room for its frames")
    filling = as_bytes(fields[1], MalformedFrame, "padding", most=limits.PACKET_BYTES_MAX)
    if any(filling):
        raise MalformedFrame("padding has only zero bytes")
    return Pad(answer_bytes=answer_bytes, size_bytes=len(filling))


_READERS: Mapping[int, Callable[[tuple[WireValue, ...]], Frame]] = {
    **{Start.TYPE + priority: partial(_read_start, priority) for priority in Priority},
    More.TYPE: _read_more,
    Next.TYPE: _read_next,
    Ack.TYPE: _read_ack,
    Resync.TYPE: _read_resync,
    Receipt.TYPE: _read_receipt,
    Refuse.TYPE: _read_refuse,
    Status.TYPE: _read_status,
    Pad.TYPE: _read_pad,
}
