"""The radio, pure: packets and a clock in, deliveries out, one seed behind every accident.

No sockets and no asyncio, so that the same sky serves real sockets and simulations with a virtual clock.
"""

import heapq
import random
from collections import deque
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import Generic, TypeVar

from scripts.sky.errors import ClockError, SettingError
from scripts.sky.model import Cut, CutSchedule, Direction, ListedCuts, Meter, SkyProfile, Stage

Route = TypeVar("Route")


class Fate(Enum):
    """What the sky has decided about a packet when it is offered; a later cut may still lose it."""

    CARRIED = "carried"
    LOST = "lost"  # It will leave, cost its bytes, and never arrive.
    UNSENT = "unsent"  # It will not even leave: link down, packet too long, or queue full.


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Generic[Route]):
    """One packet at the far end; ``route`` is whatever the sender gave with it."""

    direction: Direction
    left_s: float
    at_s: float
    packet: bytes
    route: Route
    is_copy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage(Generic[Route]):
    """What becomes of one offered packet: when its last bit leaves the pacer, and its planned arrivals."""

    fate: Fate
    left_s: float
    size_bytes: int
    arrivals: tuple[Delivery[Route], ...]


class Channel(Generic[Route]):
    """One direction of a radio, shared by all who talk through it.

    A packet waits its turn, leaves at the channel's rate, and arrives ``delay_s`` after its last bit left.
    Call ``due`` at or after ``next_s`` to take what has arrived; calling late loses nothing.
    """

    def __init__(
        self, *, direction: Direction, profile: SkyProfile, meter: Meter, source: random.Random
    ) -> None:
        self._direction = direction
        self._profile = profile
        self._rate_bps = profile.rate_bps(direction)
        self._meter = meter
        self._source = source
        self._waiting: deque[Passage[Route]] = deque()
        self._waiting_bytes = 0
        # The number keeps packets of one instant in their order and deliveries out of comparisons.
        self._flying: list[tuple[float, int, Delivery[Route]]] = []
        self._flown = 0
        self._arrived: list[Delivery[Route]] = []
        self._now_s = -inf
        self._free_s = -inf
        self._down_until_s = -inf

    def send(self, packet: bytes, now_s: float, route: Route) -> Passage[Route]:
        """Offer a packet at ``now_s``.

        Raises: ClockError.
        """
        self.advance(now_s)
        self._meter.count(self._direction, Stage.OFFERED, len(packet))
        if not self.is_up(now_s) or self._is_too_much(len(packet)):
            self._meter.count(self._direction, Stage.UNSENT, len(packet))
            return Passage(fate=Fate.UNSENT, left_s=now_s, size_bytes=len(packet), arrivals=())
        passage = self._plan(packet, now_s, route)
        self._free_s = passage.left_s
        self._waiting.append(passage)
        self._waiting_bytes += len(packet)
        self.advance(now_s)
        return passage

    def due(self, now_s: float) -> list[Delivery[Route]]:
        """Take what has arrived by ``now_s``, in order of arrival.

        Raises: ClockError.
        """
        self.advance(now_s)
        arrived, self._arrived = self._arrived, []
        return arrived

    def cut(self, now_s: float, length_s: float) -> None:
        """Take the link down: what is in the air is lost, what waits for the pacer never leaves."""
        self.advance(now_s)
        for passage in self._waiting:
            self._meter.count(self._direction, Stage.UNSENT, passage.size_bytes)
        for _, _, delivery in self._flying:
            self._meter.count(self._direction, Stage.LOST, len(delivery.packet))
        self._waiting.clear()
        self._waiting_bytes = 0
        self._flying.clear()
        self._free_s = now_s
        self._down_until_s = max(self._down_until_s, now_s + length_s)

    def is_up(self, now_s: float) -> bool:
        """Tell whether a packet offered at ``now_s`` finds the link."""
        return now_s >= self._down_until_s

    def next_s(self) -> float | None:
        """Return the next instant at which a packet leaves, arrives or finds the link back; or ``None``."""
        if self._arrived:
            return self._now_s
        instants = [passage.left_s for passage in list(self._waiting)[:1]]
        instants += [at_s for at_s, _, _ in self._flying[:1]]
        if not self.is_up(self._now_s):
            instants.append(self._down_until_s)
        return min(instants, default=None)

    def advance(self, now_s: float) -> None:
        """Let the packets leave and arrive that do so by ``now_s``; the meter then tells of that instant.

        Raises: ClockError.
        """
        if now_s < self._now_s:
            raise ClockError(
                f"The sky is at {self._now_s} s and was asked for {now_s} s; give times that never go back."
            )
        self._now_s = now_s
        while self._waiting and self._waiting[0].left_s <= now_s:
            self._leave(self._waiting.popleft())
        while self._flying and self._flying[0][0] <= now_s:
            _, _, delivery = heapq.heappop(self._flying)
            self._meter.count(self._direction, Stage.DELIVERED, len(delivery.packet))
            self._arrived.append(delivery)

    def _is_too_much(self, size_bytes: int) -> bool:
        longest, queue = self._profile.packet_bytes_max, self._profile.queue_bytes_max
        if longest is not None and size_bytes > longest:
            return True
        # A packet that finds the pacer idle does not queue.
        return queue is not None and bool(self._waiting) and self._waiting_bytes + size_bytes > queue

    def _plan(self, packet: bytes, now_s: float, route: Route) -> Passage[Route]:
        """Decide a packet's fate; every packet takes five draws, so one setting never shifts another's."""
        profile = self._profile
        airtime_s = 0.0 if self._rate_bps is None else len(packet) * 8 / self._rate_bps
        left_s = max(self._free_s, now_s) + airtime_s
        is_lost = self._source.random() < profile.loss
        is_twice = self._source.random() < profile.duplicate
        is_late = self._source.random() < profile.reorder
        lateness_s, copy_lateness_s = (self._source.uniform(0, profile.reorder_delay_s) for _ in range(2))
        arrivals = []
        if not is_lost:
            arrivals.append((left_s + profile.delay_s + (lateness_s if is_late else 0.0), False))
            if is_twice:
                arrivals.append((left_s + profile.delay_s + copy_lateness_s, True))
        return Passage(
            fate=Fate.LOST if is_lost else Fate.CARRIED,
            left_s=left_s,
            size_bytes=len(packet),
            arrivals=tuple(
                Delivery(
                    direction=self._direction,
                    left_s=left_s,
                    at_s=at_s,
                    packet=packet,
                    route=route,
                    is_copy=is_copy,
                )
                for at_s, is_copy in arrivals
            ),
        )

    def _leave(self, passage: Passage[Route]) -> None:
        self._waiting_bytes -= passage.size_bytes
        self._meter.count(self._direction, Stage.AIR, passage.size_bytes)
        if passage.fate is Fate.LOST:
            self._meter.count(self._direction, Stage.LOST, passage.size_bytes)
        for delivery in passage.arrivals:
            if delivery.is_copy:
                self._meter.count(self._direction, Stage.DUPLICATED, passage.size_bytes)
            heapq.heappush(self._flying, (delivery.at_s, self._flown, delivery))
            self._flown += 1


