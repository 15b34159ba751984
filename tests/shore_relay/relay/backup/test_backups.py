"""Backups: taken while the relay serves, read back, restored elsewhere; every fault is a sentence."""

import asyncio
import json
import os
import shutil
import stat
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pyrage
import pytest

from protocol.deskfeed import FeedItem
from protocol.events import LinkRekeyed
from shore_relay.relay.app import RunningRelay, unix_time
from shore_relay.relay.backup import archive
from shore_relay.relay.backup.keys import PASSPHRASE_VARIABLE, make_key, read_key
from shore_relay.relay.backup.taking import restore, take
from shore_relay.relay.data_folder import database_path
from shore_relay.relay.errors import (
    BackupFailed,
    BackupUnreadable,
    OutputUnwritable,
    PassphraseRefused,
    StoreUnusable,
)
from shore_relay.relay.marks import read_mark
from shore_relay.relay.store.sqlite import SqliteStore
from tests.shore_relay.relay.box import Box, introduction, report
from tests.shore_relay.relay.commanding import done, run
from tests.shore_relay.relay.shore import Desk, Shore, entropy


@dataclass(frozen=True, kw_only=True)
class Safe:
    """Where the technician keeps the key and the backups."""

    folder: Path
    key: Path
    recipient: str

    @property
    def file(self) -> Path:
        return self.folder / "relay.age"

    def backup(self, shore: Shore) -> Path:
        take(shore.folder, self.file, [pyrage.x25519.Recipient.from_str(self.recipient)], unix_time())
        return self.file

    async def restored(self, shore: Shore) -> Shore:
        """Return the relay of the backup, on another machine."""
        folder = self.folder / "elsewhere"
        await restore(self.file, read_key(self.key, _never), folder, entropy, unix_time())
        return Shore(folder=folder, files=shore.files)


def _never(_prompt: str) -> str:
    raise AssertionError("this key has no passphrase")


@pytest.fixture
def safe(tmp_path: Path) -> Safe:
    folder = tmp_path / "safe"
    folder.mkdir()
    key = folder / "relay.key"
    return Safe(folder=folder, key=key, recipient=make_key(key, None))


async def test_a_relay_that_serves_is_backed_up_and_comes_back_elsewhere(
    shore: Shore, relay: RunningRelay, box: Box, desk: Desk, safe: Safe
) -> None:
    box.offer(1, introduction())
    box.offer(2, report(desk.key_id, 700))
    async with box.over_tcp(relay.tcp_port):
        await box.custody(1, 2)
        await asyncio.to_thread(safe.backup, shore)
    held = await desk.feed(relay)
    again = await safe.restored(shore)
    async with again.serving() as second:
        assert await desk.feed(second) == held
    assert {stat.S_IMODE(path.stat().st_mode) for path in again.folder.iterdir()} == {0o600}
    assert stat.S_IMODE(safe.file.stat().st_mode) == 0o600


async def test_after_a_restore_a_vessel_gets_new_keys_and_nothing_is_sealed_under_old_ones(
    shore: Shore, box: Box, desk: Desk, safe: Safe
) -> None:
    async with shore.serving() as relay:
        box.offer(1, introduction())
        async with box.over_tcp(relay.tcp_port):
            await box.custody(1)
        await asyncio.to_thread(safe.backup, shore)
        before = await link_keys(shore)
        # What comes after the backup, and a desk took, is what the restored relay knows nothing of.
        box.offer(2, report(desk.key_id, 300))
        async with box.over_tcp(relay.tcp_port):
            await box.custody(2)
        fetched = await desk.feed(relay)
        assert await desk.taken(relay, fetched[-1].cursor) == 200
    again = await safe.restored(shore)
    assert not await link_keys(again) & before, "no key of the backup is there any more"
    async with again.serving() as relay:
        box.offer(3, report(desk.key_id, 400))
        while not box.of(LinkRekeyed):
            async with box.over_tcp(relay.tcp_port) as ended:
                await box.custody_or_end(3, ended)
        async with box.over_tcp(relay.tcp_port):
            await box.custody(3)
        news = await _beyond(desk, relay, fetched[-1].cursor)
        assert [item.number for item in news if item.number == 3] == [3]


async def _beyond(desk: Desk, relay: RunningRelay, after: int) -> tuple[FeedItem, ...]:
    return await desk.feed(relay, after)


async def link_keys(shore: Shore) -> frozenset[bytes]:
    async with await SqliteStore.open(database_path(shore.folder)) as store:
        return frozenset(key_id for key_id, _ in await store.key_index())


async def test_a_restored_relay_says_how_old_it_is_until_everybody_has_spoken(
    shore: Shore, box: Box, desk: Desk, safe: Safe
) -> None:
    await asyncio.to_thread(safe.backup, shore)
    mark = read_mark(shore.folder, "backup")
    assert mark is not None
    again = await safe.restored(shore)
    restored = read_mark(again.folder, "restored")
    assert restored is not None
    assert restored.data_at == mark.at
    said = await asyncio.to_thread(run, again.folder, "doctor")
    assert "was restored from a backup" in said[1]
    assert "1 vessels have not spoken since" in said[1]
    async with again.serving() as relay:
        box.offer(1, introduction())
        while not box.of(LinkRekeyed):
            async with box.over_tcp(relay.tcp_port) as ended:
                await box.custody_or_end(1, ended)
        async with box.over_tcp(relay.tcp_port):
            await box.custody(1)
    said = await asyncio.to_thread(run, again.folder, "doctor")
    assert "Every vessel has spoken since" in said[1]
    assert desk.name not in said[2]


