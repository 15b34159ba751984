"""The list of cases as a caseworker sees it: what presses most stands first."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from protocol.ids import UnixSeconds
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.documents import Brief, read_brief
from shore_relay.desk.cases.model import Rung, Status
from shore_relay.desk.store import cases as stored


class Attention(IntEnum):
    """Why a case stands where it stands; the smaller, the higher."""

    SILENT = 0
    """Somebody who was to check in has fallen silent, and it is for people to act."""
    OVERDUE = 1
    URGENT = 2
    """Urgent, and new or with a message that nobody has opened."""
    NEW = 3
    REMINDED = 4
    OPEN = 5
    WAITING = 6
    CLOSED = 7


class Choice(StrEnum):
    """Which cases to list."""

    ACTIVE = "active"
    MINE = "mine"
    """Active, and assigned to whoever asks, or in which they are the second person called upon."""
    OVERDUE = "overdue"
    CLOSED = "closed"
    ALL = "all"
    """Merged ones too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A case in a list."""

    brief: Brief
    attention: Attention
    has_unopened: bool


class CaseList:
    """The cases of one desk in brief, kept in memory: only what has changed is opened again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._briefs: dict[int, Brief] = {}
        self._last = 0

    async def briefs(self) -> list[Brief]:
        """Return every case in brief, oldest first; raises `StoreFailed`."""
        async with self._desk.database.reading() as connection:
            rows = await stored.briefs(connection, self._last)
        for row in rows:
            opened = self._desk.vault.open(row.sealed, "case_file.brief", row.id.to_bytes(8))
            self._briefs[row.id] = read_brief(opened)
        self._last = max((self._last, *(row.last for row in rows)))
        return [self._briefs[number] for number in sorted(self._briefs)]

    async def listed(self, choice: Choice, who: bytes) -> list[Listed]:
        """Return the chosen cases, the most pressing first; raises `StoreFailed`."""
        briefs = await self.briefs()
        async with self._desk.database.reading() as connection:
            unopened = await stored.with_unopened(connection)
        now = self._desk.now()
        found = [
            Listed(
                brief=brief,
                attention=attention(brief, now, has_unopened=brief.id in unopened),
                has_unopened=brief.id in unopened,
            )
            for brief in briefs
        ]
        return sorted((one for one in found if _is_chosen(one, choice, who, now)), key=_place)


def attention(brief: Brief, now: UnixSeconds, *, has_unopened: bool) -> Attention:
    """Return what a case asks for now."""
    if brief.status in (Status.CLOSED, Status.MERGED):
        return Attention.CLOSED
    if brief.rung >= Rung.CASEWORKER:
        return Attention.SILENT
    if is_overdue(brief, now):
        return Attention.OVERDUE
    if brief.is_urgent and (has_unopened or brief.status is Status.NEW):
        return Attention.URGENT
    if has_unopened or brief.status is Status.NEW:
        return Attention.NEW
    if brief.reminded:
        return Attention.REMINDED
    return Attention.WAITING if brief.status is Status.WAITING else Attention.OPEN


def is_overdue(brief: Brief, now: UnixSeconds) -> bool:
    """Return whether a task should have been done by now."""
    return 0 < brief.due_at < now


def _is_chosen(one: Listed, choice: Choice, who: bytes, now: UnixSeconds) -> bool:
    is_active = one.attention is not Attention.CLOSED
    match choice:
        case Choice.ACTIVE:
            return is_active
        case Choice.MINE:
            return is_active and who in (one.brief.assignee, *one.brief.called)
        case Choice.OVERDUE:
            return is_active and is_overdue(one.brief, now)
        case Choice.CLOSED:
            return one.brief.status is Status.CLOSED
        case Choice.ALL:
            return True


def _place(one: Listed) -> tuple[int, int, int, int]:
    brief = one.brief
    # Within overdue the oldest date first; elsewhere the gravest, then whoever was heard last.
    due = brief.due_at if one.attention is Attention.OVERDUE else 0
    return one.attention, due, -brief.severity, -brief.newest
