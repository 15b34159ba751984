"""What an operator does to vessels and desks that are there: lists, new keys, a new box, an end."""

import asyncio
import json
from pathlib import Path

import pytest

from protocol.events import LinkRekeyed
from protocol.provisioning import Provisioning, read_provisioning
from shore_relay.relay.app import RunningRelay
from shore_relay.relay.data_folder import database_path
from shore_relay.relay.store.sqlite import SqliteStore
from tests.shore_relay.relay.box import Box, introduction, report
from tests.shore_relay.relay.commanding import done, run
from tests.shore_relay.relay.shore import Desk, Shore


async def typed(shore: Shore, *words: str) -> str:
    """Run a command beside a relay that serves in this very process."""
    return await asyncio.to_thread(done, shore.folder, *words)


async def key_ids(shore: Shore) -> frozenset[bytes]:
    async with await SqliteStore.open(database_path(shore.folder)) as store:
        return frozenset(key_id for key_id, _ in await store.key_index())


async def rekeyed(relay: RunningRelay, box: Box, number: int, data: bytes) -> None:
    """Bring a bundle over, however many contacts the box needs to notice that its keys are gone."""
    box.offer(number, data)
    while not box.of(LinkRekeyed):
        async with box.over_tcp(relay.tcp_port) as ended:
            await box.custody_or_end(number, ended)
    async with box.over_tcp(relay.tcp_port):
        await box.custody(number)


async def test_rotated_keys_are_forgotten_at_once_and_nothing_is_lost(
    shore: Shore, relay: RunningRelay, box: Box, desk: Desk
) -> None:
    box.offer(1, introduction())
    async with box.over_tcp(relay.tcp_port) as ended:
        await box.custody(1)
        before = await key_ids(shore)
        await typed(shore, "vessel", "rotate", "Mercy")
        await asyncio.wait_for(ended, 20)
    assert not await key_ids(shore) & before
    await rekeyed(relay, box, 2, report(desk.key_id, 300))
    assert [item.number for item in await desk.feed(relay)] == [1, 2]


async def test_a_rotation_leaves_a_revoked_vessel_revoked(shore: Shore, box: Box) -> None:
    await typed(shore, "vessel", "revoke", "Mercy")
    await typed(shore, "vessel", "rotate", "Mercy")
    async with await SqliteStore.open(database_path(shore.folder)) as store:
        assert await store.is_revoked(box.provisioning.vessel)


async def test_a_new_box_takes_the_name_and_the_old_one_is_served_no_more(
    shore: Shore, relay: RunningRelay, box: Box, desk: Desk, tmp_path: Path
) -> None:
    box.offer(1, introduction())
    async with box.over_tcp(relay.tcp_port):
        await box.custody(1)
    file = tmp_path / "new.json"
    assert "destroy every copy" in await typed(shore, "vessel", "rotate", "Mercy", "--out", str(file))
    new = read_provisioning(file.read_bytes())
    assert (new.vessel_name, new.vessel == box.provisioning.vessel) == ("Mercy", False)
    replacement = Box(new)
    replacement.offer(1, introduction())
    async with replacement.over_tcp(relay.tcp_port):
        await replacement.custody(1)
    box.offer(2, report(desk.key_id, 300))
    async with box.over_tcp(relay.tcp_port) as ended:
        await asyncio.wait_for(ended, 20)
    items = await desk.feed(relay)
    assert [(item.vessel_name, item.number) for item in items][1] == ("Mercy", 1)
    assert items[0].vessel_name.startswith("Mercy (until 20")
    listed = json.loads(await typed(shore, "vessel", "list", "--json"))["vessels"]
    assert [bool(vessel["revoked_at"]) for vessel in listed] == [False, True]


async def test_a_desk_that_was_revoked_gets_and_is_sent_nothing(
    shore: Shore, relay: RunningRelay, box: Box, desk: Desk
) -> None:
    box.offer(1, introduction())
    box.offer(2, report(desk.key_id, 200))
    async with box.over_tcp(relay.tcp_port):
        await box.custody(1, 2)
    assert "served no more" in await typed(shore, "desk", "revoke", "Haven")
    await relay.fleet.refresh_directory()
    status, body = await desk.ask(relay, "GET", "/v1/feed?after=0&wait=0")
    assert (status, b"does not know the desk" in body) == (401, True)
    box.offer(3, report(desk.key_id, 200))
    async with box.over_tcp(relay.tcp_port):
        await box.until(lambda: relay_refused(box))
    assert "REVOKED" in await typed(shore, "desk", "list")
    await typed(shore, "desk", "revoke", "Haven", "--undo")
    await relay.fleet.refresh_directory()
    assert [item.number for item in await desk.feed(relay)][:2] == [1, 2]


def relay_refused(box: Box) -> bool:
    return any(type(event).__name__ == "BundleRefused" for event in box.events)


def test_a_qr_code_holds_the_very_file(shore: Shore, provisioning: Provisioning, tmp_path: Path) -> None:
    file, picture = shore.files / "Mercy.provisioning", tmp_path / "mercy.svg"
    assert "█" in done(shore.folder, "vessel", "qr", str(file))
    done(shore.folder, "vessel", "qr", str(file), "--svg", str(picture))
    assert picture.stat().st_mode & 0o077 == 0
    assert picture.read_text().startswith("<svg")
    card = tmp_path / "card.json"
    card.write_text("{}")
    code, _, error = run(shore.folder, "vessel", "qr", str(card))
    assert (code, "no provisioning file" in error) == (11, True)
    assert provisioning.vessel_name == "Mercy"


@pytest.mark.parametrize("words", [("vessel", "rotate"), ("vessel", "revoke"), ("desk", "revoke")])
def test_a_name_that_nobody_has_is_said(words: tuple[str, str], shore: Shore, desk: Desk) -> None:
    code, _, error = run(shore.folder, *words, "Nobody")
    assert code == (12 if words[0] == "desk" else 13)
    assert "Nobody" in error
    assert desk.name == "Haven"
