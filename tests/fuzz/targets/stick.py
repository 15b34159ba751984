"""Files on a stick: anybody may have edited them, and worn flash damages them.

Invariant: a `ContainerReader` gives the same records, damage and refusal whether a file comes in one
block or in many; each record stands in the file as its writer wrote it, in order and overlapping none; it
never holds more than one record; and it raises nothing but `MalformedContainer`, `UnknownVersion` or
`LimitExceeded`.
"""

import zlib
from collections.abc import Iterator
from random import Random

from protocol import limits
from protocol.container import FILE_LINE, MARKER, ContainerReader, Direction, Record, encode
from protocol.errors import LimitExceeded, MalformedContainer, UnknownVersion
from protocol.linkguard import KEY_ID_BYTES
from tests.fuzz.seeds import hexadecimal
from tests.fuzz.target import Mutate, Target, hold_to_manners

_BLOCK_BYTES = (9, 30, 70)
_HELD_BYTES_MAX = len(MARKER) + 3 + KEY_ID_BYTES + limits.PACKET_BYTES_MAX + 4

_Read = tuple[list[Record], int, bool, str]


def check(data: bytes) -> None:
    """Read the file twice, in one block and in small ones."""
    whole = _read(data, len(data) or 1)
    assert _read(data, _BLOCK_BYTES[len(data) % len(_BLOCK_BYTES)]) == whole
    at = 0
    for record in whole[0]:
        written = encode(record)
        at = data.index(written, at) + len(written)


def _read(data: bytes, block_bytes: int) -> _Read:
    reader = ContainerReader()
    records: list[Record] = []
    refused = ""
    try:
        for at in range(0, len(data), block_bytes):
            records += reader.feed(data[at : at + block_bytes])
            assert len(reader._buffer) <= _HELD_BYTES_MAX
        records += reader.finish()
    except (MalformedContainer, UnknownVersion, LimitExceeded) as refusal:
        hold_to_manners(refusal)
        refused = refusal.code
    assert reader.records == len(records)
    return records, reader.damaged, reader.has_line, refused


def remake(data: bytes, mutate: Mutate, random: Random) -> bytes:
    """Change a packet or its key id and give the record a right sum, or lay a fresh record somewhere."""
    place = data.find(MARKER, random.randrange(len(data) + 1))
    direction = random.choice(list(Direction))
    key_id = mutate(b"\0")[:KEY_ID_BYTES].ljust(KEY_ID_BYTES, b"\0") if direction is Direction.DOWN else b""
    if place < 0 or random.getrandbits(1):
        packet = mutate(data[-8:]) or b"\0"
        fresh = encode(Record(direction=direction, packet=packet, key_id=key_id))
        return data[: random.randrange(len(data) + 1)] + fresh + data[max(0, place) :]
    start = place + len(MARKER)
    size_bytes = int.from_bytes(data[start + 1 : start + 3])
    end = start + 3 + size_bytes + (KEY_ID_BYTES if data[start : start + 1] == b"\1" else 0)
    body = data[start : start + 3] + mutate(data[start + 3 : end])
    return data[:start] + body + zlib.crc32(body).to_bytes(4) + data[end + 4 :]


def seeds() -> Iterator[bytes]:
    """Give the vectors' files."""
    yield from hexadecimal("container", "bytes")


TARGET = Target(
    check=check,
    seeds=seeds,
    remake=remake,
    words=(MARKER, FILE_LINE, b"SeaVoice stick 2\r\n"),
    largest_bytes=200,
)
