"""A session that gathers statements whose outcome nobody waits for, and runs equal ones together.

A group of 256 steps of as many vessels runs much the same statements. One after the other each costs an
exchange with the database; gathered, they cost one for all vessels. What a later query could see is run
before it.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from protocol.ids import DeskId, DeskKeyId, VesselId
from shore_relay.relay.store.new_item import NewItem
from shore_relay.relay.store.session import Row, Session, Value


@dataclass(slots=True, kw_only=True)
class _Batch:
    """One statement with the values of many vessels."""

    sql: str
    rows: list[Sequence[Value]] = field(default_factory=list)


class BatchingSession(Session, ABC):
    """What both dialects share."""

    def __init__(self) -> None:
        self.items: list[NewItem] = []
        self.dirty = False
        self.epochs: dict[VesselId, int] = {}
        self.last_taken: dict[VesselId, int] = {}
        self.desk_of_key: dict[DeskKeyId, DeskId] = {}
        self._batches: list[_Batch] = []
        self._reached: dict[VesselId, int] = {}
        """For each vessel the last batch that holds something of it."""

    def later(self, vessel: VesselId, sql: str, values: Sequence[Value]) -> None:
        """Run a statement about one vessel's rows soon, in the order of that vessel's statements."""
        self.dirty = True
        for at in range(self._reached.get(vessel, 0), len(self._batches)):
            if self._batches[at].sql == sql:
                break
        else:
            at = len(self._batches)
            self._batches.append(_Batch(sql=sql))
        self._batches[at].rows.append(values)
        self._reached[vessel] = at

    async def flush(self) -> None:
        """Run what was gathered."""
        batches, self._batches, self._reached = self._batches, [], {}
        for batch in batches:
            await self._run_many(batch.sql, batch.rows)

    async def change(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run a statement that changes rows; return how many."""
        await self.flush()
        changed = await self._run(sql, values)
        self.dirty = self.dirty or changed > 0
        return changed

    async def change_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run a statement once for each row of values."""
        await self.flush()
        listed = list(rows)
        if listed:
            self.dirty = True
            await self._run_many(sql, listed)

    async def rows(self, sql: str, values: Sequence[Value] = ()) -> Sequence[Row]:
        """Return all rows of a query, or of a statement with RETURNING."""
        await self.flush()
        found = await self._fetch(sql, values)
        self.dirty = self.dirty or (bool(found) and not sql.startswith("SELECT"))
        return found

    async def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """Return the first row, or None."""
        found = await self.rows(sql, values)
        return found[0] if found else None

    @abstractmethod
    async def _run(self, sql: str, values: Sequence[Value]) -> int:
        """Run a statement; return how many rows it changed."""

    @abstractmethod
    async def _run_many(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        """Run a statement with each of these values, at least one."""

    @abstractmethod
    async def _fetch(self, sql: str, values: Sequence[Value]) -> Sequence[Row]:
        """Return all rows."""
