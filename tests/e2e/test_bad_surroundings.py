"""What goes wrong around the programs: ports, disks, clocks, versions, strangers; and what they held."""

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from protocol.frames import Priority
from protocol.linkguard import VERSION
from protocol.message import Text
from protocol.records import frame_record
from scripts.voyage.programs import Program, free_port
from tests.e2e.harbour import DESK, Harbour, founded_once, open_harbour, until
from tests.e2e.terminal import holdings, require_one_sentence, run

YEARS_2_S = 730 * 86_400
FROM_THE_FUTURE = 99
DISK_BYTES = 2_000_000
DATABASES = {"vessel": "box.sqlite3", "relay": "relay.db", "desk": "desk.sqlite"}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return await founded_once(tmp_path_factory)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def harbour(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Harbour]:
    """A harbour in which something waits everywhere."""
    async with open_harbour(founded, tmp_path_factory.mktemp("harbour")) as harbour:
        number = await harbour.queue(harbour.seal(Text(text="This one is ashore.")), Priority.TEXT)
        await harbour.until_at_the_desk(number)
        harbour.sea.cut(1e9)
        await harbour.queue(harbour.seal(Text(text="This one waits on the box.")), Priority.TEXT)
        yield harbour


@contextmanager
def taken_port(kind: socket.SocketKind) -> Iterator[int]:
    """Hold a port, as another program would."""
    with socket.socket(type=kind) as holder:
        holder.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            holder.listen()
        yield holder.getsockname()[1]


def copied(program: Program, place: Path, **settings: str) -> Program:
    """Return the same program over a copy of its folder, as after a move to another machine."""
    # SQLite makes the copy whole, whatever the running program is writing.
    shutil.copytree(program.data, place / "data", ignore=shutil.ignore_patterns("*-wal", "*-shm", "*.sock"))
    name = DATABASES[program.name]
    with (
        closing(sqlite3.connect(program.data / name)) as source,
        closing(sqlite3.connect(place / "data" / name)) as copy,
    ):
        source.backup(copy)
    prefix = f"SEAVOICE_{program.name.upper()}_"
    changed = {prefix + key: value for key, value in settings.items()}
    return Program(name=program.name, data=place / "data", environment={**program.environment, **changed})


async def require_kept(program: Program, expected: object) -> None:
    """Start the program where it was refused, and see that it still holds everything."""
    await program.start()
    try:
        assert await holdings(program) == expected
    finally:
        await program.stop()


FREE_PORTS = {
    "vessel": ("API_PORT",),
    "relay": ("HTTP_PORT", "TCP_PORT", "UDP_PORT"),
    "desk": ("PORT",),
}


def free_ports(name: str) -> dict[str, str]:
    return {setting: str(free_port()) for setting in FREE_PORTS[name]}


@pytest.mark.parametrize(
    ("name", "setting", "kind", "code"),
    [
        ("vessel", "API_PORT", socket.SOCK_STREAM, 14),
        ("relay", "HTTP_PORT", socket.SOCK_STREAM, 10),
        ("relay", "TCP_PORT", socket.SOCK_STREAM, 10),
        ("relay", "UDP_PORT", socket.SOCK_DGRAM, 10),
        ("desk", "PORT", socket.SOCK_STREAM, 29),
    ],
)
async def test_a_port_in_use_is_named_and_costs_nothing(
    name: str, setting: str, kind: socket.SocketKind, code: int, harbour: Harbour, tmp_path: Path
) -> None:
    expected = await holdings(harbour.program(name))
    moved = copied(harbour.program(name), tmp_path, **free_ports(name))
    with taken_port(kind) as port:
        ended = await run(moved, "serve", settings={setting: str(port)})
    assert ended.code == code, ended
    require_one_sentence(ended)
    assert str(port) in ended.complained
    await require_kept(moved, expected)


@pytest.mark.parametrize(("name", "code"), [("vessel", 20), ("relay", 7), ("desk", 11)])
async def test_a_store_from_a_newer_version_is_left_alone(
    name: str, code: int, harbour: Harbour, tmp_path: Path
) -> None:
    expected = await holdings(harbour.program(name))
    moved = copied(harbour.program(name), tmp_path, **free_ports(name))
    path = moved.data / DATABASES[name]
    version = set_version(path, FROM_THE_FUTURE)
    ended = await run(moved, "serve")
    assert ended.code == code, ended
    require_one_sentence(ended)
    assert "newer" in ended.complained.lower()
    assert set_version(path, version) == FROM_THE_FUTURE
    await require_kept(moved, expected)


def set_version(path: Path, version: int) -> int:
    with closing(sqlite3.connect(path)) as connection:
        (before,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version}")
        connection.commit()
    assert isinstance(before, int)
    return before


@pytest.mark.parametrize("shift_s", [YEARS_2_S, -YEARS_2_S])
async def test_a_desk_whose_clock_is_two_years_off_is_told_so(
    shift_s: int, harbour: Harbour, tmp_path: Path
) -> None:
    moved = copied(harbour.desk, tmp_path)
    expected = await holdings(harbour.desk)
    ended = await run(moved, "inbox", clock_s=shift_s)
    assert ended.code == 15, ended
    require_one_sentence(ended)
    assert "Set the clock" in ended.complained
    # What is here is shown all the same.
    assert "This one is ashore." in ended.said
    assert await holdings(moved) == expected


