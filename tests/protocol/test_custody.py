"""What a person is told becomes only truer."""

from itertools import product

import pytest

from protocol.custody import TRANSITIONS, Custody, Step, advance
from protocol.errors import IllegalTransition


@pytest.mark.parametrize(("state", "step"), list(product(Custody, Step)))
def test_every_step_is_in_the_table_or_refused(state: Custody, step: Step) -> None:
    if (state, step) in TRANSITIONS:
        assert advance(state, step) is TRANSITIONS[state, step]
    else:
        with pytest.raises(IllegalTransition):
            advance(state, step)


def test_only_a_lifetime_that_ends_on_the_box_expires_and_nothing_goes_back() -> None:
    for (state, step), after in TRANSITIONS.items():
        if after is Custody.EXPIRED:
            assert (state, step) == (Custody.ON_THE_BOX, Step.LIFETIME_ENDED)
        elif state is not Custody.EXPIRED:
            assert after >= state
