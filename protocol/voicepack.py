"""What carries sound inside the seal: Codec2 frames or Opus packets, a four-byte head and no container.

Opus packets are dense already; they get a length each, and their shared first byte is said once. Codec2
frames are not: `codec2pack` packs them. `docs/coders.md` has every step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from protocol import limits
from protocol.codec2pack import pack_codec2, unpack_codec2
from protocol.errors import MalformedVoice, TooLarge

VERSION = 2
_HEAD_BYTES = 4
"""Version, codec, and two bytes of frame count, the high one first."""


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
    payload = pack_codec2(note.frames) if note.codec is VoiceCodec.CODEC2_2400 else _pack_opus(note.frames)
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
        unpack_codec2(payload, count) if codec is VoiceCodec.CODEC2_2400 else _unpack_opus(payload, count)
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
