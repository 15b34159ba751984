"""A box's disk that is a copy: keys and counters that another life of it may use are left alone."""

import os
import shutil
from pathlib import Path

import pytest

from protocol.linkguard import GuardState
from tests.vessel_client.boxes import NOWHERE, BoxFolder, command, make_box, sealed_request
from vessel_client import app
from vessel_client.machine import machine_mark
from vessel_client.store import guard, outbox
from vessel_client.store.copied import NUMBERS_LEAPT_MIN
from vessel_client.store.database import open_database

SERIAL = "sys/firmware/devicetree/base/serial-number"


async def state_of(folder: Path) -> tuple[GuardState, int]:
    """Return the link's keys, and the number that the next bundle gets."""
    database = await open_database(folder)
    async with database.transaction() as connection:
        found = await guard.load_guard(connection), await outbox.next_number(connection)
    await database.close()
    return found


async def test_a_copy_in_another_machine_begins_with_new_keys_and_far_numbers_and_keeps_what_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = {"box": b"the first machine", "copy": b"another"}
    monkeypatch.setattr(app, "machine_mark", lambda data_dir: marks[data_dir.name])
    box = await make_box(tmp_path, (NOWHERE,))
    async with box.running() as running:
        number = (await running.service.queue(sealed_request(bytes(100)))).number
    copy = BoxFolder(data_dir=tmp_path / "copy")
    shutil.copytree(box.data_dir, copy.data_dir)
    before, next_number = await state_of(box.data_dir)
    for same in (box, box):
        async with same.running():
            pass
    assert (await state_of(box.data_dir))[0].secret == before.secret
    async with copy.running() as running:
        more = (await running.service.queue(sealed_request(bytes(101)))).number
        database = running.database
        async with database.reading() as connection:
            assert await outbox.load_waiting(connection, number) is not None
    after, _ = await state_of(copy.data_dir)
    assert after.secret != before.secret
    assert more > next_number + NUMBERS_LEAPT_MIN
    async with copy.running():
        pass
    assert (await state_of(copy.data_dir))[0].secret == after.secret


async def test_an_old_copy_that_was_put_back_is_told_so_by_a_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = await make_box(tmp_path, (NOWHERE,))
    before, number = await state_of(box.data_dir)
    async with box.running():
        assert await command("restored", "--data", str(box.data_dir)) == 31
    assert "running already" in capsys.readouterr().err
    assert await command("restored", "--data", str(box.data_dir)) == 0
    assert "above every number" in capsys.readouterr().out
    after, next_number = await state_of(box.data_dir)
    assert after.secret != before.secret
    assert next_number > number + NUMBERS_LEAPT_MIN


def test_a_mark_tells_machines_and_disks_apart(tmp_path: Path) -> None:
    def mark(serial: str, card: str) -> bytes:
        root = tmp_path / f"{serial}-{card}"
        device = (tmp_path).stat().st_dev
        part = root / "sys/dev/block" / f"{os.major(device)}:{os.minor(device)}"
        (part / "device").mkdir(parents=True, exist_ok=True)
        (root / SERIAL).parent.mkdir(parents=True, exist_ok=True)
        (root / SERIAL).write_bytes(serial.encode() + b"\0")
        (part / "device/cid").write_text(card + "\n")
        return machine_mark(tmp_path, root)

    assert len({mark("one", "card"), mark("two", "card"), mark("one", "other card")}) == 3
    assert mark("one", "card") == mark("one", "card")
    assert machine_mark(tmp_path, tmp_path / "no such machine") == b""