async def test_a_vessel_that_the_relay_does_not_know_is_counted_and_keeps_everything(
    harbour: Harbour, tmp_path: Path
) -> None:
    expected = await holdings(harbour.vessel)
    ports = free_ports("relay")
    (tmp_path / "shore").mkdir()
    prefixed = {f"SEAVOICE_RELAY_{key}": value for key, value in ports.items()}
    stranger = Program(
        name="relay",
        data=tmp_path / "shore" / "data",
        environment={**harbour.relay.environment, **prefixed},
    )
    await stranger.run("init", "--host", "127.0.0.1")
    (tmp_path / "sea").mkdir()
    moved = copied(
        harbour.vessel,
        tmp_path / "sea",
        TCP_URL=f"tcp://127.0.0.1:{ports['TCP_PORT']}",
        **free_ports("vessel"),
    )
    try:
        await stranger.start()
        await moved.start()

        async def counted() -> bool:
            return refusals(await stranger.run_json("status")).get("tcp-unknown-key", 0) > 0

        await until(counted, "the relay counts the unknown vessel")
        assert await holdings(moved) == expected
    finally:
        await moved.stop()
        await stranger.stop()


async def test_bytes_of_strangers_on_every_port_are_refused_and_counted(harbour: Harbour) -> None:
    expected = {name: await holdings(harbour.program(name)) for name in ("vessel", "relay", "desk")}
    before = refusals(await harbour.relay.run_json("status"))
    environments = {name: harbour.program(name).environment for name in expected}
    tcp_port = int(environments["relay"]["SEAVOICE_RELAY_TCP_PORT"])
    http_ports = (
        int(environments["relay"]["SEAVOICE_RELAY_HTTP_PORT"]),
        int(environments["vessel"]["SEAVOICE_VESSEL_API_PORT"]),
        int(environments["desk"]["SEAVOICE_DESK_PORT"]),
    )
    ready = (harbour.relay.data.parent / "relay.log").read_text()
    udp_port = int(ready.rsplit(" udp=", 1)[1].split()[0])
    noise = os.urandom(400)
    future = bytes([(VERSION + 1) << 5]) + noise
    for port in (tcp_port, *http_ports):
        await shout(port, noise)
        await shout(port, frame_record(future))
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        for packet in (noise, future, b"", b"\x00"):
            sender.sendto(packet, ("127.0.0.1", udp_port))

    async def counted() -> bool:
        now = refusals(await harbour.relay.run_json("status"))
        more = {code for code, count in now.items() if count > before.get(code, 0)}
        return {"tcp-unknown-version", "udp-unknown-version", "udp-malformed-packet"} <= more

    await until(counted, "the relay counts what strangers sent")
    for name, held in expected.items():
        program = harbour.program(name)
        assert await holdings(program) == held
        assert "Traceback" not in (program.data.parent / f"{name}.log").read_text()


def refusals(status: dict[str, object]) -> dict[str, int]:
    counted = status["refusals"]
    assert isinstance(counted, dict)
    return counted


async def shout(port: int, data: bytes) -> None:
    """Send bytes to a port and hear it out until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    writer.write_eof()
    try:
        await asyncio.wait_for(reader.read(), 20.0)
    except ConnectionResetError:
        # Closing on what was not read to its end is how a socket says no.
        pass
    finally:
        writer.close()


@dataclass(frozen=True, kw_only=True)
class SmallDisk:
    """A file system of two megabytes with a program's data on it."""

    folder: Path

    def fill(self) -> None:
        """Take all the room that is left."""
        try:
            with (self.folder / "filler").open("wb", buffering=0) as file:
                while file.write(bytes(4_096)):
                    pass
        except OSError:
            return

    def clear(self) -> None:
        """Give it back."""
        (self.folder / "filler").unlink()


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    folder.mkdir(parents=True)
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700", "tmpfs", str(folder)],
            capture_output=True,
            check=False,
        ).returncode
    )
    if not mounted:
        pytest.skip("a small disk needs the right to mount one")
    try:
        yield SmallDisk(folder=folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


FULL = {
    "vessel": (("send", "--text", "There is no room for this."), 12),
    "relay": (("vessel", "add", "FV Tuna", "--desk", DESK, "--out", "{out}"), 8),
    "desk": (("answer", "1", "--text", "There is no room for this."), 10),
}


@pytest.mark.parametrize("name", ["vessel", "relay", "desk"])
async def test_a_full_disk_takes_nothing_new_and_loses_nothing_old(
    name: str, founded: Path, tmp_path: Path
) -> None:
    arguments, code = FULL[name]
    with small_disk(tmp_path / name / "data") as disk:
        async with open_harbour(founded, tmp_path) as harbour:
            program = harbour.program(name)
            first = await harbour.queue(harbour.seal(Text(text="There was room.")), Priority.TEXT)
            await harbour.until_at_the_desk(first)
            expected = await holdings(program)
            disk.fill()
            ended = await run(program, *(word.format(out=tmp_path / "tuna.json") for word in arguments))
            assert ended.code == code, ended
            require_one_sentence(ended)
            assert "room" in ended.complained
            if name != "vessel":
                # What comes while there is no room waits one step before.
                second = await harbour.queue(harbour.seal(Text(text="There was none.")), Priority.TEXT)
                log = program.data.parent / f"{name}.log"

                async def complained() -> bool:
                    return "store-f" in log.read_text()

                await until(complained, "the program notices that its disk is full")
                assert await harbour.state(second) == ("on the box" if name == "relay" else "left the boat")
            assert await holdings(program) == expected
            disk.clear()
            last = await harbour.queue(harbour.seal(Text(text="There is room again.")), Priority.TEXT)
            await harbour.until_at_the_desk(last)
            listed = (await harbour.desk.run_json("inbox"))["messages"]
            assert isinstance(listed, list)
            came = sorted(entry["message"]["text"] for entry in listed)
            between = [] if name == "vessel" else ["There was none."]
            assert came == sorted(["There was room.", "There is room again.", *between])
            await program.stop(signal.SIGTERM)
