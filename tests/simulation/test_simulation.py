"""Some hundred voyages in the normal run; `scripts/simulate` sails more."""

import json
import random

import pytest

from protocol.links import Side
from tests.simulation.cli import main, repeat_command
from tests.simulation.faults import BrokenRule, draw_plan
from tests.simulation.invariants import Invariants
from tests.simulation.nonces import NonceLedger
from tests.simulation.voyage import sail

SEEDS = 200
AT_ONCE = 10


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_voyages_keep_every_rule(first: int) -> None:
    broken = [
        f"{outcome.problem}; again: {repeat_command(outcome, None)}"
        for outcome in (sail(seed) for seed in range(first, first + AT_ONCE))
        if outcome.problem is not None
    ]
    assert broken == []


@pytest.mark.parametrize("seed", [0, 58, 121, 205])
def test_one_seed_is_one_voyage(seed: int) -> None:
    first, second = sail(seed), sail(seed)
    assert first.trace_hash == second.trace_hash
    assert first.faults == second.faults
    assert first.trace_hash != sail(seed + 1).trace_hash


def test_every_fault_strikes_in_the_normal_run() -> None:
    plans = [draw_plan(random.Random(seed)) for seed in range(SEEDS)]
    for fault in ("loss", "duplicate", "reorder", "corrupt", "silence", "crash", "disk_full", "refusal"):
        assert sum(getattr(plan, fault) > 0 for plan in plans) >= 20, fault
    assert sum(plan.restores for plan in plans) >= 20
    assert {link.name for plan in plans for link in plan.links} == {"tcp", "udp", "sbd"}


def test_a_trace_tells_what_happens() -> None:
    lines: list[str] = []
    outcome = sail(2, print_line=lines.append)
    assert any("relay has bundle" in line for line in lines)
    assert outcome.delivered == sum(" has bundle " in line for line in lines)


def test_the_program_prints_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "2", "--first", "3", "--hours", "0.1", "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["seeds"] == 2
    assert summary["broken"] == {}
    assert summary["simulated_s_per_wall_s"] > 0


def test_a_nonce_that_leaves_twice_is_seen() -> None:
    ledger = NonceLedger()
    for leaves in (True, False):
        ledger.begin_packet()
        ledger.used(b"key", b"nonce")
        assert ledger.packet_leaves() is leaves


def test_a_nonce_that_never_left_may_be_used() -> None:
    ledger = NonceLedger()
    for _ in range(2):
        ledger.begin_packet()
        ledger.used(b"key", b"nonce")
    assert ledger.packet_leaves()


def test_a_bundle_that_nobody_got_is_seen() -> None:
    rules = Invariants()
    rules.promised(Side.VESSEL, 1, b"report")
    with pytest.raises(BrokenRule, match="never arrived"):
        rules.check_end()


def test_a_bundle_that_is_handed_over_twice_is_seen() -> None:
    rules = Invariants()
    rules.handed_over(Side.RELAY, [b"report"])
    with pytest.raises(BrokenRule, match="twice"):
        rules.handed_over(Side.RELAY, [b"report"])
