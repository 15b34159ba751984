"""When a session is opened, and when it is left alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.ids import Instant
from vessel_client.bearers.sbd.answers import Outcome
from vessel_client.bearers.sbd.policy import NEVER, Reason, SessionPolicy, SessionRules, credits_of

RULES = SessionRules(
    signal_min=2,
    signal_interval_s=20.0,
    signal_wait_s=300.0,
    mailbox_interval_s=43_200.0,
    retry_delay_s_min=20.0,
    retry_delay_s_max=300.0,
)


def made(age_s: float | None = 0.0, draw: float = 0.5, rules: SessionRules = RULES) -> SessionPolicy:
    return SessionPolicy(rules, Instant(0.0), lambda: draw, mailbox_age_s=age_s)


def reason(policy: SessionPolicy, now: float, *, holding: bool = False, due: bool = False) -> Reason | None:
    return policy.reason(holding=holding, data_due=due, now=Instant(now))


def test_nothing_to_do_is_no_reason_until_the_interval_is_over() -> None:
    policy = made()
    assert reason(policy, 43_199.0) is None
    assert policy.next_at(Instant(0.0)) == 43_200.0
    assert reason(policy, 43_200.0) is Reason.INTERVAL


def test_a_box_that_never_looked_looks_at_once_and_one_that_did_goes_on_counting() -> None:
    assert reason(made(None), 0.0) is Reason.INTERVAL
    assert made(43_000.0).next_at(Instant(0.0)) == 200.0


def test_without_an_interval_no_session_is_opened_only_to_look() -> None:
    policy = made(None, rules=replace(RULES, mailbox_interval_s=0.0))
    assert reason(policy, 1e9) is None
    assert policy.next_at(Instant(0.0)) == NEVER


def test_at_set_times_neither_a_ring_nor_waiting_mail_makes_a_session() -> None:
    policy = made(None, rules=replace(RULES, shaped=True))
    policy.on_ring()
    assert reason(policy, 100_000.0) is None
    assert reason(policy, 100_000.0, due=True) is Reason.DATA
    assert policy.next_at(Instant(100_000.0)) == NEVER


def test_a_ring_is_answered_and_stays_until_a_session_has_succeeded() -> None:
    policy = made()
    policy.on_ring()
    assert reason(policy, 0.0) is Reason.RING
    policy.on_session(Outcome.NO_NETWORK, 0, Instant(0.0))
    assert reason(policy, 1.0) is None
    assert reason(policy, 20.0) is Reason.RING
    policy.on_session(Outcome.SENT, 0, Instant(20.0))
    assert reason(policy, 21.0) is None


def test_what_the_gateway_still_has_is_fetched_at_once() -> None:
    policy = made()
    policy.on_session(Outcome.SENT, 2, Instant(0.0))
    assert reason(policy, 0.0) is Reason.QUEUED


def test_a_packet_that_may_not_have_left_goes_before_anything_else() -> None:
    assert reason(made(), 0.0, holding=True, due=True) is Reason.AGAIN
    assert reason(made(), 0.0, due=True) is Reason.DATA


def test_failures_are_tried_again_less_and_less_often() -> None:
    policy = made()
    waits = []
    now = 0.0
    for _ in range(7):
        policy.on_session(Outcome.MAYBE, 0, Instant(now))
        waits.append(policy.next_at(Instant(now)) - now)
        now += waits[-1]
    assert waits == [20.0, 40.0, 80.0, 160.0, 300.0, 300.0, 300.0]


@pytest.mark.parametrize("draw", [0.0, 0.5, 1.0])
def test_status_36_waits_three_minutes_whatever_is_drawn(draw: float) -> None:
    policy = made(draw=draw)
    policy.on_session(Outcome.TOO_SOON, 0, Instant(0.0))
    assert policy.next_at(Instant(0.0)) >= 180.0


def test_what_only_a_person_can_repair_is_tried_rarely() -> None:
    policy = made()
    policy.on_session(Outcome.REFUSED, 0, Instant(0.0))
    assert policy.next_at(Instant(0.0)) == 300.0


def test_a_weak_sky_is_enough_after_a_while_and_a_hidden_one_never() -> None:
    policy = made()
    assert not policy.signal_suffices(1, Instant(0.0))
    assert policy.next_at(Instant(0.0)) == 20.0
    assert not policy.signal_suffices(0, Instant(400.0))
    assert policy.signal_suffices(1, Instant(420.0))
    assert policy.signal_suffices(2, Instant(421.0))


@given(st.integers(0, 100_000), st.integers(0, 100_000), st.integers(1, 1_000))
def test_credits_are_whole_steps_of_each_direction(up_bytes: int, down_bytes: int, step: int) -> None:
    spent = credits_of(up_bytes, down_bytes, step)
    assert spent >= 1
    assert spent * step >= up_bytes + down_bytes
    assert (spent - 2) * step < up_bytes + down_bytes or spent == 1


def test_the_known_prices() -> None:
    assert [credits_of(up, down, 50) for up, down in ((0, 0), (200, 0), (300, 0), (340, 270))] == [
        1,
        4,
        6,
        13,
    ]
