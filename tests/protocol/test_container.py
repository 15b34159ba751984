"""Stick files: what goes in comes out, and damage costs only what it hits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import limits
from protocol.container import FILE_LINE, MARKER, ContainerReader, Direction, Record, encode
from protocol.errors import LimitExceeded, LocalError, MalformedContainer, RemoteError, UnknownVersion

PACKETS = st.one_of(st.binary(min_size=1, max_size=300), st.just(MARKER * 3), st.just(b"\0" * 5_000))
RECORDS = st.lists(
    st.one_of(
        st.builds(Record, direction=st.just(Direction.UP), packet=PACKETS),
        st.builds(
            Record,
            direction=st.just(Direction.DOWN),
            packet=PACKETS,
            key_id=st.binary(min_size=4, max_size=4),
        ),
    ),
    max_size=12,
)
SECTOR_BYTES = 512


def written(records: list[Record]) -> bytes:
    return FILE_LINE + b"".join(encode(record) for record in records)


def read(data: bytes, block_bytes: int = 4_096) -> tuple[list[Record], ContainerReader]:
    reader = ContainerReader()
    found: list[Record] = []
    for at in range(0, len(data), block_bytes):
        found += reader.feed(data[at : at + block_bytes])
    return found + reader.finish(), reader


@given(RECORDS, st.integers(1, 700))
def test_records_come_back_whatever_the_blocks(records: list[Record], block_bytes: int) -> None:
    found, reader = read(written(records), block_bytes)
    assert found == records
    assert reader.damaged == 0
    assert reader.has_line


@settings(max_examples=200)
@given(RECORDS.filter(bool), st.data())
def test_a_damaged_sector_costs_only_the_records_that_it_hits(
    records: list[Record], data: st.DataObject
) -> None:
    file = bytearray(written(records))
    sector = data.draw(st.integers(0, (len(file) - 1) // SECTOR_BYTES))
    start, end = sector * SECTOR_BYTES, min(len(file), (sector + 1) * SECTOR_BYTES)
    file[start:end] = data.draw(st.sampled_from([b"\0", b"\xff", b"U"])) * (end - start)
    spared, at = [], len(FILE_LINE)
    for record in records:
        size = len(encode(record))
        if at + size <= start or at >= end:
            spared.append(record)
        at += size
    try:
        found, reader = read(bytes(file))
    except MalformedContainer:
        assert start == 0
        assert not spared
        return
    # A record that the sector hit may happen to have held those very bytes.
    assert [record for record in found if record in spared] == [r for r in found if r in spared]
    missing = [record for record in spared if record not in found]
    assert missing == []
    assert len(found) + reader.damaged >= len(spared)


@given(RECORDS.filter(bool), st.data())
def test_a_truncated_file_keeps_every_whole_record(records: list[Record], data: st.DataObject) -> None:
    file = written(records)
    cut = data.draw(st.integers(len(FILE_LINE), len(file)))
    whole, at = 0, len(FILE_LINE)
    for record in records:
        at += len(encode(record))
        whole += at <= cut
    found, _ = read(file[:cut])
    assert found[:whole] == records[:whole]


@given(st.binary(max_size=2_000), st.integers(1, 300))
def test_any_bytes_are_read_or_refused(data: bytes, block_bytes: int) -> None:
    try:
        read(data, block_bytes)
    except RemoteError:
        return


@given(st.lists(st.one_of(st.just(MARKER), st.binary(max_size=20), st.just(FILE_LINE)), max_size=60))
def test_markers_without_records_are_damage(pieces: list[bytes]) -> None:
    try:
        _, reader = read(FILE_LINE + b"".join(pieces), 7)
    except RemoteError:
        return
    assert reader.damaged <= len(pieces) + 1


def test_an_edited_packet_is_damage() -> None:
    records = [Record(direction=Direction.UP, packet=bytes([fill]) * 40) for fill in (1, 2, 3)]
    file = written(records).replace(b"\2" * 40, b"\2" * 20 + b"\7" + b"\2" * 19)
    found, reader = read(file)
    assert found == [records[0], records[2]]
    assert reader.damaged == 1


def test_a_file_of_something_else_is_refused() -> None:
    for data in (b"", b"%PDF-1.7 and more", FILE_LINE[:-4]):
        with pytest.raises(MalformedContainer):
            read(data)


def test_a_file_of_a_later_version_is_refused() -> None:
    with pytest.raises(UnknownVersion):
        read(b"SeaVoice stick 2\r\n" + bytes(100))


def test_a_stick_whose_first_line_is_damaged_is_read_all_the_same() -> None:
    record = Record(direction=Direction.DOWN, packet=b"packet", key_id=b"keys")
    found, reader = read(bytes(len(FILE_LINE)) + encode(record))
    assert found == [record]
    assert not reader.has_line


def test_a_file_forged_to_cost_time_is_given_up() -> None:
    # Each marker promises the largest packet, so that each would cost a checksum over 64 kB.
    forged = FILE_LINE + (MARKER + b"\0\xff\xff") * (limits.STICK_FAILURES_MAX + 8_000)
    with pytest.raises(LimitExceeded):
        read(forged)


def test_a_record_that_no_reader_would_take_is_never_written() -> None:
    for record in (
        Record(direction=Direction.UP, packet=b""),
        Record(direction=Direction.UP, packet=bytes(limits.PACKET_BYTES_MAX + 1)),
        Record(direction=Direction.UP, packet=b"x", key_id=b"keys"),
        Record(direction=Direction.DOWN, packet=b"x"),
    ):
        with pytest.raises(LocalError):
            encode(record)
