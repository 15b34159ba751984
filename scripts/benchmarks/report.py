"""Rows of a benchmark: what was measured, what it should be, and what the peers needed for the same."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

TABLE_COLUMNS_MIN = 160
"""A terminal that tells no width, such as a pipe, gets lines that hold a whole row."""

MONEY_PLACES = 4
"""A short text costs a tenth of a cent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number, or why there is none."""

    value: float | None
    why: str = ""
    money: float | None = None
    """What the crossing that it belongs to cost in US dollars."""

    def as_record(self) -> dict[str, object]:
        """Return the figure for JSON; `why` only where there is no value or a remark on it."""
        record: dict[str, object] = {"value": _rounded(self.value)}
        if self.why:
            record["why"] = self.why
        if self.money is not None:
            record["money"] = round(self.money, MONEY_PLACES)
        return record


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a report. Less is better, and a target the most that is allowed, unless it says so."""

    row: str
    unit: str
    measured: float | None
    target: float | None = None
    bound: float | None = None
    """What no protocol of this security could go below, where the design names it."""
    peers: Mapping[str, Figure] = field(default_factory=dict)
    why: str = ""
    """Why nothing was measured, or a remark that belongs to the number."""
    also: Mapping[str, float] = field(default_factory=dict)
    """Further figures of the same run, without a target, by what they are."""
    more_is_better: bool = False
    """Whether the target is the least that is wanted, and the bound the most that could be."""
    credits_spent: float | None = None
    """Of short messages, for all that the row's own crossing needed."""
    money: float | None = None
    """What that crossing cost in US dollars (`scripts/sky/prices.py`)."""

    @property
    def ok(self) -> bool:
        """Whether the row keeps to its target; a row without one only has to be measured."""
        if self.measured is None:
            return False
        if self.target is None:
            return True
        return self.measured >= self.target if self.more_is_better else self.measured <= self.target

    def as_record(self) -> dict[str, object]:
        """Return the row for JSON."""
        record: dict[str, object] = {
            "row": self.row,
            "unit": self.unit,
            "measured": _rounded(self.measured),
            "target": self.target,
            "bound": _rounded(self.bound),
            "peers": {name: figure.as_record() for name, figure in self.peers.items()},
            "ok": self.ok,
        }
        if self.why:
            record["why"] = self.why
        if self.credits_spent is not None:
            record["credits"] = _rounded(self.credits_spent)
        if self.money is not None:
            record["money"] = round(self.money, MONEY_PLACES)
        if self.also:
            record["also"] = {name: _rounded(value) for name, value in self.also.items()}
        return record


def as_json(rows: Iterable[Row]) -> str:
    """Return the report as one JSON object on one line for each row."""
    lines = ",\n  ".join(json.dumps(row.as_record(), ensure_ascii=False) for row in rows)
    return f'{{"rows": [\n  {lines}\n]}}' if lines else '{"rows": []}'


def missed(rows: Iterable[Row]) -> list[str]:
    """Return one sentence for each row that misses its target."""
    return [_miss(row) for row in rows if not row.ok]


def _miss(row: Row) -> str:
    if row.measured is None:
        return f"{row.row}: not measured, {row.why or 'no reason given'}."
    most = "at least" if row.more_is_better else "at most"
    return f"{row.row}: {_text(row.measured)} {row.unit} measured, {most} {_text(row.target)} wanted."


def print_table(rows: Sequence[Row], title: str, out: TextIO) -> None:
    """Print the report for people."""
    console = Console(file=out)
    if not console.is_terminal:
        console = Console(file=out, width=TABLE_COLUMNS_MIN)
    table = Table(title=title, title_justify="left", expand=False)
    for heading in ("row", "measured", "target", "bound", "unit", "", "credits", "US$", "peers"):
        number = heading in {"measured", "target", "bound", "credits", "US$"}
        table.add_column(heading, justify="right" if number else "left", no_wrap=number)
    for row in rows:
        mark = Text("ok", style="green") if row.ok else Text("MISS", style="bold red")
        table.add_row(
            row.row,
            _text(row.measured),
            _text(row.target),
            _text(row.bound),
            row.unit,
            mark if row.target is not None or not row.ok else "",
            "" if row.credits_spent is None else _text(row.credits_spent),
            "" if row.money is None else f"{row.money:.{MONEY_PLACES}f}",
            _remarks(row),
        )
    console.print(table)


def _remarks(row: Row) -> str:
    peers = [
        f"{name} {_text(figure.value)}" + (f" ({figure.why})" if figure.why else "")
        for name, figure in row.peers.items()
    ]
    also = [f"{name} {_text(value)}" for name, value in row.also.items()]
    return "\n".join(part for part in (" · ".join(peers), " · ".join(also), row.why) if part)


def _text(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}" if abs(value) < 10 else f"{value:,.1f}"


def _rounded(value: float | None) -> float | None:
    if value is None or value == int(value):
        return None if value is None else int(value)
    return round(value, 3)
