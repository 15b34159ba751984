"""What one side holds of what the other sends, and what it owes it in acknowledgements."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from protocol import bundle as bundles
from protocol import limits
from protocol.bundle import Bundle, Kind
from protocol.errors import MalformedBundle, MalformedFrame
from protocol.events import BundleArrived, Event
from protocol.fragment import Range, RangeSet, Reassembly
from protocol.frames import Ack, Frame, Priority, Receipt, Refusal, Refuse, Resync, encode
from protocol.ids import Instant
from protocol.journal import BundleTaken, FragmentHeld, FragmentsDropped, HeldFragment, Journal
from protocol.links import LinkKind, LinkProfile

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
        self._answers_since = Instant(0.0)
        """Since when there has been a receipt or a refusal to give; without one it says nothing."""
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
        if not self._receipts and not self._refusals:
            self._answers_since = now
        if number in self._taken:
            self.duplicate_bytes += len(data)
            self._receipts.add(number, number + 1)
            return []
        held = self._partial.get(number)
        if held is None:
            held = Reassembly(total_bytes=0, priority=int(Priority.CLEAR_VOICE))
        if first is not None and not self._agrees(number, held, first):
            return []
        fresh = held.hold(offset, data, most_bytes=limits.BUNDLE_BYTES_MAX)
        self.duplicate_bytes += len(data) - fresh
        # Entered only now, so that a refused fragment takes no place; the last to grow stands last.
        self._partial.pop(number, None)
        self._partial[number] = held
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
        self._make_room()
        return []

    def _agrees(self, number: int, held: Reassembly, first: tuple[int, Priority]) -> bool:
        """Describe the bundle; where its sender has another under this number by now, let go of the old one.

        That sender was set back to an old copy of its store. What is held can never become whole, and
        refusing only the fragment would make it send the same for ever.
        """
        try:
            held.describe(*first)
        except MalformedFrame:
            if number not in self._partial:
                raise
            del self._partial[number]
            self._owed.pop(number, None)
            self._refuse(number, Refusal.BUSY)
            return False
        return True

    def _make_room(self) -> None:
        """Let go of the incomplete bundles that have been quiet longest while there are too many.

        A bundle that its sender gave up stays incomplete for good. A sender has far fewer open than the
        limit, so the quietest is one of those; should it not be, the refusal makes its sender start anew.
        """
        while (
            len(self._partial) > limits.BUNDLES_OPEN_MAX
            or sum(len(held.data) for held in self._partial.values()) > limits.OPEN_BYTES_MAX
        ):
            quietest = next(iter(self._partial))
            del self._partial[quietest]
            self._owed.pop(quietest, None)
            self._refuse(quietest, Refusal.BUSY)

    def _refuse(self, number: int, reason: Refusal) -> None:
        self._journal.record(FragmentsDropped(number=number))
        self._refusals[number] = reason
        if len(self._refusals) > limits.REFUSALS_OWED_MAX:
            # Its sender will be in doubt, ask, and be refused again.
            del self._refusals[next(iter(self._refusals))]

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
            self._refuse(number, refusal or Refusal.MALFORMED)
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

    def answer_due(self, now: Instant, link: LinkProfile) -> bool:
        """Return whether something must be said now, even if a packet goes only for it."""
        due_at = self.deadline(link)
        return due_at is not None and now >= due_at

    def deadline(self, link: LinkProfile) -> Instant | None:
        """Return when the next answer falls due on this link."""
        if self._receipts or self._refusals:
            return Instant(self._answers_since + link.answer_wait_s)
        if link.kind is LinkKind.MESSAGE:
            return None
        return min((self._due_at(owed) for owed in self._owed.values()), default=None)

    def answers(self, room_bytes: int) -> bytes:
        """Return what is owed, as far as it fits; that is owed no more."""
        said = bytearray()
        for frame, settle in list(self._answers(room_bytes)):
            encoded = encode(frame)
            if len(said) + len(encoded) > room_bytes:
                break
            said += encoded
            settle()
        return bytes(said)

    def _answers(self, room_bytes: int) -> Iterator[tuple[Frame, Callable[[], object]]]:
        if self._receipts:
            ranges = tuple(self._receipts)
            receipt = _first_that_fits(
                (Receipt(numbers=ranges[:most]) for most in _FEWER_RANGES if most), room_bytes
            )
            yield receipt, partial(self._forget_receipts, receipt.numbers)
        for number, reason in self._refusals.items():
            yield Refuse(number=number, reason=reason), partial(self._refusals.pop, number)
        for number in self._owed:
            ack = _first_that_fits((self._ack(number, most) for most in _FEWER_RANGES), room_bytes)
            yield ack, partial(self._owed.pop, number)

    def _forget_receipts(self, ranges: Iterable[Range]) -> None:
        for start, end in ranges:
            self._receipts.remove(start, end)

    def resync(self, *, reply_wanted: bool, room_bytes: int) -> bytes:
        """Return a RESYNC of what is held, as much as fits, or nothing where no room is left.

        What it names is owed no more.
        """
        said = _first_that_fits(
            (self._account(most, reply_wanted=reply_wanted) for most in _FEWER_RANGES), room_bytes
        )
        encoded = encode(said)
        if len(encoded) > room_bytes:
            return b""
        for ack in said.partial:
            self._owed.pop(ack.number, None)
        self._forget_receipts(((1, said.floor + 1), *said.beyond))
        return encoded

    def account(self) -> Iterator[Receipt | Ack]:
        """Yield all that is held, for a peer that reads it who knows when.

        None of it denies anything, so that an old account takes back nothing that a newer one said. What it
        names is still owed, since a carried copy may never come.
        """
        taken = list(self._taken)
        for at in range(0, len(taken), limits.ACK_RANGES_MAX):
            yield Receipt(numbers=tuple(taken[at : at + limits.ACK_RANGES_MAX]))
        for number in self._partial:
            yield self._ack(number, limits.ACK_RANGES_MAX)

    def _account(self, most: int, *, reply_wanted: bool) -> Resync:
        """Return all that is held, with at most `most` ranges of each sort."""
        beyond = self._taken.beyond(1)
        numbers = sorted(self._partial, key=lambda number: (self._partial[number].priority, number))
        named = numbers[: min(most, limits.RESYNC_PARTIALS_MAX)]
        return Resync(
            reply_wanted=reply_wanted,
            floor=self._taken.contiguous_end(1) - 1,
            beyond=tuple(beyond[:most]),
            partial=tuple(self._ack(number, most) for number in named),
            complete=len(beyond) <= most
            and named == numbers
            and all(len(self._partial[number].held) <= most for number in named),
        )

    def _ack(self, number: int, most: int) -> Ack:
        held = self._partial[number].held
        return Ack(
            number=number,
            end=held.contiguous_end(0),
            beyond=tuple(held.beyond(0)[:most]),
        )

    @staticmethod
    def _due_at(owed: _Owed) -> Instant:
        if owed.at_once or owed.size_bytes >= limits.ACK_BYTES:
            return owed.since
        return Instant(owed.since + limits.ACK_DELAY_S)


_FEWER_RANGES = (limits.ACK_RANGES_MAX, 16, 8, 4, 2, 1, 0)
"""How many ranges a frame names, tried from the most until it fits its packet."""

_F = TypeVar("_F", Receipt, Ack, Resync)


def _first_that_fits(frames: Iterable[_F], room_bytes: int) -> _F:
    """Return the first frame of at most `room_bytes`, else the last, which is the smallest."""
    frame: _F
    for frame in frames:
        if len(encode(frame)) <= room_bytes:
            break
    return frame
