"""Charts as the server draws them: sizes of bars and columns, for templates that write SVG.

A chart repeats what a table beside it says in words, so a screen reader passes it over.
"""

from collections.abc import Sequence
from dataclasses import dataclass

BAR_LENGTH = 100
"""How long the longest bar is; a template's view box has the same measure."""

COLUMN_STEP = 24
COLUMN_WIDTH = 16
COLUMN_HEIGHT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row of a table with its bar."""

    name: str
    count: int
    length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One upright column."""

    name: str
    label: str
    """What fits below it; empty where its neighbours say enough."""
    count: int
    x: int
    y: float
    height: float


def bars(rows: Sequence[tuple[str, int]]) -> list[Bar]:
    """Return rows with bars, all to the scale of the longest."""
    most = max((count for _, count in rows), default=0)
    return [Bar(name=name, count=count, length=_part(count, most, BAR_LENGTH)) for name, count in rows]


def columns(rows: Sequence[tuple[str, str, int]]) -> list[Column]:
    """Return columns side by side for rows of name, label and count, all to the scale of the highest."""
    most = max((count for _, _, count in rows), default=0)
    return [
        Column(
            name=name,
            label=label,
            count=count,
            x=at * COLUMN_STEP,
            y=COLUMN_HEIGHT - _part(count, most, COLUMN_HEIGHT),
            height=_part(count, most, COLUMN_HEIGHT),
        )
        for at, (name, label, count) in enumerate(rows)
    ]


def _part(count: int, most: int, size: int) -> float:
    return round(size * count / most, 2) if most else 0.0
