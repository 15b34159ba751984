"""Rows before they are measured: which numbers of which runs they are made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from scripts.benchmarks.outcome import Outcome
from scripts.benchmarks.report import Figure, Row

Outcomes = Mapping[str, Outcome | str]
Read = Callable[[Outcome], float]


@dataclass(frozen=True, slots=True)
class Pick:
    """One number of one run, or what it has beyond the same number of another."""

    run: str
    read: Read
    beyond: str = ""
    times: int = 1
    """How often it happened, where the number is for once."""

    def figure(self, outcomes: Outcomes) -> Figure:
        """Look the number up."""
        outcome = outcomes[self.run]
        if isinstance(outcome, str):
            return Figure(value=None, why=outcome)
        if outcome.failure:
            return Figure(value=None, why=outcome.why)
        value = self.read(outcome)
        if self.beyond:
            other = Pick(self.beyond, self.read).figure(outcomes)
            if other.value is None:
                return other
            value -= other.value
        return Figure(value=value / self.times, money=outcome.money or None)

    @property
    def runs(self) -> set[str]:
        """The runs that have to be made for it."""
        return {self.run, self.beyond} - {""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A row before it is measured."""

    row: str
    unit: str
    own: Pick
    target: float | None = None
    bound: float | None = None
    peers: Mapping[str, Pick] = field(default_factory=dict)
    also: Mapping[str, Pick] = field(default_factory=dict)

    @property
    def runs(self) -> set[str]:
        """The runs that have to be made for it."""
        return set().union(*(pick.runs for pick in (self.own, *self.peers.values(), *self.also.values())))

    def row_of(self, outcomes: Outcomes) -> Row:
        """Fill in what was measured."""
        own = self.own.figure(outcomes)
        also = {name: pick.figure(outcomes).value for name, pick in self.also.items()}
        outcome = outcomes[self.own.run]
        credits_spent = 0.0 if isinstance(outcome, str) else outcome.credits_spent
        return Row(
            row=self.row,
            unit=self.unit,
            measured=own.value,
            target=self.target,
            bound=self.bound,
            peers={name: pick.figure(outcomes) for name, pick in self.peers.items()},
            why=own.why,
            also={name: value for name, value in also.items() if value is not None},
            credits_spent=credits_spent or None,
            money=own.money,
        )


def air(outcome: Outcome) -> float:
    """Read the payload bytes that left the pacers."""
    return outcome.air_bytes


def whole_ip(outcome: Outcome) -> float:
    """Read the bytes of whole IP packets, on datagrams."""
    return outcome.reading.both.air.whole_ip_bytes


def seconds(outcome: Outcome) -> float:
    """Read the time."""
    return outcome.seconds


def mark(name: str) -> Read:
    """Return what reads a further figure."""
    return lambda outcome: outcome.marks[name]


def bytes_row(row: str, run: str, **more: object) -> Wish:
    """Return a row of the payload bytes of one run."""
    return Wish(row=row, unit="bytes", own=Pick(run, air), **more)  # type: ignore[arg-type]  # Wish's own.
