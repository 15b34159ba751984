"""The bench of the relay at a small size: real engines come to the relay's own program over loopback."""

from pathlib import Path

from scripts.benchmarks import relay, relay_bare
from scripts.benchmarks.relay_bare import Load
from scripts.benchmarks.relay_shore import SQLITE


def test_a_small_fleet_comes_and_is_measured() -> None:
    wanted = {relay.MEMORY.format(store=SQLITE), relay.RUSH.format(store=SQLITE)}
    rows = {row.row: row for row in relay.measure(lambda name: name in wanted, relay.SMALL)}
    assert set(rows) == wanted
    assert all(row.measured for row in rows.values())
    assert rows[relay.MEMORY.format(store=SQLITE)].also["connections cut"] == 0


def test_the_bare_loop_takes_in_as_many_in_as_many_commits(tmp_path: Path) -> None:
    load = Load(vessels=5, bundles=4, packet_bytes=300, bundle_bytes=250, commits=3)
    groups = relay_bare._Cargo(load).groups()
    assert len(groups) == 3
    assert sum(map(len, groups)) == 20
    assert relay_bare.on_sqlite(load, tmp_path / "bare.db") > 0


def test_the_curve_goes_as_far_as_it_is_asked_to() -> None:
    assert relay.size_of(small=False, stored=10_000_000).stored == (
        10_000,
        100_000,
        1_000_000,
        10_000_000,
    )
    assert relay.size_of(small=True, stored=None) == relay.SMALL


def test_nothing_is_started_for_rows_that_nobody_wants() -> None:
    assert relay.measure(lambda _: False) == []
