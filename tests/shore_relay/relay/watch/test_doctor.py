"""The doctor: each thing that can be wrong is found, named, and comes with what to do; it changes nothing."""

import json
import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from protocol.ids import UnixSeconds
from shore_relay.relay.app import unix_time
from shore_relay.relay.data_folder import database_path
from shore_relay.relay.marks import Mark, write_mark
from shore_relay.relay.store.sqlite import SqliteStore
from shore_relay.relay.watch.alarms import raised
from shore_relay.relay.watch.doctor import examine_relay
from shore_relay.relay.watch.facts import Facts, gather
from shore_relay.relay.watch.findings import Finding, Level
from tests.shore_relay.relay.box import Box, introduction
from tests.shore_relay.relay.commanding import run
from tests.shore_relay.relay.shore import SETTINGS, Desk, Shore

DAY_S = 86_400


async def examined(shore: Shore) -> dict[str, Finding]:
    return {finding.check: finding for finding in await examine_relay(shore.folder, unix_time())}


def write_settings(shore: Shore, text: str) -> None:
    path = shore.folder / "settings.toml"
    path.write_text(f'public_host = "localhost"\nhttp_port = 0\ntcp_port = 0\nudp_port = 0\n{text}')


@pytest.fixture(autouse=True)
def _free_ports(shore: Shore) -> None:
    """The default ports may be in use on the machine that runs the tests."""
    write_settings(shore, "")


async def test_a_sound_relay_has_nothing_broken(shore: Shore, desk: Desk) -> None:
    write_mark(shore.folder, "backup", Mark(at=unix_time(), data_at=unix_time()))
    found = await examined(shore)
    assert [finding for finding in found.values() if finding.level is Level.BROKEN] == []
    assert found["database"].level is Level.FINE
    assert found["modes"].level is Level.FINE
    assert found["backup-old"].level is Level.FINE
    assert desk.name == "Haven"


def open_folder(folder: Path) -> None:
    folder.chmod(0o755)


def open_file(folder: Path) -> None:
    (folder / "relay.db").chmod(0o644)


def wrong_setting(folder: Path) -> None:
    (folder / "settings.toml").write_text("tcp_prot = 1\n")


def open_password(folder: Path) -> None:
    (folder / "rockblock.toml").write_text('username = "u"\npassword = "p"\n')
    (folder / "rockblock.toml").chmod(0o644)


def damaged(folder: Path) -> None:
    data = bytearray((folder / "relay.db").read_bytes())
    data[5_000:9_000] = os.urandom(4_000)
    (folder / "relay.db").write_bytes(data)


@pytest.mark.parametrize(
    ("break_it", "check", "told"),
    [
        (open_folder, "modes", "chmod 700"),
        (open_file, "modes", "chmod 600"),
        (wrong_setting, "settings", "tcp_prot"),
        (open_password, "secrets", "chmod 600"),
        (damaged, "database", "backup"),
    ],
)
async def test_what_is_broken_is_named_with_its_remedy(
    break_it: Callable[[Path], None], check: str, told: str, shore: Shore
) -> None:
    break_it(shore.folder)
    finding = (await examined(shore))[check]
    assert finding.level is Level.BROKEN
    assert told in finding.sentence + finding.remedy


async def test_a_port_that_another_has_is_found(shore: Shore) -> None:
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))
        other.listen()
        write_settings(shore, "")
        settings = shore.folder / "settings.toml"
        settings.write_text(
            settings.read_text().replace("tcp_port = 0", f"tcp_port = {other.getsockname()[1]}")
        )
        finding = (await examined(shore))["ports"]
    assert (finding.level, "tcp_port" in finding.sentence) == (Level.BROKEN, True)


async def test_a_relay_that_serves_is_asked(shore: Shore) -> None:
    async with shore.serving() as relay:
        (shore.folder / "settings.toml").write_text(f"http_port = {relay.http_port}\n")
        assert (await examined(shore))["serving"].level is Level.FINE
        (shore.folder / "settings.toml").write_text("http_port = 1\n")
        assert (await examined(shore))["serving"].level is Level.LOOK


def test_the_command_ends_with_what_it_found(shore: Shore, tmp_path: Path) -> None:
    code, said, _ = run(shore.folder, "doctor", "--json")
    assert code == 0
    levels = {each["level"] for each in json.loads(said)["findings"]}
    assert levels == {"fine", "look"}
    open_folder(shore.folder)
    code, said, error = run(shore.folder, "doctor")
    assert (code, "chmod 700" in said, "are broken" in error) == (29, True, True)
    assert run(tmp_path / "nowhere", "doctor")[0] == 4


# --- alarms -------------------------------------------------------------------------------------------------


async def facts_at(shore: Shore, now: int) -> Facts:
    async with await SqliteStore.open(database_path(shore.folder)) as store:
        return await gather(shore.folder, SETTINGS, store, UnixSeconds(now))


async def test_each_alarm_is_raised_by_its_cause_alone(shore: Shore, box: Box, desk: Desk) -> None:
    async with shore.serving() as relay:
        box.offer(1, introduction())
        async with box.over_tcp(relay.tcp_port):
            await box.custody(1)
        await relay.store_counts()
    now = unix_time()
    write_mark(shore.folder, "backup", Mark(at=now, data_at=now))
    facts = await facts_at(shore, now)
    assert raised(facts) == ()
    later = await facts_at(shore, now + 2 * DAY_S)
    assert [alarm.code for alarm in raised(later)] == ["backup-old", "desk-absent"]
    much_later = await facts_at(shore, now + 10 * DAY_S)
    assert [alarm.code for alarm in raised(much_later)] == ["backup-old", "desk-absent", "vessel-silent"]
    earlier = await facts_at(shore, now - DAY_S)
    assert [alarm.code for alarm in raised(earlier)] == ["clock-behind"]
    assert [alarm.code for alarm in raised(replace(facts, disk_free_bytes=5))] == ["disk-low"]
    ends = replace(facts, certificate_ends_at=UnixSeconds(now + 3 * DAY_S))
    assert [(alarm.code, alarm.values["days"]) for alarm in raised(ends)] == [("certificate-ends", "3")]
    assert desk.name in {alarm.subject for alarm in raised(later)}
