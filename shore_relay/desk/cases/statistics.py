"""Counts over cases, for the office itself. Nothing here may be given away: small numbers name people."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from protocol.ids import UnixSeconds, VesselId
from protocol.message import Category
from shore_relay.desk.cases.documents import Brief
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import Severity, Status

MONTHS_MAX = 24
"""A chart of more months than that shows nobody anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """How many cases were opened in one month, by UTC."""

    year: int
    month: int
    cases: int

    @property
    def name(self) -> str:
        """The month as ISO 8601 writes it: 2026-01."""
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Cases by what they are about. A case counts once in each line that is true of it."""

    cases: int
    messages: int
    by_status: Mapping[Status, int]
    by_severity: Mapping[Severity, int]
    by_category: Mapping[Category, int]
    by_vessel: Mapping[VesselId, int]
    by_month: tuple[Month, ...]
    """From the first to the last with a case, those without one too; the newest `MONTHS_MAX`."""
    confirmed: Mapping[Indicator, int]
    proposed: Mapping[Indicator, int]
    """Proposed and not confirmed in the same case."""


def count(briefs: Iterable[Brief], since: UnixSeconds, until: UnixSeconds) -> Statistics:
    """Count the cases opened from `since` on and before `until`; merged ones count where they went."""
    asked = [b for b in briefs if b.status is not Status.MERGED and since <= b.opened_at < until]
    return Statistics(
        cases=len(asked),
        messages=sum(brief.messages for brief in asked),
        by_status=Counter(brief.status for brief in asked),
        by_severity=Counter(brief.severity for brief in asked),
        by_category=Counter(category for brief in asked for category in brief.categories),
        by_vessel=Counter(vessel for brief in asked for vessel in brief.vessels),
        by_month=_months([brief.opened_at for brief in asked]),
        confirmed=Counter(indicator for brief in asked for indicator in brief.confirmed),
        proposed=Counter(i for brief in asked for i in brief.proposed if i not in brief.confirmed),
    )


def _months(moments: Iterable[UnixSeconds]) -> tuple[Month, ...]:
    counts = Counter(_month_number(at) for at in moments)
    if not counts:
        return ()
    last = max(counts)
    first = max(min(counts), last - MONTHS_MAX + 1)
    return tuple(
        Month(year=number // 12, month=number % 12 + 1, cases=counts[number])
        for number in range(first, last + 1)
    )


def _month_number(at: UnixSeconds) -> int:
    moment = datetime.fromtimestamp(at, UTC)
    return moment.year * 12 + moment.month - 1
