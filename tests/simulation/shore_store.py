"""The relay's own store, watched; what touches its insides stands here and nowhere else."""

from pathlib import Path

from protocol.deskfeed import Dispatch
from protocol.ids import DeskId, UnixSeconds, VesselId
from protocol.linkguard import GuardState
from shore_relay.relay.store import links
from shore_relay.relay.store.repository import LearnedKeys, LinkCommit
from shore_relay.relay.store.session import Session
from shore_relay.relay.store.sqlite import SqliteStore
from tests.simulation.harbour import key_ids
from tests.simulation.inline import run


class WatchedStore(SqliteStore):
    """The relay's own store; the rules hear of its commits."""

    commit: LinkCommit | None = None
    """The latest commit of a link, until the rules have heard of it."""
    renumbers: VesselId | None = None

    async def commit_link(self, commit: LinkCommit) -> None:
        self.commit = commit
        try:
            await super().commit_link(commit)
        finally:
            # One that failed is nobody's: what is committed next has nothing of it.
            self.commit = None

    async def renumber(self, vessel: VesselId, number: int, *, above: int) -> None:
        self.renumbers = vessel
        try:
            await super().renumber(vessel, number, above=above)
        finally:
            self.renumbers = None

    async def dispatch(
        self,
        desk: DeskId,
        vessel: VesselId,
        dispatch: Dispatch,
        at: UnixSeconds,
        *,
        keys: LearnedKeys | None,
        most_bytes: int,
        from_operator: bool = False,
    ) -> bool:
        self.renumbers = vessel
        try:
            return await super().dispatch(
                desk, vessel, dispatch, at, keys=keys, most_bytes=most_bytes, from_operator=from_operator
            )
        finally:
            self.renumbers = None

    def duplicate_bytes(self, vessel: VesselId) -> int:
        """Return the payload bytes of a vessel that came although they were held."""
        rows = self._writing._conn.execute("SELECT duplicate_bytes FROM vessels WHERE vessel = ?", (vessel,))
        return int(rows.fetchone()[0])

    def copy_to(self, copy: Path) -> None:
        """Copy the disk, as `backup` does."""
        self._writing._conn.execute("VACUUM INTO ?", (str(copy),))

    def set_back(self, vessel: VesselId, state: GuardState, *, leap: int) -> None:
        """Do for a vessel what has to be done after a restore: other keys, and numbers far above the last."""

        async def write(session: Session) -> None:
            await links.save_guard(session, vessel, state)
            links.save_key_ids(session, vessel, key_ids(state))
            await session.change(
                "UPDATE vessels SET next_number = next_number + ? WHERE vessel = ?", (leap, vessel)
            )

        run(self.writer.run(write))
