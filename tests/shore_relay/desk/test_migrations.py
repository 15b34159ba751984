"""Databases that earlier versions left, with data in their tables."""

import sqlite3
from importlib import resources
from pathlib import Path

from shore_relay.desk.store import inbox, listing, notices, referrals
from shore_relay.desk.store.database import FILE_NAME, Database

STORE = resources.files("shore_relay.desk.store") / "migrations"


def _left_by_version(folder: Path, number: int) -> None:
    """A database as version `number` left it, with one bundle that somebody has opened."""
    connection = sqlite3.connect(folder / FILE_NAME)
    for entry in sorted(STORE.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".sql") and int(entry.name[:4]) <= number:
            connection.executescript(entry.read_text(encoding="utf-8"))
    connection.execute("INSERT INTO vessel (id, name_sealed, last_at) VALUES (?, x'00', 5)", (b"v" * 8,))
    connection.execute("INSERT INTO entry (id, vessel) VALUES (1, ?)", (b"v" * 8,))
    connection.execute(
        "INSERT INTO bundle (digest, vessel, number, priority, bearer, arrived_at, raw, entry, origin,"
        " opened_at) VALUES (?, ?, 2, 2, 'tcp', 5, x'00', 1, 0, 9)",
        (b"d" * 32, b"v" * 8),
    )
    connection.execute(f"PRAGMA user_version = {number}")
    connection.commit()
    connection.close()


def _schema(folder: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(folder / FILE_NAME)
    found = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    rows = [(str(name), str(sql)) for name, sql in found]
    connection.close()
    return rows


async def test_what_came_before_custody_was_noted_stays_and_says_that_nobody_noted_it(tmp_path: Path) -> None:
    for name in ("old", "fresh"):
        (tmp_path / name).mkdir()
    _left_by_version(tmp_path / "old", 2)

    database = await Database.open(tmp_path / "old")
    async with database.reading() as connection:
        (row,) = await inbox.bundles(connection)
    await database.close()
    await (await Database.open(tmp_path / "fresh")).close()

    assert (row.number, row.opened_at) == (2, 9)
    assert (row.fetched_at, row.opened_by) == (0, b"")
    assert _schema(tmp_path / "old") == _schema(tmp_path / "fresh")


async def test_messages_that_came_before_changes_were_numbered_are_new_to_a_list(tmp_path: Path) -> None:
    _left_by_version(tmp_path, 5)

    database = await Database.open(tmp_path)
    async with database.reading() as connection:
        state = await listing.inbox_state(connection)
        (before,) = await listing.changed_entries(connection, 0, 10)
    async with database.transaction() as connection:
        await inbox.set_origin(connection, 1, 1, None)
    async with database.reading() as connection:
        (after,) = await listing.changed_entries(connection, state.changed, 10)
    await database.close()

    assert (before.id, before.changed, before.case) == (1, 1, 0)
    assert (after.id, after.changed) == (1, 2)


async def test_a_desk_from_before_there_were_notices_keeps_its_messages_and_has_told_nobody(
    tmp_path: Path,
) -> None:
    for name in ("old", "fresh"):
        (tmp_path / name).mkdir()
    _left_by_version(tmp_path / "old", 5)

    database = await Database.open(tmp_path / "old")
    async with database.reading() as connection:
        (row,) = await inbox.bundles(connection)
        assert await notices.people(connection) == []
        assert await notices.waiting(connection) == []
        assert await notices.newest_entry(connection) == 1
        # Somebody has opened it.
        assert await notices.unopened(connection, 0) == []
    await database.close()
    await (await Database.open(tmp_path / "fresh")).close()

    assert (row.number, row.opened_at) == (2, 9)
    assert _schema(tmp_path / "old") == _schema(tmp_path / "fresh")


async def test_a_desk_from_before_there_were_referrals_has_given_and_got_nothing(tmp_path: Path) -> None:
    for name in ("old", "fresh"):
        (tmp_path / name).mkdir()
    _left_by_version(tmp_path / "old", 7)

    database = await Database.open(tmp_path / "old")
    async with database.reading() as connection:
        (row,) = await inbox.bundles(connection)
        assert await referrals.partners(connection) == []
        assert await referrals.referred_cases(connection) == []
        assert await referrals.received_states(connection) == []
        assert await referrals.released(connection) == []
    await database.close()
    await (await Database.open(tmp_path / "fresh")).close()

    assert (row.number, row.opened_at) == (2, 9)
    assert _schema(tmp_path / "old") == _schema(tmp_path / "fresh")
