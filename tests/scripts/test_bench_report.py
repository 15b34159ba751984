import io
import json
from dataclasses import replace

import pytest

from scripts.benchmarks import cli
from scripts.benchmarks.errors import PeerMissing
from scripts.benchmarks.report import Figure, Row, as_json, missed, print_table

KEPT = Row(row="120 B text", unit="bytes", measured=232, target=235, bound=196)
MISSED = Row(row="60 kB", unit="bytes", measured=61_000.5, target=60_900)
UNMEASURED = Row(row="4.5 kB", unit="s", measured=None, target=45, why="not delivered after 600 s")


def test_a_row_that_reaches_its_target_exactly_is_ok() -> None:
    assert replace(KEPT, measured=235).ok
    assert not replace(KEPT, measured=235.5).ok


def test_a_rate_has_to_reach_its_target_and_its_miss_says_at_least() -> None:
    rate = Row(row="engines", unit="MB/s", measured=10, target=10, more_is_better=True)
    assert rate.ok
    slow = replace(rate, measured=9.5)
    assert missed([slow]) == ["engines: 9.50 MB/s measured, at least 10 wanted."]


def test_json_names_credits_and_money_only_where_there_are_any() -> None:
    row = replace(KEPT, credits_spent=5.5, money=0.00123456)
    (record, without) = json.loads(as_json([row, KEPT]))["rows"]
    assert (record["credits"], record["money"]) == (5.5, 0.0012)
    assert not {"credits", "money"} & set(without)


def test_a_row_without_a_target_only_has_to_be_measured() -> None:
    assert replace(KEPT, target=None, measured=10**9).ok
    assert not replace(KEPT, target=None, measured=None).ok


def test_nothing_at_all_keeps_to_a_target_of_nothing() -> None:
    assert Row(row="duplicates", unit="bytes", measured=0, target=0).ok


def test_where_more_is_better_a_target_is_the_least() -> None:
    row = Row(row="smallest button", unit="px", measured=47, target=48, more_is_better=True)
    assert missed([row]) == ["smallest button: 47 px measured, at least 48 wanted."]
    assert replace(row, measured=48).ok


def test_the_misses_are_named_with_their_numbers_or_their_reason() -> None:
    assert missed([KEPT, MISSED, UNMEASURED]) == [
        "60 kB: 61,000.5 bytes measured, at most 60,900 wanted.",
        "4.5 kB: not measured, not delivered after 600 s.",
    ]


def test_json_has_the_keys_that_programs_rely_on() -> None:
    row = replace(KEPT, peers={"LXMF": Figure(value=None, why="given up"), "HTTPS": Figure(value=4_209)})
    (record,) = json.loads(as_json([row]))["rows"]
    assert record == {
        "row": "120 B text",
        "unit": "bytes",
        "measured": 232,
        "target": 235,
        "bound": 196,
        "peers": {"LXMF": {"value": None, "why": "given up"}, "HTTPS": {"value": 4_209}},
        "ok": True,
    }


def test_json_of_no_rows_is_an_empty_list() -> None:
    assert json.loads(as_json([])) == {"rows": []}


def test_the_table_shows_every_row_with_its_peers_and_reasons() -> None:
    out = io.StringIO()
    row = replace(KEPT, peers={"LXMF": Figure(value=429)}, also={"on an open contact": 220})
    print_table([row, UNMEASURED], "transport", out)
    shown = out.getvalue()
    for part in ("120 B text", "232", "235", "196", "LXMF 429", "on an open contact 220", "ok", "MISS"):
        assert part in shown
    assert "not delivered after 600 s" in shown


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [("", True), ("60 KB", True), ("60*cut", True), ("4.5", False)],
)
def test_a_pattern_finds_rows_by_a_piece_of_their_name(pattern: str, matches: bool) -> None:
    assert cli.rows_like(pattern)("60 kB, link cut 20 s in every 80: time") is matches


@pytest.mark.parametrize(("rows", "code"), [([KEPT], 0), ([KEPT, MISSED], 1), ([UNMEASURED], 1)])
def test_check_ends_with_1_only_when_a_row_misses(
    rows: list[Row], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(cli.BENCHES, "voice", ("voice", lambda _wanted, _options: rows))
    assert cli.main(["voice", "--json", "--check"]) == code
    printed = capsys.readouterr()
    assert len(json.loads(printed.out)["rows"]) == len(rows)
    assert printed.err.splitlines() == missed(rows)


def test_without_check_a_miss_is_only_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.BENCHES, "voice", ("voice", lambda _wanted, _options: [MISSED]))
    assert cli.main(["voice"]) == 0


def test_what_keeps_it_from_measuring_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_wanted: cli.Wanted, _options: object) -> list[Row]:
        raise PeerMissing("LXMF is not installed.")

    monkeypatch.setitem(cli.BENCHES, "voice", ("voice", fail))
    assert cli.main(["voice"]) == cli.EXIT_CANNOT_MEASURE
    assert capsys.readouterr().err == "bench: LXMF is not installed.\n"
