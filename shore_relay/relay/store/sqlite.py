"""The default store: one SQLite file in WAL mode, flushed at every commit, with one writer."""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType

import aiosqlite

from protocol.ids import UnixSeconds
from shore_relay.relay.errors import (
    AlreadyInitialised,
    DataFolderMissing,
    RelayError,
    StoreFailed,
    StoreUnusable,
)
from shore_relay.relay.store.schema import migrate, migrations, pragma
from shore_relay.relay.store.session import Session
from shore_relay.relay.store.sql_store import OnFeed, SqlStore
from shore_relay.relay.store.sqlite_session import SqliteSession, SqliteTransactions

_BUSY_TIMEOUT_MS = 10_000
"""How long an admin's command and a running server wait for each other."""

_HEALTH_CHECK_BYTES = 81_920
"""Room for what one vessel may hand over in one step: a relay without it cannot take everything."""

_SETTINGS = (
    f"busy_timeout = {_BUSY_TIMEOUT_MS}",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    # Old link secrets must not stay behind in freed pages.
    "secure_delete = ON",
)


async def create(path: Path, rekey_private: bytes, at: UnixSeconds) -> None:
    """Make the database file of a new relay, readable by its owner only; raises `AlreadyInitialised`."""
    unfinished = path.with_suffix(".new")
    _reserve(path, unfinished)
    try:
        connection = await _connect(unfinished)
        try:
            await migrate(connection, migrations())
            await connection.execute(
                "INSERT INTO relay (id, rekey_private, created_at) VALUES (1, ?, ?)", (rekey_private, at)
            )
        finally:
            await connection.close()
    except sqlite3.Error as reason:
        raise StoreFailed(f"The database cannot be written ({reason}); make room on its disk.") from reason
    # Only a whole database gets the name by which it is found.
    os.rename(unfinished, path)


def _reserve(path: Path, unfinished: Path) -> None:
    if path.exists():
        raise AlreadyInitialised(
            f"{path.parent} holds a relay already; use it, or name another folder with --data."
        )
    unfinished.unlink(missing_ok=True)
    # SQLite gives its journal files the rights of the database file.
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _require(path: Path) -> None:
    if not path.is_file():
        raise DataFolderMissing(
            f"{path.parent} holds no relay; make one with `seavoice-relay init`, or name its folder with "
            "--data."
        )


class SqliteStore(SqlStore):
    """The store of one relay. Open it with `SqliteStore.open`, and close it."""

    shared = False

    def __init__(self, writing: aiosqlite.Connection, reading: aiosqlite.Connection, on_feed: OnFeed) -> None:
        super().__init__(SqliteTransactions(writing), on_feed)
        self._writing = writing
        self._reading = reading
        self._groups_forgotten = 0

    @classmethod
    async def open(
        cls, path: Path, *, on_feed: OnFeed = lambda _desk: None, size_bytes_max: int = 0
    ) -> "SqliteStore":
        """Open a relay's file and bring it to today's tables.

        `on_feed` hears of every desk for which something new was committed; `size_bytes_max` bounds the file
        (0: only the disk does). Raises `DataFolderMissing`, `StoreUnusable` or `StoreFromFuture`.
        """
        _require(path)
        try:
            writing = await _prepare(path, size_bytes_max)
            reading = await _connect(path)
        except sqlite3.Error as reason:
            raise StoreUnusable(
                f"{path} cannot be opened as a relay's database ({reason}); restore it from a backup."
            ) from reason
        return cls(writing, reading, on_feed)

    async def __aenter__(self) -> "SqliteStore":
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Commit what was asked for and let go of the file."""
        try:
            await self.writer.close()
        finally:
            await self._reading.close()
            await self._writing.close()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Session]:
        """Lend the connection that reads; raises `StoreFailed` where the file cannot be read."""
        try:
            yield SqliteSession(self._reading)
        except sqlite3.Error as reason:
            raise StoreFailed(f"The database cannot be read ({reason}); check its disk.") from reason

    async def forget_old_pages(self) -> None:
        """Empty the write-ahead log, in which link keys live on that a commit has overwritten."""
        if self.writer.groups == self._groups_forgotten or self._writing.in_transaction:
            return
        self._groups_forgotten = self.writer.groups
        try:
            await self._writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.OperationalError:
            # A group began in between, or somebody reads: the next turn does it.
            self._groups_forgotten = -1

    async def check_writable(self) -> None:
        """Commit something harmless that needs room; raises `StoreFailed`."""

        async def touch(session: Session) -> None:
            code = "x" * _HEALTH_CHECK_BYTES
            await session.change("INSERT INTO refusals (code, count) VALUES (?, 0)", (code,))
            await session.change("DELETE FROM refusals WHERE code = ?", (code,))

        await self.writer.run(touch)


async def _prepare(path: Path, size_bytes_max: int) -> aiosqlite.Connection:
    connection = await _connect(path)
    try:
        await migrate(connection, migrations())
        if size_bytes_max:
            page_bytes = await pragma(connection, "page_size")
            await connection.execute(f"PRAGMA max_page_count = {size_bytes_max // page_bytes}")
    except (RelayError, sqlite3.Error):
        await connection.close()
        raise
    return connection


async def _connect(path: Path) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(path, isolation_level=None)
    try:
        for setting in _SETTINGS:
            await connection.execute(f"PRAGMA {setting}")
    except sqlite3.Error:
        await connection.close()
        raise
    return connection
