"""What there is to tell: unopened messages, overdue tasks, and whom the ladder calls upon."""

from dataclasses import dataclass

from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import load_case
from shore_relay.desk.cases.documents import Brief
from shore_relay.desk.cases.model import Rung, Status, Task, Watch
from shore_relay.desk.cases.overview import CaseList, is_overdue
from shore_relay.desk.inbox import load_entries
from shore_relay.desk.store import notices as stored
from shore_relay.desk.trust import Origin

ANYBODY = b""
"""Whose affair it is what nobody in particular has taken up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that nobody has opened."""

    entry: int
    owner: bytes
    is_urgent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Something that stands until somebody deals with it."""

    key: str
    """The same for the same occasion, whenever it is looked at."""
    owner: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    last: int
    tasks: tuple[Task, ...]
    watches: tuple[Watch, ...]


class Occasions:
    """Looks at one desk. A case is opened again only when it has changed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._cases = CaseList(desk)
        self._seen: dict[int, _Seen] = {}

    async def newest(self) -> int:
        """Return the number of the newest message; raises `StoreFailed`."""
        async with self._desk.database.reading() as connection:
            return await stored.newest_entry(connection)

    async def messages(self, after: int, newest: int) -> list[Message]:
        """Return the unopened messages behind one number, up to another; raises `StoreFailed`."""
        async with self._desk.database.reading() as connection:
            rows = [row for row in await stored.unopened(connection, after) if row.entry <= newest]
        if not rows:
            return []
        owners = {brief.id: brief.assignee for brief in await self._cases.briefs()}
        entries = {entry.id: entry for entry in await load_entries(self._desk, [row.entry for row in rows])}
        return [
            Message(
                entry=row.entry,
                owner=owners.get(row.case, ANYBODY) if row.case else ANYBODY,
                # What is known to be forged wakes nobody; the inbox shows it.
                is_urgent=entries[row.entry].is_urgent and entries[row.entry].origin is not Origin.FORGED,
            )
            for row in rows
            if row.entry in entries
        ]

    async def overdue(self) -> list[Occasion]:
        """Return every task that should have been done by now; raises `StoreFailed`."""
        now = self._desk.now()
        found: list[Occasion] = []
        for brief in await self._active():
            if is_overdue(brief, now):
                tasks = (await self._opened(brief)).tasks
                found += [
                    Occasion(
                        key=f"task {brief.id} {task.number} {task.due_at}",
                        owner=task.assignee or brief.assignee,
                    )
                    for task in tasks
                    if task.due_at < now
                ]
        return found

    async def calls(self) -> list[Occasion]:
        """Return each call of the ladder that stands: upon the caseworker, upon the second person too.

        Raises: StoreFailed.
        """
        found: list[Occasion] = []
        for brief in await self._active():
            if brief.rung >= Rung.CASEWORKER:
                for watch in (await self._opened(brief)).watches:
                    found += _calls(brief, watch)
        return found

    async def open_tasks(self) -> list[tuple[Brief, Task]]:
        """Return every task that is still to be done, with its case in brief; raises `StoreFailed`."""
        return [
            (brief, task)
            for brief in await self._active()
            if brief.due_at
            for task in (await self._opened(brief)).tasks
        ]

    async def _active(self) -> list[Brief]:
        done = (Status.CLOSED, Status.MERGED)
        return [brief for brief in await self._cases.briefs() if brief.status not in done]

    async def _opened(self, brief: Brief) -> _Seen:
        seen = self._seen.get(brief.id)
        if seen is None or seen.last != brief.last:
            case = await load_case(self._desk, brief.id)
            seen = _Seen(last=case.last, tasks=case.open_tasks, watches=case.watches)
            self._seen[brief.id] = seen
        return seen


def _calls(brief: Brief, watch: Watch) -> list[Occasion]:
    # One silence is told from the next by the last word before it and by when it was agreed upon.
    silence = f"{watch.plan.mailbox.hex()} {watch.since} {watch.heard}"
    found = []
    if watch.rung >= Rung.CASEWORKER:
        found.append(Occasion(key=f"call {silence} {int(Rung.CASEWORKER)}", owner=brief.assignee))
    if watch.rung is Rung.SECOND and watch.plan.second:
        found.append(Occasion(key=f"call {silence} {int(Rung.SECOND)}", owner=watch.plan.second))
    return found
