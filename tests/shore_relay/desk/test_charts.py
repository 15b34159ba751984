"""Charts to scale, and months without gaps."""

from datetime import UTC, datetime

from protocol.ids import UnixSeconds
from shore_relay.desk.cases.documents import Brief, brief_of
from shore_relay.desk.cases.model import Case
from shore_relay.desk.cases.statistics import MONTHS_MAX, count
from shore_relay.desk.web.charts import BAR_LENGTH, COLUMN_HEIGHT, bars, columns

EVER = UnixSeconds(0), UnixSeconds(2**40)


def at(year: int, month: int, day: int = 1) -> UnixSeconds:
    return UnixSeconds(int(datetime(year, month, day, tzinfo=UTC).timestamp()))


def brief(opened_at: UnixSeconds) -> Brief:
    return brief_of(Case(id=1, last=1, opened_at=opened_at, changed_at=opened_at))


def test_the_longest_bar_fills_its_place_and_the_others_keep_the_scale() -> None:
    found = bars([("wages", 4), ("papers", 1), ("food", 0)])

    assert [bar.length for bar in found] == [BAR_LENGTH, BAR_LENGTH / 4, 0]
    assert [bar.length for bar in bars([("nothing", 0)])] == [0]


def test_columns_stand_on_the_line_and_beside_each_other() -> None:
    found = columns([("2026-01", "2026", 2), ("2026-02", "", 1)])

    assert all(column.y + column.height == COLUMN_HEIGHT for column in found)
    assert found[0].x < found[1].x


def test_months_without_a_case_are_there_too_also_over_new_year() -> None:
    found = count([brief(at(2025, 11, 30)), brief(at(2026, 2))], *EVER)

    assert [(month.name, month.cases) for month in found.by_month] == [
        ("2025-11", 1),
        ("2025-12", 0),
        ("2026-01", 0),
        ("2026-02", 1),
    ]
    assert count([], *EVER).by_month == ()


def test_of_many_years_the_newest_months_are_shown() -> None:
    found = count([brief(at(1999, 1)), brief(at(2026, 2))], *EVER)

    assert len(found.by_month) == MONTHS_MAX
    assert found.by_month[-1].name == "2026-02"