class Radio(Generic[Route]):
    """Both channels of one link under one schedule of cuts and one meter.

    Scheduled cuts happen at their own time, however late the caller asks.
    """

    def __init__(self, profile: SkyProfile, *, cuts: CutSchedule | None = None, seed: int = 0) -> None:
        self.meter = Meter()
        self._channels: dict[Direction, Channel[Route]] = {
            direction: Channel(
                direction=direction,
                profile=profile,
                meter=self.meter,
                source=random.Random(f"{seed}/{direction.value}"),
            )
            for direction in Direction
        }
        self._cuts = (ListedCuts() if cuts is None else cuts).cuts()
        self._next_cut: Cut | None = next(self._cuts, None)

    def send(self, direction: Direction, packet: bytes, now_s: float, route: Route) -> Passage[Route]:
        """Offer a packet in one direction at ``now_s``.

        Raises: ClockError.
        """
        self.advance(now_s)
        return self._channels[direction].send(packet, now_s, route)

    def due(self, now_s: float) -> list[Delivery[Route]]:
        """Take what has arrived in both directions by ``now_s``, in order of arrival.

        Raises: ClockError.
        """
        self.advance(now_s)
        arrived = [delivery for channel in self._channels.values() for delivery in channel.due(now_s)]
        return sorted(arrived, key=lambda delivery: delivery.at_s)

    def cut(self, now_s: float, length_s: float) -> None:
        """Take both directions down now; inside another cut this can only lengthen it.

        Raises: SettingError, ClockError.
        """
        if not length_s > 0:
            raise SettingError(f"A cut of {length_s} s cannot be; give a length above 0.")
        self.advance(now_s)
        self._take_down(now_s, length_s)

    def is_up(self, now_s: float) -> bool:
        """Tell whether the link carries packets at ``now_s``.

        Raises: ClockError.
        """
        self.advance(now_s)
        return self._channels[Direction.UP].is_up(now_s)

    def next_s(self) -> float | None:
        """Return the next instant at which anything happens by itself, or ``None`` when nothing ever will."""
        instants = [channel.next_s() for channel in self._channels.values()]
        instants.append(None if self._next_cut is None else self._next_cut.at_s)
        return min((instant for instant in instants if instant is not None), default=None)

    def advance(self, now_s: float) -> None:
        """Let everything happen that happens by ``now_s``; the meter then tells of that instant.

        Raises: ClockError.
        """
        while self._next_cut is not None and self._next_cut.at_s <= now_s:
            self._take_down(self._next_cut.at_s, self._next_cut.length_s)
            self._next_cut = next(self._cuts, None)
        for channel in self._channels.values():
            channel.advance(now_s)

    def _take_down(self, at_s: float, length_s: float) -> None:
        if self._channels[Direction.UP].is_up(at_s):
            self.meter.cuts += 1
        for channel in self._channels.values():
            channel.cut(at_s, length_s)