async def test_any_age_program_can_open_a_backup(
    shore: Shore, desk: Desk, safe: Safe, tmp_path: Path
) -> None:
    (shore.folder / "rockblock.pem").write_text("a public key")
    plain = tmp_path / "plain.tar"
    safe.backup(shore)
    pyrage.decrypt_file(str(safe.file), str(plain), [read_key(safe.key, _never)])
    with tarfile.open(plain) as tar:
        names = tar.getnames()
        listed = json.load(tar.extractfile("manifest.json") or pytest.fail("no list"))
    assert names == ["manifest.json", "relay.db", "rockblock.pem", "settings.toml"]
    assert {entry["table"]: entry["rows"] for entry in listed["counts"]}["desks"] == 1
    assert desk.name.encode() not in safe.file.read_bytes()


@pytest.mark.parametrize("damage", ["cut", "flip", "other-key", "no-backup", "empty"])
async def test_what_is_no_whole_backup_of_this_key_changes_nothing(
    damage: str, shore: Shore, safe: Safe, tmp_path: Path
) -> None:
    safe.backup(shore)
    data = bytearray(safe.file.read_bytes())
    key = safe.key
    match damage:
        case "cut":
            data = data[:-1_000]
        case "flip":
            data[len(data) // 2] ^= 1
        case "other-key":
            key = tmp_path / "other.key"
            make_key(key, None)
        case "no-backup":
            data = bytearray(
                pyrage.encrypt(b"something else", [pyrage.x25519.Recipient.from_str(safe.recipient)])
            )
        case _:
            data = bytearray()
    safe.file.write_bytes(data)
    folder = tmp_path / "elsewhere"
    with pytest.raises(BackupUnreadable, match=r"backup|key"):
        await restore(safe.file, read_key(key, _never), folder, entropy, unix_time())
    assert [path.name for path in folder.iterdir()] == []


async def test_a_part_that_leads_out_of_the_folder_is_refused(safe: Safe, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "relay.db").write_bytes(b"x")
    part = archive.part_of(plain / "relay.db")
    evil = archive.Part(name="../evil", size_bytes=part.size_bytes, sha256=part.sha256)
    manifest = archive.Manifest(taken_at=unix_time(), program="0", schema=1, counts={}, parts=(evil,))
    (tmp_path / "evil").write_bytes(b"x")
    archive.write_archive(safe.file, manifest, plain, [pyrage.x25519.Recipient.from_str(safe.recipient)])
    with pytest.raises(BackupUnreadable, match="do not trust"):
        await restore(safe.file, read_key(safe.key, _never), tmp_path / "new", entropy, unix_time())


def test_a_backup_over_a_file_that_is_there_is_refused(shore: Shore, safe: Safe) -> None:
    safe.file.write_bytes(b"yesterday's")
    with pytest.raises(OutputUnwritable, match="new file"):
        safe.backup(shore)
    assert safe.file.read_bytes() == b"yesterday's"


def test_a_damaged_database_makes_no_backup(shore: Shore, safe: Safe) -> None:
    path = database_path(shore.folder)
    data = bytearray(path.read_bytes())
    data[5_000:9_000] = os.urandom(4_000)
    path.write_bytes(data)
    with pytest.raises((BackupFailed, StoreUnusable), match=r"damaged|copied|sound"):
        safe.backup(shore)
    assert not safe.file.exists()
    assert not [each for each in shore.folder.iterdir() if each.name.startswith(".backup")]


def test_a_key_under_a_passphrase_opens_nothing_without_it(
    safe: Safe, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = safe.folder / "guarded.key"
    with pytest.raises(PassphraseRefused):
        make_key(key, "short")
    recipient = make_key(key, "four words that do not")
    assert b"AGE-SECRET-KEY" not in key.read_bytes()
    with pytest.raises(BackupUnreadable, match="passphrase"):
        read_key(key, lambda _prompt: "another one entirely")
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "four words that do not")
    assert str(read_key(key, _never).to_public()) == recipient


def test_the_whole_way_on_the_command_line(shore: Shore, desk: Desk, tmp_path: Path) -> None:
    key, file, elsewhere = tmp_path / "k", tmp_path / "b.age", tmp_path / "elsewhere"
    said = done(shore.folder, "backup-key", str(key))
    assert run(shore.folder, "backup", str(file))[0] == 3, "no recipient yet"
    with (shore.folder / "settings.toml").open("a") as settings:
        settings.write(said[said.index("[operator]") :])
    assert "read back whole" in done(shore.folder, "backup", str(file))
    assert "is whole" in done(shore.folder, "restore", str(file), "--key", str(key), "--check")
    assert "Never start the old relay again" in done(elsewhere, "restore", str(file), "--key", str(key))
    assert "Haven" in done(elsewhere, "desk", "list")
    code, _, error = run(elsewhere, "restore", str(file), "--key", str(key))
    assert (code, "holds a relay already" in error) == (5, True)
    shutil.rmtree(elsewhere)
    assert desk.name == "Haven"
