import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.pitchenergy import PitchEnergy

STEPS = range(256)
HELD = 200
"""Frames of one step after which pitch and energy stand still."""

voicings = st.integers(0, 3)


def after(steps: list[int]) -> PitchEnergy:
    followed = PitchEnergy()
    for step in steps:
        followed.follow(step)
    return followed


def likeliest(followed: PitchEnergy, voicing: int) -> int:
    weights = followed.weigh(voicing)
    return max(STEPS, key=lambda step: weights[256 + step])


@given(st.lists(st.sampled_from(STEPS), max_size=30), voicings)
def test_each_weight_on_the_walk_is_the_sum_of_the_two_below_it(steps: list[int], voicing: int) -> None:
    weights = after(steps).weigh(voicing)
    assert len(weights) == 512
    assert all(weights[node] == weights[2 * node] + weights[2 * node + 1] for node in range(1, 256))
    assert min(weights[256:]) > 0
    # Times 4,096 this stays below what a double holds exactly.
    assert weights[1] * 4_096 < 2**53


@pytest.mark.parametrize("voicing", range(4))
def test_a_step_that_leaves_all_as_it_is_is_the_likeliest_even_at_the_ends(voicing: int) -> None:
    for step in STEPS:
        assert likeliest(after([step] * HELD), voicing) == step


def test_loudness_and_height_stay_in_their_classes() -> None:
    ends = [after([step] * HELD) for step in STEPS]
    assert {followed.loudness for followed in ends} <= set(range(12))
    assert {followed.height for followed in ends} <= set(range(16))
    assert (PitchEnergy().loudness, PitchEnergy().height) == (2, 2)
