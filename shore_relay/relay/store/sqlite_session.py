"""`Session` and `Transactions` on a SQLite file."""

import re
import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache

import aiosqlite

from shore_relay.relay.store.new_item import NewItem
from shore_relay.relay.store.session import Row, Session, Transactions, Value

_STATEMENTS_MAX = 512
_ROW_LOCK = re.compile(r" FOR UPDATE( OF \w+)?( SKIP LOCKED)?$")


@lru_cache(maxsize=_STATEMENTS_MAX)
def in_sqlite_words(sql: str) -> str:
    """Return a statement as SQLite takes it: it has one writer at a time, so no row needs a lock."""
    return _ROW_LOCK.sub("", sql.replace("greatest(", "max("))


class SqliteSession(Session):
    """One connection to the file."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self.items: list[NewItem] = []
        self.dirty = False

    async def change(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run a statement that changes rows; return how many."""
        cursor = await self._connection.execute(in_sqlite_words(sql), values)
        self.dirty = self.dirty or cursor.rowcount > 0
        return cursor.rowcount

    async def change_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run a statement once for each row of values."""
        self.dirty = True
        await self._connection.executemany(in_sqlite_words(sql), rows)

    async def rows(self, sql: str, values: Sequence[Value] = ()) -> Sequence[Row]:
        """Return all rows of a query, or of a statement with RETURNING."""
        found = list(await self._connection.execute_fetchall(in_sqlite_words(sql), values))
        self.dirty = self.dirty or (bool(found) and not sql.startswith("SELECT"))
        return found

    async def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """Return the first row, or None."""
        found = await self.rows(sql, values)
        return found[0] if found else None


class SqliteTransactions(Transactions):
    """The connection that writes."""

    failures = (sqlite3.Error,)

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def begin(self) -> Session:
        """Begin a transaction that nobody else can be in the middle of."""
        await self._connection.execute("BEGIN IMMEDIATE")
        return SqliteSession(self._connection)

    async def commit(self) -> None:
        """Flush it to the disk."""
        await self._connection.execute("COMMIT")

    async def rollback(self) -> None:
        """Undo what is open."""
        if self._connection.in_transaction:
            await self._connection.execute("ROLLBACK")

    def passes(self, reason: Exception) -> bool:  # noqa: ARG002  # Nobody else writes: it would fail again.
        """Return False."""
        return False

    def sentence(self, reason: Exception) -> str:
        """Return what is wrong and what to do."""
        return (
            f"The database does not take anything ({reason}): make room on its disk, or repair it. "
            "Nothing was acknowledged that is not stored."
        )
