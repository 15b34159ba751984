"""Every message in one short line, kept in memory: only what has changed is opened again."""

import asyncio
from dataclasses import dataclass

from protocol.ids import UnixSeconds, VesselId
from protocol.priming import Language
from shore_relay.desk.app import Desk
from shore_relay.desk.content import ContentKind
from shore_relay.desk.folding import folded
from shore_relay.desk.inbox import Entry, load_entries, veiled
from shore_relay.desk.store import listing

_BATCH = 250
"""Messages opened before others get their turn: about a twentieth of a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What lists and searches need of a message; what a page shows of it is opened when it is shown."""

    id: int
    vessel: VesselId
    kind: ContentKind | None
    """None where it did not open."""
    language: Language | None
    arrived_at: UnixSeconds
    is_urgent: bool
    is_urgent_veiled: bool
    """The same for somebody to whom no check-in says anything."""
    is_opened: bool
    has_new_form: bool
    """Whether a clearer sound came after a person had opened it."""
    case: int
    """The case that holds it; 0 where none does."""
    said: str
    """Its text and its vessel's name, folded for comparing."""


class InboxLines:
    """The messages of one desk, newest first."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lines: dict[int, Line] = {}
        self._newest_first: list[Line] = []
        self._last = 0
        self._removed = 0
        self._reading = asyncio.Lock()

    async def lines(self) -> list[Line]:
        """Return every message as it is now; the list is not to be changed. Raises `StoreFailed`."""
        # Several pages ask at once after each change; one of them reads, and the others find it done.
        async with self._reading:
            await self._read_changes()
            return self._newest_first

    async def _read_changes(self) -> None:
        async with self._desk.database.reading() as connection:
            state = await listing.inbox_state(connection)
        if state.removed != self._removed:
            self._lines, self._last, self._removed = {}, 0, state.removed
        elif state.changed == self._last:
            return
        while batch := await self._changed():
            await self._read(batch)
            # Asks of others are not to wait for thousands of messages at the first look.
            await asyncio.sleep(0)
        # By number and not by date: numbers grow in the order of arrival, clocks may not.
        self._newest_first = [self._lines[number] for number in sorted(self._lines, reverse=True)]

    async def _changed(self) -> list[listing.ChangedEntry]:
        async with self._desk.database.reading() as connection:
            return await listing.changed_entries(connection, self._last, _BATCH)

    async def _read(self, batch: list[listing.ChangedEntry]) -> None:
        entries = {entry.id: entry for entry in await load_entries(self._desk, [one.id for one in batch])}
        for one in batch:
            if one.id in entries:
                self._lines[one.id] = line_of(entries[one.id], one.case)
            else:
                self._lines.pop(one.id, None)
        self._last = batch[-1].changed


def line_of(entry: Entry, case: int) -> Line:
    """Return a message as a line."""
    content = entry.content
    return Line(
        id=entry.id,
        vessel=entry.vessel,
        kind=content.kind if content else None,
        language=content.language if content else None,
        arrived_at=entry.arrived_at,
        is_urgent=entry.is_urgent,
        is_urgent_veiled=veiled(entry).is_urgent,
        is_opened=entry.is_opened,
        has_new_form=entry.has_new_form,
        case=case,
        said=folded(f"{content.text if content else ''} {entry.vessel_name}"),
    )
