"""A binary arithmetic coder on 32-bit bounds, the same bits in every language.

The coder keeps an interval `[low, high]` of 32-bit integers, both ends inside. A probability is an
integer from 1 to 65535: the chance, in 65536ths, that the bit is 1. No intermediate value reaches
2**48, so a language whose numbers are doubles computes the same. `docs/coders.md` has the steps.

A packed stream has exactly one right ending, the shortest, and `BitDecoder.ends_cleanly` insists on it:
that shows a damaged tail without spending a checksum on it.
"""

from typing import Protocol

PROBABILITY_BITS = 16
PROBABILITY_ONE = 1 << PROBABILITY_BITS
PROBABILITY_MAX = PROBABILITY_ONE - 1

_TOP = 0xFFFFFFFF
_BYTES_IN_FLIGHT = 4
"""The decoder looks four bytes ahead of what is decided."""


def _split(low: int, high: int, probability_of_one: int) -> int:
    """Return the last value of the part of the interval that stands for a 1."""
    return low + (((high - low) * probability_of_one) >> PROBABILITY_BITS)


def _shortest_ending(low: int, high: int) -> bytes:
    """Return the fewest bytes, one at least, that followed by zeros name a value inside the interval.

    Were none allowed, a stream cut before its ending would read as a whole one that ends in ones.
    """
    for size_bytes in (1, 2, 3):
        step = 1 << (32 - 8 * size_bytes)
        value = (low + step - 1) // step * step
        if value <= high:
            return value.to_bytes(4, "big")[:size_bytes]
    return low.to_bytes(4, "big")


class BitCoder(Protocol):
    """What a model drives: the same model, walked the same way, packs with one and unpacks with the other."""

    def code(self, probability_of_one: int, bit: int) -> int:
        """Carry one bit and return it; a decoder ignores `bit` and returns what was packed."""
        ...


class BitEncoder:
    """Turns bits and their probabilities into bytes: `code` each bit, then `finish` once."""

    def __init__(self) -> None:
        self._low = 0
        self._high = _TOP
        self._out = bytearray()

    def code(self, probability_of_one: int, bit: int) -> int:
        """Add one bit whose chance of being 1 is `probability_of_one` / 65536, from 1 to 65535."""
        middle = _split(self._low, self._high, probability_of_one)
        if bit:
            self._high = middle
        else:
            self._low = middle + 1
        while (self._low ^ self._high) < 0x1000000:
            self._out.append(self._high >> 24)
            self._low = (self._low << 8) & _TOP
            self._high = ((self._high << 8) & _TOP) | 0xFF
        return bit

    def finish(self) -> bytes:
        """Return all bytes, with the shortest ending that says where in the last interval we are."""
        return bytes(self._out) + _shortest_ending(self._low, self._high)


class BitDecoder:
    """Turns the bytes of a `BitEncoder` back into bits, given the same probabilities.

    Past the end it reads zeros: the caller stops once it `ran_dry`, and at its end asks `ends_cleanly`.
    """

    def __init__(self, data: bytes) -> None:
        self._low = 0
        self._high = _TOP
        self._data = data
        self._position = 4
        self._value = int.from_bytes(data[:4].ljust(4, b"\0"), "big")

    def code(self, probability_of_one: int, bit: int = 0) -> int:
        """Return the next bit, whatever `bit` is; its chance of being 1 is `probability_of_one` / 65536."""
        middle = _split(self._low, self._high, probability_of_one)
        bit = 1 if self._value <= middle else 0
        if bit:
            self._high = middle
        else:
            self._low = middle + 1
        while (self._low ^ self._high) < 0x1000000:
            self._low = (self._low << 8) & _TOP
            self._high = ((self._high << 8) & _TOP) | 0xFF
            following = self._data[self._position] if self._position < len(self._data) else 0
            self._value = ((self._value << 8) & _TOP) | following
            self._position += 1
        return bit

    @property
    def ran_dry(self) -> bool:
        """Whether more was taken than any encoder put into these bytes: they are damaged, stop here."""
        return self._position - _BYTES_IN_FLIGHT > len(self._data)

    def ends_cleanly(self) -> bool:
        """Whether an encoder that stopped at this bit would have written exactly these bytes."""
        decided = self._position - _BYTES_IN_FLIGHT
        return not self.ran_dry and self._data[decided:] == _shortest_ending(self._low, self._high)
