"""The command line and the settings: what an operator does, and each mistake with its sentence and code."""

import asyncio
import contextlib
import io
import json
import os
import socket
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from protocol.linkguard import rekey_secret
from protocol.links import LinkKind
from protocol.provisioning import BearerKind, Provisioning, read_card, read_provisioning, write_card
from shore_relay.relay.cli import main
from shore_relay.relay.errors import EXIT_CODES, SettingsInvalid
from shore_relay.relay.settings import Settings, load_settings
from tests.shore_relay.relay.box import Box, introduction
from tests.shore_relay.relay.shore import Desk

ROOT = Path(__file__).parents[3]


def run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Run one command and return code, output and errors."""
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = main([*arguments, "--data", str(folder)])
    return code, output.getvalue(), errors.getvalue()


def start(folder: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    """Start one command as its own process."""
    ports = {f"SEAVOICE_RELAY_{name}_PORT": "0" for name in ("HTTP", "TCP", "UDP")}
    return subprocess.Popen(
        [sys.executable, "-m", "shore_relay.relay.cli", *arguments],
        cwd=ROOT,
        env=os.environ
        | {"SEAVOICE_RELAY_DATA": str(folder), "SEAVOICE_RELAY_LISTEN_HOST": "127.0.0.1"}
        | ports
        | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(autouse=True)
def _own_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line puts its own hook in place; give pytest's back."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "relay"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "card.json"
    path.write_bytes(write_card(Desk(name="Haven").card))
    return path


def test_an_operators_whole_day(folder: Path, card: Path, tmp_path: Path) -> None:
    assert run(folder, "init", "--host", "relay.example")[0] == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    desk_id = read_card(card.read_bytes()).id.hex()
    assert run(folder, "desk", "add", str(card))[:2] == (0, f"Desk Haven ({desk_id}) was added.\n")
    with start(folder, "serve") as serving:
        assert serving.stdout is not None
        ready = serving.stdout.readline()
        assert ready.startswith("ready: http://127.0.0.1:")

        # The other commands work while it serves.
        output = tmp_path / "mercy.json"
        assert run(folder, "vessel", "add", "Mercy", "--desk", "Haven", "--out", str(output))[0] == 0
        assert stat.S_IMODE(output.stat().st_mode) == 0o600
        provisioning = read_provisioning(output.read_bytes())
        asyncio.run(introduce(provisioning, int(ready.split("tcp=")[1].split()[0])))
        with start(folder, "serve") as second:
            assert "stop that one first" in second.communicate()[1]
        assert second.returncode == 9
        serving.terminate()
        _, log = serving.communicate()
    assert serving.returncode == 0
    assert "Traceback" not in log
    assert [address.url for address in provisioning.addresses] == [
        "tcp://relay.example:8702",
        "ws://relay.example:8701/v1/link",
        "udp://relay.example:8702",
    ]
    check_status(folder, provisioning.vessel.hex())
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    kept = b"".join(path.read_bytes() for path in folder.iterdir())
    assert provisioning.link_secret not in kept, "the link has moved on, and the first secret is gone"
    assert rekey_secret(provisioning.link_secret) in kept


async def introduce(provisioning: Provisioning, tcp_port: int) -> None:
    """Have three contacts, so that the link's keys move on twice."""
    box = Box(provisioning)
    for number in range(1, 4):
        box.offer(number, introduction())
        async with box.over_tcp(tcp_port):
            await box.custody(number)


def check_status(folder: Path, vessel: str) -> None:
    code, output, _ = run(folder, "status", "--json")
    assert code == 0
    document = json.loads(output)
    (row,) = document["vessels"]
    assert (row["vessel"], row["name"], row["desk"], row["last_bearer"]) == (vessel, "Mercy", "Haven", "tcp")
    assert row["up"]["bundles_held"] == 3
    assert row["bearers"]["tcp"]["bytes_up"] > 0
    assert row["bearers"]["tcp"]["bytes_down"] > 0
    assert document["desks"][0]["items_waiting"] == 3
    assert "Mercy" in run(folder, "status")[1]


def made(folder: Path, card: Path) -> None:
    assert run(folder, "init")[0] == 0
    assert run(folder, "desk", "add", str(card))[0] == 0


