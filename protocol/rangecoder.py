"""A binary arithmetic coder on 32-bit bounds, the same bits in every language.

The coder keeps an interval `[low, high]` of 32-bit integers, both ends inside. A probability is an
integer from 1 to 65535: the chance, in 65536ths, that the bit is 1. No intermediate value reaches
2**48, so a language whose numbers are doubles computes the same. `docs/coders.md` has the steps.

A packed stream has exactly one right ending, the shortest, and `BitDecoder.ends_cleanly` insists on it:
that shows a damaged tail without spending a checksum on it.
"""

PROBABILITY_BITS = 16
PROBABILITY_ONE = 1 << PROBABILITY_BITS
PROBABILITY_MAX = PROBABILITY_ONE - 1

_TOP = 0xFFFFFFFF
_BYTES_IN_FLIGHT = 4
"""The decoder looks four bytes ahead; a sound stream never makes it look further past its end."""


def _split(low: int, high: int, probability_of_one: int) -> int:
    """Return the last value of the part of the interval that stands for a 1."""
    return low + (((high - low) * probability_of_one) >> PROBABILITY_BITS)


def _shortest_ending(low: int, high: int) -> bytes:
    """Return the fewest bytes that, followed by zeros for ever, name a value inside the interval."""
    if low == 0:
        return b""
    for size_bytes in (1, 2, 3):
        step = 1 << (32 - 8 * size_bytes)
        value = (low + step - 1) // step * step
        if value <= high:
            return value.to_bytes(4, "big")[:size_bytes]
    return low.to_bytes(4, "big")


class BitEncoder:
    """Turns bits and their probabilities into bytes: `encode` each bit, then `finish` once."""

    def __init__(self) -> None:
        self._low = 0
        self._high = _TOP
        self._out = bytearray()

    def encode(self, bit: int, probability_of_one: int) -> None:
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

    def finish(self) -> bytes:
        """Return all bytes; zeros at the end are left out, since the decoder supplies them."""
        return (bytes(self._out) + _shortest_ending(self._low, self._high)).rstrip(b"\0")


class BitDecoder:
    """Turns the bytes of a `BitEncoder` back into bits, given the same probabilities."""

    def __init__(self, data: bytes) -> None:
        self._low = 0
        self._high = _TOP
        self._data = data
        self._position = 4
        self._value = int.from_bytes(data[:4].ljust(4, b"\0"), "big")

    def decode(self, probability_of_one: int) -> int:
        """Return the next bit, whose chance of being 1 is `probability_of_one` / 65536."""
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
        """Whether more bits were taken than any encoder put into these bytes.

        An ending may stand for any number of zero bytes, so only a caller that knows how long the longest
        text of zeros is can bound a loop by this; it must have a bound of its own.
        """
        return self._position > len(self._data) + _BYTES_IN_FLIGHT

    def ends_cleanly(self) -> bool:
        """Whether an encoder that stopped at this bit would have written exactly these bytes."""
        shifted_out = self._position - _BYTES_IN_FLIGHT
        start = self._data[:shifted_out].ljust(shifted_out, b"\0")
        return (start + _shortest_ending(self._low, self._high)).rstrip(b"\0") == self._data
