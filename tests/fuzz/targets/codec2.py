"""Packed frames of Codec2, and any frames at all to pack.

Invariant: `unpack_codec2` either raises `MalformedVoice`, or returns exactly the frames asked for, which
pack to the very same bytes; and any frames of six bytes come out of packing and unpacking unchanged.
"""

from collections.abc import Iterator

from protocol.codec2pack import CODEC2_FRAME_BYTES, pack_codec2, unpack_codec2
from protocol.errors import MalformedVoice
from tests.fuzz.seeds import vectors
from tests.fuzz.target import Target, hold_to_manners

_FRAMES_MAX = 12
_PACKING = 0x80


def check(data: bytes) -> None:
    """Take the input for frames to pack where its first byte has the high bit, else for packed ones."""
    head, rest = data[0] if data else 0, data[1:]
    if head & _PACKING:
        whole = len(rest) // CODEC2_FRAME_BYTES * CODEC2_FRAME_BYTES
        frames = tuple(rest[at : at + CODEC2_FRAME_BYTES] for at in range(0, whole, CODEC2_FRAME_BYTES))
        assert unpack_codec2(pack_codec2(frames), len(frames)) == frames
        return
    count = head % (_FRAMES_MAX + 1)
    try:
        found = unpack_codec2(rest, count)
    except MalformedVoice as refused:
        hold_to_manners(refused)
        return
    assert len(found) == count
    assert pack_codec2(found) == rest


def seeds() -> Iterator[bytes]:
    """Give the first frames of the vectors' notes, packed and not."""
    for entry in vectors("voicepack"):
        if entry.get("codec") == "CODEC2_2400":
            frames = [bytes.fromhex(frame) for frame in entry["frames_hex"][: _FRAMES_MAX // 2]]
            yield bytes([len(frames)]) + pack_codec2(frames)
            yield bytes([_PACKING]) + b"".join(frames)


TARGET = Target(check=check, seeds=seeds, largest_bytes=1 + 6 * CODEC2_FRAME_BYTES)