def test_each_mistake_has_its_sentence_and_code(
    folder: Path, card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = str(tmp_path / "out.json")
    absent = run(folder, "status")
    made(folder, card)
    again = run(folder, "init")
    no_card = run(folder, "desk", "add", str(tmp_path / "absent.json"))
    noise = tmp_path / "noise.json"
    noise.write_bytes(b"\xff\x00noise")
    no_json = run(folder, "desk", "add", str(noise))
    assert run(folder, "vessel", "add", "Mercy", "--desk", "Haven", "--out", out)[0] == 0
    wrong_file = run(folder, "desk", "add", out)
    out2 = str(tmp_path / "out2.json")
    duplicate = run(folder, "vessel", "add", "Mercy", "--desk", "Haven", "--out", out2)
    unknown_desk = run(folder, "vessel", "add", "Hope", "--desk", "Nobody", "--out", out2)
    assert not Path(out2).exists()
    exists = run(folder, "vessel", "add", "Hope", "--desk", "Haven", "--out", out)
    monkeypatch.setenv("SEAVOICE_RELAY_TCP_PROT", "1")
    setting = run(folder, "serve")
    mistakes = (absent, again, no_card, no_json, wrong_file, duplicate, unknown_desk, exists, setting)
    assert [code for code, _, _ in mistakes] == [4, 5, 11, 11, 11, 14, 12, 15, 3]
    for _, output, error in mistakes:
        assert output == ""
        assert error.startswith("seavoice-relay: ")
        assert error.count("\n") == 1
    assert "seavoice provisioning 1" in wrong_file[2]
    with pytest.raises(SystemExit, match="2"):
        run(folder, "nonsense")


@pytest.mark.parametrize(
    ("setting", "kind"),
    [("TCP", socket.SOCK_STREAM), ("HTTP", socket.SOCK_STREAM), ("UDP", socket.SOCK_DGRAM)],
)
def test_a_port_in_use_is_named(
    setting: str, kind: socket.SocketKind, folder: Path, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(folder, card)
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        monkeypatch.setenv("SEAVOICE_RELAY_LISTEN_HOST", "127.0.0.1")
        for name in ("HTTP", "TCP", "UDP"):
            monkeypatch.setenv(f"SEAVOICE_RELAY_{name}_PORT", str(port) if name == setting else "0")
        code, _, error = run(folder, "serve")
    assert code == 10
    assert f"port {port} is in use" in error
    assert f"{setting.lower()}_port" in error


def test_a_database_from_the_future_is_refused(folder: Path, card: Path) -> None:
    made(folder, card)
    with sqlite3.connect(folder / "relay.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    code, _, error = run(folder, "serve")
    assert (code, "newer" in error) == (7, True)


def test_exit_codes_are_distinct() -> None:
    codes = list(EXIT_CODES.values())
    assert len(set(codes)) == len(codes)
    assert not {0, 1, 2} & set(codes)


# --- settings ---------------------------------------------------------------------------------------------


def test_settings_come_from_the_file_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(
        "tcp_port = 9000\nhttp_port = 9001\n[udp]\nrate_down_bps = 2400\n"
    )
    environment = {
        "SEAVOICE_RELAY_TCP_PORT": "9002",
        "SEAVOICE_RELAY_UDP_ROUND_TRIP_S": "0.7",
        "SEAVOICE_RELAY_DATA": "elsewhere",
        "HOME": "untouched",
    }
    settings = load_settings(tmp_path, environment)
    assert (settings.tcp_port, settings.http_port) == (9002, 9001)
    profile = settings.profile(BearerKind.UDP)
    assert (profile.kind, profile.rate_down_bps, profile.rate_up_bps) == (LinkKind.DATAGRAM, 2_400.0, None)
    assert profile.round_trip_s == 0.7
    assert load_settings(tmp_path / "absent", {}) == Settings()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("tcp_prot = 1", "tcp_prot"),
        ("[tcp]\nspeed = 1", r"tcp\.speed"),
        ("tcp = 1", r"\[tcp\]"),
        ("tcp_port = 70000", "tcp_port"),
        ('tcp_port = "x"', "tcp_port"),
        ("udp_idle_s = true", "udp_idle_s"),
        ("held_bytes_per_vessel_max = -1", "held_bytes_per_vessel_max"),
        ("tcp_port = ", "TOML"),
    ],
)
def test_a_wrong_setting_is_named(text: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(SettingsInvalid, match=named):
        load_settings(tmp_path, {})


@pytest.mark.parametrize(
    "variable", ["SEAVOICE_RELAY_NONSENSE", "SEAVOICE_RELAY_TCP", "SEAVOICE_RELAY_TCP_PORT"]
)
def test_a_wrong_variable_is_named(variable: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=variable):
        load_settings(tmp_path, {variable: "x"})
