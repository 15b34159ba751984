"""The bench of the desk at a small size: every row is measured, by the desk's own program."""

from scripts.benchmarks import desk


def test_a_small_desk_is_filled_asked_and_measured() -> None:
    size = desk.Size(messages=40, cases=10, vessels=3, notes=1, note_s=2, looks=8)
    rows = {row.row: row for row in desk.measure(lambda _: True, size)}
    assert set(rows) == {desk.INBOX, desk.SEARCH, desk.MEMORY, desk.SOUND, desk.TAKEN_IN}
    assert all(row.measured for row in rows.values())
    taken_in = rows[desk.TAKEN_IN]
    assert taken_in.measured is not None
    assert taken_in.bound is not None
    assert taken_in.measured < taken_in.bound


def test_nothing_is_started_for_rows_that_nobody_wants() -> None:
    assert desk.measure(lambda _: False) == []
