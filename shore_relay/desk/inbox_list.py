"""A page of the inbox: what presses most stands first, and only what was asked for."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from protocol.ids import UnixSeconds, VesselId
from protocol.priming import Language
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.documents import Brief
from shore_relay.desk.cases.model import Status
from shore_relay.desk.cases.overview import CaseList, is_overdue
from shore_relay.desk.content import ContentKind
from shore_relay.desk.inbox import Entry, load_entries
from shore_relay.desk.lines import InboxLines, Line

PAGE = 50
"""Messages on one page."""

_HOUR_S = 3_600


class Place(IntEnum):
    """Why a message stands where it stands; the smaller, the higher."""

    URGENT = 0
    """Urgent, and not opened or in a case that nobody has taken up."""
    OVERDUE = 1
    NEW = 2
    SEEN = 3


class Which(StrEnum):
    """Which messages to list."""

    ALL = "all"
    UNREAD = "unread"
    URGENT = "urgent"
    OVERDUE = "overdue"
    MINE = "mine"
    """In a case that is assigned to whoever asks."""


class Since(StrEnum):
    """From when on."""

    EVER = "ever"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


_HOURS = {Since.DAY: 24, Since.WEEK: 7 * 24, Since.MONTH: 30 * 24, Since.QUARTER: 91 * 24}


class ListedKind(StrEnum):
    """What kind of message."""

    TEXT = "text"
    VOICE = "voice"
    CHECK_IN = "check-in"
    UNOPENED = "unopened"
    """Kept as it came, because it does not open."""


_KINDS = {
    ContentKind.TEXT: ListedKind.TEXT,
    ContentKind.VOICE: ListedKind.VOICE,
    ContentKind.CHECK_IN: ListedKind.CHECK_IN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to see; None stands for anything."""

    which: Which = Which.ALL
    vessel: VesselId | None = None
    kind: ListedKind | None = None
    language: Language | None = None
    since: Since = Since.EVER
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Onlooker:
    """Who looks."""

    id: bytes
    sees_cases: bool
    """Whoever does not sees no check-in plainly either; order and counts must not tell it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPage:
    """One page, and counts of the whole."""

    entries: tuple[Entry, ...]
    overdue: frozenset[int]
    """Numbers of overdue messages."""
    found: int
    page: int
    pages: int
    count: int
    """Of all messages, whatever was asked for."""
    unopened: int


class InboxList:
    """Answers from the lines in memory, and opens only the messages of the page."""

    def __init__(self, desk: Desk, lines: InboxLines, cases: CaseList) -> None:
        self._desk = desk
        self._lines = lines
        self._cases = cases

    async def warm(self) -> None:
        """Open every message once, before anybody waits for it; raises `StoreFailed`."""
        await self._lines.lines()

    async def page(self, wish: Wish, onlooker: Onlooker) -> InboxPage:
        """Return a page of what was asked for, the most pressing first. Raises `StoreFailed`."""
        lines = await self._lines.lines()
        briefs = await self._cases.briefs() if onlooker.sees_cases else []
        judge = _Judge(briefs, self._desk, onlooker)
        places = defaultdict[Place, list[Line]](list)
        is_everything = replace(wish, page=1) == Wish()
        for line in lines:
            if is_everything or judge.is_wanted(line, wish):
                places[judge.place(line)].append(line)
        chosen = [line for place in Place for line in places[place]]
        pages = max(1, -(-len(chosen) // PAGE))
        page = min(max(1, wish.page), pages)
        shown = chosen[(page - 1) * PAGE : page * PAGE]
        return InboxPage(
            entries=tuple(await load_entries(self._desk, [line.id for line in shown])),
            overdue=frozenset(line.id for line in shown if judge.is_overdue(line)),
            found=len(chosen),
            page=page,
            pages=pages,
            count=len(lines),
            unopened=sum(not line.is_opened for line in lines),
        )


class _Judge:
    """What each line asks for now, as this onlooker may know it."""

    def __init__(self, briefs: Iterable[Brief], desk: Desk, onlooker: Onlooker) -> None:
        now = desk.now()
        self._now = now
        self._is_plain = onlooker.sees_cases
        self._late_before = now - desk.settings.unopened_overdue_hours * _HOUR_S
        briefs = [brief for brief in briefs if brief.status not in (Status.CLOSED, Status.MERGED)]
        # One line for a case is enough to say that its task is overdue.
        self._due = frozenset(brief.newest for brief in briefs if is_overdue(brief, now))
        self._nobodys = frozenset(brief.id for brief in briefs if brief.status is Status.NEW)
        self._mine = frozenset(brief.id for brief in briefs if brief.assignee == onlooker.id)

    def is_urgent(self, line: Line) -> bool:
        """Return whether it asks for help now."""
        return line.is_urgent if self._is_plain else line.is_urgent_veiled

    def is_overdue(self, line: Line) -> bool:
        """Return whether somebody should have acted by now."""
        return line.id in self._due or (not line.is_opened and line.arrived_at < self._late_before)

    def place(self, line: Line) -> Place:
        """Return where it stands."""
        if self.is_urgent(line) and (not line.is_opened or line.case in self._nobodys):
            return Place.URGENT
        if self.is_overdue(line):
            return Place.OVERDUE
        return Place.NEW if _is_unread(line) else Place.SEEN

    def is_wanted(self, line: Line, wish: Wish) -> bool:
        """Return whether it is among what was asked for."""
        return (
            (wish.vessel is None or line.vessel == wish.vessel)
            and (wish.language is None or line.language is wish.language)
            and (wish.kind is None or _kind(line) is wish.kind)
            and self._is_recent(line.arrived_at, wish.since)
            and self._is_which(line, wish.which)
        )

    def _is_recent(self, at: UnixSeconds, since: Since) -> bool:
        return since is Since.EVER or at >= self._now - _HOURS[since] * _HOUR_S

    def _is_which(self, line: Line, which: Which) -> bool:
        match which:
            case Which.ALL:
                return True
            case Which.UNREAD:
                return _is_unread(line)
            case Which.URGENT:
                return self.is_urgent(line)
            case Which.OVERDUE:
                return self.is_overdue(line)
            case Which.MINE:
                return line.case in self._mine


def _is_unread(line: Line) -> bool:
    # A clearer sound is to be heard, like something new.
    return not line.is_opened or line.has_new_form


def _kind(line: Line) -> ListedKind:
    return ListedKind.UNOPENED if line.kind is None else _KINDS[line.kind]
