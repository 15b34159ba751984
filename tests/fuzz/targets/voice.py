"""Packed voice notes: their head, and the framing of Opus packets.

Invariant: `unpack_voice` either raises `MalformedVoice`, or returns a note within the limits that packs to
the very same bytes. Frames of Codec2, a thousand times slower, have a target of their own, so that a note
with any is passed over here.
"""

from collections.abc import Iterator

from protocol import limits
from protocol.errors import MalformedVoice
from protocol.voicepack import VoiceCodec, pack_voice, unpack_voice
from tests.fuzz.seeds import hexadecimal
from tests.fuzz.target import Target, hold_to_manners


def check(data: bytes) -> None:
    """Unpack the note, and pack it again."""
    if data[1:2] == bytes([VoiceCodec.CODEC2_2400]) and any(data[2:4]):
        return
    try:
        note = unpack_voice(data)
    except MalformedVoice as refused:
        hold_to_manners(refused)
        return
    assert len(note.frames) <= note.codec.frames_max
    assert note.duration_ms <= limits.VOICE_SECONDS_MAX * 1_000
    # The first byte that all packets share is said once.
    assert sum(map(len, note.frames)) <= len(data) + len(note.frames)
    assert pack_voice(note) == data


def seeds() -> Iterator[bytes]:
    """Give the vectors' notes."""
    for packed in hexadecimal("voicepack", "packed_hex"):
        yield packed[:_LARGEST_BYTES]


_LARGEST_BYTES = 600
"""Above the length of 255 bytes from which an Opus packet says its length in another way."""

TARGET = Target(check=check, seeds=seeds, largest_bytes=_LARGEST_BYTES)
