"""Frames inside a packet: they come from a peer that has the link's key, and may still be hostile.

Invariant: `decode_all` either raises `MalformedFrame`, or yields at most 256 frames, each within every
limit, that encode to bytes from which the same frames are read again.
"""

from collections.abc import Iterator

from protocol import limits
from protocol.errors import MalformedFrame
from protocol.fragment import Range
from protocol.frames import Ack, Frame, More, Receipt, Resync, Start, UnknownFrame, decode_all, encode
from tests.fuzz.seeds import hexadecimal
from tests.fuzz.target import Target, hold_to_manners


def check(data: bytes) -> None:
    """Read the frames, and what they encode to."""
    try:
        found = list(decode_all(data))
    except MalformedFrame as refused:
        hold_to_manners(refused)
        return
    assert len(found) <= limits.FRAMES_PER_PACKET_MAX
    known = [frame for frame in found if not isinstance(frame, UnknownFrame)]
    for frame in known:
        _check_bounds(frame)
    assert list(decode_all(b"".join(map(encode, known)))) == known


def _check_bounds(frame: Frame) -> None:
    match frame:
        case Start():
            assert 1 <= len(frame.data) <= frame.total_bytes <= max(limits.BUNDLE_BYTES_MAX, len(frame.data))
        case More():
            assert 1 <= frame.offset <= limits.BUNDLE_BYTES_MAX
        case Ack():
            _check_ranges(frame.beyond, frame.end)
        case Resync():
            _check_ranges(frame.beyond, frame.floor + 1)
            for ack in frame.partial:
                _check_ranges(ack.beyond, ack.end)
        case Receipt():
            _check_ranges(frame.numbers, 0)
        case _:
            pass


def _check_ranges(ranges: tuple[Range, ...], base: int) -> None:
    assert len(ranges) <= limits.RANGES_PER_FRAME_MAX + 1
    for start, end in ranges:
        assert base < start < end <= limits.BUNDLE_NUMBER_MAX + 1
        base = end


def seeds() -> Iterator[bytes]:
    """Give the vectors' frames, and the plaintexts of their packets."""
    yield from hexadecimal("frames", "bytes")
    yield from hexadecimal("packets", "plaintext")
    yield b"".join(list(hexadecimal("frames", "bytes"))[:8])


TARGET = Target(check=check, seeds=seeds, largest_bytes=160)
