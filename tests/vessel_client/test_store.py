"""The store: what goes in comes out, and what cannot be written breaks nothing."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import limits
from protocol.fragment import RangeSet
from protocol.linkguard import GuardState, ReplayWindow
from tests.vessel_client.boxes import NOW, make_box, sealed_request, state_when
from vessel_client.errors import DiskFull, NotInitialised, StoreFailed
from vessel_client.store import guard, inbox
from vessel_client.store.database import Connection, Database, check_integrity, create_file, open_database
from vessel_client.store.names import DATABASE_FILE
from vessel_client.store.outbox import find_state
from vessel_client.store.peek import stored_urls
from vessel_client.store.sessions import Session, add_session, last_look, list_days

BACK_TO_THE_FIRST = (
    "DROP TABLE session_day",
    "DROP TABLE spending",
    "DROP TABLE cap",
    "DROP TABLE chain",
    "ALTER TABLE box DROP COLUMN machine",
    "ALTER TABLE box DROP COLUMN chain_issued_at",
    "ALTER TABLE box DROP COLUMN operator_public",
    "ALTER TABLE box DROP COLUMN caps_issued_at",
    "ALTER TABLE box DROP COLUMN caps_refusal",
    "CREATE TABLE ledger (bearer TEXT NOT NULL, priority INTEGER NOT NULL,"
    " up_bytes INTEGER NOT NULL DEFAULT 0, down_bytes INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY (bearer, priority)) STRICT",
    "PRAGMA user_version = 1",
)

windows = st.builds(
    ReplayWindow,
    highest=st.integers(-1, limits.PACKET_COUNTER_MAX),
    seen=st.integers(0, 2**limits.REPLAY_WINDOW_PACKETS - 1),
)
secrets = st.binary(min_size=32, max_size=32)
guards = st.builds(
    GuardState,
    secret=secrets,
    previous_secret=st.none() | secrets,
    pending_secret=st.none() | secrets,
    generation=st.integers(0, 2**40),
    confirmed=st.booleans(),
    counter_reserved=st.integers(0, 2**25),
    window=windows,
    previous_window=windows,
)


def _run_in_store(work: Callable[[Connection], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            create_file(Path(folder))
            database = await open_database(Path(folder))
            try:
                async with database.transaction() as connection:
                    await work(connection)
            finally:
                await database.close()

    asyncio.run(run())


@settings(max_examples=25, deadline=None)
@given(state=guards)
def test_any_guard_state_comes_back(state: GuardState) -> None:
    async def work(connection: Connection) -> None:
        await guard.save_guard(connection, GuardState(secret=bytes(32)))
        await guard.save_guard(connection, state)
        assert await guard.load_guard(connection) == state

    _run_in_store(work)


@settings(max_examples=25, deadline=None)
@given(numbers=st.lists(st.integers(1, 60), unique=True, max_size=40))
def test_taken_numbers_are_the_ranges_that_a_set_would_hold(numbers: list[int]) -> None:
    async def work(connection: Connection) -> None:
        expected = RangeSet()
        for number in numbers:
            expected.add(number, number + 1)
            await inbox.remember_taken(connection, number)
        assert list(await inbox.load_taken(connection)) == list(expected)

    _run_in_store(work)


async def test_the_files_are_closed_to_others(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    async with box.running() as running:
        await running.service.queue(sealed_request())
        modes = {path.name: path.stat().st_mode & 0o777 for path in box.data_dir.iterdir()}
    assert box.data_dir.stat().st_mode & 0o777 == 0o700
    assert set(modes.values()) == {0o600}
    assert f"{DATABASE_FILE}-wal" in modes


async def test_commits_are_durable_and_deleted_bytes_are_overwritten(tmp_path: Path) -> None:
    create_file(tmp_path)
    database = await open_database(tmp_path)
    try:
        async with database.reading() as connection:
            found = {}
            for name in ("journal_mode", "synchronous", "temp_store", "secure_delete"):
                async with connection.execute(f"PRAGMA {name}") as cursor:
                    row = await cursor.fetchone()
                    assert row is not None
                    found[name] = row[0]
    finally:
        await database.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "temp_store": 2, "secure_delete": 1}


async def test_a_full_disk_refuses_the_new_and_keeps_the_queued(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    async with box.running() as running:
        kept = (await running.service.queue(sealed_request(b"first"))).number
        async with running.database.reading() as connection:
            async with connection.execute("PRAGMA page_count") as cursor:
                row = await cursor.fetchone()
            assert row is not None
            await connection.execute(f"PRAGMA max_page_count = {row[0] + 2}")
        with pytest.raises(DiskFull, match="everything queued is still there"):
            await running.service.queue(sealed_request(bytes(100_000)))
        small = await running.service.queue(sealed_request(b"small"))
        state = await state_when(running, kept, lambda _state: True)
    # The number that the refused message had been given is free again.
    assert small.number == kept + 1
    assert state.waiting


async def test_an_interrupted_transaction_leaves_nothing(tmp_path: Path) -> None:
    create_file(tmp_path)
    database = await open_database(tmp_path)
    try:
        with pytest.raises(StoreFailed):
            await _take_and_fail(database)
        async with database.reading() as connection:
            assert await inbox.load_taken(connection) == ()
    finally:
        await database.close()


async def _take_and_fail(database: Database) -> None:
    async with database.transaction() as connection:
        await inbox.remember_taken(connection, 7)
        await connection.execute("INSERT INTO taken (start) VALUES (9)")


async def test_a_folder_without_a_box_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotInitialised, match="seavoice-vessel init"):
        await open_database(tmp_path)


async def test_a_store_from_the_future_is_left_alone(tmp_path: Path) -> None:
    path = create_file(tmp_path)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreFailed, match="newer version"):
        await open_database(tmp_path)


async def test_a_file_that_is_no_store_is_said_to_be_none(tmp_path: Path) -> None:
    create_file(tmp_path).write_bytes(b"this is not a database, whatever its name says" * 40)
    with pytest.raises(StoreFailed):
        await open_database(tmp_path)
    assert stored_urls(tmp_path) is None


async def test_a_sound_store_is_found_sound(tmp_path: Path) -> None:
    box = await make_box(tmp_path)
    assert await check_integrity(box.data_dir) == "ok"
    assert stored_urls(box.data_dir) == {"tcp": "tcp://127.0.0.1:9"}


async def test_a_store_of_the_first_schema_keeps_its_data_and_becomes_like_a_fresh_one(
    tmp_path: Path,
) -> None:
    box = await make_box(tmp_path)
    shapes = []
    for steps in (BACK_TO_THE_FIRST, ()):
        with sqlite3.connect(box.data_dir / DATABASE_FILE) as connection:
            for step in steps:
                connection.execute(step)
        connection.close()
        database = await open_database(box.data_dir)
        try:
            async with database.transaction() as writing:
                await add_session(writing, Session(bearer="sbd", at=NOW, sure=True, credits=4))
                await add_session(writing, Session(bearer="sbd", at=NOW, sure=False, credits=6))
                assert await find_state(writing, 1) is not None
                (day,) = await list_days(writing)
                assert await last_look(writing, "sbd") == NOW
                await writing.execute("DELETE FROM session_day")
            async with (
                database.reading() as reading,
                reading.execute("SELECT sql FROM sqlite_schema") as rows,
            ):
                shapes.append({row[0] async for row in rows})
        finally:
            await database.close()
        assert (day.sessions, day.failed, day.credits, day.credits_in_doubt) == (2, 1, 4, 6)
    assert shapes[0] == shapes[1]
