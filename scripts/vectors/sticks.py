"""Vectors of stick files."""

from zlib import crc32

from protocol import container
from protocol.container import Direction, Record
from protocol.links import Side
from scripts.vectors.carried import guard_of
from scripts.vectors.entries import Entry, entry, flipped, refused


def containers() -> list[Entry]:
    """Return the vectors of SPEC §11: whole files, and files with one fault each."""
    up = Record(direction=Direction.UP, packet=guard_of(Side.VESSEL).seal(b"", named=True))
    down = Record(
        direction=Direction.DOWN,
        packet=guard_of(Side.RELAY).seal(b"", named=False),
        key_id=guard_of(Side.RELAY).key_ids()[0],
    )
    line, first, second = container.FILE_LINE, container.encode(up), container.encode(down)
    whole = line + first + second
    size_at = len(line) + len(container.MARKER) + 1
    longer = bytearray(whole)
    longer[size_at] ^= 0x01
    lost: list[tuple[str, bytes, list[Record], int]] = [
        ("both directions", whole, [up, down], 0),
        ("no record", line, [], 0),
        ("a record twice", line + first + first, [up, up], 0),
        ("bytes between records", line + first + b"between" + second, [up, down], 1),
        ("first line damaged", flipped(whole, 0), [up, down], 1),
        ("a line's end translated", whole.replace(b"\r\n", b"\n", 1), [up, down], 1),
        ("marker damaged", flipped(whole, len(line)), [down], 1),
        ("direction damaged", flipped(whole, size_at - 1), [down], 1),
        ("size damaged", bytes(longer), [down], 1),
        ("packet damaged", flipped(whole, size_at + 6), [down], 1),
        ("checksum damaged", flipped(whole, len(line) + len(first) - 1), [down], 1),
        ("key id damaged", flipped(whole, len(line) + len(first) + 12), [up], 1),
        ("truncated in the last record", whole[:-1], [up], 1),
        ("truncated in the last marker", line + first + second[:5], [up], 1),
        ("direction that does not exist", line + _record(2, b"x") + second, [down], 1),
        ("record without a packet", line + _record(0, b"") + second, [down], 1),
    ]
    entries = [
        entry(name, bytes=data, records=records, damaged=damaged) for name, data, records, damaged in lost
    ]
    for name, data, code in (
        ("empty file", b"", "malformed-container"),
        ("another file", b"%PDF-1.7" + bytes(40), "malformed-container"),
        ("version of the future", b"SeaVoice stick 2\r\n" + first, "unknown-version"),
    ):
        entries.append(entry(name, bytes=data, refused_by=refused("container", code)))
    return entries


def _record(direction: int, packet: bytes) -> bytes:
    body = bytes([direction]) + len(packet).to_bytes(2) + packet
    return container.MARKER + body + crc32(body).to_bytes(4)
