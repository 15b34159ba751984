"""Sticks at the box: written and read by the command line, while the service runs and while it does not."""

import json
import resource
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol import bundle as bundles
from protocol.bundle import Mail
from protocol.container import FILE_LINE, STICK, ContainerReader, Direction, Record, encode
from protocol.engine import SyncEngine
from protocol.events import BundleArrived
from protocol.frames import Priority
from protocol.ids import DeskKeyId, Instant, MailboxId
from protocol.journal import MemoryJournal
from protocol.links import Side
from protocol.outbox import Outgoing
from tests.memory_link import VESSEL, admit_all, snapshot
from tests.vessel_client.boxes import BoxFolder, command, make_box, sealed_request, state_when
from vessel_client.stick_folder import FILE_NAME

NOW = Instant(0.0)
OTHERS = [
    Record(direction=Direction.UP, packet=bytes([0x20]) + b"othr" + bytes(60)),
    Record(direction=Direction.DOWN, packet=b"for another vessel", key_id=b"othr"),
]


def relay() -> SyncEngine:
    return SyncEngine(Side.RELAY, VESSEL, snapshot(), MemoryJournal(), admit=admit_all)


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


@pytest.fixture
async def box(tmp_path: Path) -> BoxFolder:
    box = await make_box(tmp_path)
    # The commands look for a running box under its port: not one that another program here may have.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (box.data_dir / "settings.toml").write_text(f"api_port = {port}\n", "utf-8")
    return box


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


def files(stick: Path) -> list[str]:
    return [path.name for path in stick.iterdir()]


def numbers_in(records: list[Record], engine: SyncEngine) -> list[int]:
    packets = [record.packet for record in records if record.direction is Direction.UP]
    engine.contact_opened(STICK, NOW)
    events = [event for packet in packets for event in engine.receive(packet, STICK, NOW)]
    return sorted(event.number for event in events if isinstance(event, BundleArrived))


def answers(engine: SyncEngine, *mails: int) -> list[Record]:
    """Return what a relay would write for the vessel, with answers of these numbers."""
    key_id = engine.key_ids()[0]
    queued = [
        Outgoing(
            number=number,
            priority=Priority.TEXT,
            data=bundles.encode(
                Mail(
                    mailbox=MailboxId(bytes(16)), desk_key=DeskKeyId(b"desk"), tag=bytes(16), sealed=bytes(99)
                )
            ),
        )
        for number in mails
    ]
    packets = engine.copies(STICK, queued, NOW, account=True)
    return [Record(direction=Direction.DOWN, packet=packet, key_id=key_id) for packet in packets]


async def use(box: BoxFolder, *arguments: str) -> int:
    return await command("stick", *arguments, "--data", str(box.data_dir))


async def queue(box: BoxFolder, count: int) -> None:
    async with box.running() as running:
        for _ in range(count):
            await running.service.queue(sealed_request())


async def test_a_box_that_does_not_run_writes_all_that_waits(box: BoxFolder, stick: Path) -> None:
    await queue(box, 40)
    assert await use(box, "write", str(stick)) == 0
    assert numbers_in(lying_on(stick), relay()) == list(range(1, 42))


