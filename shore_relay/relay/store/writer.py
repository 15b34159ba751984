"""One writer for the whole database, with group commit: what waits together is made durable together.

A durable commit costs a flush of the disk, some milliseconds, however little it holds. While one flush runs,
the steps of all other vessels gather, and the next transaction takes them all.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import aiosqlite

from shore_relay.relay.errors import RelayError, StoreFailed

T = TypeVar("T")
Operation = Callable[[aiosqlite.Connection], Awaitable[T]]

GROUP_MAX = 256
"""Steps in one transaction; more would make the first of them wait too long."""


class _Job(Protocol):
    async def attempt(self, connection: aiosqlite.Connection) -> None:
        """Do the work inside the group's transaction."""

    def finish(self, failure: StoreFailed | None) -> None:
        """Tell whoever waits, after the group's commit or in place of it."""


@dataclass(slots=True, kw_only=True)
class _Write(_Job):
    """One step of one caller."""

    operation: Operation[object]
    after: Callable[[object], None]
    done: "asyncio.Future[object]"
    outcome: object = None
    refused: RelayError | None = None

    async def attempt(self, connection: aiosqlite.Connection) -> None:
        await connection.execute("SAVEPOINT step")
        try:
            self.outcome = await self.operation(connection)
        except RelayError as refused:
            # A refusal concerns this step alone; the others of its group stand.
            self.refused = refused
            await connection.execute("ROLLBACK TO step")
        await connection.execute("RELEASE step")

    def finish(self, failure: StoreFailed | None) -> None:
        error = failure or self.refused
        if error is None:
            # Whoever listens learns of a commit even where the caller has gone meanwhile.
            self.after(self.outcome)
        if self.done.done():
            return
        if error is None:
            self.done.set_result(self.outcome)
        else:
            self.done.set_exception(error)


class GroupWriter:
    """Runs write operations in the order in which they were asked for."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection
        self._waiting: list[_Write] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._task = asyncio.create_task(self._write_groups(), name="store writer")
        self.steps = 0
        """How many operations were committed."""
        self.groups = 0
        self._groups_forgotten = 0
        """In how many transactions."""

    async def run(self, operation: Operation[T], after: Callable[[T], None] | None = None) -> T:
        """Do `operation` in a durable transaction and return its outcome.

        `after` is called with the outcome right behind the commit, even if the caller was cancelled. Raises
        what the operation raised, if it is a `RelayError`, and `StoreFailed` where the commit failed.
        """
        if self._closing or self._task.done():
            raise StoreFailed("The store is closed; start the relay again.")
        write = _Write(
            operation=operation,
            # The future carries the outcome of this very operation, so its type is the operation's.
            after=after or _nothing,  # type: ignore[arg-type]
            done=asyncio.get_running_loop().create_future(),
        )
        self._waiting.append(write)
        self._wake.set()
        return await write.done  # type: ignore[return-value]  # See above.

    async def forget_old_pages(self) -> None:
        """Empty the write-ahead log, in which link keys live on that a commit has overwritten."""
        if self.groups == self._groups_forgotten or self._connection.in_transaction:
            return
        self._groups_forgotten = self.groups
        try:
            await self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError:
            # A group began in between, or somebody reads: the next turn does it.
            self._groups_forgotten = -1

    async def close(self) -> None:
        """Commit what waits and stop."""
        self._closing = True
        self._wake.set()
        await self._task

    async def ended(self) -> None:
        """Wait until the writer has ended, which before `close` only a fault of this program can bring about.

        Raises what ended it.
        """
        await asyncio.shield(self._task)

    async def _write_groups(self) -> None:
        try:
            while self._waiting or not self._closing:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    group, self._waiting = self._waiting[:GROUP_MAX], self._waiting[GROUP_MAX:]
                    await self._write_group(group)
        finally:
            for write in self._waiting:
                write.finish(StoreFailed("The store's writer has ended; start the relay again."))

    async def _write_group(self, group: list[_Write]) -> None:
        failure: StoreFailed | None = StoreFailed(
            "The store's writer met an error in this program; start the relay again and report it."
        )
        try:
            await self._commit(group)
            failure = None
        except sqlite3.Error as reason:
            if self._connection.in_transaction:
                await self._connection.execute("ROLLBACK")
            failure = StoreFailed(
                f"The database does not take anything ({reason}): make room on its disk, or repair it. "
                "Nothing was acknowledged that is not stored."
            )
        finally:
            for write in group:
                write.finish(failure)
        self.steps += len(group)
        self.groups += 1

    async def _commit(self, group: list[_Write]) -> None:
        await self._connection.execute("BEGIN IMMEDIATE")
        for write in group:
            await write.attempt(self._connection)
        await self._connection.execute("COMMIT")


def _nothing(_outcome: object) -> None:
    """Do nothing after a commit that nobody listens for."""
