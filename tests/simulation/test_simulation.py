"""Some fleets in the normal run; `scripts/simulate` sails more."""

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from protocol.frames import Priority
from protocol.ids import UnixSeconds
from protocol.links import LinkKind, LinkProfile, Side
from protocol.outbox import Piece
from tests.simulation.cli import main, repeat_command
from tests.simulation.faults import BrokenRule, draw_plan
from tests.simulation.fleet import sail
from tests.simulation.invariants import Rules
from tests.simulation.journal import read_journal
from tests.simulation.nonces import NonceLedger
from tests.simulation.watched import Meter
from vessel_client.policy import Cap, Tariff
from vessel_client.store import copied
from vessel_client.store.database import Connection

SEEDS = 300
AT_ONCE = 25
WITH_STICKS = (7, 13, 31)
LINK = LinkProfile(name="udp", kind=LinkKind.DATAGRAM, mtu_up_bytes=1_200, mtu_down_bytes=1_200)


def rules(nonces: NonceLedger | None = None) -> Rules:
    return Rules("vessel-0", nonces or NonceLedger(), Counter())


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_fleets_keep_every_rule(first: int) -> None:
    broken = [
        f"{outcome.problem}; again: {repeat_command(outcome.seed, None)}"
        for outcome in (sail(seed) for seed in range(first, first + AT_ONCE))
        if outcome.problem is not None
    ]
    assert broken == []


def test_a_relay_that_is_full_for_hours_costs_little() -> None:
    # Each try of a bundle used to begin 60 s after the last one: 1.6 MB went for 66 kB.
    outcome = sail(5021, days=0.1)
    assert outcome.problem is None
    assert outcome.packet_bytes < 700_000


def test_a_relay_with_an_old_copy_and_a_wrong_clock_gives_every_report_to_its_desk() -> None:
    # A new report got the cursor of one that the desk had had before the copy was put in place.
    assert sail(101_064).problem is None


@pytest.mark.parametrize("seed", [102_236, 102_377])
def test_a_full_disk_makes_no_bearer_forget_what_it_has_spent(seed: int) -> None:
    # Engines built anew started from the ledger, which had not got the last counts; some never got there.
    assert sail(seed).problem is None


def test_a_relay_whose_clock_was_set_back_still_answers_over_satellites() -> None:
    # Receipts were due when the clock would have come to that date again; the vessel asked for ever.
    assert sail(2770, days=0.1).problem is None


@pytest.mark.parametrize("seed", [8])
def test_one_seed_is_one_fleet(seed: int) -> None:
    first, second = sail(seed), sail(seed)
    assert first.trace_hash == second.trace_hash
    assert first.faults == second.faults
    assert first.trace_hash != sail(seed + 1).trace_hash


def test_every_fault_strikes_in_the_normal_run() -> None:
    plans = [draw_plan(random.Random(seed)) for seed in range(SEEDS)]
    for fault in ("loss", "duplicate", "reorder", "corrupt", "silence", "crash", "disk_full", "ambiguous"):
        assert sum(getattr(plan, fault) > 0 for plan in plans) >= 5, fault
    trips = [trip for plan in plans for trip in plan.trips]
    assert sum(plan.restores for plan in plans) >= 2
    assert sum(trip.restores for trip in trips) >= 5
    assert sum(trip.cuts for trip in trips) >= 12 * len(trips)
    assert {link.name for trip in trips for link in trip.links} == {"tcp", "udp", "sbd"}


def test_sticks_bring_what_links_have_not_brought_yet() -> None:
    counts: Counter[str] = sum((sail(seed).counts for seed in WITH_STICKS), Counter())
    assert counts["packets on sticks"] >= 10
    assert counts["packets taken from sticks"] >= 2


@pytest.mark.parametrize("seed", [129, 336])
def test_two_boxes_from_one_disk_lose_nothing(seed: int) -> None:
    outcome = sail(seed)
    assert outcome.problem is None
    assert outcome.faults["disk-copied"] == 1


