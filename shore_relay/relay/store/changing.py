"""The SQL of what an operator changes about desks and vessels that are there already."""

from functools import partial

import aiosqlite

from protocol.ids import DeskId, UnixSeconds, VesselId
from shore_relay.relay.errors import NameTaken
from shore_relay.relay.store.feed import CURSOR_STEPS_PER_SECOND
from shore_relay.relay.store.sqlite import SqliteStore


class ChangeStore:
    """Changes desks and vessels through the relay's one writer."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    async def set_desk_revoked(self, desk: DeskId, at: UnixSeconds) -> None:
        """Serve a desk no more from a time on, or again with 0; raises `StoreFailed`."""
        await self._store.writer.run(partial(_revoke_desk, desk=desk, at=at))

    async def leap_cursors(self, at: UnixSeconds) -> None:
        """Give out only cursors behind this time: others may have been given out; raises `StoreFailed`."""
        await self._store.writer.run(partial(_leap, cursor=at * CURSOR_STEPS_PER_SECOND))

    async def rename_vessel(self, vessel: VesselId, name: str) -> None:
        """Give a vessel another name; raises `NameTaken` or `StoreFailed`."""
        await self._store.writer.run(partial(_rename, vessel=vessel, name=name))


async def _revoke_desk(connection: aiosqlite.Connection, desk: DeskId, at: UnixSeconds) -> None:
    await connection.execute("UPDATE desks SET ended_at = ? WHERE desk = ?", (at, desk))
    # Every running server notices a new revision.
    await connection.execute("UPDATE relay SET directory_revision = directory_revision + 1")


async def _leap(connection: aiosqlite.Connection, cursor: int) -> None:
    await connection.execute("UPDATE desks SET last_cursor = ? WHERE last_cursor < ?", (cursor, cursor))


async def _rename(connection: aiosqlite.Connection, vessel: VesselId, name: str) -> None:
    taken = await connection.execute_fetchall(
        "SELECT vessel FROM vessels WHERE name = ? AND vessel <> ?", (name, vessel)
    )
    if list(taken):
        raise NameTaken(f"Another vessel is named {name}; choose another name.")
    await connection.execute("UPDATE vessels SET name = ? WHERE vessel = ?", (name, vessel))
