"""Bundles, as whoever assembled their fragments finds them.

Invariant: `decode` either raises `MalformedBundle`, or returns a bundle that encodes to the very same
bytes; for a desk receipt, whose msgpack could be written longer than it must, to bytes that read as the
same receipt.
"""

from collections.abc import Iterator

from protocol import limits
from protocol.bundle import DeskReceipt, decode, encode
from protocol.errors import MalformedBundle
from tests.fuzz.seeds import hexadecimal
from tests.fuzz.target import Target, hold_to_manners


def check(data: bytes) -> None:
    """Read the bundle, and write it again."""
    try:
        found = decode(data)
    except MalformedBundle as refused:
        hold_to_manners(refused)
        return
    written = encode(found)
    if isinstance(found, DeskReceipt):
        assert len(found.numbers) <= limits.RANGES_PER_FRAME_MAX
        assert len(found.proofs) <= limits.PROOFS_MAX
        assert len(written) <= len(data)
        assert decode(written) == found
    else:
        assert written == data


def seeds() -> Iterator[bytes]:
    """Give the vectors' bundles."""
    yield from hexadecimal("bundles", "bytes")
    yield from hexadecimal("keys", "bytes")
    yield from hexadecimal("caps", "bytes")


TARGET = Target(check=check, seeds=seeds)
