"""`Session` and `Transactions` on a SQLite file."""

import re
import sqlite3
from collections.abc import Sequence
from functools import lru_cache

import aiosqlite

from shore_relay.relay.store.batching import BatchingSession
from shore_relay.relay.store.session import Row, Session, Transactions, Value

_STATEMENTS_MAX = 512
_ROW_LOCK = re.compile(r" FOR UPDATE( OF \w+)?( SKIP LOCKED)?$")


@lru_cache(maxsize=_STATEMENTS_MAX)
def in_sqlite_words(sql: str) -> str:
    """Return a statement as SQLite takes it: it has one writer at a time, so no row needs a lock."""
    return _ROW_LOCK.sub("", sql.replace("greatest(", "max("))


class SqliteSession(BatchingSession):
    """One connection to the file."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        super().__init__()
        self._connection = connection

    async def _run(self, sql: str, values: Sequence[Value]) -> int:
        return (await self._connection.execute(in_sqlite_words(sql), values)).rowcount

    async def _run_many(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        await self._connection.executemany(in_sqlite_words(sql), rows)

    async def _fetch(self, sql: str, values: Sequence[Value]) -> Sequence[Row]:
        return list(await self._connection.execute_fetchall(in_sqlite_words(sql), values))


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

    def is_full(self, reason: Exception) -> bool:
        """Return whether the disk, or what the settings allow, is full."""
        return getattr(reason, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL

    def sentence(self, reason: Exception) -> str:
        """Return what is wrong and what to do."""
        return (
            f"The database does not take anything ({reason}): make room on its disk, or repair it. "
            "Nothing was acknowledged that is not stored."
        )
