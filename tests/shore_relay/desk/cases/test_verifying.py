"""The history is whole, or `verify` names the first thing in it that is not."""

import asyncio
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

import pytest

from protocol.ids import UnixSeconds
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk, open_desk
from shore_relay.desk.cases.book import load_history
from shore_relay.desk.cases.chain import digest_of, link_after
from shore_relay.desk.cases.verifying import verify
from shore_relay.desk.cases.work import add_note, add_task
from shore_relay.desk.errors import BrokenHistory, StoreFailed
from shore_relay.desk.settings import Settings
from shore_relay.desk.store.database import FILE_NAME, Database
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.cases.arriving import arrive
from tests.shore_relay.desk.conftest import PASSPHRASE

ROOT = Path(__file__).parents[4]


@pytest.fixture
async def written(office: Desk, boat: Boat, tom: Actor) -> Desk:
    """An office with two cases and a history of eight entries."""
    await arrive(office, boat.text("One.", mailbox=False), boat.text("Two.", mailbox=False))
    for number in (1, 2):
        await add_note(office, tom, number, "They know each other.")
    await add_task(office, tom, 1, "Ask the lawyer", UnixSeconds(office.now() + 1))
    await add_note(office, tom, 1, "The last word.")
    return office


def tamper(desk: Desk, *statements: str) -> None:
    """Do what somebody with the disk could, without the keys."""
    with closing(sqlite3.connect(desk.data / FILE_NAME)) as connection:
        connection.execute("DROP TRIGGER history_is_only_added_to")
        connection.execute("DROP TRIGGER history_loses_nothing")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


async def test_what_was_left_alone_is_whole_and_its_mark_stays_good(written: Desk, tom: Actor) -> None:
    found = await verify(written)
    assert (found.entries, found.cases) == (8, 2)
    assert found.mark.startswith("8-")

    await add_note(written, tom, 2, "Later.")

    assert (await verify(written, found.mark)).entries == 9


async def test_an_empty_history_is_whole(office: Desk) -> None:
    assert (await verify(office)).entries == 0


CHANGES = [
    ("DELETE FROM history WHERE seq = 3", "entry 3: it is missing"),
    ("DELETE FROM history WHERE seq >= 7", "entry 7: it is missing, and all after it up to 8"),
    ("DELETE FROM history WHERE seq = 1", "entry 1: it is missing"),
    ("UPDATE history SET digest = zeroblob(32) WHERE seq = 4", "entry 4"),
    ("UPDATE history SET link = zeroblob(32) WHERE seq = 5", "entry 5"),
    ("UPDATE history SET entry_sealed = x'0000ff' WHERE seq = 6", "entry 6: it does not open"),
    (
        "UPDATE history SET entry_sealed = (SELECT entry_sealed FROM history WHERE seq = 5)",
        "entry 1: it does not open",
    ),
    ("UPDATE history SET case_id = 2 WHERE seq = 7", "entry 7: it stands in another's place"),
    ("UPDATE history_head SET seq = 7", "entry 8"),
    ("UPDATE case_file SET case_sealed = x'00'", "Case 1 does not open"),
    ("UPDATE case_file SET brief_sealed = x'00' WHERE id = 2", "Case 2 does not open in lists"),
    ("UPDATE case_file SET last = last + 1 WHERE id = 1", "Case 1"),
    ("UPDATE filed SET case_id = 1", "Message 2 is filed where"),
    ("INSERT INTO case_file DEFAULT VALUES", "Case 3 is not in the history"),
]


@asynccontextmanager
async def copied(desk: Desk, folder: Path) -> AsyncIterator[Desk]:
    """The same desk over a copy of its data folder."""
    with closing(sqlite3.connect(desk.data / FILE_NAME)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(desk.data, folder)
    database = await Database.open(folder)
    yield replace(desk, data=folder, database=database)
    await database.close()


async def test_each_change_on_the_disk_is_found_and_the_first_broken_entry_named(
    written: Desk, tmp_path: Path
) -> None:
    for number, (statement, named) in enumerate(CHANGES):
        async with copied(written, tmp_path / str(number)) as desk:
            tamper(desk, statement)

            with pytest.raises(BrokenHistory, match=named):
                await verify(desk)


async def test_cutting_off_the_end_and_mending_the_head_is_found(written: Desk) -> None:
    """Whoever has no keys can move the end back, yet not seal it."""
    tamper(
        written,
        "DELETE FROM history WHERE seq = 8",
        "UPDATE history_head SET seq = 7, link = (SELECT link FROM history WHERE seq = 7)",
    )
    with pytest.raises(BrokenHistory, match="not the end that this desk last wrote"):
        await verify(written)


async def test_an_older_copy_put_back_or_a_rewritten_history_does_not_go_through_the_mark(
    written: Desk, tom: Actor, tmp_path: Path
) -> None:
    async with copied(written, tmp_path / "older") as older:
        await add_note(written, tom, 1, "Something that somebody regrets.")
        mark = (await verify(written)).mark

        await verify(older)
        with pytest.raises(BrokenHistory, match="does not go through the mark"):
            await verify(older, mark)
        await add_note(older, tom, 1, "Something harmless.")
        with pytest.raises(BrokenHistory, match="does not go through the mark"):
            await verify(older, mark)
    with pytest.raises(BrokenHistory, match="no mark of a history"):
        await verify(written, "8-notamark")


async def test_the_database_itself_refuses_to_change_or_lose_an_entry(written: Desk) -> None:
    for statement in ("UPDATE history SET case_id = 1", "DELETE FROM history"):
        with pytest.raises(StoreFailed):
            async with written.database.transaction() as connection:
                await connection.execute(statement)
    await verify(written)


async def test_equal_deeds_have_digests_that_tell_nothing(written: Desk) -> None:
    with closing(sqlite3.connect(written.data / FILE_NAME)) as connection:
        digests = [row[0] for row in connection.execute("SELECT digest FROM history")]
        assert len(set(digests)) == len(digests)
        everything = b"".join(bytes(str(row), "utf-8") for row in connection.execute("SELECT * FROM history"))
    assert b"lawyer" not in everything
    assert digest_of(b"a") != digest_of(b"b")
    assert link_after(b"x" * 32, 1, digests[0]) != link_after(b"x" * 32, 2, digests[0])


def work_and_die(folder: Path, steps: int) -> None:
    """Let a real process change cases, and kill it while it is at the step after so many."""
    command = [sys.executable, "-m", "tests.shore_relay.desk.cases.scribe", str(folder), PASSPHRASE]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(steps):
            assert process.stdout.readline() == "done\n"
        process.kill()
    assert process.returncode == -signal.SIGKILL


async def test_a_process_killed_at_any_moment_leaves_a_whole_history(founded: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(founded, tmp_path / "killed"))
    entries = 0
    for steps in (1, 4, 11):
        await asyncio.to_thread(work_and_die, folder, steps)
        # The next one goes on where this one died.
        async with open_desk(folder, PASSPHRASE, Settings(), person="desk") as desk:
            found = await verify(desk)
        assert found.entries > entries
        entries = found.entries


async def test_the_history_of_a_case_names_only_what_was_done_to_it(written: Desk) -> None:
    assert [entry.case for entry in await load_history(written, 2)] == [2, 2, 2]
