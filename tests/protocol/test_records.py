"""Records on a byte stream, cut anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import MalformedPacket, TooLarge
from protocol.records import RecordReader, frame_record


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=8), st.data())
def test_records_survive_any_cutting_of_the_stream(records: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(map(frame_record, records))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    reader, found = RecordReader(), list[bytes]()
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[start:end])
    assert found == records


@given(st.binary(max_size=500))
def test_random_bytes_raise_only_the_declared_error(data: bytes) -> None:
    try:
        RecordReader().feed(data)
    except MalformedPacket:
        return


def test_an_empty_record_and_one_too_large_are_refused() -> None:
    with pytest.raises(MalformedPacket):
        RecordReader().feed(b"\x00\x00")
    with pytest.raises(TooLarge):
        frame_record(bytes(65_536))
    assert RecordReader().feed(frame_record(bytes(65_535))) == [bytes(65_535)]
