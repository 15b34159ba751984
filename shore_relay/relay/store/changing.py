"""The SQL of what an operator changes about desks and vessels that are there already."""

from functools import partial

from protocol.ids import DeskId, UnixSeconds, VesselId
from shore_relay.relay.errors import NameTaken
from shore_relay.relay.store.session import Session
from shore_relay.relay.store.sql_store import SqlStore


class ChangeStore:
    """Changes desks and vessels through the relay's one writer."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    async def set_desk_revoked(self, desk: DeskId, at: UnixSeconds) -> None:
        """Serve a desk no more from a time on, or again with 0; raises `StoreFailed`."""
        await self._store.writer.run(partial(_revoke_desk, desk=desk, at=at))

    async def rename_vessel(self, vessel: VesselId, name: str) -> None:
        """Give a vessel another name; raises `NameTaken` or `StoreFailed`."""
        await self._store.writer.run(partial(_rename, vessel=vessel, name=name))


async def _revoke_desk(session: Session, desk: DeskId, at: UnixSeconds) -> None:
    await session.change("UPDATE desks SET ended_at = ? WHERE desk = ?", (at, desk))
    # Every running server notices a new revision.
    await session.change("UPDATE relay SET directory_revision = directory_revision + 1")


async def _rename(session: Session, vessel: VesselId, name: str) -> None:
    taken = await session.rows("SELECT vessel FROM vessels WHERE name = ? AND vessel <> ?", (name, vessel))
    if taken:
        raise NameTaken(f"Another vessel is named {name}; choose another name.")
    await session.change("UPDATE vessels SET name = ? WHERE vessel = ?", (name, vessel))
