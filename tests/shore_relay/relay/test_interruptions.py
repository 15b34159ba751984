"""Cuts, restarts, lost keys, old backups, full disks: what was acknowledged is kept, and comes once."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from protocol.bundle import Mail
from protocol.events import BundleRefused, CustodyAccepted, LinkRekeyed
from protocol.frames import Refusal
from protocol.ids import DeskKeyId, UnixSeconds
from protocol.linkguard import GuardState, ratchet
from protocol.provisioning import Provisioning
from shore_relay.relay.app import RunningRelay, unix_time
from shore_relay.relay.data_folder import database_path
from tests.shore_relay.relay.box import Box, introduction, report
from tests.shore_relay.relay.shore import SETTINGS, WORLD, Desk, Shore


async def test_restart_in_the_middle_of_a_bundle_goes_on_at_the_byte(
    shore: Shore, box: Box, desk: Desk
) -> None:
    data = report(desk.key_id, 60_000)
    box.offer(1, data)
    box.records_max = 20
    async with shore.serving() as relay, box.over_tcp(relay.tcp_port):
        await box.until(lambda: box.acked_bytes(1) > 10_000)
    box.open_valve()
    async with shore.serving() as relay:
        async with box.over_tcp(relay.tcp_port):
            await box.custody(1)
        (item,) = await desk.feed(relay)
        assert item.bundle == data
        await relay.store_counts()
        (vessel,) = (await relay.store.status()).vessels
    assert vessel.duplicate_bytes == 0
    assert vessel.traffic["tcp"].bytes_up < 61_500


async def test_a_bundle_whose_receipt_was_lost_comes_once(relay: RunningRelay, box: Box, desk: Desk) -> None:
    box.offer(1, report(desk.key_id, 400))
    box.deaf = True
    async with box.over_tcp(relay.tcp_port):
        (item,) = await desk.feed(relay)
    assert await desk.taken(relay, item.cursor) == 200
    box.deaf = False
    async with box.over_tcp(relay.tcp_port):
        await box.custody(1)
    assert await desk.feed(relay, wait_s=0) == (), "the number is remembered after the bytes have gone"


@pytest.mark.parametrize("bearer", ["tcp", "udp"])
async def test_a_box_with_keys_that_the_relay_lacks_gets_new_ones(
    bearer: str, relay: RunningRelay, provisioning: Provisioning, desk: Desk
) -> None:
    secret = provisioning.link_secret
    for _ in range(5):
        secret = ratchet(secret)
    box = Box(provisioning, guard=GuardState(secret=secret, generation=5))
    box.offer(1, report(desk.key_id, 3_000))
    link = box.over_tcp(relay.tcp_port) if bearer == "tcp" else box.over_udp(relay.udp_port)
    async with link:
        await box.custody(1)
    assert len(box.of(LinkRekeyed)) == 1
    assert relay.refusals[f"{bearer}-unknown-key"] >= 1
    # The new keys work for the next contact, too.
    async with box.over_tcp(relay.tcp_port):
        box.offer(2, report(desk.key_id, 100))
        await box.custody(2)
    assert len(box.of(LinkRekeyed)) == 1


async def test_a_relay_set_back_to_an_old_backup_recovers(
    shore: Shore, box: Box, desk: Desk, tmp_path: Path
) -> None:
    box.offer(1, introduction())
    async with shore.serving() as relay, box.over_tcp(relay.tcp_port):
        await box.custody(1)
    shutil.copy(database_path(shore.folder), tmp_path / "backup")
    cursor = 0
    for number in range(2, 6):
        async with shore.serving() as relay:
            async with box.over_tcp(relay.tcp_port):
                box.offer(number, report(desk.key_id, 300, fill=number))
                await box.custody(number)
            cursor = (await desk.feed(relay))[-1].cursor
            assert await desk.taken(relay, cursor) == 200
    shutil.copy(tmp_path / "backup", database_path(shore.folder))
    # The new machine's clock is behind the old one's.
    earlier = replace(WORLD, wall=lambda: UnixSeconds(unix_time() - 60))
    async with shore.serving(world=earlier) as relay:
        async with box.over_tcp(relay.tcp_port):
            box.offer(6, report(desk.key_id, 300, fill=6))
            await box.custody(6)
        items = await desk.feed(relay, after=cursor)
        assert 6 in [item.number for item in items], "the desk's cursor must not have passed the new item"
    assert len(box.of(LinkRekeyed)) == 1


async def test_an_answer_is_not_lost_to_a_number_that_was_used_after_the_backup(
    shore: Shore, box: Box, desk: Desk, tmp_path: Path
) -> None:
    box.offer(1, introduction())
    async with shore.serving() as relay, box.over_tcp(relay.tcp_port):
        await box.custody(1)
    shutil.copy(database_path(shore.folder), tmp_path / "backup")
    vessel = box.provisioning.vessel
    for turn in range(3):
        async with shore.serving() as relay:
            await desk.dispatch(relay, vessel, desk.mail(100 + turn, ref=bytes([turn]) * 16))
            async with box.over_tcp(relay.tcp_port):
                await box.arrived(turn + 1)
                await desk.feed(relay, after=(await desk.feed(relay))[turn].cursor)
    shutil.copy(tmp_path / "backup", database_path(shore.folder))
    async with shore.serving() as relay:
        box.offer(2, introduction())
        async with box.over_tcp(relay.tcp_port):
            await box.custody(2)
            assert len(box.of(LinkRekeyed)) == 1
            await desk.dispatch(relay, vessel, desk.mail(900, ref=bytes([9]) * 16))
            answers = [event.bundle for event in await box.arrived(4)]
    assert isinstance(answers[-1], Mail)
    assert len(answers[-1].sealed) == 948


async def test_a_full_disk_acknowledges_nothing_and_recovers_once_there_is_room(
    shore: Shore, box: Box, desk: Desk
) -> None:
    settings = replace(SETTINGS, database_bytes_max=400_000)
    async with shore.serving(settings) as relay:
        number = 0
        async with box.over_tcp(relay.tcp_port) as ended:
            while not ended.done():
                number += 1
                box.offer(number, report(desk.key_id, 30_000, fill=number))
                await box.custody_or_end(number, ended)
                assert number < 20, "the disk never filled"
        accepted = {event.number for event in box.of(CustodyAccepted)}
        assert number not in accepted
        assert (await desk.ask(relay, "GET", "/readyz"))[0] == 503
        items = await desk.feed(relay)
        # Whatever the box let go of is there.
        assert accepted <= {item.number for item in items}
        assert await desk.taken(relay, items[-1].cursor) == 200
        async with box.over_tcp(relay.tcp_port):
            await box.custody(number)
        (late,) = await desk.feed(relay, after=items[-1].cursor)
        assert late.bundle == report(desk.key_id, 30_000, fill=number)
        assert (await desk.ask(relay, "GET", "/readyz"))[0] == 200


async def test_a_vessel_that_holds_too_much_here_is_told_to_wait(shore: Shore, box: Box, desk: Desk) -> None:
    async with shore.serving(replace(SETTINGS, held_bytes_per_vessel_max=1_000)) as relay:
        box.offer(1, report(desk.key_id, 1_000))
        async with box.over_tcp(relay.tcp_port):
            await box.custody(1)
            box.offer(2, report(desk.key_id, 1_000))
            await box.until(lambda: bool(box.of(BundleRefused)))
        assert box.of(BundleRefused)[0].reason is Refusal.BUSY
        assert relay.refusals["bundle-busy"] == 1
        items = await desk.feed(relay)
        assert [item.number for item in items] == [1]


async def test_a_report_to_a_desk_that_nobody_knows_is_refused(relay: RunningRelay, box: Box) -> None:
    box.offer(1, report(DeskKeyId(b"none"), 100))
    async with box.over_tcp(relay.tcp_port):
        await box.until(lambda: bool(box.of(BundleRefused)))
    assert box.of(BundleRefused)[0].reason is Refusal.UNKNOWN_DESK
    assert box.engine.holds(1), "the box keeps what was refused"


async def test_idle_engines_make_room_for_others(shore: Shore, box: Box, desk: Desk) -> None:
    second = Box(await shore.add_vessel("Hope", desk))
    async with shore.serving(replace(SETTINGS, vessels_in_memory_max=1)) as relay:
        for turn in range(1, 4):
            for each in (box, second):
                each.offer(turn, report(desk.key_id, 100, fill=turn))
                async with each.over_tcp(relay.tcp_port):
                    await each.custody(turn)
                await relay.store_counts()
        items = await desk.feed(relay)
    assert len(items) == 6
