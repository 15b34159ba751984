"""What carries sound inside the seal: Codec2 frames or Opus packets, a four-byte head and no container.

Opus packets are dense already; they get a length each, and their shared first byte is said once. Codec2
frames are not: a frame's 14 fields hang together with each other and with the two frames before, so each
bit is coded with a chance that several contexts vote on. Nothing is learned beforehand and no table is
shipped: both sides start from zero. `docs/coders.md` has every step.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from protocol import limits
from protocol.errors import MalformedVoice, TooLarge
from protocol.mixing import learn, mix, stretch_table
from protocol.rangecoder import PROBABILITY_ONE, BitCoder, BitDecoder, BitEncoder

VERSION = 1
_HEAD_BYTES = 4
"""Version, codec, and two bytes of frame count, the high one first."""

CODEC2_FRAME_BYTES = 6


class VoiceCodec(IntEnum):
    """How the sound was coded, and with it all that a decoder needs to be set up."""

    CODEC2_2400 = 1
    """The thin version, for satellite."""

    OPUS_NARROWBAND_60MS = 2
    """The clear version for a metered bearer: Opus at about 8 kbit/s."""

    OPUS_WIDEBAND_60MS = 3
    """The clear version: Opus at about 12 kbit/s."""

    @property
    def sample_rate_hz(self) -> int:
        """The rate of the samples that the decoder gives."""
        return 16_000 if self is VoiceCodec.OPUS_WIDEBAND_60MS else 8_000

    @property
    def frame_duration_ms(self) -> int:
        """How much sound one frame, or one Opus packet, holds."""
        return 20 if self is VoiceCodec.CODEC2_2400 else 60

    @property
    def frames_max(self) -> int:
        """How many frames or packets a note may have."""
        return limits.CODEC2_FRAMES_MAX if self is VoiceCodec.CODEC2_2400 else limits.OPUS_PACKETS_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceNote:
    """Coded sound: frames of 6 bytes for Codec2, packets of any length for Opus."""

    codec: VoiceCodec
    frames: tuple[bytes, ...]

    @property
    def duration_ms(self) -> int:
        """How long the note plays."""
        return len(self.frames) * self.codec.frame_duration_ms


def pack_voice(note: VoiceNote) -> bytes:
    """Return the note as bytes for the inside of a message.

    Raises:
        TooLarge: the note is longer than a note may be; cut it in two.
        MalformedVoice: a frame does not have the size its codec demands.
    """
    if len(note.frames) > note.codec.frames_max:
        raise TooLarge(f"The voice note has {len(note.frames)} frames; {note.codec.frames_max} are allowed.")
    head = bytes([VERSION, note.codec]) + len(note.frames).to_bytes(2, "big")
    payload = _pack_codec2(note.frames) if note.codec is VoiceCodec.CODEC2_2400 else _pack_opus(note.frames)
    if len(head) + len(payload) > limits.VOICE_PACKED_BYTES_MAX:
        raise TooLarge(f"The packed voice note exceeds {limits.VOICE_PACKED_BYTES_MAX} bytes; cut it in two.")
    return head + payload


def unpack_voice(data: bytes) -> VoiceNote:
    """Return the note that `pack_voice` was given.

    Raises:
        MalformedVoice: the bytes are damaged, or from a version or codec this program does not have.
    """
    if len(data) < _HEAD_BYTES:
        raise MalformedVoice("The packed voice is shorter than its head; have it sent again.")
    if len(data) > limits.VOICE_PACKED_BYTES_MAX:
        raise MalformedVoice(f"The packed voice exceeds {limits.VOICE_PACKED_BYTES_MAX} bytes; refuse it.")
    if data[0] != VERSION:
        raise MalformedVoice(f"The packed voice has version {data[0]}, unknown here; upgrade this program.")
    try:
        codec = VoiceCodec(data[1])
    except ValueError as error:
        raise MalformedVoice(f"The voice codec {data[1]} is unknown here; upgrade this program.") from error
    count = int.from_bytes(data[2:_HEAD_BYTES], "big")
    if count > codec.frames_max:
        raise MalformedVoice(f"The packed voice claims {count} frames; {codec.frames_max} are allowed.")
    payload = data[_HEAD_BYTES:]
    frames = (
        _unpack_codec2(payload, count) if codec is VoiceCodec.CODEC2_2400 else _unpack_opus(payload, count)
    )
    return VoiceNote(codec=codec, frames=frames)


# --- Opus ------------------------------------------------------------------------------------------

_FIRST_BYTES_DIFFER = 0
_FIRST_BYTE_SHARED = 1
_LENGTH_ESCAPE = 255
_OPUS_PACKET_BYTES_MAX = 255 + 0xFFFF


def _pack_opus(packets: Sequence[bytes]) -> bytes:
    """Pack as: mark, the shared first byte if there is one, then length and bytes of each packet."""
    out = bytearray()
    shared = _shared_first_byte(packets)
    out.append(_FIRST_BYTE_SHARED if shared else _FIRST_BYTES_DIFFER)
    out += shared
    for packet in packets:
        rest = packet[len(shared) :]
        if len(rest) > _OPUS_PACKET_BYTES_MAX:
            raise MalformedVoice(f"An Opus packet of {len(packet)} bytes cannot be; encode the sound again.")
        if len(rest) < _LENGTH_ESCAPE:
            out.append(len(rest))
        else:
            out.append(_LENGTH_ESCAPE)
            out += (len(rest) - _LENGTH_ESCAPE).to_bytes(2, "big")
        out += rest
    return bytes(out)


def _shared_first_byte(packets: Sequence[bytes]) -> bytes:
    """Return the byte all packets begin with (Opus: the same mode throughout), or nothing."""
    firsts = {packet[:1] for packet in packets}
    return firsts.pop() if len(firsts) == 1 else b""


def _unpack_opus(payload: bytes, count: int) -> tuple[bytes, ...]:
    mark, place = payload[:1], 1
    shared = b""
    if mark == bytes([_FIRST_BYTE_SHARED]):
        shared, place = payload[1:2], 2
    elif mark != bytes([_FIRST_BYTES_DIFFER]):
        raise MalformedVoice("The mark before the Opus packets is unknown; have the note sent again.")
    packets = []
    for _ in range(count):
        size, place = _read_length(payload, place)
        packets.append(shared + payload[place : place + size])
        place += size
    if place != len(payload):
        raise MalformedVoice("The Opus packets do not fill the note exactly; have the note sent again.")
    if _shared_first_byte(packets) != shared:
        raise MalformedVoice("The Opus packets take a longer way than needed; have the note sent again.")
    return tuple(packets)


def _read_length(payload: bytes, place: int) -> tuple[int, int]:
    """Return the length that stands at `place`, and the place behind it."""
    field = payload[place : place + 3]
    if field[:1] and field[0] < _LENGTH_ESCAPE:
        return field[0], place + 1
    if len(field) < 3:
        raise MalformedVoice("The Opus packets end in the middle of a length; have the note sent again.")
    return _LENGTH_ESCAPE + int.from_bytes(field[1:], "big"), place + 3


# --- Codec2 ----------------------------------------------------------------------------------------

_WIDTHS_BITS = (1, 1, 8, 4, 4, 4, 4, 4, 4, 4, 3, 3, 2, 2)
"""Two voicing bits, pitch and energy together, ten line spectral frequencies, two spare bits."""

_PITCH_ENERGY = 2
_FIRST_SPECTRAL = 3

_VOTES = 7
_WEIGHT_START = 12_000
_BIAS_OPINION = 256
_RATE = 6
_SEEN_MAX = 255
_CHANCE_MIN = 32
_CHANCE_MAX = 65_503

_SHARES = tuple(2 * PROBABILITY_ONE // (2 * seen + 3) for seen in range(_SEEN_MAX + 1))
"""How far a cell moves towards a bit, in 65536ths: two thirds at first, then ever less."""

_Frame = list[int]


def _pack_codec2(frames: Iterable[bytes]) -> bytes:
    coder = BitEncoder()
    model = _Codec2Model(coder)
    for frame in frames:
        if len(frame) != CODEC2_FRAME_BYTES:
            raise MalformedVoice(f"A Codec2 frame has {len(frame)} bytes instead of {CODEC2_FRAME_BYTES}.")
        model.code(_fields(frame))
    return coder.finish()


def _unpack_codec2(payload: bytes, count: int) -> tuple[bytes, ...]:
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
    return min(bound, max(-bound, value))


class _Codec2Model:
    """Codes one note, frame by frame: the same model packs and unpacks."""

    def __init__(self, coder: BitCoder) -> None:
        self._coder = coder
        self._last: _Frame = [0] * len(_WIDTHS_BITS)
        self._before: _Frame = self._last
        self._cells: list[dict[int, list[int]]] = [{} for _ in range(_VOTES)]
        """For each vote and each of its contexts: the chance of a 1, and how often it was seen."""
        self._weights = [[_WEIGHT_START] * _VOTES + [0] for _ in range(_FIRST_SPECTRAL + 1)]

    def code(self, frame: _Frame) -> _Frame:
        """Carry one frame and return it; an unpacking coder ignores `frame`."""
        fields: _Frame = []
        for index in range(len(_WIDTHS_BITS)):
            fields.append(self._code_field(index, frame[index], fields))
        self._before, self._last = self._last, fields
        return fields

    def _code_field(self, index: int, value: int, fields: _Frame) -> int:
        """Carry one field, its high bit first; `fields` are those of this frame that are known."""
        width = _WIDTHS_BITS[index]
        last, before = self._last[index], self._before[index]
        weights = self._weights[min(index, _FIRST_SPECTRAL)]
        voicing = _voicing(fields, self._last)
        unrest = _unrest(fields, self._last)
        # A spectral field tends to move the way its lower neighbour just moved.
        moved = last + fields[-1] - self._last[index - 1] if index > _FIRST_SPECTRAL else last
        exact = _exact_contexts(index, fields, voicing, last, before)
        known = 1
        for shift in reversed(range(width)):
            middle = ((2 * known + 1) << shift) - (1 << width)
            place = (width * 8 + shift) * 32
            near_last = place + _clip(last - middle, 9) + 9
            contexts = [context * 256 + known for context in exact]
            contexts.append(near_last * 16 + _clip(before - middle, 5) + 5)
            contexts.append(near_last * 16 + unrest)
            contexts.append((place + _clip(moved - middle, 9) + 9) * 16 + voicing)
            known = 2 * known + self._code_bit(contexts, weights, value >> shift & 1)
        return known - (1 << width)

    def _code_bit(self, contexts: Sequence[int], weights: list[int], bit: int) -> int:
        """Carry one bit: each vote speaks from its context's cell, then cells and weights learn."""
        stretches = stretch_table()
        cells = []
        opinions = []
        for of_vote, context in zip(self._cells, contexts, strict=True):
            cell = of_vote.get(context)
            if cell is None:
                cell = of_vote[context] = [PROBABILITY_ONE // 2, 0]
            cells.append(cell)
            chance, seen = cell
            # A cell that has seen little speaks softly.
            opinions.append(stretches[chance >> 4] * min(256, 160 + 8 * seen) >> 8)
        opinions.append(_BIAS_OPINION)
        mixed = mix(weights, opinions)
        bit = self._coder.code(mixed, bit)
        learn(weights, opinions, bit * PROBABILITY_ONE - mixed, _RATE)
        target = bit * (PROBABILITY_ONE - 1)
        for cell in cells:
            chance, seen = cell
            chance += (target - chance) * _SHARES[seen] >> 16
            cell[0] = min(_CHANCE_MAX, max(_CHANCE_MIN, chance))
            if seen < _SEEN_MAX:
                cell[1] = seen + 1
        return bit


def _voicing(fields: _Frame, last: _Frame) -> int:
    """Return the two voicing bits of this frame, or where they are not known yet, those of the last."""
    if len(fields) >= _PITCH_ENERGY:
        return 2 * fields[0] + fields[1]
    return 4 * last[0] + 2 * last[1] + (fields[0] if fields else 0)


def _unrest(fields: _Frame, last: _Frame) -> int:
    """Return how many quarters of the spectral fields known so far differ from the last frame's."""
    known = len(fields)
    changed = sum(fields[index] != last[index] for index in range(_FIRST_SPECTRAL, known))
    return 4 * changed // max(1, known - _FIRST_SPECTRAL)


def _exact_contexts(index: int, fields: _Frame, voicing: int, last: int, before: int) -> list[int]:
    """Return the contexts of the votes that know nothing of nearness: four, each with the field's index."""
    previous = fields[-1] if fields else 0
    previous_two = previous * 256 + (fields[-2] if len(fields) > 1 else 0)
    history = voicing * 2 + before if index < _PITCH_ENERGY else voicing * 64 + last // 4
    return [index, index * 256 + previous, index * 65_536 + previous_two, index * 512 + history]
