"""The stores' own SQLite connections without their threads, and with a disk below that fails on demand.

The stores speak to SQLite through `aiosqlite`, which crosses to a thread and back for each statement. A
simulation runs one thing at a time, so it runs each statement where it is asked for: ten times faster, and no
event loop is needed. Nothing else about the stores or the files is replaced.
"""

import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiosqlite

from shore_relay.relay.store import sql_store, writer
from shore_relay.relay.store.session import Transactions
from shore_relay.relay.store.writer import GroupWriter, Operation
from tests.simulation.disk import Disk

Result = TypeVar("Result")
Outcome = TypeVar("Outcome")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Do a piece of work that never has to wait, and return what it returns."""
    try:
        work.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # What the coroutine returned.
    work.close()
    raise AssertionError("a simulated step waited for something that can never come")


class _Statement:
    """What `aiosqlite` returns for a statement: to be awaited, or entered with `async with`."""

    __slots__ = ("_connection", "_disk", "_execute", "_parameters", "_sql")

    def __init__(
        self,
        execute: Callable[[str, Any], sqlite3.Cursor],
        disk: Disk,
        sql: str,
        parameters: Any,
        connection: sqlite3.Connection,
    ) -> None:
        self._execute = execute
        self._disk = disk
        self._sql = sql
        self._parameters = parameters
        self._connection = connection

    def _run(self) -> "_Rows":
        return _Rows(self._execute(self._disk.before(self._sql, self._connection), self._parameters))

    def __await__(self) -> Generator[None, None, "_Rows"]:
        rows = self._run()
        yield from ()  # Makes this a generator, which is what an awaited thing is.
        return rows

    async def __aenter__(self) -> "_Rows":
        return self._run()

    async def __aexit__(self, *_exception: object) -> None:
        """Leave the cursor to be collected."""


class _Rows:
    """A cursor that never waits."""

    __slots__ = ("_cursor",)

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    async def fetchone(self) -> Any:
        return self._cursor.fetchone()

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    async def __aiter__(self) -> AsyncIterator[Any]:
        for row in self._cursor.fetchall():
            yield row

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid


class InlineConnection(aiosqlite.Connection):
    """A connection that does each thing at once, on a disk that may fail at any statement."""

    def __init__(self, connector: Callable[[], sqlite3.Connection], disk: Disk) -> None:
        super().__init__(connector, iter_chunk_size=256)
        self._disk = disk

    async def _execute(self, fn: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        return fn(*args, **kwargs)

    async def _connect(self) -> "InlineConnection":
        self._connection = self._connector()
        return self

    def __await__(self):  # type: ignore[no-untyped-def]  # As aiosqlite's own, which starts a thread first.
        return self._connect().__await__()

    def execute(self, sql: str, parameters: Any = ()) -> Any:
        """Run one statement, if the disk lets it, once somebody waits for it."""
        return _Statement(self._conn.execute, self._disk, sql, parameters, self._conn)

    def executemany(self, sql: str, parameters: Any) -> Any:
        """Run one statement several times, if the disk lets it, once somebody waits for it."""
        return _Statement(self._conn.executemany, self._disk, sql, parameters, self._conn)

    async def execute_fetchall(self, sql: str, parameters: Any = ()) -> list[Any]:
        """Run one statement, if the disk lets it, and return its rows."""
        return await (await self.execute(sql, parameters)).fetchall()

    async def commit(self) -> None:
        """Commit, if the disk lets it."""
        self._disk.before("COMMIT", self._conn)
        self._conn.commit()
        self._disk.committed()

    async def close(self) -> None:
        """Close at once."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class InlineWriter(GroupWriter):
    """The relay's own writer, each group of one step and at once."""

    def __init__(self, transactions: Transactions, *, sorts: bool = False) -> None:
        self._transactions = transactions
        self._sorts = sorts
        self._waiting = []
        self._closing = False
        self._group_max = writer.GROUP_MAX
        self.steps = 0
        self.groups = 0

    async def run(
        self,
        operation: Operation[Outcome],
        after: Callable[[Outcome], None] | None = None,
        *,
        about: bytes = b"",
    ) -> Outcome:
        """Do `operation` in a transaction of its own."""
        done = _Done()
        write = writer._Write(operation=operation, after=after or writer._nothing, about=about, done=done)
        await self._write_group([write])
        if done.error is not None:
            raise done.error
        return done.outcome  # type: ignore[return-value]  # The outcome of this very operation.

    async def _commit(self, group: list[Any]) -> None:
        await super()._commit(group)
        self._transactions._connection._disk.committed()

    async def close(self) -> None:
        """Do nothing: no task runs."""


class _Done:
    """What the writer needs of a future."""

    def __init__(self) -> None:
        self.outcome: object = None
        self.error: Exception | None = None

    def done(self) -> bool:
        return False

    def set_result(self, outcome: object) -> None:
        self.outcome = outcome

    def set_exception(self, error: Exception) -> None:
        self.error = error


@contextmanager
def inline_stores(disks: Mapping[Path, Disk]) -> Iterator[None]:
    """Let the stores of both programs run inline; each folder has its disk."""

    def connect(database: str | Path, **options: Any) -> InlineConnection:
        disk = disks[Path(database).parent]
        return InlineConnection(lambda: sqlite3.connect(database, **options), disk)

    original_connect, original_writer = aiosqlite.connect, sql_store.GroupWriter
    aiosqlite.connect = connect  # type: ignore[assignment]  # The seam between the stores and SQLite.
    sql_store.GroupWriter = InlineWriter  # type: ignore[misc]  # Its task would need a running loop.
    try:
        yield
    finally:
        aiosqlite.connect = original_connect
        sql_store.GroupWriter = original_writer  # type: ignore[misc]  # Puts the store's own class back.
