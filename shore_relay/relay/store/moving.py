"""Moves a relay from its file into a PostgreSQL database, whole or not at all, and proves it."""

import hashlib
import os
import sqlite3
import struct
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiosqlite
import asyncpg

from shore_relay.relay.errors import StoreFailed, StoreOccupied, StoreUnusable
from shore_relay.relay.store.postgres_address import PostgresAddress
from shore_relay.relay.store.postgres_schema import migrate, steps
from shore_relay.relay.store.postgres_session import FAILURES, connect, refusal
from shore_relay.relay.store.session import Row
from shore_relay.relay.store.sqlite import SqliteStore

MOVED_SUFFIX = ".moved"
_NOT_KEPT = frozenset({"relays"})
"""Who serves at this moment is nothing that is kept."""
_BATCH_ROWS = 500
_COPY_PATIENCE_S = 24 * 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What one table holds."""

    name: str
    rows: int
    digest: str
    """Over every value of every row, in whatever order they come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A relay that is in its new place."""

    tables: tuple[Table, ...]
    again: bool
    """Whether an earlier run had moved it, and broke off before it put the file aside."""
    kept: Path
    """Where the old file is now; no relay opens it under this name."""


class _Tally:
    """Counts rows, and adds up what they hash to, so that their order does not matter."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rows = 0
        self._sum = 0

    def add(self, row: Row) -> None:
        self._rows += 1
        whole = hashlib.sha256()
        for value in row:
            data = _as_bytes(value)
            whole.update(len(data).to_bytes(8) + data)
        self._sum = (self._sum + int.from_bytes(whole.digest())) % 2**256

    def table(self) -> Table:
        return Table(name=self._name, rows=self._rows, digest=self._sum.to_bytes(32).hex())


def _as_bytes(value: object) -> bytes:
    match value:
        case None:
            return b"n"
        case bytes():
            return b"b" + value
        case str():
            return b"t" + value.encode()
        case int():
            return b"i" + str(value).encode()
        case float():
            return b"f" + struct.pack(">d", value)
    raise AssertionError(f"no column holds a {type(value).__name__}")


async def move(path: Path, address: PostgresAddress) -> Moved:
    """Move the relay of a file; the caller holds its folder, so that no relay serves it meanwhile.

    Raises `StoreOccupied` where the database is not empty, and what opening either store raises; then both
    are as they were.
    """
    # It brings the file to today's tables, and says what is wrong with one that is no relay's.
    await (await SqliteStore.open(path)).close()
    try:
        source = await aiosqlite.connect(path, isolation_level=None)
    except sqlite3.Error as reason:
        raise StoreUnusable(f"{path} cannot be opened ({reason}).") from reason
    try:
        # Nobody writes from here on, not even an operator's command.
        await source.execute("BEGIN IMMEDIATE")
        tables, again = await _into(source, address)
        await source.execute("ROLLBACK")
        await source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as reason:
        raise StoreFailed(f"{path} cannot be read to its end ({reason}); nothing was moved.") from reason
    finally:
        await source.close()
    kept = path.with_name(path.name + MOVED_SUFFIX)
    # Two relays that go on from the same state would use the same packet numbers.
    os.rename(path, kept)
    return Moved(tables=tables, again=again, kept=kept)


async def _into(source: aiosqlite.Connection, address: PostgresAddress) -> tuple[tuple[Table, ...], bool]:
    try:
        target = await connect(address)
        try:
            await migrate(target, steps())
            async with target.transaction():
                await target.execute("SET LOCAL statement_timeout = 0")
                return await _copy_all(source, target)
        finally:
            await target.close()
    except FAILURES as reason:
        raise refusal(reason, address.name) from reason


async def _copy_all(
    source: aiosqlite.Connection, target: asyncpg.Connection
) -> tuple[tuple[Table, ...], bool]:
    names = await _table_names(source)
    # Whoever else would move something here waits, and then finds it occupied.
    await target.execute("LOCK TABLE relay IN ACCESS EXCLUSIVE MODE")
    occupied = [name for name in names if await target.fetchval(f'SELECT EXISTS (TABLE "{name}")')]
    before = [] if occupied else [await _copy(source, target, name) for name in names]
    if occupied:
        before = [await _tally_source(source, name) for name in names]
    else:
        await _go_on_counting(source, target)
    after = [await _tally_target(source, target, name) for name in names]
    if before == after:
        return tuple(after), bool(occupied)
    if occupied:
        raise StoreOccupied(
            "The database holds a relay, or something else, already; nothing was moved. Name an empty one."
        )
    differing = ", ".join(one.name for one, two in zip(before, after, strict=True) if one != two)
    raise StoreFailed(f"PostgreSQL does not give back what it was given ({differing}); nothing was moved.")


async def _table_names(source: aiosqlite.Connection) -> list[str]:
    rows = await source.execute_fetchall(
        # As they were made: what others refer to comes first.
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY rowid"
    )
    return [row[0] for row in rows if row[0] not in _NOT_KEPT]


async def _columns(source: aiosqlite.Connection, table: str) -> list[str]:
    return [row[1] for row in await source.execute_fetchall(f"PRAGMA table_info({table})")]


def _query(table: str, columns: Sequence[str]) -> str:
    listed = ", ".join(f'"{column}"' for column in columns)
    return f'SELECT {listed} FROM "{table}"'  # noqa: S608  # Our own tables.


async def _rows(source: aiosqlite.Connection, table: str, tally: _Tally) -> AsyncIterator[Row]:
    async with source.execute(_query(table, await _columns(source, table))) as cursor:
        while batch := await cursor.fetchmany(_BATCH_ROWS):
            for row in batch:
                tally.add(row)
                yield row


async def _copy(source: aiosqlite.Connection, target: asyncpg.Connection, table: str) -> Table:
    tally = _Tally(table)
    await target.copy_records_to_table(
        table,
        records=_rows(source, table, tally),
        columns=await _columns(source, table),
        timeout=_COPY_PATIENCE_S,
    )
    return tally.table()


async def _tally_source(source: aiosqlite.Connection, table: str) -> Table:
    tally = _Tally(table)
    async for _ in _rows(source, table, tally):
        pass
    return tally.table()


async def _tally_target(source: aiosqlite.Connection, target: asyncpg.Connection, table: str) -> Table:
    tally = _Tally(table)
    query = _query(table, await _columns(source, table))
    async for row in target.cursor(query, prefetch=_BATCH_ROWS):
        tally.add(row)
    return tally.table()


async def _go_on_counting(source: aiosqlite.Connection, target: asyncpg.Connection) -> None:
    """Let numbers that rows are given go on where they were, also where the last rows are gone."""
    for table, last in await source.execute_fetchall("SELECT name, seq FROM sqlite_sequence"):
        await target.execute("SELECT setval(pg_get_serial_sequence($1, 'id'), $2)", table, max(last, 1))
