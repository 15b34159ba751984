"""Databases that earlier programs left, in the middle of their work: upgraded, with nothing lost.

`tests/data/relay_format_N` was made by `scripts/freeze_relay`, in the program whose tables had version N.
Versions 3 and 5 were never a program's: 3 came with 4, and 5 with 6, which no release has had yet.
"""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from protocol.events import LinkRekeyed
from protocol.ids import DeskKeyId
from protocol.provisioning import Provisioning, read_provisioning
from shore_relay.relay.backup.upgrading import upgrade
from shore_relay.relay.data_folder import database_path
from shore_relay.relay.errors import AlreadyServing, StoreFromFuture, StoreUnusable
from shore_relay.relay.store.schema import migrations
from shore_relay.relay.store.sqlite_copy import counts, examine
from tests.shore_relay.relay.box import Box, report
from tests.shore_relay.relay.commanding import done, run
from tests.shore_relay.relay.shore import Desk, Shore

FROZEN = Path(__file__).parents[3] / "data"
RELEASED = (1, 2, 4)


@dataclass(frozen=True, kw_only=True)
class Left:
    """A relay as an earlier program left it."""

    shore: Shore
    desk: Desk
    provisioning: Provisioning

    @property
    def key_id(self) -> DeskKeyId:
        return self.desk.key_id


@pytest.fixture
def left(request: pytest.FixtureRequest, tmp_path: Path) -> Left:
    source = FROZEN / f"relay_format_{request.param}"
    folder = tmp_path / "left"
    folder.mkdir(mode=0o700)
    shutil.copyfile(source / "relay.db", database_path(folder))
    database_path(folder).chmod(0o600)
    keys = json.loads((source / "desk.json").read_text())
    return Left(
        shore=Shore(folder=folder, files=tmp_path),
        desk=Desk(
            name="Haven",
            signing_private=bytes.fromhex(keys["signing_private"]),
            public=bytes.fromhex(keys["public"]),
        ),
        provisioning=read_provisioning((source / "provisioning.json").read_bytes()),
    )


def schema(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
        ).fetchall()
        return [
            (str(name), str(sorted(connection.execute(f'PRAGMA table_xinfo("{name}")').fetchall())))
            for (name,) in names
        ]


@pytest.mark.parametrize("left", RELEASED, indirect=True)
async def test_an_upgraded_relay_goes_on_where_the_old_one_stopped(left: Left) -> None:
    before = counts(database_path(left.shore.folder))
    upgraded = await upgrade(left.shore.folder)
    assert upgraded.after == len(migrations())
    assert upgraded.copy is not None
    after = counts(database_path(left.shore.folder))
    assert {table: after[table] for table in before} == before
    box = Box(left.provisioning)
    async with left.shore.serving() as relay:
        (held,) = await left.desk.feed(relay)
        assert (held.number, held.vessel_name) == (3, "Mercy")
        # The box of that time is gone; one with the same provisioning agrees on new keys, and is served.
        box.offer(5, report(left.key_id, 300))
        while not box.of(LinkRekeyed):
            async with box.over_tcp(relay.tcp_port) as ended:
                await box.custody_or_end(5, ended)
        async with box.over_tcp(relay.tcp_port):
            await box.custody(5)
            (mail,) = await box.arrived()
        assert {item.number for item in await left.desk.feed(relay)} >= {3, 5}
    assert mail.number == 1


@pytest.mark.parametrize("left", RELEASED, indirect=True)
async def test_an_upgraded_schema_equals_a_fresh_one(left: Left, shore: Shore) -> None:
    await upgrade(left.shore.folder)
    assert schema(database_path(left.shore.folder)) == schema(database_path(shore.folder))


@pytest.mark.parametrize("left", [4], indirect=True)
async def test_the_copy_is_how_it_was_before(left: Left) -> None:
    before = database_path(left.shore.folder).read_bytes()
    upgraded = await upgrade(left.shore.folder)
    assert upgraded.copy is not None
    assert examine(upgraded.copy) == 4
    assert len(upgraded.copy.read_bytes()) == len(before)
    again = await upgrade(left.shore.folder)
    assert (again.copy, again.before) == (None, len(migrations()))


@pytest.mark.parametrize("left", [2], indirect=True)
async def test_an_upgrade_that_fails_leaves_all_as_it_was(left: Left) -> None:
    path = database_path(left.shore.folder)
    with closing(sqlite3.connect(path)) as connection:
        # A table that a later step makes is there already: that step fails in the middle of the way.
        connection.execute("ALTER TABLE vessels ADD COLUMN revoked_at INTEGER NOT NULL DEFAULT 0")
        connection.commit()
    with pytest.raises(StoreUnusable):
        await upgrade(left.shore.folder)
    assert examine(path) == 2
    assert counts(path)["feed"] == 1


async def test_a_relay_that_serves_is_not_upgraded(shore: Shore) -> None:
    async with shore.serving():
        with pytest.raises(AlreadyServing):
            await upgrade(shore.folder)


async def test_a_newer_database_is_left_alone(shore: Shore) -> None:
    with closing(sqlite3.connect(database_path(shore.folder))) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreFromFuture):
        await upgrade(shore.folder)


@pytest.mark.parametrize("left", [4], indirect=True)
def test_the_doctor_asks_for_an_upgrade_and_changes_nothing(left: Left) -> None:
    said = run(left.shore.folder, "doctor")[1]
    assert "seavoice-relay upgrade" in said
    assert examine(database_path(left.shore.folder)) == 4
    assert "every row is there" in done(left.shore.folder, "upgrade")
    assert "Nothing to do" in done(left.shore.folder, "upgrade")
