"""Constant shape: the same packets at the same times, whether anybody speaks or not (SPEC §8.5)."""

import math
from dataclasses import dataclass

from protocol.frames import Pad, encode
from protocol.ids import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a vessel sends on one link: one packet in each slot, and nothing between."""

    packet_bytes: int
    """The size of every packet, at least `limits.SHAPED_PACKET_BYTES_MIN`."""
    answer_bytes: int = 0
    """The size of the one packet that the relay answers each with; 0 lets it answer as it needs to."""
    interval_s: float


class Slots:
    """Which slots of a shaped link are used up; they outlive contacts, so that a new one sends no more."""

    def __init__(self, interval_s: float, now: Instant) -> None:
        self._interval_s = interval_s
        self._used = self._slot(now)
        self.unanswered = 0
        """How many slots in a row brought no answer."""

    def open_at(self) -> Instant:
        """Return when the next packet goes; a slot that was missed is not made up for."""
        return Instant((self._used + 1) * self._interval_s)

    def use(self, now: Instant) -> None:
        """Note that a packet went."""
        self._used = max(self._slot(now), self._used + 1)
        self.unanswered += 1

    def _slot(self, now: Instant) -> int:
        return math.floor(now / self._interval_s)


def padding(room_bytes: int, answer_bytes: int) -> bytes:
    """Return frames that fill exactly `room_bytes`, at least `padding_bytes_min` of them.

    The length of a binary value takes a byte more from 256 on, so that one size needs two frames.
    """
    smallest = _pad(0, answer_bytes)
    filling_bytes = room_bytes - len(smallest)
    for size_bytes in (filling_bytes, filling_bytes - 1):
        whole = _pad(size_bytes, answer_bytes)
        if len(whole) == room_bytes:
            return whole
    return smallest + _pad(filling_bytes - len(smallest), answer_bytes)


def padding_bytes_min(answer_bytes: int) -> int:
    """Return the size of the smallest padding, which every shaped packet has."""
    return len(_pad(0, answer_bytes))


def _pad(size_bytes: int, answer_bytes: int) -> bytes:
    return encode(Pad(answer_bytes=answer_bytes, size_bytes=size_bytes))
