"""Packs the frames of Codec2 2400 without loss: about four tenths fewer bytes.

A frame's 14 fields hang together with each other and with the two frames before, so each bit is coded
with a chance that ten opinions are mixed to: eight come from contexts that learn as the note goes on, one
from what is known of speech beforehand, a few dozen numbers, and one is always the same. So short notes
gain too. `docs/coders.md` has every step, and decision 80 says where the numbers come from.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import mul

from protocol.errors import MalformedVoice
from protocol.mixing import learn, mix, squash, stretch_table
from protocol.pitchenergy import PitchEnergy
from protocol.rangecoder import PROBABILITY_ONE, BitCoder, BitDecoder, BitEncoder

CODEC2_FRAME_BYTES = 6

_WIDTHS_BITS = (1, 1, 8, 4, 4, 4, 4, 4, 4, 4, 3, 3, 2, 2)
"""Two voicing bits, pitch and energy together, ten line spectral frequencies, two spare bits."""

_PITCH_ENERGY = 2
_FIRST_SPECTRAL = 3
_SPARE = 13

_EXPECTED = (
    (55, 0, 0, 2, -23, 67),
    (47, 53, -35, -2, -23, 52),
    (44, 27, -17, -2, -57, 152),
    (45, 21, -14, 5, -18, 42),
    (54, 23, -16, 3, 1, 10),
    (43, 41, -24, 2, -11, 49),
    (48, 24, -18, 8, -5, 64),
    (45, 17, -10, 4, 0, 4),
    (46, 11, -7, 7, -2, 76),
    (38, 24, -11, 0, -3, -11),
)
"""How each spectral field follows, in 64ths, from its last value, its lower neighbour's new and last value,
its upper neighbour's last value, the number of voiced halves of the frame, and one.

