"""SQL for lists of messages: what changed since somebody last looked, and which numbers never came."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from aiosqlite import Connection

from protocol.fragment import Range
from protocol.ids import VesselId
from shore_relay.desk.store.records import BUNDLE_COLUMNS, BundleRow, bundle_row


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxState:
    """Numbers that grow with every change to any message."""

    changed: int
    removed: int
    """How many messages were ever deleted; a list that has seen fewer must begin anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedEntry:
    """A message that changed, with the number of that change."""

    id: int
    changed: int
    case: int
    """The case that holds it; 0 where none does."""


async def inbox_state(connection: Connection) -> InboxState:
    """Return how far the changes have come."""
    cursor = await connection.execute("SELECT changed, removed FROM inbox_state")
    row = await cursor.fetchone()
    await cursor.close()
    assert row is not None
    return InboxState(changed=row["changed"], removed=row["removed"])


async def changed_entries(connection: Connection, after: int, count_max: int) -> list[ChangedEntry]:
    """Return the messages that changed after the change with this number, in the order of their changes."""
    rows = await connection.execute_fetchall(
        "SELECT entry.id, entry.changed, coalesce(filed.case_id, 0) AS held_by FROM entry"
        " LEFT JOIN filed ON filed.entry = entry.id WHERE entry.changed > ? ORDER BY entry.changed LIMIT ?",
        (after, count_max),
    )
    return [ChangedEntry(id=row["id"], changed=row["changed"], case=row["held_by"]) for row in rows]


async def bundles_of(connection: Connection, entries: Sequence[int]) -> dict[int, list[BundleRow]]:
    """Return the bundles of these messages, each in the order in which they came."""
    rows = await connection.execute_fetchall(
        f"SELECT {BUNDLE_COLUMNS} FROM bundle WHERE entry IN (SELECT value FROM json_each(?)) ORDER BY id",  # noqa: S608  # Our own constant.
        (json.dumps(list(entries)),),
    )
    found = defaultdict[int, list[BundleRow]](list)
    for row in rows:
        found[row["entry"]].append(bundle_row(row))
    return found


async def missing_numbers(connection: Connection, origins: Sequence[int]) -> dict[VesselId, list[Range]]:
    """Return the gaps in the numbers of each vessel, lowest first, among bundles of these origins."""
    rows = await connection.execute_fetchall(
        "SELECT vessel, before + 1 AS first, number AS beyond FROM ("
        " SELECT vessel, number, lag(number, 1, 0) OVER (PARTITION BY vessel ORDER BY number) AS before"
        " FROM bundle WHERE number > 0 AND origin IN (SELECT value FROM json_each(?))"
        ") WHERE number > before + 1 ORDER BY vessel, number",
        (json.dumps([int(origin) for origin in origins]),),
    )
    found = defaultdict[VesselId, list[Range]](list)
    for row in rows:
        found[VesselId(row["vessel"])].append((row["first"], row["beyond"]))
    return found
