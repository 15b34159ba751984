"""Caps: signed by the operator, carried to one vessel, heard of by no desk."""

import contextlib
import io
import sqlite3
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.bundle import OperatorSettings
from protocol.caps import SignedCap, check_caps
from protocol.provisioning import Provisioning, read_provisioning, write_provisioning
from shore_relay.relay import admin
from shore_relay.relay.app import RunningRelay, unix_time
from shore_relay.relay.cli import main
from shore_relay.relay.data_folder import database_path
from shore_relay.relay.errors import SettingsInvalid, UnknownVessel
from shore_relay.relay.store.schema import migrations
from shore_relay.relay.store.sqlite import SqliteStore
from tests.shore_relay.relay.box import Box, introduction
from tests.shore_relay.relay.shore import Desk, Shore, entropy
from tests.vessel_client.boxes import provisioning as old_provisioning

CAP = SignedCap(bearer="tcp", money_nano=20_000_000_000, size_bytes=None)


async def cap(shore: Shore, name: str, *caps: SignedCap) -> None:
    await admin.cap_vessel(shore.folder, shore.settings, name, caps, entropy, unix_time())


async def test_a_serving_relay_sends_a_cap_at_once_and_no_desk_hears_of_it(
    shore: Shore, desk: Desk, box: Box, relay: RunningRelay
) -> None:
    box.offer(1, introduction())
    async with box.over_tcp(relay.tcp_port):
        await box.custody(1)
        await cap(shore, "Mercy", CAP)
        (event,) = await box.arrived()
        await desk.dispatch(relay, box.provisioning.vessel, desk.mail())
        await box.arrived(2)
        assert isinstance(event.bundle, OperatorSettings)
        public = box.provisioning.operator_public
        _, caps = check_caps(event.bundle, public, box.provisioning.vessel)
        items = await desk.feed(relay)
        while len(items) < 2:
            items = await desk.feed(relay)
    assert caps == (CAP,)
    assert [item.kind.value for item in items] == ["bundle", "delivered"]
    assert items[1].ref == desk.mail().ref


async def test_a_cap_waits_for_a_vessel_whose_relay_rests(shore: Shore, box: Box) -> None:
    await cap(shore, box.provisioning.vessel.hex(), CAP)
    box.offer(1, introduction())
    async with shore.serving() as relay, box.over_tcp(relay.tcp_port):
        (event,) = await box.arrived()
    assert isinstance(event.bundle, OperatorSettings)


async def test_a_vessel_that_is_not_known_gets_none(shore: Shore, provisioning: Provisioning) -> None:
    with pytest.raises(UnknownVessel, match="no vessel Nobody"):
        await cap(shore, "Nobody", CAP)


@pytest.mark.parametrize(
    "wrong",
    [
        SignedCap(bearer="tcp", money_nano=-1, size_bytes=None),
        SignedCap(bearer="tcp", money_nano=None, size_bytes=-1),
        SignedCap(bearer="", money_nano=None, size_bytes=1),
        SignedCap(bearer="x" * 33, money_nano=None, size_bytes=1),
    ],
)
async def test_a_cap_that_no_vessel_would_take_is_never_signed(
    shore: Shore, provisioning: Provisioning, wrong: SignedCap
) -> None:
    with pytest.raises(SettingsInvalid):
        await cap(shore, "Mercy", wrong)
    with pytest.raises(SettingsInvalid, match="each bearer once"):
        await cap(shore, "Mercy", CAP, CAP)


async def test_the_operators_key_stays_the_same_and_goes_into_each_file(shore: Shore, desk: Desk) -> None:
    first = await shore.add_vessel("One", desk)
    second = await shore.add_vessel("Two", desk)
    async with await SqliteStore.open(database_path(shore.folder)) as store:
        private = await store.operator_private(bytes(32))
    public = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    assert first.operator_public == second.operator_public == public
    assert read_provisioning(write_provisioning(first)) == first


async def test_a_relay_from_before_gets_its_key_when_it_needs_one(tmp_path: Path, shore: Shore) -> None:

    path = tmp_path / "old" / "relay.db"
    path.parent.mkdir()
    old = sqlite3.connect(path)
    old.executescript(
        f"{migrations()[0]} INSERT INTO relay (id, rekey_private, created_at) VALUES (1, zeroblob(32), 5);"
        f"PRAGMA application_id = {0x53565259}; PRAGMA user_version = 1;"
    )
    old.close()
    async with await SqliteStore.open(path) as store:
        assert await store.operator_private(b"k" * 32) == b"k" * 32
        assert await store.operator_private(b"l" * 32) == b"k" * 32


def test_a_provisioning_file_without_the_operators_key_is_read(tmp_path: Path) -> None:

    document = old_provisioning()
    assert b"operator_public" not in write_provisioning(document)
    assert read_provisioning(write_provisioning(document)) == document


def test_the_command_reads_money_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    folder = tmp_path / "relay"
    assert run(folder, "init") == (0, "")
    assert run(folder, "vessel", "cap", "Mercy", "--bearer", "tcp", "-5", "any")[0] == 3
    code, said = run(folder, "vessel", "cap", "Mercy", "--bearer", "tcp", "much", "any")
    assert code == 3
    assert 'not as "much any"' in said
    assert run(folder, "vessel", "cap", "Mercy", "--bearer", "tcp", "20.5", "any")[0] == 13


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    errors = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
        code = main([*arguments, "--data", str(folder)])
    return code, errors.getvalue()
