"""Frames: every one survives, hostile bytes raise only `MalformedFrame`, sizes are what SPEC §4 says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import limits
from protocol.errors import MalformedFrame
from protocol.fragment import Range, RangeSet
from protocol.frames import (
    Ack,
    Frame,
    More,
    Next,
    Priority,
    Receipt,
    Refusal,
    Refuse,
    Resync,
    Start,
    Status,
    UnknownFrame,
    decode_all,
    encode,
)
from protocol.wire import pack

NUMBERS = st.integers(1, limits.BUNDLE_NUMBER_MAX)
DATA = st.binary(min_size=1, max_size=300)


def ranges(least: int, most: int, count: int = 8) -> st.SearchStrategy[tuple[Range, ...]]:
    """Draw ascending ranges that neither touch one another nor `least`."""
    pairs = st.tuples(st.integers(least + 1, most), st.integers(1, 500))
    return st.lists(pairs, max_size=count).map(
        lambda drawn: tuple(RangeSet((start, min(start + size, most + 1)) for start, size in drawn))
    )


@st.composite
def starts(draw: st.DrawFn) -> Start:
    data = draw(DATA)
    total = draw(st.integers(len(data), limits.BUNDLE_BYTES_MAX))
    return Start(number=draw(NUMBERS), total_bytes=total, priority=draw(st.sampled_from(Priority)), data=data)


@st.composite
def acks(draw: st.DrawFn) -> Ack:
    end = draw(st.integers(0, limits.BUNDLE_BYTES_MAX - 10))
    return Ack(number=draw(NUMBERS), end=end, beyond=draw(ranges(end, limits.BUNDLE_BYTES_MAX)))


@st.composite
def resyncs(draw: st.DrawFn) -> Resync:
    floor = draw(st.integers(0, 2**20))
    return Resync(
        reply_wanted=draw(st.booleans()),
        floor=floor,
        beyond=draw(ranges(floor + 1, limits.BUNDLE_NUMBER_MAX)),
        partial=tuple(draw(st.lists(acks(), max_size=4))),
        complete=draw(st.booleans()),
    )


FRAMES: st.SearchStrategy[Frame] = st.one_of(
    starts(),
    st.builds(More, number=NUMBERS, offset=st.integers(1, limits.BUNDLE_BYTES_MAX), data=DATA),
    st.builds(Next, data=DATA),
    acks(),
    resyncs(),
    ranges(0, limits.BUNDLE_NUMBER_MAX).filter(bool).map(lambda numbers: Receipt(numbers=numbers)),
    st.builds(Refuse, number=NUMBERS, reason=st.sampled_from(Refusal)),
    st.builds(
        Status,
        values=st.dictionaries(
            st.integers(0, 99), st.integers(-(2**53), 2**53), max_size=limits.STATUS_ENTRIES_MAX
        ),
    ),
)


@given(st.lists(FRAMES, max_size=6))
def test_frames_survive_in_order(frames: list[Frame]) -> None:
    assert list(decode_all(b"".join(map(encode, frames)))) == frames


@given(st.binary(max_size=200))
def test_random_bytes_raise_only_the_declared_error(data: bytes) -> None:
    try:
        list(decode_all(data))
    except MalformedFrame:
        return


@given(FRAMES, st.data())
def test_changed_frames_raise_only_the_declared_error(frame: Frame, data: st.DataObject) -> None:
    changed = bytearray(encode(frame))
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        list(decode_all(bytes(changed)))
    except MalformedFrame:
        return


def test_a_frame_from_the_future_is_passed_over() -> None:
    data = pack((77, 1, b"x", (1, 2))) + encode(Refuse(number=1, reason=Refusal.BUSY))
    assert list(decode_all(data)) == [UnknownFrame(type=77), Refuse(number=1, reason=Refusal.BUSY)]


def test_frames_before_a_wrong_one_are_read() -> None:
    frames = decode_all(encode(Next(data=b"x")) + pack((2, 1)))
    assert next(frames) == Next(data=b"x")
    with pytest.raises(MalformedFrame):
        next(frames)


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        (-1,),
        ("text",),
        (18, 0, b"x"),  # Number 0.
        (18, 1, b""),
        (18, 1, b"xy", 2),  # The size is stated though the data is the whole.
        (18, 1, b"xy", 1),
        (18, 1, b"x", limits.BUNDLE_BYTES_MAX + 1),
        (2, 1, 0, b"x"),  # A later fragment at the beginning.
        (3, b"x", 1),
        (4, 1),
        (4, 1, 5, 0, 1),  # A range that touches the one before.
        (4, 1, 5, 1),
        (5, 4, 0),  # A flag that does not exist.
        (5, 0, 0, (1, 2**32 - 1)),  # Behind the highest number.
        (6,),
        (6, 1, 0),
        (6, 2**32 - 1, 2),
        (7, 1, 0),
        (7, 1, 5),
        (8, {1: 2**60}),
        (8, dict.fromkeys(range(limits.STATUS_ENTRIES_MAX + 1), 0)),
    ],
    ids=repr,
)
def test_a_frame_of_the_wrong_shape_is_refused(wrong: tuple[object, ...]) -> None:
    with pytest.raises(MalformedFrame):
        list(decode_all(pack(wrong)))  # type: ignore[arg-type]  # Wrong on purpose.


def test_more_frames_than_a_packet_may_hold_are_refused() -> None:
    with pytest.raises(MalformedFrame):
        list(decode_all(encode(Next(data=b"x")) * (limits.FRAMES_PER_PACKET_MAX + 1)))


@pytest.mark.parametrize(
    ("frame", "overhead_bytes"),
    [
        (Start(number=9, total_bytes=100, priority=Priority.TEXT, data=bytes(100)), 5),
        (Start(number=300, total_bytes=4_512, priority=Priority.TEXT, data=bytes(300)), 11),
        (More(number=9, offset=5_000, data=bytes(300)), 9),
        (Next(data=bytes(300)), 5),
    ],
)
def test_a_fragment_costs_few_bytes(frame: Start | More | Next, overhead_bytes: int) -> None:
    assert len(encode(frame)) - len(frame.data) == overhead_bytes
