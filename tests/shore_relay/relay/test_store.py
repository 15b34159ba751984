"""The SQLite store's files: migrations, damage, and files that are not ours."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import aiosqlite
import pytest

from shore_relay.relay.data_folder import database_path
from shore_relay.relay.errors import RelayError, StoreFailed, StoreFromFuture, StoreUnusable
from shore_relay.relay.store.schema import migrate, migrations, pragma
from shore_relay.relay.store.session import Session
from shore_relay.relay.store.sqlite import SqliteStore
from tests.shore_relay.relay.shore import Shore


@pytest.fixture
def path(shore: Shore) -> Path:
    return database_path(shore.folder)


async def test_a_fault_of_ours_ends_the_writer_and_promises_nothing(path: Path) -> None:
    async def fault(_session: Session) -> None:
        raise ValueError("a fault")

    store = await SqliteStore.open(path)
    with pytest.raises(StoreFailed):
        await store.writer.run(fault)
    with pytest.raises(ValueError, match="a fault"):
        await store.writer.ended()
    with pytest.raises(StoreFailed):
        await store.check_writable()
    with pytest.raises(ValueError, match="a fault"):
        await store.close()


# --- files ---


async def test_each_migration_keeps_what_is_in_the_tables(tmp_path: Path) -> None:
    """Every step is applied to a file that the steps before it made and that holds a row in each table."""
    connection = await aiosqlite.connect(tmp_path / "old.db", isolation_level=None)
    steps = migrations()
    for number in range(1, len(steps) + 1):
        before = await _rows(connection)
        await migrate(connection, steps[:number])
        after = await _rows(connection)
        assert {table: after[table] for table in before} == before
        await fill(connection)
        assert await pragma(connection, "user_version") == number
    fresh = await aiosqlite.connect(tmp_path / "fresh.db", isolation_level=None)
    await migrate(fresh, steps)
    assert await _schema(fresh) == await _schema(connection)
    await migrate(connection, steps)
    await fresh.close()
    await connection.close()


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    connection = await aiosqlite.connect(tmp_path / "old.db", isolation_level=None)
    await migrate(connection, migrations())
    before = await _schema(connection)
    with pytest.raises(sqlite3.Error):
        await migrate(connection, (*migrations(), "CREATE TABLE one (a) STRICT;"))
    assert await _schema(connection) == before
    assert await pragma(connection, "user_version") == len(migrations())
    await connection.close()


async def _schema(connection: aiosqlite.Connection) -> list[object]:
    rows = await connection.execute_fetchall("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name")
    return [tuple(row) for row in rows]


async def _rows(connection: aiosqlite.Connection) -> dict[str, int]:
    tables = await connection.execute_fetchall("SELECT name FROM sqlite_schema WHERE type = 'table'")
    counts = {}
    for (table,) in tables:
        ((count,),) = await connection.execute_fetchall(f"SELECT count(*) FROM {table}")
        counts[str(table)] = int(count)
    return counts


async def fill(connection: aiosqlite.Connection) -> None:
    """Put one row into each table that is empty."""
    await connection.execute("PRAGMA foreign_keys = OFF")
    for table, count in (await _rows(connection)).items():
        if count:
            continue
        columns = await connection.execute_fetchall(f"PRAGMA table_info({table})")
        values = [_value(str(column[1]), str(column[2])) for column in columns]
        marks = ", ".join("?" for _ in values)
        await connection.execute(f"INSERT INTO {table} VALUES ({marks})", values)


def _value(column: str, kind: str) -> object:
    sizes = {"desk": 8, "vessel": 8, "relay": 8, "key_id": 4, "ref": 16, "id": 16}
    match kind:
        case "BLOB":
            return bytes(sizes.get(column, 32))
        case "INTEGER":
            return 1
        case "REAL":
            return 1.0
        case _:
            texts = {"imei": "3" * 15, "via": "rockblock", "state": "waiting", "way": "email"}
            return texts.get(column, "bundle")


def content(path: Path) -> bytes:
    return path.read_bytes()


def noise(path: Path) -> None:
    path.write_bytes(b"no database at all" * 1_000)


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5_000])


@pytest.mark.parametrize("damage", [noise, torn])
async def test_a_damaged_file_is_named(damage: Callable[[Path], None], path: Path) -> None:
    damage(path)
    with pytest.raises(StoreUnusable, match=r"relay\.db"):
        await SqliteStore.open(path)


@pytest.mark.parametrize(
    ("change", "error"),
    [("PRAGMA user_version = 99", StoreFromFuture), ("PRAGMA application_id = 1", StoreUnusable)],
)
async def test_a_file_of_another_program_or_time_is_left_alone(
    change: str, error: type[RelayError], path: Path
) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(change)
    connection.close()
    before = content(path)
    with pytest.raises(error):
        await SqliteStore.open(path)
    assert content(path) == before
