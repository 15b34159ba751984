"""Ranges of bytes or numbers, and the pieces of one bundle put together again.

A range is half open: (start, end) holds start and not end.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from protocol.errors import LimitExceeded, MalformedFrame

Range = tuple[int, int]


class RangeSet:
    """A set of whole numbers kept as sorted, disjoint, non-touching half-open ranges."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in ranges:
            self.add(start, end)

    def __iter__(self) -> Iterator[Range]:
        return iter(list(zip(self._starts, self._ends, strict=True)))

    def __len__(self) -> int:
        return len(self._starts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RangeSet) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # Mutable, so it must not be a dictionary key.

    def __repr__(self) -> str:
        return f"RangeSet({list(self)})"

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._starts, number) - 1
        return at >= 0 and number < self._ends[at]

    def total(self) -> int:
        """Return how many numbers the set holds."""
        return sum(self._ends) - sum(self._starts)

    def add(self, start: int, end: int) -> int:
        """Add a range and return how many of its numbers were new."""
        if start >= end:
            return 0
        if not self._ends or start > self._ends[-1]:
            self._starts.append(start)
            self._ends.append(end)
            return end - start
        if start == self._ends[-1]:
            # Bytes mostly come one behind the other.
            self._ends[-1] = end
            return end - start
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        overlap = sum(
            max(0, min(end, self._ends[at]) - max(start, self._starts[at])) for at in range(first, last)
        )
        if first < last:
            merged_start, merged_end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        else:
            merged_start, merged_end = start, end
        self._starts[first:last] = [merged_start]
        self._ends[first:last] = [merged_end]
        return end - start - overlap

    def remove(self, start: int, end: int) -> None:
        """Take a range out of the set."""
        if start >= end:
            return
        kept: list[Range] = []
        for held_start, held_end in self:
            if held_end <= start or held_start >= end:
                kept.append((held_start, held_end))
                continue
            if held_start < start:
                kept.append((held_start, start))
            if held_end > end:
                kept.append((end, held_end))
        self._starts = [held[0] for held in kept]
        self._ends = [held[1] for held in kept]

    def covers(self, start: int, end: int) -> bool:
        """Return whether every number of the range is in the set."""
        at = bisect_right(self._starts, start) - 1
        return start >= end or (at >= 0 and end <= self._ends[at])

    def contiguous_end(self, start: int = 0) -> int:
        """Return the first number from `start` on that is not in the set."""
        at = bisect_right(self._starts, start) - 1
        return self._ends[at] if at >= 0 and self._ends[at] > start else start

    def next_start(self, number: int) -> int | None:
        """Return where the first range behind `number` begins."""
        at = bisect_right(self._starts, number)
        return self._starts[at] if at < len(self._starts) else None

    def missing(self, start: int, end: int) -> Iterator[Range]:
        """Yield what is not in the set between `start` and `end`, in order."""
        at = start
        for held_start, held_end in self:
            if held_end <= at:
                continue
            if held_start >= end:
                break
            if held_start > at:
                yield at, held_start
            at = held_end
        if at < end:
            yield at, end

    def beyond(self, start: int) -> list[Range]:
        """Return the ranges that lie wholly behind the contiguous run that begins at `start`."""
        end = self.contiguous_end(start)
        return [(held_start, held_end) for held_start, held_end in self if held_start > end]


def to_steps(ranges: Iterable[Range], base: int, most: int) -> tuple[int, ...]:
    """Encode ascending ranges as (skip, length) steps from `base`, at most `most` ranges."""
    steps: list[int] = []
    for start, end in ranges:
        if len(steps) == 2 * most:
            break
        steps += (start - base, end - start)
        base = end
    return tuple(steps)


def from_steps(steps: tuple[int, ...], base: int) -> list[Range]:
    """Decode (skip, length) steps; raises `MalformedFrame` where a range would be empty or touch the last."""
    if len(steps) % 2:
        raise MalformedFrame("ranges come as pairs of skip and length")
    ranges: list[Range] = []
    for skip, length in zip(steps[::2], steps[1::2], strict=True):
        if skip < 1 or length < 1:
            raise MalformedFrame("a range must hold something and leave a gap before it")
        ranges.append((base + skip, base + skip + length))
        base += skip + length
    return ranges


@dataclass(slots=True, kw_only=True)
class Reassembly:
    """One incomplete bundle: what has come of it so far."""

    total_bytes: int
    """0 until the first fragment, which alone knows it, has come."""
    priority: int
    held: RangeSet = field(default_factory=RangeSet)
    data: bytearray = field(default_factory=bytearray)

    def describe(self, total_bytes: int, priority: int) -> None:
        """Learn size and priority from the first fragment; a contradiction is refused."""
        if self.total_bytes and (self.total_bytes, self.priority) != (total_bytes, priority):
            raise MalformedFrame("two first fragments of one bundle disagree")
        if total_bytes < len(self.data):
            raise MalformedFrame("a bundle is smaller than the fragments that came of it")
        self.total_bytes, self.priority = total_bytes, priority

    def hold(self, offset: int, piece: bytes, *, most_bytes: int) -> int:
        """Take a piece and return how many bytes of it were new; what was held is never overwritten."""
        end = offset + len(piece)
        if end > (self.total_bytes or most_bytes):
            raise LimitExceeded("a fragment reaches behind the end of its bundle")
        fresh = list(self.held.missing(offset, end))
        if len(self.data) < end:
            self.data.extend(bytes(end - len(self.data)))
        for start, stop in fresh:
            self.data[start:stop] = piece[start - offset : stop - offset]
        return self.held.add(offset, end)

    @property
    def complete(self) -> bool:
        """Whether every byte has come."""
        return self.total_bytes > 0 and self.held.covers(0, self.total_bytes)
