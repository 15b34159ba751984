"""What one side holds of what the other sends, and what it owes it in acknowledgements."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from protocol import bundle as bundles
from protocol import limits
from protocol.bundle import Bundle, Kind
from protocol.errors import MalformedBundle
from protocol.events import BundleArrived, Event
from protocol.fragment import Range, RangeSet, Reassembly
from protocol.frames import Ack, Frame, Priority, Receipt, Refusal, Refuse, Resync, encode
from protocol.ids import Instant
from protocol.journal import BundleTaken, FragmentHeld, FragmentsDropped, HeldFragment, Journal
from protocol.links import LinkKind

Admit = Callable[[int, Bundle], Refusal | None]
"""The shell's last word on a complete bundle: None to take it, or why not."""


@dataclass(slots=True, kw_only=True)
class _Owed:
    """Bytes of one incomplete bundle that have not been acknowledged yet."""

    size_bytes: int
    since: Instant
    at_once: bool


class Inbox:
    """Reassembles incoming bundles and decides when an acknowledgement is due."""

    def __init__(
        self, *, taken: Iterable[Range], fragments: Iterable[HeldFragment], journal: Journal, admit: Admit,
        kinds: frozenset[Kind],
    ) -> None:  # fmt: skip
        self._taken = RangeSet(taken)
        self._journal = journal
        self._admit = admit
        self._kinds = kinds
        self._partial: dict[int, Reassembly] = {}
        self._owed: dict[int, _Owed] = {}
        self._receipts = RangeSet()
        self._refusals: dict[int, Refusal] = {}
        self.duplicate_bytes = 0
        """Payload bytes that came although they were held: what a peer wasted."""
        for piece in fragments:
            held = self._partial.setdefault(
                piece.number, Reassembly(total_bytes=0, priority=int(piece.priority))
            )
            if piece.total_bytes:
                held.describe(piece.total_bytes, int(piece.priority))
            held.hold(piece.offset, piece.data, most_bytes=limits.BUNDLE_BYTES_MAX)

    def take(
        self, number: int, offset: int, data: bytes, now: Instant, first: tuple[int, Priority] | None
    ) -> list[Event]:
        """Hold one fragment; `first` is the bundle's size and priority where this is its beginning."""
        if number in self._taken:
            self.duplicate_bytes += len(data)
            self._receipts.add(number, number + 1)
            return []
        held = self._partial.get(number)
        if held is None:
            held = self._begin(number)
            if held is None:
                return []
        if first is not None:
            held.describe(*first)
        fresh = held.hold(offset, data, most_bytes=limits.BUNDLE_BYTES_MAX)
        self.duplicate_bytes += len(data) - fresh
        if held.complete:
            return self._complete(number, held)
        if fresh:
            self._journal.record(
                FragmentHeld(
                    number=number,
                    total_bytes=held.total_bytes,
                    priority=Priority(held.priority),
                    offset=offset,
                    data=data,
                )
            )
        self._owe(number, held, len(data), now)
        return []

    def _begin(self, number: int) -> Reassembly | None:
        size_bytes = sum(len(held.data) for held in self._partial.values())
        if len(self._partial) >= limits.BUNDLES_OPEN_MAX or size_bytes >= limits.OPEN_BYTES_MAX:
            self._refusals[number] = Refusal.BUSY
            return None
        held = self._partial[number] = Reassembly(total_bytes=0, priority=int(Priority.CLEAR_VOICE))
        return held

    def _owe(self, number: int, held: Reassembly, size_bytes: int, now: Instant) -> None:
        # When the end has come and something before it has not, waiting tells us nothing more.
        at_once = held.total_bytes > 0 and len(held.data) == held.total_bytes
        owed = self._owed.get(number)
        if owed is None:
            self._owed[number] = _Owed(size_bytes=size_bytes, since=now, at_once=at_once)
        else:
            owed.size_bytes += size_bytes
            owed.at_once = owed.at_once or at_once

    def _complete(self, number: int, held: Reassembly) -> list[Event]:
        data, priority = bytes(held.data), Priority(held.priority)
        del self._partial[number]
        self._owed.pop(number, None)
        refusal, bundle = self._judge(number, data)
        if bundle is None or refusal is not None:
            self._refusals[number] = refusal or Refusal.MALFORMED
            self._journal.record(FragmentsDropped(number=number))
            return []
        self._taken.add(number, number + 1)
        self._receipts.add(number, number + 1)
        self._journal.record(BundleTaken(number=number, priority=priority, bundle=bundle, data=data))
        return [BundleArrived(number=number, priority=priority, bundle=bundle)]

    def _judge(self, number: int, data: bytes) -> tuple[Refusal | None, Bundle | None]:
        try:
            bundle = bundles.decode(data)
        except MalformedBundle:
            return Refusal.MALFORMED, None
        if bundle.KIND not in self._kinds:
            return Refusal.MALFORMED, None
        return self._admit(number, bundle), bundle

    # --- what is owed -----------------------------------------------------------------------------------

    def answer_due(self, now: Instant, kind: LinkKind) -> bool:
        """Return whether something must be said now, even if a packet goes only for it."""
        due_at = self.deadline(kind)
        return due_at is not None and now >= due_at

    def deadline(self, kind: LinkKind) -> Instant | None:
        """Return when the next answer falls due on a link of this kind."""
        if self._receipts or self._refusals:
            return Instant(0.0)
        if kind is LinkKind.MESSAGE:
            return None
        return min((self._due_at(owed) for owed in self._owed.values()), default=None)

    def answers(self, room_bytes: int) -> bytes:
        """Return what is owed, as far as it fits; that is owed no more."""
        said = bytearray()
        for frame, settle in list(self._answers()):
            encoded = encode(frame)
            if len(said) + len(encoded) > room_bytes:
                break
            said += encoded
            settle()
        return bytes(said)

    def _answers(self) -> Iterator[tuple[Frame, Callable[[], object]]]:
        if self._receipts:
            ranges = list(self._receipts)[: limits.RANGES_PER_FRAME_MAX]
            yield Receipt(numbers=tuple(ranges)), partial(self._forget_receipts, ranges)
        for number, reason in self._refusals.items():
            yield Refuse(number=number, reason=reason), partial(self._refusals.pop, number)
        for number in self._owed:
            yield self._ack(number), partial(self._owed.pop, number)

    def _forget_receipts(self, ranges: Iterable[Range]) -> None:
        for start, end in ranges:
            self._receipts.remove(start, end)

    def resync(self, *, reply_wanted: bool) -> Resync:
        """Return all that is held; it settles every acknowledgement and receipt that is owed."""
        self._owed.clear()
        self._receipts = RangeSet()
        floor = self._taken.contiguous_end(1) - 1
        numbers = sorted(self._partial, key=lambda number: (self._partial[number].priority, number))
        return Resync(
            reply_wanted=reply_wanted,
            floor=floor,
            beyond=tuple(self._taken.beyond(1)[: limits.RANGES_PER_FRAME_MAX]),
            partial=tuple(self._ack(number) for number in numbers[: limits.RESYNC_PARTIALS_MAX]),
        )

    def _ack(self, number: int) -> Ack:
        held = self._partial[number].held
        return Ack(
            number=number,
            end=held.contiguous_end(0),
            beyond=tuple(held.beyond(0)[: limits.ACK_RANGES_MAX]),
        )

    @staticmethod
    def _due_at(owed: _Owed) -> Instant:
        if owed.at_once or owed.size_bytes >= limits.ACK_BYTES:
            return owed.since
        return Instant(owed.since + limits.ACK_DELAY_S)
