"""The SQLite store: group commit, migrations, and files that are not ours."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import aiosqlite
import pytest

from protocol.bundle import Report
from protocol.bundle import encode as encode_bundle
from protocol.deskfeed import ItemKind
from protocol.fragment import RangeSet
from protocol.frames import Priority
from protocol.ids import DeskId, UnixSeconds, VesselId
from protocol.journal import BundleTaken, FragmentHeld, FragmentsDropped, GuardChanged
from protocol.linkguard import GuardState, ReplayWindow
from protocol.provisioning import Provisioning
from shore_relay.relay.data_folder import database_path
from shore_relay.relay.errors import NameTaken, RelayError, StoreFailed, StoreFromFuture, StoreUnusable
from shore_relay.relay.store.feed import NewItem, add_item
from shore_relay.relay.store.repository import LinkCommit, Traffic
from shore_relay.relay.store.schema import migrate, migrations, pragma
from shore_relay.relay.store.sqlite import SqliteStore
from tests.shore_relay.relay.shore import Desk, Shore

FULL_WINDOW = ReplayWindow(highest=2**24 - 1, seen=2**1_024 - 1)


@pytest.fixture
def path(shore: Shore) -> Path:
    return database_path(shore.folder)


def taken(desk: Desk, number: int) -> BundleTaken:
    bundle = Report(desk_key=desk.key_id, origin_tag=bytes(8), sealed=bytes(60))
    return BundleTaken(number=number, priority=Priority.TEXT, bundle=bundle, data=encode_bundle(bundle))


def commit(vessel: VesselId, *changes: object, traffic: int = 0) -> LinkCommit:
    return LinkCommit(
        vessel=vessel,
        at=UnixSeconds(1_700_000_000),
        bearer="tcp",
        changes=changes,  # type: ignore[arg-type]  # Each test gives changes.
        traffic={"tcp": Traffic(bytes_up=traffic)} if traffic else {},
    )


async def test_commits_of_many_vessels_share_transactions(shore: Shore, path: Path, desk: Desk) -> None:
    vessels = [(await shore.add_vessel(f"Vessel {at}", desk)).vessel for at in range(40)]
    async with await SqliteStore.open(path) as store:
        await asyncio.gather(*(store.commit_link(commit(vessel, taken(desk, 1))) for vessel in vessels))
        assert store.writer.steps == 40
        assert store.writer.groups <= 3
        items = await store.feed(desk.card.id, 0, most_items=100, most_bytes=10**6)
    assert {item.vessel for item in items} == set(vessels)
    assert [item.cursor for item in items] == sorted({item.cursor for item in items})


async def test_a_refused_step_leaves_the_others_of_its_group(
    shore: Shore, path: Path, desk: Desk, provisioning: Provisioning
) -> None:
    async with await SqliteStore.open(path) as store:

        async def refuse(connection: aiosqlite.Connection) -> None:
            await connection.execute("UPDATE vessels SET name = 'changed'")
            raise NameTaken("no")

        outcomes = await asyncio.gather(
            store.commit_link(commit(provisioning.vessel, taken(desk, 1))),
            store.writer.run(refuse),
            store.commit_link(commit(provisioning.vessel, taken(desk, 2))),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [type(None), NameTaken, type(None)]
        assert store.writer.groups == 1
        (vessel,) = (await store.status()).vessels
    assert (vessel.name, vessel.bundles_taken) == ("Mercy", 2)


async def test_a_fault_of_ours_ends_the_writer_and_promises_nothing(path: Path) -> None:
    async def fault(_connection: aiosqlite.Connection) -> None:
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


async def test_a_link_comes_back_as_it_was_committed(
    path: Path, desk: Desk, provisioning: Provisioning
) -> None:
    state = GuardState(
        secret=bytes(32),
        previous_secret=bytes([1]) * 32,
        pending_secret=bytes([2]) * 32,
        generation=7,
        confirmed=True,
        counter_reserved=512,
        window=FULL_WINDOW,
        previous_window=ReplayWindow(),
    )
    pieces = [
        FragmentHeld(number=9, total_bytes=500, priority=Priority.URGENT, offset=0, data=bytes(100)),
        FragmentHeld(number=9, total_bytes=500, priority=Priority.URGENT, offset=100, data=bytes(50)),
        FragmentHeld(number=9, total_bytes=500, priority=Priority.URGENT, offset=100, data=bytes(80)),
        FragmentHeld(number=8, total_bytes=0, priority=Priority.TEXT, offset=5, data=bytes(5)),
    ]
    async with await SqliteStore.open(path) as store:
        changes = [GuardChanged(state=GuardState(secret=bytes(32))), *pieces, GuardChanged(state=state)]
        await store.commit_link(commit(provisioning.vessel, *changes, FragmentsDropped(number=8)))
    async with await SqliteStore.open(path) as store:
        loaded = await store.load_link(provisioning.vessel, queued_max=10)
    assert loaded is not None
    assert loaded.snapshot.guard == state
    assert [(f.number, f.offset, len(f.data)) for f in loaded.snapshot.fragments] == [
        (9, 0, 100),
        (9, 100, 80),
    ]


async def test_taken_numbers_are_kept_as_ranges_that_never_touch(
    path: Path, desk: Desk, provisioning: Provisioning
) -> None:
    numbers = [5, 1, 3, 2, 9, 8, 4, 20]
    async with await SqliteStore.open(path) as store:
        for number in numbers:
            await store.commit_link(commit(provisioning.vessel, taken(desk, number)))
        loaded = await store.load_link(provisioning.vessel, queued_max=10)
    assert loaded is not None
    assert loaded.snapshot.taken == tuple(RangeSet((number, number + 1) for number in numbers))


async def test_cursors_leap_with_the_clock_and_never_go_back(
    path: Path, desk: Desk, provisioning: Provisioning
) -> None:
    async with await SqliteStore.open(path) as store:

        async def add(connection: aiosqlite.Connection) -> None:
            for at in (1_000, 50, 2_000, 2_000):
                item = NewItem(
                    desk=desk.card.id,
                    kind=ItemKind.BUNDLE,
                    vessel=provisioning.vessel,
                    at=UnixSeconds(at),
                    number=1,
                    priority=Priority.TEXT,
                    bearer="tcp",
                )
                await add_item(connection, item)

        await store.writer.run(add)
        items = await store.feed(desk.card.id, 0, most_items=10, most_bytes=10)
        assert [item.cursor for item in items] == [1_000_000, 1_000_001, 2_000_000, 2_000_001]
        # A desk that is ahead of us knows a later life of this database: it is told everything.
        assert await store.feed(desk.card.id, 10**12, most_items=10, most_bytes=10) == items
        assert await store.feed(desk.card.id, 2_000_001, most_items=10, most_bytes=10) == []


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
        await _fill(connection)
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


async def _fill(connection: aiosqlite.Connection) -> None:
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
    sizes = {"desk": 8, "vessel": 8, "key_id": 4, "ref": 16}
    match kind:
        case "BLOB":
            return bytes(sizes.get(column, 32))
        case "INTEGER":
            return 1
        case "REAL":
            return 1.0
        case _:
            return {"imei": "3" * 15, "via": "rockblock", "state": "waiting"}.get(column, "bundle")


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


async def test_an_unknown_desk_has_no_feed(path: Path) -> None:
    async with await SqliteStore.open(path) as store:
        assert await store.feed(DeskId(bytes(8)), 0, most_items=10, most_bytes=10) == []
