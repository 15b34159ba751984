"""Counts over cases, for the office itself. Nothing here may be given away: small numbers name people."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from protocol.ids import UnixSeconds
from protocol.message import Category
from shore_relay.desk.cases.documents import Brief
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import Severity, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Cases by what they are about. A case counts once in each line that is true of it."""

    cases: int
    messages: int
    by_status: Mapping[Status, int]
    by_severity: Mapping[Severity, int]
    by_category: Mapping[Category, int]
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
        confirmed=Counter(indicator for brief in asked for indicator in brief.confirmed),
        proposed=Counter(i for brief in asked for i in brief.proposed if i not in brief.confirmed),
    )
