"""Statistics in which nobody can be singled out. Pure: cases in, numbers out.

What is counted is cases, each once in a quarter and with one vessel: a case is one person at the least, and
several mailboxes of one person end up in one case. What makes differencing fail:

- every number is rounded down to a multiple of k, and stands only where it is true of k people at the least
  and not true of k others of the same total;
- a vessel's quarter is counted once it is over, and leaves in one company of vessels only (`releasing`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from protocol.documents import Json, Reader
from protocol.ids import UnixSeconds, VesselId
from shore_relay.desk.cases.describing import indicator_name
from shore_relay.desk.cases.model import Case, EvidenceState, MessageFacts, Status
from shore_relay.desk.errors import NotReleasable

_INDICATORS_MAX = 100
_VESSELS_MAX = 10_000
_PEOPLE_MAX = 10**9
_LAST_DAY = 253_402_214_400
"""9999-12-31: a relay whose clock says more has no calendar."""


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """Three months of a year, in UTC."""

    year: int
    number: int

    @classmethod
    def read(cls, text: str) -> "Quarter":
        """Read what `str` gives, like 2026-Q3; raises `NotReleasable`."""
        year, mark, number = text.strip().upper().partition("-Q")
        if not (mark and year.isascii() and year.isdigit() and len(year) == 4 and number in set("1234")):
            raise NotReleasable("Write a quarter of a year such as 2026-Q3.")
        return cls(max(1, int(year)), int(number))

    @classmethod
    def of(cls, at: UnixSeconds) -> "Quarter":
        """Return the quarter of a moment."""
        if at >= _LAST_DAY:
            return cls(9999, 4)
        day = datetime.fromtimestamp(at, UTC)
        return cls(day.year, (day.month + 2) // 3)

    def __str__(self) -> str:
        return f"{self.year:04d}-Q{self.number}"

    @property
    def before(self) -> "Quarter":
        """The quarter before this one."""
        return Quarter(self.year, self.number - 1) if self.number > 1 else Quarter(self.year - 1, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What may be said to anybody."""

    quarter: Quarter
    vessels: tuple[str, ...]
    """By name."""
    people_min: int
    """k."""
    people: int
    """At least so many and fewer than k more; 0 for fewer than k, none among them."""
    indicators: Mapping[str, int]
    """The same of each; what is not named is true of fewer than k people, or untrue of fewer than k."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One case in one quarter."""

    vessel: VesselId
    indicators: frozenset[str]


def people_in(cases: Iterable[Case], quarter: Quarter) -> list[Person]:
    """Return whoever was heard in a quarter, each with the vessel of their first message in it.

    A message without a mailbox joins no other, so one person could pass for many: it is not counted.
    """
    found = []
    for case in cases:
        heard = [f for f in case.messages if Quarter.of(f.arrived_at) == quarter]
        if case.status is Status.MERGED or not any(facts.mailbox for facts in heard):
            continue
        found.append(Person(vessel=_first(heard).vessel, indicators=_shown(case, heard)))
    return found


def _first(heard: list[MessageFacts]) -> MessageFacts:
    return min(heard, key=lambda facts: facts.message)


def _shown(case: Case, heard: list[MessageFacts]) -> frozenset[str]:
    messages = {facts.message for facts in heard}
    return frozenset(
        indicator_name(each.indicator)
        for each in case.evidence
        if each.state is EvidenceState.CONFIRMED and each.message in messages
    )


def count(
    people: Iterable[Person], vessels: Mapping[VesselId, str], quarter: Quarter, people_min: int
) -> Statistics:
    """Count the people of these vessels, and leave out what would name one of them."""
    asked = [person for person in people if person.vessel in vessels]
    total = len(asked)
    counts = Counter(name for person in asked for name in person.indicators)
    return Statistics(
        quarter=quarter,
        vessels=tuple(sorted(vessels.values())),
        people_min=people_min,
        people=_rounded(total, people_min),
        indicators={
            name: _rounded(number, people_min)
            for name, number in sorted(counts.items())
            if people_min <= number <= total - people_min
        },
    )


def in_other_company(
    earlier: Iterable[frozenset[VesselId]], chosen: frozenset[VesselId]
) -> frozenset[VesselId]:
    """Return the vessels that left in an earlier company which is not the chosen one.

    The difference between two companies that share a vessel would be about the crews of the rest.
    """
    return frozenset().union(*(each & chosen for each in earlier if each != chosen))


def _rounded(number: int, people_min: int) -> int:
    return number - number % people_min


def describe_statistics(statistics: Statistics) -> dict[str, Json]:
    """Return statistics as data."""
    return {
        "quarter": str(statistics.quarter),
        "vessels": [{"name": name} for name in statistics.vessels],
        "people_min": statistics.people_min,
        "people": statistics.people,
        "indicators": [{"name": n, "people": number} for n, number in statistics.indicators.items()],
    }


def read_statistics(opened: Reader) -> Statistics:
    """Read what `describe_statistics` wrote; raises `MalformedDocument`, `NotReleasable`."""
    with opened as reader:
        return Statistics(
            quarter=Quarter.read(reader.text("quarter", most=10)),
            vessels=tuple(_read_name(each) for each in reader.each("vessels", most=_VESSELS_MAX)),
            people_min=reader.integer("people_min", least=1, most=_PEOPLE_MAX),
            people=reader.integer("people", most=_PEOPLE_MAX),
            indicators=dict(_read_cell(each) for each in reader.each("indicators", most=_INDICATORS_MAX)),
        )


def _read_name(opened: Reader) -> str:
    with opened as reader:
        return reader.text("name")


def _read_cell(opened: Reader) -> tuple[str, int]:
    with opened as reader:
        return reader.text("name", most=100), reader.integer("people", most=_PEOPLE_MAX)
