import hashlib
import sys
from pathlib import Path

import pytest

from protocol import limits
from protocol.updates import sign_update
from tests.vessel_client.boxes import command, make_box
from tests.vessel_client.update.fleet import SIGNING, archive, files_of, place, python_link, release
from vessel_client.errors import EXIT_CODES
from vessel_client.store.database import open_database
from vessel_client.store.names import DATABASE_FILE
from vessel_client.update.releases import KEYS_FILE, Releases

REFUSED = EXIT_CODES["update-refused"]
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Releases:
    placed = place(tmp_path)
    monkeypatch.setattr(sys, "prefix", str(placed.home("1.0")))
    return placed


def update_file(folder: Path, version: str = "1.1", signing: bytes = SIGNING) -> Path:
    stated = release(version)
    files = files_of(stated)
    path = folder / "seavoice.update"
    payload = archive(files, python_link())
    path.write_bytes(sign_update(stated, payload, sum(map(len, files.values())), signing))
    return path


async def install(file: Path, data_dir: Path) -> int:
    return await command("update", "install", str(file), "--data", str(data_dir))


async def test_a_signed_file_is_installed(releases: Releases, tmp_path: Path, capsys: Captured) -> None:
    assert await install(update_file(tmp_path), tmp_path / "box") == 0
    assert releases.current().version == "1.1"
    assert "Release 1.1 is in place" in capsys.readouterr().out
    assert await command("update", "back", "--data", str(tmp_path / "box")) == 0
    assert releases.current().version == "1.0"


async def test_a_file_that_somebody_else_signed_or_that_is_damaged_is_refused(
    releases: Releases, tmp_path: Path, capsys: Captured
) -> None:
    file = update_file(tmp_path, signing=bytes([22]) * 32)
    assert await install(file, tmp_path / "box") == REFUSED
    assert "not signed by anybody" in capsys.readouterr().err
    file.write_bytes(update_file(tmp_path).read_bytes()[:-1])
    assert await install(file, tmp_path / "box") == REFUSED
    assert "copy the file again" in capsys.readouterr().err
    file.write_bytes(b"")
    assert await install(file, tmp_path / "box") == REFUSED
    assert releases.current().version == "1.0"


async def test_a_release_that_trusts_nobody_takes_no_file(
    releases: Releases, tmp_path: Path, capsys: Captured
) -> None:
    (releases.home("1.0") / KEYS_FILE).unlink()
    assert await install(update_file(tmp_path), tmp_path / "box") == REFUSED
    assert "trusts nobody" in capsys.readouterr().err


async def test_a_file_without_end_is_refused(
    releases: Releases, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UPDATE_BYTES_MAX", 100)
    assert await install(update_file(tmp_path), tmp_path / "box") == REFUSED
    assert "larger than any update" in capsys.readouterr().err


async def test_a_file_that_is_not_there_and_one_that_is_not_named_are_said(
    releases: Releases, tmp_path: Path, capsys: Captured
) -> None:
    assert await install(tmp_path / "nothing", tmp_path / "box") == EXIT_CODES["unreadable-file"]
    assert await command("update", "install", "--data", str(tmp_path / "box")) == REFUSED
    assert "Name the file" in capsys.readouterr().err


async def test_a_program_that_came_another_way_is_not_touched(tmp_path: Path, capsys: Captured) -> None:
    assert await install(update_file(tmp_path), tmp_path / "box") == REFUSED
    assert "did not come from the Debian package" in capsys.readouterr().err


async def test_a_check_runs_the_box_on_a_copy_and_leaves_the_store_alone(
    tmp_path: Path, capsys: Captured
) -> None:
    box = await make_box(tmp_path)
    (box.data_dir / ".trial-left").mkdir()
    before = hashlib.sha256((box.data_dir / DATABASE_FILE).read_bytes()).digest()
    capsys.readouterr()
    assert await command("update", "check", "--data", str(box.data_dir)) == 0
    assert capsys.readouterr().out == "It works here.\n"
    assert hashlib.sha256((box.data_dir / DATABASE_FILE).read_bytes()).digest() == before
    assert not list(box.data_dir.glob(".trial-*"))


async def test_a_check_beside_the_running_box_disturbs_nobody(tmp_path: Path, capsys: Captured) -> None:
    box = await make_box(tmp_path)
    async with box.running():
        assert await command("update", "check", "--data", str(box.data_dir)) == 0


async def test_a_check_says_what_is_wrong_before_it_is_too_late(tmp_path: Path, capsys: Captured) -> None:
    box = await make_box(tmp_path)
    database = await open_database(box.data_dir)
    async with database.transaction() as connection:
        await connection.execute("PRAGMA user_version = 99")
    await database.close()
    assert await command("update", "check", "--data", str(box.data_dir)) == EXIT_CODES["store-failed"]
    assert "newer version" in capsys.readouterr().err
    assert not list(box.data_dir.glob(".trial-*"))


async def test_without_a_box_a_check_says_so(tmp_path: Path, capsys: Captured) -> None:
    assert await command("update", "check", "--data", str(tmp_path)) == 0
    assert "no box here" in capsys.readouterr().out
