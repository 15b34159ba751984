"""Sticks on shore: several vessels on one, damage, other fleets, and a relay that serves meanwhile."""

import contextlib
import io
import json
import os
import socket
import sys
from pathlib import Path
from random import Random

import pytest

from protocol.container import FILE_LINE, STICK, ContainerReader, Direction, Record, encode
from protocol.events import BundleArrived, CustodyAccepted
from protocol.frames import Priority
from protocol.outbox import Outgoing
from protocol.provisioning import Provisioning
from shore_relay.relay import stick_commands
from shore_relay.relay.app import RunningRelay, monotonic
from shore_relay.relay.cli import main
from shore_relay.relay.data_folder import database_path
from shore_relay.relay.errors import StickForeign, StickUnreadable
from shore_relay.relay.operator_api import SOCKET_NAME
from shore_relay.relay.stick_commands import Reading, Writing
from shore_relay.relay.store.sqlite import SqliteStore
from tests.shore_relay.relay.box import Box, introduction, report
from tests.shore_relay.relay.shore import WORLD, Desk, Shore


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def put(stick: Path, records: list[Record], name: str = "seavoice-1.stick") -> Path:
    path = stick / name
    path.write_bytes(FILE_LINE + b"".join(encode(record) for record in records))
    return path


def lying_on(stick: Path) -> list[Record]:
    found: list[Record] = []
    for path in sorted(stick.glob("seavoice-*.stick")):
        reader = ContainerReader()
        found += reader.feed(path.read_bytes()) + reader.finish()
    return found


def written_by(box: Box, bundles: dict[int, bytes]) -> list[Record]:
    """Return what a box would write that has these bundles."""
    queued = [Outgoing(number=number, priority=Priority.TEXT, data=data) for number, data in bundles.items()]
    for each in queued:
        if not box.engine.holds(each.number):
            box.engine.offer(each.number, each.priority, each.data)
    packets = box.engine.copies(STICK, queued, monotonic(), account=True)
    return [Record(direction=Direction.UP, packet=packet) for packet in packets]


def read_by(box: Box, stick: Path) -> None:
    """Let a box read its records."""
    box.engine.contact_opened(STICK, monotonic())
    for record in lying_on(stick):
        if record.key_id in box.engine.key_ids():
            box.events += box.engine.receive(record.packet, STICK, monotonic())
    box.engine.contact_closed(STICK, monotonic())


async def read(shore: Shore, stick: Path) -> Reading:
    return await stick_commands.read(shore.folder, shore.settings, stick, WORLD)


async def write(shore: Shore, stick: Path) -> Writing:
    return await stick_commands.write(shore.folder, shore.settings, stick, WORLD)


async def fed(shore: Shore, desk: Desk) -> list[tuple[str, int]]:
    async with await SqliteStore.open(database_path(shore.folder)) as store:
        items = await store.feed(desk.card.id, 0, most_items=200, most_bytes=10**8)
    return sorted((item.vessel_name, item.number) for item in items if item.bundle)


async def counted(shore: Shore, code: str) -> int:
    async with await SqliteStore.open(database_path(shore.folder)) as store:
        return (await store.status()).refusals.get(code, 0)


async def test_a_report_goes_there_and_its_receipt_and_an_answer_come_back(
    shore: Shore, desk: Desk, box: Box, stick: Path
) -> None:
    put(stick, written_by(box, {1: introduction(), 2: report(desk.key_id, 300)}))
    assert (await read(shore, stick)).new == 1
    assert lying_on(stick) == []
    assert await fed(shore, desk) == [("Mercy", 1), ("Mercy", 2)]
    async with shore.serving() as relay:
        await desk.dispatch(relay, box.provisioning.vessel, desk.mail())
        assert (await write(shore, stick)).packets == 1
    read_by(box, stick)
    assert {event.number for event in box.of(CustodyAccepted)} == {1, 2}
    assert len(box.of(BundleArrived)) == 1
    # The answer's receipt rides on the next stick up.
    put(stick, written_by(box, {}))
    await read(shore, stick)
    async with await SqliteStore.open(database_path(shore.folder)) as store:
        (vessel,) = (await store.status()).vessels
    assert (vessel.bundles_queued, vessel.bundles_delivered) == (0, 1)


async def test_a_relay_that_serves_takes_sticks_through_its_own_engine(
    shore: Shore, desk: Desk, box: Box, stick: Path, relay: RunningRelay
) -> None:
    box.offer(1, introduction())
    async with box.over_tcp(relay.tcp_port):
        await box.custody(1)
        put(stick, written_by(box, {2: report(desk.key_id, 90_000)}))
        assert (await read(shore, stick)).new > 20
        items = await desk.feed(relay)
        assert sorted(item.number for item in items) == [1, 2]
        # The stick brought it, and the connection that was open all the time hears of it.
        await box.custody(2)


