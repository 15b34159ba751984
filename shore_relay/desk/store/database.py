"""One SQLite file: opening, migrating, transactions, and its errors in our words."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib import resources
from pathlib import Path

import aiosqlite

from shore_relay.desk.errors import StoreFailed, StoreFull, StoreTooNew, UnreadableFile

FILE_NAME = "desk.sqlite"
_BUSY_TIMEOUT_MS = 10_000
"""Another command of this desk may be writing; its transactions are short."""


class Database:
    """One writer and one reader of the same file. Readers see what was last committed."""

    def __init__(self, path: Path, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self._path = path
        self._writer = writer
        self._reader = reader
        self._writing = asyncio.Lock()

    @classmethod
    async def open(cls, data: Path) -> "Database":
        """Open the database of a data folder, making or upgrading it where needed.

        Raises: StoreFailed, StoreTooNew, UnreadableFile.
        """
        path = data / FILE_NAME
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as reason:
            raise UnreadableFile(f"{path} cannot be opened: {reason.strerror}. Check its folder.") from reason
        with _in_our_words():
            writer = await _connect(path)
            try:
                await _migrate(writer)
                reader = await _connect(path)
            except (sqlite3.Error, StoreTooNew):
                await writer.close()
                raise
        return cls(path, writer, reader)

    async def close(self) -> None:
        """Close both connections."""
        await self._reader.close()
        await self._writer.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """Everything inside is committed durably together, or nothing is. Raises `StoreFailed`."""
        async with self._writing:
            with _in_our_words():
                await self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield self._writer
                    await self._writer.execute("COMMIT")
                finally:
                    if self._writer.in_transaction:
                        await self._writer.execute("ROLLBACK")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[aiosqlite.Connection]:
        """Give a connection that sees what was last committed. Raises `StoreFailed`."""
        with _in_our_words():
            yield self._reader

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[aiosqlite.Connection]:
        """Give a connection that sees the file as it is now, however long it takes. Raises `StoreFailed`."""
        with _in_our_words():
            connection = await _connect(self._path)
            try:
                await connection.execute("BEGIN")
                yield connection
            finally:
                await connection.close()

    async def version(self) -> int:
        """Return a number that changes whenever anybody has committed to the file."""
        async with self.reading() as connection:
            row = await (await connection.execute("PRAGMA data_version")).fetchone()
        return int(row[0]) if row else 0


async def _connect(path: Path) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    await connection.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    await connection.execute("PRAGMA journal_mode = WAL")
    await connection.execute("PRAGMA synchronous = FULL")
    await connection.execute("PRAGMA foreign_keys = ON")
    # What was deleted or overwritten leaves no trace in the file.
    await connection.execute("PRAGMA secure_delete = ON")
    return connection


def _migrations() -> list[tuple[int, str]]:
    folder = resources.files("shore_relay.desk.store") / "migrations"
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".sql")]
    return sorted((int(entry.name[:4]), entry.read_text(encoding="utf-8")) for entry in found)


async def _migrate(connection: aiosqlite.Connection) -> None:
    migrations = _migrations()
    await connection.execute("BEGIN IMMEDIATE")
    try:
        row = await (await connection.execute("PRAGMA user_version")).fetchone()
        at = int(row[0]) if row else 0
        if at > migrations[-1][0]:
            raise StoreTooNew("A newer version of this program wrote this desk's database; install that one.")
        for number, script in migrations:
            if number > at:
                for statement in _statements(script):
                    await connection.execute(statement)
                await connection.execute(f"PRAGMA user_version = {number}")
        await connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            await connection.execute("ROLLBACK")


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as reason:
        if getattr(reason, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise StoreFull(
                "The disk is full: nothing more can be kept here. Make room; what is new waits at the relay."
            ) from reason
        raise StoreFailed(
            f"The desk's database failed ({reason}). Check the disk; nothing half-done was kept."
        ) from reason
