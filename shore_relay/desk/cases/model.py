"""What a case is: plain values. How they change is in `applying`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType

from protocol.ids import UnixSeconds, VesselId
from protocol.message import Category
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.money import MoneyFact
from shore_relay.desk.cases.referral import Referral
from shore_relay.desk.cases.trade import TradeReference

NEVER = UnixSeconds(0)
"""Stands where there is no date."""

TITLE_CHARACTERS_MAX = 120
NOTE_CHARACTERS_MAX = 10_000
TASK_CHARACTERS_MAX = 500
TASKS_MAX = 200
"""Of one case. A case that needs more is several."""


class Status(StrEnum):
    """How far a case is."""

    NEW = "new"
    """Nobody has taken it up."""
    OPEN = "open"
    WAITING = "waiting"
    """The next step is somebody else's: the fisher's, a partner's, an office's."""
    CLOSED = "closed"
    MERGED = "merged"
    """All of it went into another case."""


STEPS: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        Status.NEW: frozenset({Status.OPEN, Status.WAITING, Status.CLOSED, Status.MERGED}),
        Status.OPEN: frozenset({Status.WAITING, Status.CLOSED, Status.MERGED}),
        Status.WAITING: frozenset({Status.OPEN, Status.CLOSED, Status.MERGED}),
        Status.CLOSED: frozenset({Status.OPEN, Status.MERGED}),
        Status.MERGED: frozenset(),
    }
)
"""The only steps between states. `MERGED` is reached by merging and in no other way."""


class Severity(IntEnum):
    """How much is at stake."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class EvidenceState(StrEnum):
    """Whether a message speaks for an indicator."""

    PROPOSED = "proposed"
    """By the categories that the fisher chose; nobody has looked."""
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """What a case remembers of a message, so that lists need not open the message again."""

    message: int
    """The inbox's number of it."""
    arrived_at: UnixSeconds
    vessel: VesselId
    mailbox: bytes = b""
    """Whose conversation it belongs to, 16 bytes; empty where the sender left no mailbox."""
    categories: tuple[Category, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    """What its categories proposed when it was filed, by the table of that day."""
    severity: Severity = Severity.MEDIUM
    """Proposed likewise."""
    is_urgent: bool = False
    is_duress: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that a person wrote down; never changed."""

    at: UnixSeconds
    who: bytes
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something to be done by a day."""

    number: int
    """Counts from 1 within the case."""
    text: str
    assignee: bytes = b""
    due_at: UnixSeconds
    remind_at: UnixSeconds = NEVER
    """When people are reminded; 0 for not before it is due."""
    is_reminded: bool = False
    done_at: UnixSeconds = NEVER
    """0 while it is open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A message that speaks, or was thought to speak, for an indicator."""

    indicator: Indicator
    message: int
    state: EvidenceState


class Rung(IntEnum):
    """How far up the ladder the silence of a person has come."""

    CALM = 0
    REMINDED = 1
    """The check-in is due: a word went to the person, where one can go."""
    GRACE = 2
    """Time in which a late check-in alarms nobody."""
    CASEWORKER = 3
    SECOND = 4
    """The named second person too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was agreed with a person about checking in."""

    mailbox: bytes
    label: str
    """What caseworkers call the person."""
    every_h: int
    grace_h: int
    second_h: int
    """Hours that the caseworker has before the second person is called upon."""
    second: bytes = b""
    """The second person at the desk."""
    sends_reminder: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A person who is expected to check in."""

    plan: Plan
    since: UnixSeconds
    """When it was agreed: silence from before does not count."""
    rung: Rung = Rung.CALM
    rung_at: UnixSeconds = NEVER
    heard: int = 0
    """The person's newest message when the rung was reached: only a later one leads down again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case."""

    id: int
    opened_at: UnixSeconds
    changed_at: UnixSeconds
    last: int = 0
    """Number of the newest entry of the history about it."""
    status: Status = Status.NEW
    severity: Severity = Severity.MEDIUM
    is_severity_chosen: bool = False
    """Whether a person chose it; until then messages raise it."""
    title: str = ""
    assignee: bytes = b""
    messages: tuple[MessageFacts, ...] = ()
    """In the order in which they were filed."""
    notes: tuple[Note, ...] = ()
    tasks: tuple[Task, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    watches: tuple[Watch, ...] = ()
    merged_into: int = 0
    merged_from: tuple[int, ...] = ()
    money: tuple[MoneyFact, ...] = ()
    trade: tuple[TradeReference, ...] = ()
    referrals: tuple[Referral, ...] = ()

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """What is still to be done, the most pressing first."""
        return tuple(sorted((t for t in self.tasks if not t.done_at), key=lambda t: (t.due_at, t.number)))

    def holds(self, message: int) -> bool:
        """Return whether a message is filed here."""
        return any(facts.message == message for facts in self.messages)

    def facts(self, message: int) -> MessageFacts | None:
        """Return what is remembered of a message that is filed here."""
        return next((facts for facts in self.messages if facts.message == message), None)

    def task(self, number: int) -> Task | None:
        """Return one task."""
        return next((task for task in self.tasks if task.number == number), None)

    def watch(self, mailbox: bytes) -> Watch | None:
        """Return the watch over one person."""
        return next((watch for watch in self.watches if watch.plan.mailbox == mailbox), None)

    def referral(self, reference: bytes) -> Referral | None:
        """Return one referral by its id."""
        return next((referral for referral in self.referrals if referral.id == reference), None)

    def note(self, at: UnixSeconds) -> Note | None:
        """Return the note of one moment."""
        return next((note for note in self.notes if note.at == at), None)

    def shown(self, indicator: Indicator, state: EvidenceState) -> tuple[int, ...]:
        """Return the messages of one indicator that are in one state."""
        return tuple(e.message for e in self.evidence if e.indicator is indicator and e.state is state)


def highest(numbered: tuple[MoneyFact, ...] | tuple[TradeReference, ...]) -> int:
    """Return the highest number given so far among these; 0 where there is none."""
    return max((each.number for each in numbered), default=0)
