"""A parser with a fault on purpose, and a target for it: shows that a target can fail.

Invariant: `read_lengths` either raises `MalformedFrame`, or returns as many numbers as its first byte
says.
"""

from collections.abc import Iterator

from protocol.errors import MalformedFrame
from tests.fuzz.target import Target


def read_lengths(data: bytes) -> list[int]:
    """Read a marker, a count, and as many numbers; the count is believed, which is the fault."""
    if data[:2] != b"SV":
        raise MalformedFrame("no marker")
    if len(data) < 3:
        raise MalformedFrame("no count")
    return [data[3 + at] for at in range(data[2])]


def check(data: bytes) -> None:
    """Read the numbers."""
    try:
        found = read_lengths(data)
    except MalformedFrame:
        return
    assert len(found) == data[2]


def seeds() -> Iterator[bytes]:
    """Give one input that says nothing of the format."""
    yield b"seed"


TARGET = Target(check=check, seeds=seeds, largest_bytes=16)
