"""What one side has to send: which bytes are acknowledged, on their way, or in doubt.

Bytes are in doubt after a cut, a silence or a restart: they may have arrived. They are not sent again until
the peer has said what it holds, or has been silent for too long; meanwhile everything else goes on forwards.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from protocol import limits
from protocol.errors import QueueFull, TooLarge
from protocol.events import BundleRefused, CustodyAccepted, Event, NumberTaken
from protocol.fragment import Range, RangeSet
from protocol.frames import Ack, Priority, Refusal, Refuse, Resync
from protocol.ids import Instant
from protocol.journal import Journal, OutgoingAcked, OutgoingBegun, OutgoingSettled

NEVER_PAUSED = Instant(float("-inf"))

Allows = Callable[[int, Priority], bool]
"""The shell's word on what a link may carry now, by number and priority; it may change its mind."""


def anything(_number: int, _priority: Priority) -> bool:
    """Allow everything: for links that cost nothing."""
    return True


@dataclass(slots=True, kw_only=True)
class Outgoing:
    """One bundle on its way out."""

    number: int
    priority: Priority
    data: bytes
    begun: bool = False
    """Whether the peer may know of it; only then does its word about the number concern this bundle."""
    acked: RangeSet = field(default_factory=RangeSet)
    claimed: RangeSet = field(default_factory=RangeSet)
    """Bytes on their way or in doubt: not to be sent now."""
    paused_until: Instant = NEVER_PAUSED
    busy_count: int = 0
    """How many tries of this bundle ended because the peer had no room."""

    @property
    def size_bytes(self) -> int:
        """How many bytes the bundle has."""
        return len(self.data)

    def next_gap(self) -> Range | None:
        """Return the first run of bytes that has to be sent now."""
        start = self.acked.contiguous_end(0)
        # Where a claimed run ends and no acknowledged one goes on, neither set holds the next byte.
        while (end := self.claimed.contiguous_end(start)) != start:
            start = self.acked.contiguous_end(end)
            if start == end:
                break
        if start >= len(self.data):
            return None
        behind = (self.acked.next_start(start), self.claimed.next_start(start), len(self.data))
        return start, min(at for at in behind if at is not None)


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of one bundle that were put on a link."""

    number: int
    start: int
    end: int
    is_copy: bool = False
    """Another link carries these bytes too, and it is that one which waits for their acknowledgement."""


class Outbox:
    """The outgoing bundles that the engine keeps in memory, in the order in which they go."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._bundles: dict[int, Outgoing] = {}
        self._line: list[tuple[Priority, int]] = []
        """Priority and number of each, in the order in which they go: asked for at every packet."""
        self._doubt: list[Piece] = []
        self._unheard: set[int] = set()
        self._known = RangeSet()
        """Numbers of which the peer has said that it has a bundle, whole or in part."""
        self.truth_wanted = False
        """After a rekey, no data goes before the peer has said which numbers it knows."""

    def __len__(self) -> int:
        return len(self._bundles)

    def __contains__(self, number: int) -> bool:
        return number in self._bundles

    def offer(
        self,
        number: int,
        priority: Priority,
        data: bytes,
        *,
        begun: bool = False,
        acked: Iterable[Range] = (),
    ) -> None:
        """Take a bundle to send; one that an earlier life had begun is in doubt beyond what was acknowledged.

        Raises `TooLarge` or `QueueFull`; urgent is taken even when the queue is full.
        """
        if number in self._bundles:
            return
        if not 1 <= len(data) <= limits.BUNDLE_BYTES_MAX:
            raise TooLarge(f"a bundle has 1 to {limits.BUNDLE_BYTES_MAX} bytes; make it smaller")
        if len(self._bundles) >= limits.BUNDLES_OFFERED_MAX and priority is not Priority.URGENT:
            raise QueueFull(
                "the engine holds as many bundles as it may; offer this one when another has left"
            )
        outgoing = Outgoing(number=number, priority=priority, data=data, begun=begun, acked=RangeSet(acked))
        self._bundles[number] = outgoing
        insort(self._line, (priority, number))
        # A number that the peer knows, and that was never begun, was given twice: our store was set back, and
        # what the peer says to the question will bring a new number.
        if begun or number in self._known:
            for start, end in list(outgoing.acked.missing(0, len(data))):
                self.doubt([Piece(number, start, end)])
                outgoing.claimed.add(start, end)

    def withdraw(self, number: int) -> None:
        """Stop sending a bundle, because its lifetime ended or it got another number."""
        outgoing = self._bundles.pop(number, None)
        if outgoing is not None:
            del self._line[bisect_left(self._line, (outgoing.priority, number))]
        # Nothing of it may keep the engine asking a peer that has gone.
        self._doubt = [piece for piece in self._doubt if piece.number != number]

    def next_to_send(self, now: Instant, allows: Allows = anything) -> Outgoing | None:
        """Return the bundle whose bytes go next: urgent first, then the oldest of the highest priority."""
        return next(self._ready(now, allows), None)

    def ready(self, now: Instant) -> frozenset[int]:
        """Return the numbers of the bundles that have bytes to send now."""
        return frozenset(outgoing.number for outgoing in self._ready(now, anything))

    def _ready(self, now: Instant, allows: Allows) -> Iterator[Outgoing]:
        for priority, number in self._line:
            outgoing = self._bundles[number]
            if outgoing.paused_until <= now and outgoing.next_gap() is not None and allows(number, priority):
                yield outgoing

    def urgent(self) -> Iterator[Outgoing]:
        """Yield the urgent bundles, the oldest first."""
        return (
            self._bundles[number]
            for _, number in takewhile(lambda place: place[0] is Priority.URGENT, self._line)
        )

    def get(self, number: int) -> Outgoing | None:
        """Return a bundle that is still to be delivered."""
        return self._bundles.get(number)

    def pause_deadline(self, now: Instant) -> Instant | None:
        """Return when the next refused bundle may be tried again."""
        times = [outgoing.paused_until for outgoing in self._bundles.values() if outgoing.paused_until > now]
        return min(times, default=None)

    # --- doubt --------------------------------------------------------------------------------------------

    def in_doubt(self, allows: Allows = anything) -> bool:
        """Return whether bytes that a link may carry wait for the peer's word."""
        return any(
            piece.number in self._bundles and allows(piece.number, self._bundles[piece.number].priority)
            for piece in self._doubt
        )

    def doubt(self, pieces: Iterable[Piece]) -> None:
        """Leave these bytes claimed until the peer says whether it holds them."""
        self._doubt += [piece for piece in pieces if piece.number in self._bundles]

    def release(self, pieces: Iterable[Piece]) -> None:
        """Let these bytes be sent again."""
        for piece in pieces:
            outgoing = self._bundles.get(piece.number)
            if outgoing is not None:
                outgoing.claimed.remove(piece.start, piece.end)

    def release_doubt(self) -> None:
        """Stop waiting for the peer's word: what is in doubt is sent again."""
        self.release(self._doubt)
        self._doubt.clear()

    def begin(self, outgoing: Outgoing) -> None:
        """Note that the first fragment of a bundle is about to leave."""
        if not outgoing.begun:
            outgoing.begun = True
            self._unheard.add(outgoing.number)
            self._journal.record(OutgoingBegun(number=outgoing.number))

    def on_heard(self) -> None:
        """Note that the peer's keys meet ours, so that it could read what left."""
        self._unheard.clear()

    def forget_unheard(self) -> None:
        """After a rekey between keys that did not meet: what left since the peer was last heard was not read.

        If it has a bundle of such a number all the same, that is another one: our store was set back.
        """
        for number in self._unheard & self._bundles.keys():
            self._bundles[number].begun = False
        self._unheard.clear()

    # --- the peer's word ------------------------------------------------------------------------------------

    def on_ack(self, ack: Ack) -> None:
        """Note what the peer holds."""
        outgoing = self._bundles.get(ack.number)
        if outgoing is None or not outgoing.begun:
            return
        before = outgoing.acked.total()
        for start, end in ((0, ack.end), *ack.beyond):
            outgoing.acked.add(start, min(end, outgoing.size_bytes))
            # If the peer is ever restored and says that it lost these bytes, nothing may keep them back.
            outgoing.claimed.remove(start, end)
        if outgoing.acked.covers(0, outgoing.size_bytes):
            self._contradicted(outgoing)
        if outgoing.acked.total() != before:
            self._journal.record(OutgoingAcked(number=ack.number, ranges=tuple(outgoing.acked)))

    def _contradicted(self, outgoing: Outgoing) -> None:
        """Doubt all of a bundle whose acknowledgements together cover it.

        A peer acknowledges only what it holds of an incomplete bundle, so it has let go of some of it since:
        it refused the bundle, and an acknowledgement from before came late by another link.
        """
        outgoing.acked = RangeSet()
        outgoing.claimed = RangeSet(((0, outgoing.size_bytes),))
        self.doubt([Piece(outgoing.number, 0, outgoing.size_bytes)])

    def on_receipt(self, numbers: Iterable[Range]) -> list[Event]:
        """Let go of bundles that the peer has in custody."""
        events: list[Event] = []
        ranges = RangeSet(numbers)
        highest = max((end - 1 for _, end in ranges), default=0)
        for number in [number for number in self._bundles if number in ranges]:
            if self._bundles[number].begun:
                self._journal.record(OutgoingSettled(number=number))
                events.append(CustodyAccepted(number=number))
            else:
                # We never sent it, yet the peer has one of this number: our store was set back.
                events.append(NumberTaken(number=number, highest=highest))
            self.withdraw(number)
        return events

    def on_resync(self, resync: Resync) -> list[Event]:
        """Take the peer's account of everything it holds as the truth."""
        taken = ((1, resync.floor + 1), *resync.beyond) if resync.floor else resync.beyond
        events = self.on_receipt(taken)
        stated = {ack.number: ack for ack in resync.partial}
        self._known = RangeSet((*taken, *((number, number + 1) for number in stated)))
        events += self._renumbered(stated, resync)
        for outgoing in self._bundles.values():
            if outgoing.acked and (resync.complete or outgoing.number in stated):
                # A peer restored from a backup may hold less than it once acknowledged.
                self._forget_acks(outgoing, stated.get(outgoing.number), complete=resync.complete)
        for ack in resync.partial:
            self.on_ack(ack)
        self.release_doubt()
        return events

    def _renumbered(self, stated: Iterable[int], resync: Resync) -> list[Event]:
        """Let go of bundles under whose number the peer holds pieces of another: our store was set back."""
        numbers = [number for number in stated if number in self._bundles and not self._bundles[number].begun]
        highest = max((*stated, resync.floor, *(end - 1 for _, end in resync.beyond)), default=0)
        for number in numbers:
            self.withdraw(number)
        return [NumberTaken(number=number, highest=highest) for number in numbers]

    def _forget_acks(self, outgoing: Outgoing, stated: Ack | None, *, complete: bool) -> None:
        held = RangeSet(((0, stated.end), *stated.beyond)) if stated is not None else RangeSet()
        if not complete:
            # The peer had no room for more: it says nothing about what lies behind its last range.
            _, last_end = list(held)[-1] if held else (0, 0)
            held.add(last_end, outgoing.size_bytes)
        lost = [gap for start, end in outgoing.acked for gap in held.missing(start, end)]
        for start, end in lost:
            outgoing.acked.remove(start, end)
        if lost:
            self._journal.record(OutgoingAcked(number=outgoing.number, ranges=tuple(outgoing.acked)))

    def on_refuse(self, refuse: Refuse, now: Instant) -> list[Event]:
        """Keep the bundle, start it anew later, and tell the shell why."""
        outgoing = self._bundles.get(refuse.number)
        if outgoing is None or not outgoing.begun:
            return []
        outgoing.acked = RangeSet()
        outgoing.claimed = RangeSet()
        self._pause(outgoing, refuse.reason, now)
        self._doubt = [piece for piece in self._doubt if piece.number != refuse.number]
        self._journal.record(OutgoingAcked(number=refuse.number, ranges=()))
        return [BundleRefused(number=refuse.number, reason=refuse.reason)]

    @staticmethod
    def _pause(outgoing: Outgoing, reason: Refusal, now: Instant) -> None:
        """Let a refused bundle wait, twice as long after each "busy": each try costs all its bytes."""
        if reason is not Refusal.BUSY:
            # These change only when somebody on shore acts; asking more often would only cost.
            outgoing.paused_until = Instant(now + limits.REFUSED_PAUSE_S_MAX)
        elif outgoing.paused_until <= now:
            pause_s = limits.BUSY_PAUSE_S_MIN * 2**outgoing.busy_count
            outgoing.paused_until = Instant(now + min(pause_s, limits.REFUSED_PAUSE_S_MAX))
            # Past the longest pause there is nothing to double.
            outgoing.busy_count += pause_s < limits.REFUSED_PAUSE_S_MAX
        # Else a second refusal of the same try came, and the wait has begun already.

    def numbers(self) -> Iterator[int]:
        """Yield the numbers of all bundles held here."""
        return iter(tuple(self._bundles))
