"""Records on a byte stream, however the network cuts it, and the packets in them.

Invariant: a `RecordReader` gives the same records, or the same refusal, whether the bytes come in one
piece or in many, and never holds more than one record. The records behind the first of a stream open in
order or are refused by a `RemoteError`.
"""

from collections.abc import Iterator
from copy import copy
from random import Random

from protocol import limits
from protocol.errors import MalformedPacket, RemoteError
from protocol.linkguard import GuardState, LinkGuard
from protocol.links import Side
from protocol.records import LENGTH_BYTES, RecordReader, frame_record
from tests.fuzz.seeds import vectors
from tests.fuzz.target import Mutate, Target, hold_to_manners
from tests.fuzz.targets.packets import SECRET

_RECEIVER = LinkGuard(GuardState(secret=SECRET), Side.RELAY, lambda _state: None)
_SENDER = LinkGuard(GuardState(secret=SECRET), Side.VESSEL, lambda _state: None)
_PIECE_BYTES = (1, 2, 3, 7, 64)


def check(data: bytes) -> None:
    """Cut the stream in two ways, then open what it carries."""
    whole, whole_refused = _read(data, len(data) or 1)
    size_bytes = _PIECE_BYTES[len(data) % len(_PIECE_BYTES)]
    pieces, pieces_refused = _read(data, size_bytes)
    assert whole_refused == pieces_refused
    if not whole_refused:
        assert whole == pieces
        assert data.startswith(b"".join(map(frame_record, whole)))
    _open(pieces)


def _read(data: bytes, size_bytes: int) -> tuple[list[bytes], bool]:
    reader = RecordReader()
    records: list[bytes] = []
    for at in range(0, len(data), size_bytes):
        try:
            records += reader.feed(data[at : at + size_bytes])
        except MalformedPacket as refused:
            hold_to_manners(refused)
            return records, True
        assert len(reader._buffer) < LENGTH_BYTES + limits.PACKET_BYTES_MAX
    return records, False


def _open(records: list[bytes]) -> None:
    if not records:
        return
    try:
        _, opener = copy(_RECEIVER).open_stream(records[0])
        for record in records[1:]:
            opener.open(record)
    except RemoteError as refused:
        hold_to_manners(refused)


def remake(data: bytes, mutate: Mutate, random: Random) -> bytes:
    """Seal the stream's plaintexts anew, one of them changed, and frame them rightly."""
    sealer = copy(_SENDER).seal_stream(named=bool(random.getrandbits(1)))
    plaintexts = _plaintexts(data) or [data]
    chosen = random.randrange(len(plaintexts))
    plaintexts[chosen] = mutate(plaintexts[chosen])
    return b"".join(frame_record(sealer.seal(plaintext)) for plaintext in plaintexts)


def _plaintexts(data: bytes) -> list[bytes]:
    records, _ = _read(data, len(data) or 1)
    try:
        first, opener = copy(_RECEIVER).open_stream(records[0])
        return [first, *(opener.open(record) for record in records[1:])]
    except (RemoteError, IndexError):
        return []


def seeds() -> Iterator[bytes]:
    """Give the vectors' streams and packets, each framed."""
    for entry in vectors("packets"):
        records = entry.get("records", [entry[name] for name in ("packet",) if entry.get(name)])
        yield b"".join(frame_record(bytes.fromhex(record)) for record in records)


TARGET = Target(check=check, seeds=seeds, remake=remake, largest_bytes=200)
