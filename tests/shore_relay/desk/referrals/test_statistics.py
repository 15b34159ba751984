"""A buyer who takes every number that is to be had, and compares them all, singles out nobody."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.ids import UnixSeconds, VesselId
from protocol.mailbox import Mailbox
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import EvidenceState
from shore_relay.desk.cases.recording import add_trade
from shore_relay.desk.cases.trade import TradeKind, TradeReference
from shore_relay.desk.cases.work import judge_evidence
from shore_relay.desk.errors import NotPermitted, NotReleasable, OnlyStatistics, UnknownVessel
from shore_relay.desk.handovers import load_handovers
from shore_relay.desk.referrals.partners import PartnerKind
from shore_relay.desk.referrals.receiving import load_received_letter, take_in
from shore_relay.desk.referrals.releasing import load_releases, prepare, release, vessels_with
from shore_relay.desk.referrals.statistics import (
    Person,
    Quarter,
    Statistics,
    count,
    in_other_company,
    read_statistics,
)
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.cases.arriving import arrive
from tests.shore_relay.desk.people.conftest import Clock
from tests.shore_relay.desk.referrals.conftest import befriend

K = 5
NAMES = ("debt-bondage", "isolation", "deception")
FLEET = {VesselId(bytes([number]) * 8): f"Vessel {number}" for number in range(3)}
QUARTER = Quarter(2026, 3)

people = st.lists(
    st.builds(
        Person,
        vessel=st.sampled_from(sorted(FLEET)),
        indicators=st.frozensets(st.sampled_from(NAMES)),
    ),
    max_size=40,
)


def numbers(statistics: Statistics) -> list[int]:
    return [statistics.people, *statistics.indicators.values()]


@settings(max_examples=100, deadline=None)
@given(people)
def test_no_number_and_no_difference_of_two_is_about_fewer_than_k(found: list[Person]) -> None:
    said = count(found, FLEET, QUARTER, K)

    shown = numbers(said)
    for one, other in combinations([0, *shown], 2):
        assert abs(one - other) == 0 or abs(one - other) >= K
    # Complementary cells: whoever knows the total learns of no small rest, and of nobody that all are alike.
    for name, number in said.indicators.items():
        rest = sum(name not in person.indicators for person in found)
        assert rest >= K
        assert said.people - number >= K


@settings(max_examples=100, deadline=None)
@given(people, st.lists(st.frozensets(st.sampled_from(sorted(FLEET)), min_size=1), max_size=8))
def test_no_two_companies_of_vessels_that_are_let_out_have_a_difference(
    found: list[Person], asked: list[frozenset[VesselId]]
) -> None:
    """The attack of a buyer with friends: vessels A and B, then A alone; the rest is the crew of B."""
    let_out: dict[frozenset[VesselId], Statistics] = {}
    for company in asked:
        if not in_other_company(let_out, company):
            let_out[company] = count(found, {vessel: FLEET[vessel] for vessel in company}, QUARTER, K)

    for one, other in combinations(let_out, 2):
        assert not one & other
        # Whatever is added or taken away is a number of at least k people, of two crews that share nobody.
        assert all((a - b) % K == 0 for a in numbers(let_out[one]) for b in numbers(let_out[other]))


@settings(max_examples=100, deadline=None)
@given(people, st.builds(Person, vessel=st.sampled_from(sorted(FLEET)), indicators=st.just(frozenset(NAMES))))
def test_one_more_person_is_never_seen_as_one_more(found: list[Person], newcomer: Person) -> None:
    before, after = count(found, FLEET, QUARTER, K), count([*found, newcomer], FLEET, QUARTER, K)

    for name in (None, *NAMES):
        one = before.people if name is None else before.indicators.get(name, 0)
        other = after.people if name is None else after.indicators.get(name, 0)
        assert abs(other - one) == 0 or abs(other - one) >= K


def test_a_crew_in_which_all_say_the_same_is_not_told_so() -> None:
    crew = [Person(vessel=next(iter(FLEET)), indicators=frozenset({"isolation"}))] * 9
    said = count(crew, FLEET, QUARTER, K)
    assert (said.people, dict(said.indicators)) == (5, {})
    assert count(crew[:4], FLEET, QUARTER, K).people == 0


class Crewed(Boat):
    """A boat whose fishers have mailboxes without the slow way from a code to its key."""

    @property
    def mailbox(self) -> Mailbox:
        return Mailbox(private=hashlib.sha256(repr(self.writer).encode()).digest())

    writer = 0


async def crew(office: Desk, boat: Crewed, size: int, at: int, first: int = 1) -> None:
    """Let so many people of a boat write once each."""
    for person in range(first, first + size):
        boat.writer = person
        await arrive(office, boat.text(f"I am {person}."), at=at)


def chosen(*boats: Boat) -> list[VesselId]:
    return [boat.vessel for boat in boats]


@pytest.fixture
def office(office: Desk) -> Desk:
    """The same, with a smaller k."""
    return replace(office, settings=replace(office.settings, statistics_people_min=3))


@pytest.fixture
async def told(office: Desk, tom: Actor, clock: Clock) -> Mapping[str, Crewed]:
    """Seven people on one vessel and one on another wrote; three of them of their pay. k is 3."""
    clock.unix = 1_790_000_000
    boat = Crewed(office.keyring.keys.card)
    small = Crewed(office.keyring.keys.card, name="Small Fry", identity=2)
    await arrive(office, boat.introduction(), small.introduction())
    await crew(office, boat, 7, clock.unix)
    await crew(office, small, 1, clock.unix, first=50)
    for case in range(1, 4):
        await judge_evidence(office, tom, case, Indicator.WITHHOLDING_OF_WAGES, case, EvidenceState.CONFIRMED)
    return {"large": boat, "small": small}


async def refused(office: Desk, quarter: Quarter, vessels: Iterable[VesselId]) -> str:
    with pytest.raises(NotReleasable) as refusal:
        await prepare(office, office.actor, quarter, vessels)
    return str(refusal.value)


async def test_a_buyer_gets_a_quarter_once_and_no_other_company_of_its_vessels(
    office: Desk, chambers: Desk, told: Mapping[str, Crewed], tom: Actor, clock: Clock
) -> None:
    large, small = told["large"], told["small"]
    buyer = await befriend(office, chambers, PartnerKind.BUYER)
    await befriend(chambers, office, PartnerKind.LABOUR_RIGHTS)
    quarter = Quarter.of(UnixSeconds(clock.unix))
    assert "not over" in await refused(office, quarter, chosen(large, small))
    clock.pass_s(95 * 86_400)
    with pytest.raises(NotPermitted):
        await release(office, tom, buyer.number, quarter, chosen(large, small))
    with pytest.raises(UnknownVessel):
        await prepare(office, office.actor, quarter, [VesselId(b"elsewher")])

    said, letter = await release(office, office.actor, buyer.number, quarter, chosen(large, small))

    assert (said.people, dict(said.indicators)) == (6, {"withholding-of-wages": 3})
    # The one on the small vessel would be the difference of these two.
    assert "Blue Dolphin" in await refused(office, quarter, chosen(large))
    assert "Small Fry" in await refused(office, quarter, chosen(small))
    # A message that comes later changes nothing that was said, however often somebody asks.
    await crew(office, large, 1, 1_790_000_100, first=70)
    await judge_evidence(office, tom, 4, Indicator.WITHHOLDING_OF_WAGES, 4, EvidenceState.CONFIRMED)
    again, _ = await release(office, office.actor, buyer.number, quarter, chosen(small, large))
    assert again == said
    assert len(await load_releases(office)) == 1
    assert [one.kind for one in await load_handovers(office)] == ["statistics"] * 2
    taken = await take_in(chambers, chambers.actor, letter)
    assert taken.received is not None
    _, opened, _ = await load_received_letter(chambers, taken.received.number)
    assert read_statistics(opened.content) == said
    assert b"I am" not in opened.raw


async def test_vessels_are_found_by_a_catch_and_only_buyers_get_statistics(
    office: Desk, chambers: Desk, boat: Boat, tom: Actor, clock: Clock
) -> None:
    await arrive(office, boat.introduction(), boat.text("One.", mailbox=False))
    reference = TradeReference(number=0, kind=TradeKind.CATCH_BATCH, text="Lot 7/b", vessel=boat.vessel)
    await add_trade(office, tom, 1, reference)
    assert await vessels_with(office, " lot  7/B ") == {boat.vessel}
    lawyers = await befriend(office, chambers)
    clock.pass_s(95 * 86_400)
    with pytest.raises(OnlyStatistics):
        await release(office, office.actor, lawyers.number, Quarter(2026, 3), chosen(boat))


@pytest.mark.parametrize("text", ["", "2026", "2026-Q5", "2026-3", "20261-Q1", "x-Q1"])
def test_what_is_no_quarter_is_refused(text: str) -> None:
    with pytest.raises(NotReleasable):
        Quarter.read(text)


def test_quarters_are_read_written_and_follow_each_other() -> None:
    assert str(Quarter.read(" 2026-q1 ")) == "2026-Q1"
    assert Quarter.read("2026-Q1").before == Quarter(2025, 4)
    assert Quarter.of(UnixSeconds(0)) == Quarter(1970, 1)
    assert Quarter.of(UnixSeconds(2**40)) == Quarter(9999, 4)