async def test_many_vessels_on_one_worn_stick(
    shore: Shore, desk: Desk, provisioning: Provisioning, stick: Path
) -> None:
    random = Random(11)
    boxes = [Box(await shore.add_vessel(f"Vessel {at}", desk)) for at in range(6)]
    bundles = {number: report(desk.key_id, random.randint(60, 9_000), number) for number in range(1, 9)}
    for _voyage in range(40):
        records = [record for box in boxes for record in written_by(box, waiting(box, bundles))]
        file = put(stick, records, "seavoice-packets.stick")
        wear(file, random)
        # A stick may be so worn that nothing of it is left.
        with contextlib.suppress(StickUnreadable):
            await read(shore, stick)
        await write(shore, stick)
        for box in boxes:
            read_by(box, stick)
        if not any(waiting(box, bundles) for box in boxes):
            break
    assert await fed(shore, desk) == [(f"Vessel {at}", number) for at in range(6) for number in bundles]


def wear(file: Path, random: Random) -> None:
    """Lose one sector in twenty."""
    data = bytearray(file.read_bytes())
    for at in range(0, len(data), 512):
        if random.random() < 0.05:
            data[at : at + 512] = bytes(len(data[at : at + 512]))
    file.write_bytes(data)


def waiting(box: Box, bundles: dict[int, bytes]) -> dict[int, bytes]:
    settled = {event.number for event in box.of(CustodyAccepted)}
    return {number: data for number, data in bundles.items() if number not in settled}


async def test_a_stick_read_again_changes_nothing(shore: Shore, desk: Desk, box: Box, stick: Path) -> None:
    records = written_by(box, {1: introduction()})
    put(stick, records)
    await read(shore, stick)
    put(stick, records)
    again = await read(shore, stick)
    assert (again.new, again.seen, again.left) == (0, 1, 0)
    assert await fed(shore, desk) == [("Mercy", 1)]


async def test_a_stick_of_another_fleet_is_refused_counted_and_left(
    shore: Shore, provisioning: Provisioning, stick: Path
) -> None:
    file = put(stick, [Record(direction=Direction.UP, packet=bytes([0x20]) + b"fleetpkt" + bytes(40))] * 3)
    before = file.read_bytes()
    with pytest.raises(StickForeign, match="None of the 1 packets"):
        await read(shore, stick)
    assert file.read_bytes() == before
    assert await counted(shore, "stick-unknown-key") == 1


async def test_other_fleets_packets_stay_beside_ours(shore: Shore, desk: Desk, box: Box, stick: Path) -> None:
    foreign = Record(direction=Direction.UP, packet=bytes([0x20]) + b"fleetpkt" + bytes(40))
    put(stick, [foreign, *written_by(box, {1: introduction()})])
    reading = await read(shore, stick)
    assert (reading.new, reading.left) == (1, 1)
    assert lying_on(stick) == [foreign]
    await write(shore, stick)
    assert foreign in lying_on(stick)


async def test_an_edited_packet_is_refused_and_harms_nothing(
    shore: Shore, desk: Desk, box: Box, stick: Path
) -> None:
    (record,) = written_by(box, {1: introduction()})
    edited = record.packet[:-1] + bytes([record.packet[-1] ^ 1])
    put(stick, [Record(direction=Direction.UP, packet=edited), record])
    reading = await read(shore, stick)
    assert (reading.new, reading.refused) == (1, {"not-authentic": 1})
    assert await counted(shore, "stick-not-authentic") == 1


async def test_writing_again_replaces_the_copies(shore: Shore, desk: Desk, box: Box, stick: Path) -> None:
    put(stick, written_by(box, {1: introduction()}))
    await read(shore, stick)
    await write(shore, stick)
    await write(shore, stick)
    assert len(lying_on(stick)) == 1


async def test_a_request_for_new_keys_is_answered_on_the_stick(
    shore: Shore, desk: Desk, box: Box, stick: Path
) -> None:
    box.engine.contact_opened(STICK, monotonic())
    box.engine.receive(bytes([0x22]) + box.engine.key_ids()[0], STICK, monotonic())
    box.engine.contact_closed(STICK, monotonic())
    put(stick, written_by(box, {1: introduction()}))
    await read(shore, stick)
    await write(shore, stick)
    read_by(box, stick)
    put(stick, written_by(box, {2: introduction()}), "seavoice-packets.stick")
    assert (await read(shore, stick)).new == 1
    assert [number for _, number in await fed(shore, desk)] == [1, 2]


async def test_a_socket_of_a_relay_that_was_killed_is_passed_over(
    shore: Shore, desk: Desk, box: Box, stick: Path
) -> None:
    leave_socket(shore)
    put(stick, written_by(box, {1: introduction()}))
    assert (await read(shore, stick)).new == 1
    async with shore.serving():
        assert (await write(shore, stick)).packets == 1


def leave_socket(shore: Shore) -> None:

    descriptor = os.open(shore.folder, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(f"/proc/self/fd/{descriptor}/{SOCKET_NAME}")
    os.close(descriptor)


def test_the_command_says_what_it_did(tmp_path: Path, stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    folder = tmp_path / "relay"
    assert run(folder, "init")[0] == 0
    assert run(folder, "stick", "write", str(stick))[:2] == (
        0,
        "On the stick: 0 packets for vessels, and 0 that lay on it.\n",
    )
    code, output, _ = run(folder, "stick", "read", str(stick), "--json")
    assert (code, json.loads(output)["taken"]) == (0, 0)
    code, _, errors = run(folder, "stick", "read", str(stick / "none"))
    assert code == 18
    assert "There is no folder" in errors


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = main([*arguments, "--data", str(folder)])
    return code, output.getvalue(), errors.getvalue()
