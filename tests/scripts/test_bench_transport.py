from dataclasses import replace

import pytest

from protocol import message
from protocol.ids import VesselId
from protocol.links import LinkKind
from scripts.benchmarks import cargo, engines, lxmf_cut, peer_runs, satellite_runs, short_messages
from scripts.benchmarks.cargo import Desk, Parcel, bulk, check_in, packed_text, small
from scripts.benchmarks.outcome import Outcome
from scripts.benchmarks.short_sky import ShortPassage
from scripts.benchmarks.transport import RUNS, WISHES
from scripts.benchmarks.wishes import Pick, Wish, mark
from scripts.sky.messages import MessageProfile, MessageReading
from scripts.sky.model import Count, Reading, Traffic
from scripts.sky.prices import PRICE_PER_CREDIT, PRICE_PER_MEGABYTE

VESSEL = VesselId(b"vessel-1")


def outcome(air_bytes: int, *, failure: str = "") -> Outcome:
    up = Traffic(air=Count(packets=1, size_bytes=air_bytes))
    return Outcome(seconds=41.5, reading=Reading(up=up), failure=failure)


def air(each: Outcome) -> float:
    return each.air_bytes


def test_every_row_can_be_measured_and_every_run_serves_a_row() -> None:
    needed = set().union(*(wish.runs for wish in WISHES))
    assert needed == set(RUNS)


def test_row_names_are_unique() -> None:
    names = [wish.row for wish in WISHES]
    assert len(names) == len(set(names))


def test_the_targets_are_those_of_the_design() -> None:
    targets = [wish.target for wish in WISHES if wish.target is not None]
    assert targets == [
        *(235, 210, 340, 4_665, 60_900, 2_000, 2_000, 290),
        *(45, 5_400, 285, 63_900, 0, 1.15, 600, 600, 600, 6),
        240,
        *(1, 200, 4, 1, 300, 6, 16, 2, 270),
        *(0, 1, 6, 0),
    ]


def test_a_peer_that_failed_has_no_value_but_a_reason_with_what_it_spent() -> None:
    figure = Pick("lxmf", air).figure({"lxmf": outcome(2_594, failure="given up")})
    assert figure.value is None
    assert figure.why == "given up after 42 s and 2,594 bytes"


def test_a_run_that_could_not_be_made_says_why() -> None:
    assert Pick("lxmf", air).figure({"lxmf": "LXMF is not installed."}).why == "LXMF is not installed."


def test_waste_is_what_a_run_took_beyond_one_without_the_fault() -> None:
    outcomes = {"cut": outcome(62_100), "steady": outcome(61_700)}
    assert Pick("cut", air, "steady").figure(outcomes).value == 400
    failed = outcomes | {"steady": outcome(0, failure="not delivered")}
    assert Pick("cut", air, "steady").figure(failed).value is None


def test_a_row_keeps_what_was_measured_beside_it() -> None:
    wish = Wish(
        row="60 kB",
        unit="bytes",
        own=Pick("own", air),
        target=5,
        peers={"LXMF": Pick("peer", air)},
        also={"open": Pick("peer", air), "broken": Pick("broken", air)},
    )
    outcomes: dict[str, Outcome | str] = {"own": outcome(4), "peer": outcome(9), "broken": "no"}
    row = wish.row_of(outcomes)
    assert (row.measured, row.ok, row.peers["LXMF"].value, dict(row.also)) == (4, True, 9, {"open": 9})


@pytest.mark.parametrize("parcel", [small(), bulk(cargo.NOTE_BYTES), packed_text()])
def test_unpadded_cargo_is_smaller_than_padded(parcel: Parcel) -> None:
    desk = Desk()
    padded = replace(parcel, padded=True)
    assert len(desk.sealed(parcel, VESSEL)) < len(desk.sealed(padded, VESSEL))


def test_opaque_cargo_carries_exactly_as_many_bytes_as_peers_get() -> None:
    body = small().body
    assert isinstance(body, message.Voice)
    assert body.packed == cargo.opaque(cargo.TEXT_BYTES)
    assert len(body.packed) == 120


def test_a_check_in_is_one_short_message_and_its_receipt_one_more() -> None:
    passage = short_messages.carry(Parcel(body=check_in(), padded=True), MessageProfile())
    assert (passage.up_messages, passage.up_bytes, passage.credits_up) == (1, 200, 4)
    assert passage.down_messages == 1
    assert passage.credits_with_receipt > passage.credits_up


@pytest.mark.parametrize("seed", range(5))
def test_a_note_arrives_although_most_sessions_fail(seed: int) -> None:
    passage = short_messages.carry(bulk(2_000), MessageProfile(failure=0.6), seed=seed)
    assert passage.up_messages >= 7
    assert passage.down_messages >= 1


def test_a_row_tells_what_its_own_crossing_cost_and_its_peers_theirs() -> None:
    own = Outcome(seconds=1.0, credits_spent=5.0, marks={"credits": 4.0})
    wish = Wish(
        row="a check-in",
        unit="credits",
        own=Pick("own", mark("credits")),
        peers={"LXMF": Pick("peer", air)},
    )
    row = wish.row_of({"own": own, "peer": outcome(1_000_000)})
    assert (row.measured, row.credits_spent) == (4, 5)
    assert row.money == pytest.approx(5 * PRICE_PER_CREDIT)
    assert row.peers["LXMF"].money == pytest.approx(PRICE_PER_MEGABYTE)


@pytest.mark.parametrize(
    ("sizes", "messages"),
    [
        ([1, 340], [1, 340]),
        ([341], [340, 3]),
        ([500, 60], [340, 162, 60]),
        ([678], [340, 340]),
        ([679], [340, 340, 2]),
        ([], []),
    ],
)
def test_a_packet_that_does_not_fit_becomes_messages_that_say_which_piece_they_are(
    sizes: list[int], messages: list[int]
) -> None:
    assert lxmf_cut.cut_packets(sizes, 340) == messages


def test_cut_messages_cost_whole_credits_in_both_directions() -> None:
    count = lxmf_cut.CutCount(up=(340, 2), down=(51,))
    assert count.credits_spent(MessageProfile()) == 7 + 1 + 2


def test_several_passages_give_medians_and_the_mean_of_all_that_was_spent() -> None:
    passages = [passage(credits_up=each, seconds=10.0 * each) for each in (4, 4, 8)]
    whole = passage(credits_up=16, seconds=0.0, credits_spent=21)
    made = satellite_runs.outcome_of(passages, whole, refused=0)
    assert (made.seconds, made.credits_spent) == (40, 7)
    assert (made.marks["credits_up"], made.marks["messages_up"], made.failure) == (4, 1, "")
    assert satellite_runs.outcome_of(passages, whole, refused=1).failure


def passage(*, credits_up: int, seconds: float, credits_spent: int = 5) -> ShortPassage:
    reading = MessageReading(sessions=2, up_messages=1, credits_spent=credits_spent)
    return ShortPassage(reading=reading, credits_up=credits_up, seconds=seconds)


@pytest.mark.parametrize("length_s", [10, 30])
def test_peers_get_as_many_bytes_of_voice_as_our_own_notes_have(length_s: int) -> None:
    body = satellite_runs.thin_parcel(length_s).body
    assert isinstance(body, message.Voice)
    assert len(body.packed) == peer_runs.THIN_BYTES[length_s]


@pytest.mark.parametrize("kind", [LinkKind.STREAM, LinkKind.DATAGRAM])
def test_two_engines_in_memory_move_everything_slower_than_the_encryption_alone(kind: LinkKind) -> None:
    assert 0 < engines.move(kind, 2) < engines.encryption_alone()
