"""The SQLite file: opening, upgrading, and one transaction at a time."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.resources import files
from pathlib import Path

import aiosqlite

from vessel_client.errors import DiskFull, NotInitialised, StoreFailed
from vessel_client.store.names import DATABASE_FILE

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # A receipt leaves only after a commit, so a commit must survive a power cut.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    # What has left is overwritten, so that a stolen disk does not give it back.
    "PRAGMA secure_delete = ON",
    "PRAGMA cache_size = -256",
    "PRAGMA journal_size_limit = 4000000",
    "PRAGMA busy_timeout = 5000",
)

Connection = aiosqlite.Connection


class Database:
    """One open store. There is one writer, and a reader never sees half a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Run statements that all happen, durably, or not at all. Raises `DiskFull` or `StoreFailed`."""
        async with self._lock:
            with _translated():
                await self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    await self._connection.commit()
                except BaseException:
                    # SQLite has rolled back by itself where the disk is full.
                    if self._connection.in_transaction:
                        await self._connection.rollback()
                    raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """Run queries that no transaction interrupts. Raises `StoreFailed`."""
        async with self._lock:
            with _translated():
                yield self._connection

    async def forget_old_pages(self) -> None:
        """Empty the write-ahead log, in which pages live on that a commit has overwritten.

        Called when link keys have moved on, so that a stolen disk does not give the last ones back.
        """
        async with self._lock:
            with _translated():
                await self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def close(self) -> None:
        """Close the file; every commit is in it already."""
        await self._connection.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as reason:
        if getattr(reason, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise DiskFull(
                "The disk of the box is full: nothing new can be kept, everything queued is still there. "
                "Make room on the disk and send again."
            ) from reason
        raise StoreFailed(
            f"The box's store cannot be used ({reason}). Run `seavoice-vessel doctor`."
        ) from reason


def create_file(data_dir: Path) -> Path:
    """Make the data folder and an empty store that only their owner may read; an existing one stays."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = data_dir / DATABASE_FILE
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    return path


async def open_database(data_dir: Path) -> Database:
    """Open the store and bring it to the newest schema; raises `NotInitialised` or `StoreFailed`."""
    path = data_dir / DATABASE_FILE
    if not path.exists():
        raise NotInitialised(
            f"There is no box in {data_dir} yet. Run `seavoice-vessel init FILE` with the file that the "
            "relay's operator gave you, or name the right folder with --data."
        )
    with _translated():
        connection = await aiosqlite.connect(path, isolation_level=None)
        try:
            for pragma in _PRAGMAS:
                await connection.execute(pragma)
            await _upgrade(connection)
        except BaseException:
            await connection.close()
            raise
    return Database(connection)


async def _upgrade(connection: Connection) -> None:
    (version,) = await one_row(connection, "PRAGMA user_version")
    scripts = sorted(
        entry.name
        for entry in files(__package__).joinpath("migrations").iterdir()
        if entry.name[:4].isdigit()
    )
    if version > len(scripts):
        raise StoreFailed(
            f"This box's store is from a newer version (schema {version}, here {len(scripts)}). "
            "Install the newer version again."
        )
    for number, name in enumerate(scripts[version:], start=version + 1):
        script = files(__package__).joinpath("migrations", name).read_text("utf-8")
        await connection.executescript(f"BEGIN;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


async def check_integrity(data_dir: Path) -> str:
    """Return "ok", or what SQLite finds wrong in the file."""
    with _translated():
        connection = await aiosqlite.connect(f"file:{data_dir / DATABASE_FILE}?mode=ro", uri=True)
        try:
            (verdict,) = await one_row(connection, "PRAGMA quick_check")
        finally:
            await connection.close()
    return str(verdict)


async def copy_store(data_dir: Path, folder: Path) -> None:
    """Copy the store as it is at this moment, also while it is in use, into an empty folder.

    A copy must never be run on a link: it would use the same packet counters. Raises `StoreFailed`.
    """
    path = create_file(folder)
    with _translated():
        source = await aiosqlite.connect(f"file:{data_dir / DATABASE_FILE}?mode=ro", uri=True)
        try:
            target = await aiosqlite.connect(path)
            try:
                await source.backup(target)
            finally:
                await target.close()
        finally:
            await source.close()


async def one_row(
    connection: Connection, query: str, values: tuple[int | bytes | str | None, ...] = ()
) -> sqlite3.Row:
    """Return the only row of a query that always has one."""
    async with connection.execute(query, values) as cursor:
        row = await cursor.fetchone()
    assert row is not None
    return row