async def test_a_box_that_runs_writes_and_reads_through_its_service(
    box: BoxFolder, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with box.running() as running:
        await running.service.queue(sealed_request())
        at = ("--data", str(box.data_dir), "--service", running.url)
        assert await command("stick", "write", str(stick), *at) == 0
        engine = relay()
        assert numbers_in(lying_on(stick), engine) == [1, 2]
        put(stick, answers(engine, 1), FILE_NAME)
        assert await command("stick", "read", str(stick), "--json", *at) == 0
        await state_when(running, 2, lambda state: not state.waiting)
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["taken"] == 1
    assert lying_on(stick) == []


async def test_the_way_back_settles_what_left_and_brings_answers(box: BoxFolder, stick: Path) -> None:
    await queue(box, 2)
    await use(box, "write", str(stick))
    engine = relay()
    numbers_in(lying_on(stick), engine)
    put(stick, answers(engine, 1, 2), FILE_NAME)
    assert await use(box, "read", str(stick)) == 0
    assert await use(box, "write", str(stick)) == 0
    again = relay()
    assert numbers_in(lying_on(stick), again) == []


async def test_what_others_have_on_the_stick_is_carried_on_unchanged(box: BoxFolder, stick: Path) -> None:
    put(stick, OTHERS)
    put(stick, [OTHERS[0]], "seavoice-2.stick")
    assert await use(box, "write", str(stick)) == 0
    records = lying_on(stick)
    assert [record for record in records if record in OTHERS] == OTHERS
    assert files(stick) == [FILE_NAME]


async def test_writing_twice_leaves_one_copy(box: BoxFolder, stick: Path) -> None:
    await queue(box, 3)
    await use(box, "write", str(stick))
    first = len(lying_on(stick))
    await use(box, "write", str(stick))
    assert len(lying_on(stick)) == first
    assert numbers_in(lying_on(stick), relay()) == [1, 2, 3, 4]


async def test_reading_a_stick_twice_changes_nothing(
    box: BoxFolder, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = answers(relay(), 1)
    put(stick, records)
    await use(box, "read", str(stick))
    put(stick, records)
    assert await use(box, "read", str(stick), "--json") == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (report["taken"], report["left"]) == (0, 0)
    assert lying_on(stick) == []


async def test_a_stick_for_other_vessels_stays_as_it_is(
    box: BoxFolder, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = put(stick, OTHERS)
    before = file.read_bytes()
    assert await use(box, "read", str(stick)) == 0
    assert file.read_bytes() == before
    assert "Nothing new on it is for this box. 2 are for others" in capsys.readouterr().out


async def test_an_edited_packet_is_refused_and_counted(
    box: BoxFolder, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (record,) = answers(relay(), 1)
    edited = record.packet[:-1] + bytes([record.packet[-1] ^ 1])
    put(stick, [Record(direction=Direction.DOWN, packet=edited, key_id=record.key_id), record])
    assert await use(box, "read", str(stick), "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["refused"] == {"not-authentic": 1}
    assert report["taken"] == 1


async def test_damaged_sectors_cost_only_what_they_hit(
    box: BoxFolder, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = relay()
    records = [record for number in range(1, 31) for record in [*OTHERS, *answers(engine, number)]]
    file = put(stick, records)
    data = bytearray(file.read_bytes())
    data[512:1_024] = bytes(512)
    file.write_bytes(data)
    assert await use(box, "read", str(stick), "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["damaged"] == 1
    # A record of ours takes 270 bytes here with the two of others beside it.
    assert 26 <= report["taken"] < 30


async def test_files_of_something_else_are_named_and_left_alone(
    box: BoxFolder, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = stick / "seavoice-holiday.stick"
    other.write_bytes(b"%PDF-1.7")
    assert await use(box, "read", str(stick)) == 28
    assert "seavoice-holiday.stick: this file was not written by SeaVoice" in capsys.readouterr().err
    assert await use(box, "write", str(stick)) == 0
    assert other.read_bytes() == b"%PDF-1.7"
    assert "seavoice-holiday.stick" in capsys.readouterr().out


async def test_no_folder_and_no_file_are_said_in_one_sentence(
    box: BoxFolder, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await use(box, "read", str(stick / "none")) == 28
    assert await use(box, "read", str(stick)) == 28
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("There is no folder")
    assert second.startswith("There is no stick file in")


@pytest.fixture
def full_stick() -> Iterator[None]:
    """Let no file grow over a size, as on a stick without room."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("full_stick")
async def test_a_full_stick_keeps_what_was_on_it(
    box: BoxFolder, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = [
        Record(direction=Direction.UP, packet=bytes([0x20]) + b"othr" + bytes([at]) * 40_000)
        for at in range(4)
    ]
    file = put(stick, many)
    other = put(
        stick,
        [Record(direction=Direction.UP, packet=bytes([0x20]) + b"oth2" + bytes(50_000))],
        "seavoice-2.stick",
    )
    before = file.read_bytes(), other.read_bytes()
    assert await use(box, "write", str(stick)) == 29
    assert "is full" in capsys.readouterr().err
    assert (file.read_bytes(), other.read_bytes()) == before
    assert len(files(stick)) == 2


async def test_a_stick_that_cannot_be_written_is_still_read(
    box: BoxFolder, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(stick, answers(relay(), 1))
    make_unwritable(stick)
    assert await use(box, "read", str(stick), "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["taken"], report["cleaned"]) == (1, False)
    assert await use(box, "write", str(stick)) == 30
    assert "cannot be written" in capsys.readouterr().err


def make_unwritable(stick: Path) -> None:
    # A folder in the place of the unfinished file stops every user, even root.
    (stick / "seavoice-unfinished.tmp").mkdir()


async def test_two_processes_never_have_one_box(
    box: BoxFolder, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with box.running():
        # The settings name another port than the one that the service was given.
        assert await use(box, "write", str(stick)) == 31
    assert "running already" in capsys.readouterr().err
