"""Which bearer takes what: prices, caps, hours, waiting."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.frames import Priority
from protocol.ids import UnixSeconds
from vessel_client.policy import (
    ALL_PRIORITIES,
    NANO,
    Cap,
    Hours,
    Load,
    OpenBearer,
    Spent,
    Tariff,
    below_spent,
    choose,
    crew_share,
    elapsed_share,
    forecast,
    month_of,
)

NOON = UnixSeconds(1_763_985_600)
"""24 November 2025, 12:00 UTC."""
CHEAP = Tariff(byte_nano=1)
DEAR = Tariff(byte_nano=1_000_000, step_bytes=50, carries=frozenset({Priority.URGENT, Priority.CHECK_IN}))


def bearer(name: str, tariff: Tariff, spent: Spent | None = None) -> OpenBearer:
    return OpenBearer(name=name, tariff=tariff, packet_bytes=340, spent=spent or Spent())


def load(priority: Priority, size_bytes: int = 300, waited_s: float = 0.0) -> Load:
    return Load(priority=priority, size_bytes=size_bytes, waited_s=waited_s)


BOTH = [bearer("sbd", DEAR), bearer("tcp", CHEAP)]


def test_the_cheapest_open_bearer_takes_it() -> None:
    assert choose(load(Priority.CHECK_IN), BOTH, NOON) == {"tcp"}
    assert choose(load(Priority.CHECK_IN), BOTH[:1], NOON) == {"sbd"}


def test_bearers_that_cost_the_same_share() -> None:
    free = [bearer("tcp", Tariff()), bearer("udp", Tariff())]
    assert choose(load(Priority.TEXT), free, NOON) == {"tcp", "udp"}


def test_what_is_urgent_goes_over_all() -> None:
    assert choose(load(Priority.URGENT), BOTH, NOON) == {"sbd", "tcp"}


def test_a_bearer_carries_only_what_its_operator_lets_it() -> None:
    assert choose(load(Priority.TEXT), BOTH[:1], NOON) == frozenset()


def test_what_waits_too_long_escalates_but_clear_voice_never() -> None:
    patient = [bearer("sbd", replace(DEAR, escalate_after_s=3_600.0))]
    assert choose(load(Priority.TEXT, waited_s=3_599), patient, NOON) == frozenset()
    assert choose(load(Priority.TEXT, waited_s=3_600), patient, NOON) == {"sbd"}
    assert choose(load(Priority.THIN_VOICE, waited_s=3_600), patient, NOON) == {"sbd"}
    assert choose(load(Priority.CLEAR_VOICE, waited_s=10**9), patient, NOON) == frozenset()


def test_a_cap_in_bytes_or_money_stops_all_but_what_may_go_over_it() -> None:
    for cap, spent in (
        (Cap(size_bytes=1_000), Spent(size_bytes=701)),
        (Cap(money_nano=1_000), Spent(money_nano=701)),
    ):
        full = [bearer("tcp", replace(CHEAP, cap=cap), spent)]
        assert choose(load(Priority.TEXT), full, NOON) == frozenset()
        assert choose(load(Priority.URGENT), full, NOON) == {"tcp"}
        roomy = [bearer("tcp", replace(CHEAP, cap=cap), Spent(size_bytes=700, money_nano=700))]
        assert choose(load(Priority.TEXT), roomy, NOON) == {"tcp"}
        strict = [bearer("tcp", replace(CHEAP, cap=cap, over_cap=frozenset()), spent)]
        assert choose(load(Priority.URGENT), strict, NOON) == frozenset()


@pytest.mark.parametrize(
    ("hours", "inside"),
    [(Hours(start=10, end=13), True), (Hours(start=22, end=6), False), (Hours(start=13, end=12), False),
     (Hours(start=22, end=13), True)],
)  # fmt: skip
def test_hours_bind_what_does_not_hurry(hours: Hours, inside: bool) -> None:
    timed = [bearer("tcp", replace(CHEAP, hours=hours))]
    assert (choose(load(Priority.TEXT), timed, NOON) == {"tcp"}) == inside
    assert choose(load(Priority.URGENT), timed, NOON) == {"tcp"}


def test_a_packet_is_billed_in_steps() -> None:
    iridium = Tariff(byte_nano=2, message_nano=5, step_bytes=50)
    assert iridium.packet_nano(0) == 5 + 100
    assert iridium.packet_nano(200) == 5 + 400
    assert iridium.packet_nano(201) == 5 + 500
    assert Tariff(byte_nano=1, overhead_bytes=40).packet_nano(60) == 100
    assert iridium.estimate_nano(341, 340) == iridium.packet_nano(340) + iridium.packet_nano(1)


@given(
    st.lists(
        st.builds(
            bearer,
            st.uuids().map(str),
            st.builds(
                Tariff,
                byte_nano=st.integers(0, 10),
                step_bytes=st.integers(1, 60),
                cap=st.builds(Cap, money_nano=st.none() | st.integers(0, 9_000)),
                carries=st.frozensets(st.sampled_from(Priority)),
                escalate_after_s=st.none() | st.just(60.0),
            ),
            st.builds(Spent, money_nano=st.integers(0, 9_000)),
        ),
        max_size=5,
    ),
    st.builds(load, st.sampled_from(Priority), st.integers(1, 3_000), st.floats(0, 200)),
)
def test_no_choice_breaks_a_cap_or_passes_a_cheaper_bearer(bearers: list[OpenBearer], what: Load) -> None:
    chosen = [each for each in bearers if each.name in choose(what, bearers, NOON)]
    if what.priority is Priority.URGENT:
        assert len(chosen) == len(bearers)
        return
    prices = {each.tariff.estimate_nano(what.size_bytes, each.packet_bytes) for each in chosen}
    assert len(prices) <= 1
    for each in chosen:
        cap = each.tariff.cap.money_nano
        assert cap is None or each.spent.money_nano + min(prices) <= cap


def test_months_and_forecasts() -> None:
    assert month_of(NOON) == 202511
    assert elapsed_share(NOON) == pytest.approx(23.5 / 30)
    assert forecast(235, NOON) == 300
    first = UnixSeconds(1_761_955_200)
    assert forecast(1, first) == 30


def test_a_crews_month_is_weighed_against_the_caps() -> None:
    spent = {"tcp": Spent(size_bytes=5)}
    capped = Tariff(cap=Cap(size_bytes=12_000_000))
    by_money = Tariff(byte_nano=1_000, cap=Cap(money_nano=3 * NANO))
    assert crew_share(15, [capped, by_money], spent).allowed_bytes == 15_000_000
    assert crew_share(15, [capped, by_money], spent).is_enough
    assert not crew_share(16, [capped, by_money], spent).is_enough
    assert crew_share(16, [capped, Tariff()], spent).allowed_bytes is None
    assert crew_share(1, [], spent).used_bytes == 5


def test_a_cap_below_what_is_spent_is_known() -> None:
    spent = Spent(money_nano=5, size_bytes=5)
    assert below_spent(Cap(money_nano=4), spent)
    assert below_spent(Cap(size_bytes=4), spent)
    assert not below_spent(Cap(money_nano=5, size_bytes=5), spent)
    assert not below_spent(Cap(), spent)


def test_a_free_tariff_has_nothing_to_weigh() -> None:
    assert Tariff().is_free
    assert not CHEAP.is_free
    assert not Tariff(carries=ALL_PRIORITIES - {Priority.TEXT}).is_free
