"""Ranges against Python's own sets, and pieces in any order."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import LimitExceeded, MalformedFrame
from protocol.fragment import Range, RangeSet, Reassembly, from_steps, to_steps

TOP = 60
RANGES = st.tuples(st.integers(0, TOP), st.integers(0, TOP))
CHANGES = st.lists(st.tuples(st.booleans(), RANGES), max_size=30)


def built(changes: list[tuple[bool, Range]]) -> tuple[RangeSet, set[int]]:
    """Apply the same changes to both, checking what `add` says of itself."""
    ranges, model = RangeSet(), set[int]()
    for adding, (start, end) in changes:
        numbers = set(range(start, end))
        if adding:
            assert ranges.add(start, end) == len(numbers - model)
            model |= numbers
        else:
            ranges.remove(start, end)
            model -= numbers
    return ranges, model


@given(CHANGES)
def test_a_range_set_is_a_set(changes: list[tuple[bool, Range]]) -> None:
    ranges, model = built(changes)
    held = list(ranges)
    assert {number for start, end in held for number in range(start, end)} == model
    assert all(first[1] < second[0] for first, second in pairwise(held))
    assert ranges.total() == len(model)
    assert [number in ranges for number in range(-1, TOP + 2)] == [n in model for n in range(-1, TOP + 2)]
    assert RangeSet(held) == ranges
    assert len(ranges) == len(held)


@given(CHANGES, RANGES)
def test_questions_about_a_range_set_agree_with_the_set(
    changes: list[tuple[bool, Range]], asked: Range
) -> None:
    ranges, model = built(changes)
    start, end = asked
    wanted = set(range(start, end))
    assert ranges.covers(start, end) == (wanted <= model)
    missing = list(ranges.missing(start, end))
    assert {number for gap in missing for number in range(*gap)} == wanted - model
    contiguous = ranges.contiguous_end(start)
    assert contiguous not in model
    assert set(range(start, contiguous)) <= model
    beyond = {number for held in ranges.beyond(start) for number in range(*held)}
    assert beyond == {number for number in model if number > contiguous}


@given(CHANGES, st.integers(0, 5))
def test_steps_say_the_same_ranges(changes: list[tuple[bool, Range]], base: int) -> None:
    ranges = [held for held in built(changes)[0] if held[0] > base]
    assert from_steps(to_steps(ranges, base, 100), base) == ranges
    assert from_steps(to_steps(ranges, base, 2), base) == ranges[:2]


@pytest.mark.parametrize("steps", [(1,), (0, 1), (1, 0), (1, 1, 0, 1)])
def test_steps_that_touch_or_hold_nothing_are_refused(steps: tuple[int, ...]) -> None:
    with pytest.raises(MalformedFrame):
        from_steps(steps, 0)


@given(st.data(), st.binary(min_size=1, max_size=80))
def test_pieces_in_any_order_and_overlap_make_the_bundle(draw: st.DataObject, whole: bytes) -> None:
    held = Reassembly(total_bytes=0, priority=4)
    fresh = 0
    cuts = st.tuples(st.integers(0, len(whole) - 1), st.integers(1, len(whole)))
    pieces = draw.draw(st.lists(cuts, max_size=12))
    for start, size in draw.draw(st.permutations([*pieces, (0, len(whole))])):
        piece = whole[start : start + size]
        if start == 0:
            held.describe(len(whole), 2)
        fresh += held.hold(start, piece, most_bytes=1_000)
    assert held.complete
    assert bytes(held.data) == whole
    assert fresh == len(whole)


def test_what_was_held_is_never_overwritten() -> None:
    held = Reassembly(total_bytes=0, priority=4)
    held.describe(6, 2)
    held.hold(2, b"xx", most_bytes=10)
    assert held.hold(0, b"......", most_bytes=10) == 4
    assert bytes(held.data) == b"..xx.."


def test_contradictions_and_pieces_behind_the_end_are_refused() -> None:
    held = Reassembly(total_bytes=0, priority=4)
    with pytest.raises(LimitExceeded):
        held.hold(8, b"xxx", most_bytes=10)
    held.hold(5, b"x", most_bytes=10)
    with pytest.raises(MalformedFrame):
        held.describe(5, 2)
    held.describe(7, 2)
    with pytest.raises(MalformedFrame):
        held.describe(8, 2)
    with pytest.raises(LimitExceeded):
        held.hold(6, b"xx", most_bytes=10)
