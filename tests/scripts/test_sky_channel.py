import dataclasses
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.sky.channel import Delivery, Fate, Passage, Radio
from scripts.sky.errors import ClockError, SettingError
from scripts.sky.model import (
    Count,
    Cut,
    Direction,
    ListedCuts,
    Meter,
    PeriodicCuts,
    RandomCuts,
    Reading,
    SkyProfile,
    Stage,
)

LONG_AFTER_S = 1e6

probabilities = st.sampled_from((0.0, 0.1, 0.5, 1.0))
rates = st.none() | st.floats(100, 100_000)
profiles = st.builds(
    SkyProfile,
    rate_up_bps=rates,
    rate_down_bps=rates,
    delay_s=st.floats(0, 5),
    loss=probabilities,
    duplicate=probabilities,
    reorder=probabilities,
    reorder_delay_s=st.floats(0, 5),
    packet_bytes_max=st.none() | st.integers(1, 300),
    queue_bytes_max=st.none() | st.integers(1, 2_000),
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    at_s: float
    direction: Direction
    size_bytes: int


offers = st.lists(
    st.builds(
        Offer,
        at_s=st.floats(0, 60),
        direction=st.sampled_from(Direction),
        size_bytes=st.integers(0, 400),
    ),
    max_size=40,
).map(lambda entries: sorted(entries, key=lambda offer: offer.at_s))
schedules = st.lists(st.builds(Cut, at_s=st.floats(0, 60), length_s=st.floats(0.001, 20)), max_size=4).map(
    lambda cuts: ListedCuts(listed=tuple(cuts))
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    passages: list[Passage[int]]
    deliveries: list[Delivery[int]]
    reading: Reading


def fly(profile: SkyProfile, script: list[Offer], cuts: ListedCuts, *, seed: int = 1) -> Flight:
    """Offer a script to a radio, waking at each of its instants as a simulation would."""
    radio: Radio[int] = Radio(profile, cuts=cuts, seed=seed)
    passages, deliveries = [], []
    for number, offer in enumerate(script):
        while (next_s := radio.next_s()) is not None and next_s < offer.at_s:
            deliveries += radio.due(next_s)
        passages.append(radio.send(offer.direction, bytes(offer.size_bytes), offer.at_s, number))
    while (next_s := radio.next_s()) is not None:
        deliveries += radio.due(next_s)
    return Flight(passages=passages, deliveries=deliveries, reading=radio.meter.snapshot())


@given(profiles, offers, schedules)
def test_nothing_is_delivered_before_its_airtime_and_delay(
    profile: SkyProfile, script: list[Offer], cuts: ListedCuts
) -> None:
    for delivery in fly(profile, script, cuts).deliveries:
        rate_bps = profile.rate_bps(delivery.direction)
        airtime_s = 0.0 if rate_bps is None else len(delivery.packet) * 8 / rate_bps
        earliest_s = script[delivery.route].at_s + airtime_s + profile.delay_s
        assert delivery.at_s >= earliest_s - 1e-9


@given(profiles, offers, schedules)
def test_what_is_offered_is_unsent_or_in_the_air_and_then_delivered_or_lost(
    profile: SkyProfile, script: list[Offer], cuts: ListedCuts
) -> None:
    flight = fly(profile, script, cuts)
    assert flight.reading.both.offered.packets == len(script)
    for traffic in (flight.reading.up, flight.reading.down):
        assert traffic.offered == traffic.unsent + traffic.air
        assert traffic.air + traffic.duplicated == traffic.delivered + traffic.lost
    assert flight.reading.is_settled
    assert flight.reading.both.delivered == Count(
        packets=len(flight.deliveries), size_bytes=sum(len(entry.packet) for entry in flight.deliveries)
    )


@given(profiles, offers)
def test_no_window_carries_more_than_its_rate_and_one_packet(
    profile: SkyProfile, script: list[Offer]
) -> None:
    flight = fly(profile, script, ListedCuts())
    for direction in Direction:
        rate_bps = profile.rate_bps(direction)
        left = [
            passage
            for passage, offer in zip(flight.passages, script, strict=True)
            if offer.direction is direction and passage.fate is not Fate.UNSENT
        ]
        if rate_bps is None:
            continue
        for first in range(len(left)):
            carried_bytes = 0
            for passage in left[first:]:
                carried_bytes += passage.size_bytes
                window_s = passage.left_s - left[first].left_s
                assert (carried_bytes - left[first].size_bytes) * 8 <= rate_bps * window_s + 1e-3


@given(profiles, offers, schedules, st.integers())
def test_one_seed_gives_one_sky(
    profile: SkyProfile, script: list[Offer], cuts: ListedCuts, seed: int
) -> None:
    assert fly(profile, script, cuts, seed=seed) == fly(profile, script, cuts, seed=seed)


def test_another_seed_gives_another_sky() -> None:
    script = [Offer(at_s=number, direction=Direction.UP, size_bytes=10) for number in range(64)]
    profile = SkyProfile(loss=0.5)
    assert fly(profile, script, ListedCuts(), seed=1) != fly(profile, script, ListedCuts(), seed=2)


@given(profiles, offers, schedules)
def test_asking_late_finds_the_same_deliveries(
    profile: SkyProfile, script: list[Offer], cuts: ListedCuts
) -> None:
    radio: Radio[int] = Radio(profile, cuts=cuts, seed=1)
    for number, offer in enumerate(script):
        radio.send(offer.direction, bytes(offer.size_bytes), offer.at_s, number)
    late = radio.due(LONG_AFTER_S)
    prompt = fly(profile, script, cuts)
    assert sorted(late, key=order) == sorted(prompt.deliveries, key=order)
    assert radio.meter.snapshot() == prompt.reading


def order(delivery: Delivery[int]) -> tuple[Any, ...]:
    return (delivery.at_s, delivery.route, delivery.is_copy)


@given(profiles, offers, st.floats(0, 60))
def test_a_cut_loses_exactly_what_is_in_the_air(
    profile: SkyProfile, script: list[Offer], cut_at_s: float
) -> None:
    profile = dataclasses.replace(profile, loss=0.0, packet_bytes_max=None, queue_bytes_max=None)
    before = [offer for offer in script if offer.at_s < cut_at_s]
    radio: Radio[int] = Radio(profile, seed=1)
    passages = [
        radio.send(offer.direction, bytes(offer.size_bytes), offer.at_s, number)
        for number, offer in enumerate(before)
    ]
    radio.cut(cut_at_s, 5.0)
    reading, arrived = radio.meter.snapshot().both, radio.due(cut_at_s)
    left = [passage for passage in passages if passage.left_s <= cut_at_s]
    planned = [arrival for passage in left for arrival in passage.arrivals]
    assert sorted(arrived, key=order) == sorted(
        (arrival for arrival in planned if arrival.at_s <= cut_at_s), key=order
    )
    assert reading.lost.packets == sum(arrival.at_s > cut_at_s for arrival in planned)
    assert reading.unsent.packets == len(passages) - len(left)
    assert reading.air.size_bytes == sum(passage.size_bytes for passage in left)
    assert radio.due(LONG_AFTER_S) == []


@given(schedules, st.floats(0, 100))
def test_a_packet_is_unsent_exactly_while_a_scheduled_cut_lasts(cuts: ListedCuts, at_s: float) -> None:
    radio: Radio[None] = Radio(SkyProfile(), cuts=cuts)
    passage = radio.send(Direction.UP, b"?", at_s, None)
    is_down = any(cut.at_s <= at_s < cut.at_s + cut.length_s for cut in cuts.listed)
    assert (passage.fate is Fate.UNSENT) is is_down
    assert radio.is_up(at_s) is not is_down


def test_the_channel_is_shared_and_keeps_its_rate() -> None:
    radio: Radio[str] = Radio(SkyProfile(rate_up_bps=2_400, rate_down_bps=2_400, delay_s=0.7))
    radio.send(Direction.UP, bytes(300), 0.0, "first")
    radio.send(Direction.UP, bytes(300), 0.0, "second")
    radio.send(Direction.DOWN, bytes(150), 0.0, "answer")
    arrivals = {delivery.route: delivery.at_s for delivery in radio.due(10.0)}
    assert list(arrivals) == ["answer", "first", "second"]
    assert list(arrivals.values()) == pytest.approx([1.2, 1.7, 2.7])


def test_a_packet_counts_as_air_when_its_last_bit_left_and_as_delivered_when_it_arrived() -> None:
    radio: Radio[None] = Radio(SkyProfile(rate_up_bps=800, delay_s=1.0))
    radio.send(Direction.UP, bytes(100), 0.0, None)
    seen = []
    for now_s in (0.5, 1.0, 1.5, 2.0):
        radio.advance(now_s)
        reading = radio.meter.snapshot().up
        seen.append((reading.air.size_bytes, reading.delivered.size_bytes))
    assert seen == [(0, 0), (100, 0), (100, 0), (100, 100)]


def test_reordered_packets_are_overtaken() -> None:
    profile = SkyProfile(reorder=0.5, reorder_delay_s=10.0)
    script = [Offer(at_s=number, direction=Direction.UP, size_bytes=1) for number in range(40)]
    routes = [delivery.route for delivery in fly(profile, script, ListedCuts()).deliveries]
    assert sorted(routes) == list(range(40))
    assert routes != sorted(routes)


def test_duplicates_arrive_twice_but_leave_once() -> None:
    script = [Offer(at_s=0.0, direction=Direction.UP, size_bytes=10)]
    flight = fly(SkyProfile(duplicate=1.0), script, ListedCuts())
    assert [delivery.is_copy for delivery in flight.deliveries] == [False, True]
    assert flight.reading.air_bytes == 10
    assert flight.reading.up.delivered.size_bytes == 20


def test_loss_has_about_its_probability() -> None:
    script = [Offer(at_s=number, direction=Direction.UP, size_bytes=1) for number in range(2_000)]
    lost = fly(SkyProfile(loss=0.1), script, ListedCuts()).reading.up.lost.packets
    assert 150 < lost < 250


def test_a_packet_past_the_size_limit_or_a_full_queue_never_leaves() -> None:
    radio: Radio[None] = Radio(SkyProfile(rate_up_bps=8, packet_bytes_max=100, queue_bytes_max=150))
    fates = [radio.send(Direction.UP, bytes(size), 0.0, None).fate for size in (101, 100, 60, 50)]
    assert fates == [Fate.UNSENT, Fate.CARRIED, Fate.UNSENT, Fate.CARRIED]
    assert radio.meter.snapshot().up.unsent == Count(packets=2, size_bytes=161)


def test_a_cut_within_a_cut_only_lengthens_it() -> None:
    radio: Radio[None] = Radio(SkyProfile())
    radio.cut(0.0, 10.0)
    radio.cut(5.0, 10.0)
    assert radio.meter.cuts == 1
    assert not radio.is_up(14.9)
    assert radio.is_up(15.0)


def test_a_clock_that_runs_backwards_is_refused() -> None:
    radio: Radio[None] = Radio(SkyProfile())
    radio.send(Direction.UP, b"?", 5.0, None)
    with pytest.raises(ClockError, match="never go back"):
        radio.due(4.0)


def test_periodic_cuts_follow_their_times_up_and_down() -> None:
    cuts = PeriodicCuts(up_s=60, down_s=20, first_s=5).cuts()
    assert [next(cuts).at_s for _ in range(3)] == [5, 85, 165]
    assert next(PeriodicCuts(up_s=60, down_s=20).cuts()) == Cut(at_s=60, length_s=20)


@settings(max_examples=20)
@given(st.integers())
def test_random_cuts_repeat_by_seed_and_never_overlap(seed: int) -> None:
    schedule = RandomCuts(seed=seed, up_s_mean=60, down_s_mean=20)
    first, second = ([cut for cut, _ in zip(schedule.cuts(), range(50), strict=False)] for _ in range(2))
    assert first == second
    assert all(earlier.at_s + earlier.length_s <= later.at_s for earlier, later in itertools.pairwise(first))


def test_a_difference_of_readings_bills_what_lay_between() -> None:
    meter = Meter()
    meter.count(Direction.UP, Stage.AIR, 100)
    before = meter.snapshot()
    meter.count(Direction.UP, Stage.AIR, 20)
    meter.count(Direction.DOWN, Stage.AIR, 3)
    meter.connections += 1
    spent = meter.snapshot() - before
    assert spent.air_bytes == 23
    assert spent.both.air.whole_ip_bytes == 23 + 2 * 28
    assert spent.connections == 1
    assert spent.as_record()["down_air_bytes"] == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate_up_bps": 0.0},
        {"rate_down_bps": float("nan")},
        {"delay_s": -1.0},
        {"loss": 1.1},
        {"speed": 0.0},
        {"packet_bytes_max": 0},
    ],
)
def test_an_impossible_profile_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingError, match=next(iter(wrong))):
        SkyProfile(**wrong)


def test_impossible_cuts_are_refused() -> None:
    with pytest.raises(SettingError, match="length above 0"):
        Cut(at_s=1, length_s=0)
    with pytest.raises(SettingError, match="both above 0"):
        PeriodicCuts(up_s=0, down_s=1)
    with pytest.raises(SettingError, match="both above 0"):
        RandomCuts(seed=1, up_s_mean=1, down_s_mean=0)
    with pytest.raises(SettingError, match="length above 0"):
        Radio[None](SkyProfile()).cut(0.0, 0.0)