Fitted to a few minutes of speech; no table of what was said, only how spectra move.
"""

_FINE = 256
"""Expected values and spreads are in 256ths of a step of the field."""

_SPREAD_START = 160
"""For a field of four bits."""

_SPREAD_SHARE = 192
"""What the distance to the expected value counts for in the spread, in 256ths."""

_SPREAD_SHIFT = 5
_SPREAD_MIN = 24
_QUOTIENT_MIN = 4
_QUOTIENT_MAX = 4_091

_VOTES = 8
_WEIGHTS_START = (15000, 12000, 8500, 12000, 8000, 9500, 12000, 6000, 0, 25000)
_WEIGHTS_START_PITCH_ENERGY = (*[4000] * _VOTES, 0, 34000)
_BIAS_OPINION = 256
_RATE = 3
_RATE_FINE = 8
"""Weights kept for each field and voicing learn faster than those they are added to."""

_SEEN_MAX = 255
_CHANCE_MIN = 32
_CHANCE_MAX = 65_503

_SHARES = tuple(PROBABILITY_ONE // (seen + 2) for seen in range(_SEEN_MAX + 1))
"""How far a cell moves towards a bit, in 65536ths: one half at first, then ever less."""

_TRUST = tuple(min(256, 200 + 5 * seen) for seen in range(_SEEN_MAX + 1))
"""How loud a cell speaks, in 256ths: one that has seen little speaks softly."""

_Frame = list[int]


def pack_codec2(frames: Iterable[bytes]) -> bytes:
    """Return frames of 6 bytes, packed.

    Raises:
        MalformedVoice: a frame has another size.
    """
    coder = BitEncoder()
    model = _Codec2Model(coder)
    for frame in frames:
        if len(frame) != CODEC2_FRAME_BYTES:
            raise MalformedVoice(f"A Codec2 frame has {len(frame)} bytes instead of {CODEC2_FRAME_BYTES}.")
        model.code(_fields(frame))
    return coder.finish()


def unpack_codec2(payload: bytes, count: int) -> tuple[bytes, ...]:
    """Return the `count` frames that `pack_codec2` was given.

    Raises:
        MalformedVoice: the bytes are damaged, or hold another number of frames.
    """
    decoder = BitDecoder(payload)
    model = _Codec2Model(decoder)
    frames = []
    for _ in range(count):
        frames.append(_frame(model.code([0] * len(_WIDTHS_BITS))))
        if decoder.ran_dry:
            raise MalformedVoice("The Codec2 frames end too early; have the note sent again.")
    if not decoder.ends_cleanly():
        raise MalformedVoice("The Codec2 frames do not end where they should; have the note sent again.")
    return tuple(frames)


def _fields(frame: bytes) -> _Frame:
    """Cut a frame into its fields, from its first bit on, and undo the Gray code Codec2 writes them in."""
    rest = int.from_bytes(frame, "big")
    fields = []
    for width in reversed(_WIDTHS_BITS):
        value = rest & ((1 << width) - 1)
        value ^= value >> 4
        value ^= value >> 2
        value ^= value >> 1
        fields.append(value)
        rest >>= width
    return fields[::-1]


def _frame(fields: _Frame) -> bytes:
    """Join fields to a frame, each in Gray code again."""
    joined = 0
    for width, value in zip(_WIDTHS_BITS, fields, strict=True):
        joined = joined << width | value ^ value >> 1
    return joined.to_bytes(CODEC2_FRAME_BYTES, "big")


def _clip(value: int, bound: int) -> int:
    return bound if value > bound else -bound if value < -bound else value


class _Codec2Model:
    """Codes one note, frame by frame: the same model packs and unpacks."""

    def __init__(self, coder: BitCoder) -> None:
        self._coder = coder
        self._stretches = stretch_table()
        self._last: _Frame = [0] * len(_WIDTHS_BITS)
        self._before: _Frame = self._last
        self._pitch_energy = PitchEnergy()
        self._spreads = [_SPREAD_START * width // 4 for width in _WIDTHS_BITS]
        """For each field: how far from the expected value it tends to be."""
        self._cells: list[dict[int, list[int]]] = [{} for _ in range(_VOTES)]
        """For each vote and each of its contexts: the chance of a 1, and how often it was seen."""
        self._weights = [list(_WEIGHTS_START) for _ in range(_FIRST_SPECTRAL + 1)]
        self._weights[_PITCH_ENERGY] = list(_WEIGHTS_START_PITCH_ENERGY)
        self._weights_fine = [[0] * (_VOTES + 2) for _ in range(4 * len(_WIDTHS_BITS))]
        """For each field and voicing; added to the others."""

    def code(self, frame: _Frame) -> _Frame:
        """Carry one frame and return it; an unpacking coder ignores `frame`."""
        fields: _Frame = []
        for index in range(len(_WIDTHS_BITS)):
            value = self._code_field(index, frame[index], fields)
            fields.append(value)
            if index == _PITCH_ENERGY:
                self._pitch_energy.follow(value)
        self._before, self._last = self._last, fields
        return fields

    def _code_field(self, index: int, value: int, fields: _Frame) -> int:
        """Carry one field, its high bit first; `fields` are those of this frame that are known."""
        field = self._look(index, fields)
        weights = self._weights[min(index, _FIRST_SPECTRAL)]
        weights_fine = self._weights_fine[index * 4 + field.voicing % 4]
        known = 1
        for shift in reversed(range(field.width)):
            contexts = field.contexts(known, shift)
            prior = field.prior(known, shift)
            known = 2 * known + self._code_bit(contexts, prior, weights, weights_fine, value >> shift & 1)
        found = known - (1 << field.width)
        distance = abs(found * _FINE - field.expected) * _SPREAD_SHARE // 256
        self._spreads[index] += (distance - self._spreads[index]) >> _SPREAD_SHIFT
        return found

    def _look(self, index: int, fields: _Frame) -> "_Field":
        """Return all that is known of a field before its first bit."""
        last = self._last[index]
        voicing = _voicing(fields, self._last)
        previous = fields[-1] if fields else 0
        previous_two = previous * 256 + (fields[-2] if len(fields) > 1 else 0)
        loudness = self._pitch_energy.loudness
        spoken = index * 16 + loudness
        return _Field(
            index=index,
            width=_WIDTHS_BITS[index],
            last=last,
            before=self._before[index],
            # A spectral field tends to move the way its lower neighbour just moved.
            moved=last + previous - self._last[index - 1] if index > _FIRST_SPECTRAL else last,
            expected=_expected(index, fields, self._last),
            spread=max(_SPREAD_MIN, self._spreads[index]),
            voicing=voicing,
            loudness=loudness,
            weights_of_steps=self._pitch_energy.weigh(voicing) if index == _PITCH_ENERGY else [],
            exact=(
                index * 256 + previous,
                index * 65_536 + previous_two,
                index * 256 + (self._last[index + 1] if index < _SPARE else 0),
                spoken * 16 + voicing,
                (spoken * 16 + self._pitch_energy.height) * 16 + voicing,
            ),
        )

    def _code_bit(
        self, contexts: Sequence[int], prior: int, weights: list[int], weights_fine: list[int], bit: int
    ) -> int:
        """Carry one bit: each vote speaks from its context's cell, then cells and weights learn."""
        stretches = self._stretches
        cells = [
            of_vote.get(context) or of_vote.setdefault(context, [PROBABILITY_ONE // 2, 0])
            for of_vote, context in zip(self._cells, contexts, strict=True)
        ]
        opinions = [stretches[chance >> 4] * _TRUST[seen] >> 8 for chance, seen in cells]
        opinions += (_BIAS_OPINION, prior)
        mixed = mix(weights + weights_fine, opinions + opinions)
        bit = self._coder.code(mixed, bit)
        error = bit * PROBABILITY_ONE - mixed
        learn(weights, opinions, error, _RATE)
        learn(weights_fine, opinions, error, _RATE_FINE)
        target = bit * (PROBABILITY_ONE - 1)
        for cell in cells:
            chance, seen = cell
            chance += (target - chance) * _SHARES[seen] >> 16
            # The innermost loop of all: conditions take half the time of min and max.
            cell[0] = _CHANCE_MIN if chance < _CHANCE_MIN else _CHANCE_MAX if chance > _CHANCE_MAX else chance
            if seen < _SEEN_MAX:
                cell[1] = seen + 1
        return bit


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """What is known of a field before its first bit; `known` below is a 1 and the field's bits so far."""

    index: int
    width: int
    last: int
    before: int
    moved: int
    expected: int
    spread: int
    voicing: int
    loudness: int
    weights_of_steps: list[int]
    exact: tuple[int, int, int, int, int]

    def contexts(self, known: int, shift: int) -> tuple[int, ...]:
        """Return what each vote looks its cell up by, for the bit at `shift`."""
        middle = ((2 * known + 1) << shift) - (1 << self.width)
        place = (self.width * 8 + shift) * 32
        from_expected = _clip((self.expected + _FINE // 2 - middle * _FINE) >> 5, 62) + 64
        previous, previous_two, upper, loud, loud_high = self.exact
        return (
            previous * 256 + known,
            previous_two * 256 + known,
            (place + _clip(self.last - middle, 9) + 9) * 16 + _clip(self.before - middle, 5) + 5,
            (place + _clip(self.moved - middle, 9) + 9) * 16 + self.voicing,
            upper * 256 + known,
            ((self.index * 8 + shift) * 128 + from_expected) * 16 + self.loudness,
            loud * 256 + known,
            loud_high * 256 + known,
        )

    def prior(self, known: int, shift: int) -> int:
        """Return the opinion that needs no learning: how likely the upper half of what is left is."""
        if self.index < _PITCH_ENERGY:
            return 0
        if self.index == _PITCH_ENERGY:
            quotient = self.weights_of_steps[2 * known + 1] * 4_096 // self.weights_of_steps[known]
        else:
            middle = ((2 * known + 1) << shift) - (1 << self.width)
            low, high = middle - (1 << shift), middle + (1 << shift)
            below_low = self._chance_below(low) if low > 0 else 0
            below_high = self._chance_below(high) if high < 1 << self.width else PROBABILITY_ONE
            upper_half = (below_high - self._chance_below(middle)) * 4_096 + 2_048
            quotient = upper_half // max(1, below_high - below_low)
        return stretch_table()[min(_QUOTIENT_MAX, max(_QUOTIENT_MIN, quotient))]

    def _chance_below(self, value: int) -> int:
        """Return the chance that the field is less than `value`, in 65536ths."""
        distance = (value * _FINE - _FINE // 2 - self.expected) * 256 // self.spread
        return squash(distance)


def _voicing(fields: _Frame, last: _Frame) -> int:
    """Return the two voicing bits of this frame, or where they are not known yet, those of the last."""
    if len(fields) >= _PITCH_ENERGY:
        return 2 * fields[0] + fields[1]
    return 4 * last[0] + 2 * last[1] + (fields[0] if fields else 0)


def _expected(index: int, fields: _Frame, last: _Frame) -> int:
    """Return the value that a spectral field would have by `_EXPECTED`; zero for the others."""
    if not _FIRST_SPECTRAL <= index < _SPARE:
        return 0
    known = (last[index], fields[-1], last[index - 1], last[index + 1], fields[0] + fields[1], 1)
    value: int = sum(map(mul, _EXPECTED[index - _FIRST_SPECTRAL], known)) * (_FINE // 64)
    return min(((1 << _WIDTHS_BITS[index]) - 1) * _FINE, max(0, value))