def test_a_copied_disk_that_goes_on_as_it_was_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    async def go_on(_connection: Connection, **_drawn: object) -> None:
        """Keep keys and counters."""

    monkeypatch.setattr(copied, "begin_anew", go_on)
    problem = sail(129).problem
    assert problem is not None
    assert "a nonce is used twice" in problem


def test_what_is_not_urgent_over_a_cap_is_seen() -> None:
    tariff = Tariff(byte_nano=1, cap=Cap(size_bytes=500))
    meter = Meter({"tcp": tariff}, lambda: UnixSeconds(1_700_000_000))
    meter.leaves("tcp", bytes(400), [(Priority.TEXT, Piece(1, 0, 390))])
    meter.leaves("tcp", bytes(400), [(Priority.URGENT, Piece(2, 0, 390))])
    with pytest.raises(BrokenRule, match="cap"):
        meter.leaves("tcp", bytes(20), [(Priority.TEXT, Piece(1, 390, 400))])


def test_a_trace_tells_what_happens() -> None:
    lines: list[str] = []
    outcome = sail(3, print_line=lines.append)
    assert sum(" is cut for " in line for line in lines) == outcome.cuts
    assert any("takes bundle" in line for line in lines)


def test_the_program_prints_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "1", "--first", "3", "--days", "0.05", "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["seeds"] == 1
    assert summary["broken"] == {}
    assert summary["simulated_s_per_wall_s"] > 0


def test_a_run_goes_on_where_its_journal_stops(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = tmp_path / "journal"
    shared = ["--days", "0.02", "--json", "--journal", str(journal)]
    main(["--seeds", "2", *shared])
    with journal.open("a") as file:
        file.write('{"first": 2, "se')  # The power failed in the middle of a line.
    main(["--seeds", "3", *shared])
    assert [(block.first, block.seeds) for block in read_journal(journal)] == [(0, 2), (2, 1)]
    capsys.readouterr()
    before = journal.read_bytes()
    main(["--seeds", "3", *shared])
    assert json.loads(capsys.readouterr().out)["seeds"] == 3
    assert journal.read_bytes() == before


def test_a_nonce_that_leaves_with_two_packets_is_seen() -> None:
    ledger = NonceLedger()
    watched = rules(ledger)
    for packet in (b"one packet", b"another packet"):
        ledger.used(b"key", b"nonce", packet[-8:])
        if packet == b"one packet":
            watched.leaves(Side.VESSEL, LINK, packet)
    with pytest.raises(BrokenRule, match="twice"):
        watched.leaves(Side.VESSEL, LINK, b"another packet")


def test_a_packet_over_its_size_is_seen() -> None:
    with pytest.raises(BrokenRule, match="sends 1201 B"):
        rules().leaves(Side.VESSEL, LINK, bytes(1_201))


def test_a_bundle_that_nobody_got_is_seen() -> None:
    watched = rules()
    watched.kept(Side.VESSEL, 1, b"report")
    with pytest.raises(BrokenRule, match="never arrived"):
        watched.check_end()


def test_a_bundle_that_is_deleted_before_its_receipt_is_seen() -> None:
    watched = rules()
    watched.kept(Side.VESSEL, 1, b"report")
    with pytest.raises(BrokenRule, match="does not hold"):
        watched.settled(Side.VESSEL, 1)


def test_a_bundle_that_is_handed_over_twice_is_seen() -> None:
    watched = rules()
    watched.handed_over([b"report"])
    with pytest.raises(BrokenRule, match="twice"):
        watched.handed_over([b"report"])


def test_a_number_that_is_given_twice_is_seen() -> None:
    watched = rules()
    watched.kept(Side.VESSEL, 1, b"report")
    with pytest.raises(BrokenRule, match="two bundles"):
        watched.kept(Side.VESSEL, 1, b"another")
