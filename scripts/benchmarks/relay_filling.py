"""Fills a relay's store with bundles that wait for a desk, past the relay."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from functools import partial

from protocol.ids import VesselId
from scripts.benchmarks.relay_boat import report, vessel_id
from scripts.benchmarks.relay_shore import Shore
from shore_relay.relay.data_folder import database_path
from shore_relay.relay.store.session import Session

_AT_ONCE = 20_000
_FAR = 2_000_000
"""Numbers that the fleet itself never comes to."""
_COLUMNS = ("desk", "cursor", "kind", "vessel", "at", "number", "priority", "bearer", "bundle", "ref")
_INSERT = f"INSERT INTO feed ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"

Rows = Sequence[Sequence[object]]


class Filler:
    """Writes rows for bundles of one size, spread evenly over these vessels."""

    def __init__(self, shore: Shore, vessels: range, size_bytes: int) -> None:
        self._shore = shore
        self._names = [vessel_id(number) for number in vessels]
        self._data = report(shore.desk.key.id, size_bytes)
        self._desk = shore.desk.card("Haven").id
        self.stored = 0

    async def fill_up(self, wanted: int) -> None:
        """Let so many bundles wait in all."""
        while self.stored < wanted:
            some = range(self.stored, min(self.stored + _AT_ONCE, wanted))
            rows = [self._row(at) for at in some]
            await (self._to_file(rows) if self._shore.postgres is None else self._to_postgres(rows))
            self.stored = some.stop
        await self._count()
        if self._shore.postgres is not None:
            connection = await self._shore.postgres.connect(self._shore.database)
            await connection.execute("VACUUM ANALYZE feed")
            await connection.close()

    async def _count(self) -> None:
        """Count what waits, as the relay does when it comes."""
        async with await self._shore.open() as store:
            each, more = divmod(self.stored, len(self._names))
            await store.writer.run(partial(_count, self._names, each, more, len(self._data)))

    def _row(self, at: int) -> Sequence[object]:
        # Far below what the relay itself gives out, which follows the clock.
        name = self._names[at % len(self._names)]
        return (self._desk, at + 1, "bundle", name, 1, _FAR + at, 2, "tcp", self._data, b"")

    async def _to_file(self, rows: Rows) -> None:
        with closing(sqlite3.connect(database_path(self._shore.data(0)), isolation_level=None)) as file:
            file.execute("BEGIN IMMEDIATE")
            file.executemany(_INSERT, rows)
            file.execute("COMMIT")

    async def _to_postgres(self, rows: Rows) -> None:
        assert self._shore.postgres is not None
        connection = await self._shore.postgres.connect(self._shore.database)
        try:
            await connection.copy_records_to_table("feed", records=rows, columns=_COLUMNS)
        finally:
            await connection.close()


async def _count(
    names: Sequence[VesselId], each: int, more: int, bundle_bytes: int, session: Session
) -> None:
    rows = [(each + (at < more), (each + (at < more)) * bundle_bytes, name) for at, name in enumerate(names)]
    await session.change_many("UPDATE vessels SET bundles_held = ?, held_bytes = ? WHERE vessel = ?", rows)
    total = each * len(names) + more
    await session.change("UPDATE desks SET items_waiting = ?", (total,))
