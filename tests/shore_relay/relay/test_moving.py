"""A relay moves from its file to PostgreSQL with all that it holds, and its vessel notices nothing."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import aiosqlite
import pytest

from protocol.documents import Json
from protocol.events import PacketRefused
from protocol.frames import Priority
from scripts.postgres_server import PASSWORD, PostgresServer
from shore_relay.relay.commands import moving
from shore_relay.relay.data_folder import database_path
from shore_relay.relay.errors import (
    AlreadyServing,
    DataFolderMissing,
    SettingsInvalid,
    StoreFailed,
    StoreOccupied,
    StoreUnreachable,
)
from tests.shore_relay.relay.box import Box, introduction, report
from tests.shore_relay.relay.shore import Desk, Shore
from tests.shore_relay.relay.test_store import fill


async def test_a_vessel_in_the_middle_of_a_bundle_goes_on_at_the_new_place(
    shore: Shore, box: Box, desk: Desk, postgres: PostgresServer
) -> None:
    data = report(desk.key_id, 60_000)
    box.offer(1, introduction())
    box.offer(2, data)
    box.records_max = 20
    async with shore.serving() as relay, box.over_tcp(relay.tcp_port):
        await box.until(lambda: box.acked_bytes(2) > 10_000)
        await desk.dispatch(relay, box.provisioning.vessel, desk.mail())
        ((item, *_), before) = (await desk.feed(relay), await relay.store.status())
    url = postgres.url(await postgres.create())
    document = await moving.migrate_store(shore.folder, url)
    assert PASSWORD not in json.dumps(document) + moving.as_text(document)
    with pytest.raises(DataFolderMissing):
        await shore.open()
    moved = replace(shore, settings=replace(shore.settings, store=url))
    box.open_valve()
    async with moved.serving() as relay:
        assert (await desk.feed(relay))[0] == item
        assert [vessel.name for vessel in (await relay.store.status()).vessels] == [
            vessel.name for vessel in before.vessels
        ]
        async with box.over_tcp(relay.tcp_port):
            await box.custody(1, 2)
            await box.arrived()
            box.offer(3, introduction(), Priority.URGENT)
            await box.custody(3)
        await relay.store_counts()
        (vessel,) = (await relay.store.status()).vessels
    assert vessel.duplicate_bytes == 0
    assert not box.of(PacketRefused)


async def test_every_table_is_moved_and_numbers_go_on(shore: Shore, postgres: PostgresServer) -> None:
    path = database_path(shore.folder)
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        await fill(connection)
        await connection.execute("DELETE FROM sqlite_sequence")
        await connection.execute(
            "INSERT INTO sqlite_sequence VALUES ('sbd_inbound', 1), ('sbd_outbound', 77)"
        )
    name = await postgres.create()
    document = await moving.migrate_store(path, postgres.url(name))
    tables = document["tables"]
    assert isinstance(tables, list)
    assert {each["rows"] for each in tables if isinstance(each, dict)} == {1}
    connection = await postgres.connect(name)
    assert await connection.fetchval("SELECT count(*) FROM relays") == 0
    found = await connection.fetchval(
        "INSERT INTO sbd_outbound (vessel, packet, key_id, pieces, composed_at) "
        "VALUES ('v', 'p', 'k', '', 1) RETURNING id"
    )
    await connection.close()
    assert found == 78


def put_back(document: dict[str, Json], path: Path) -> None:
    Path(str(document["kept"])).rename(path)


async def test_a_run_that_broke_off_is_finished_by_the_next(
    shore: Shore, desk: Desk, postgres: PostgresServer
) -> None:
    path = database_path(shore.folder)
    url = postgres.url(await postgres.create())
    first = await moving.migrate_store(path, url)
    # As if the power had gone before the file was put aside.
    put_back(first, path)
    second = await moving.migrate_store(path, url)
    assert (first["again"], second["again"]) == (False, True)
    assert first["tables"] == second["tables"]
    # But once the new relay has gone on, the old file is another life.
    put_back(first, path)
    await replace(shore, settings=replace(shore.settings, store=url)).add_vessel("Hope", desk)
    with pytest.raises(StoreOccupied):
        await moving.migrate_store(path, url)
    assert path.exists()


async def test_what_cannot_be_moved_stays_as_it_was(
    shore: Shore, desk: Desk, postgres: PostgresServer
) -> None:
    path = database_path(shore.folder)
    name = await postgres.create()
    with pytest.raises(SettingsInvalid):
        await moving.migrate_store(path, "")
    with pytest.raises(StoreUnreachable):
        await moving.migrate_store(path, "postgresql://127.0.0.1:1/sea")
    async with shore.serving():
        with pytest.raises(AlreadyServing):
            await moving.migrate_store(path, postgres.url(name))
    with sqlite3.connect(path) as file:
        # PostgreSQL's texts hold no such character, and no name of ours does.
        file.execute("INSERT INTO refusals VALUES ('a' || char(0), 1)")
    file.close()
    with pytest.raises(StoreFailed):
        await moving.migrate_store(path, postgres.url(name))
    with sqlite3.connect(path) as file:
        file.execute("DELETE FROM refusals")
    file.close()
    connection = await postgres.connect(name)
    assert await connection.fetchval("SELECT count(*) FROM desks") == 0
    await connection.close()
    assert (await moving.migrate_store(path, postgres.url(name)))["again"] is False
