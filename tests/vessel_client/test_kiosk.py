"""`seavoice-vessel kiosk`: systemd, sh and Chromium understand what it writes, and it harms no other file."""

import asyncio
import configparser
import hashlib
import json
import mmap
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from tests.vessel_client.boxes import command
from vessel_client.commands.kiosk import LIST_FILE, kiosk_files
from vessel_client.errors import EXIT_CODES, KioskRefused
from vessel_client.kiosk.plan import KioskPlan
from vessel_client.kiosk.policy import chromium_policy
from vessel_client.kiosk.units import screen_program, service_unit

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_PROGRAM = Path("/usr/lib/chromium/chromium")
EXPOSURE_MAX = {"seavoice-vessel.service": 20, "seavoice-screen.service": 50}
"""Tenths of what `systemd-analyze security` gives; 10 is a unit that may do all."""

PATIENCE_S = 60

Captured = pytest.CaptureFixture[str]


def plan(**changes: object) -> KioskPlan:
    values: dict[str, object] = {
        "program": Path("/bin/true"),
        "port": 8700,
        "tls_port": 443,
        "screen_user": "seavoice-screen",
        "service_user": "seavoice",
    }
    return KioskPlan(**(values | changes))  # type: ignore[arg-type]  # Wrong on purpose in some tests.


PLANS = [
    plan(),
    plan(name="box.fleet.org", address="192.168.8.1"),
    plan(name="box.fleet.org", address="fd00::1", modem="/dev/ttyUSB0"),
    plan(name="box.local", address="192.168.8.1"),
]


async def write(out: Path, *more: str) -> int:
    return await command("kiosk", "--out", str(out), "--data", str(out.parent / "box"), *more)


async def test_the_files_are_written_and_each_has_its_place(tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "kiosk"
    assert await write(out, "--name", "box.fleet.org", "--address", "192.168.8.1", "--user", "fisher") == 0
    said = capsys.readouterr().out
    names = {path.name for path in out.iterdir()} - {LIST_FILE}
    assert names == {file.name for file in kiosk_files(PLANS[1])}
    for name in names:
        assert f"install -D -m 644 {out / name} /" in said
    assert "certificate request box.fleet.org" in said
    assert "User=fisher" in (out / "seavoice-screen.service").read_text()
    for line in (out / LIST_FILE).read_text().splitlines():
        digest, _, name = line.partition("  ")
        assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest


async def test_a_second_run_writes_over_its_own_files_and_over_no_other(
    tmp_path: Path, capsys: Captured
) -> None:
    out = tmp_path / "kiosk"
    out.mkdir()
    (out / "notes").write_text("mine")
    assert await write(out) == 0
    assert await write(out, "--user", "other") == 0
    assert "User=other" in (out / "seavoice-screen.service").read_text()
    (out / "seavoice-policy.json").write_text("{}")
    assert await write(out, "--user", "third") == EXIT_CODES["kiosk-refused"]
    assert "Move it away" in capsys.readouterr().err
    assert "User=other" in (out / "seavoice-screen.service").read_text()
    assert (out / "notes").read_text() == "mine"
    assert (out / "seavoice-policy.json").read_text() == "{}"


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "file").write_text("")
    assert await write(tmp_path / "file") == EXIT_CODES["unreadable-file"]
    assert str(tmp_path / "file") in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        {"screen_user": ""},
        {"screen_user": "root"},
        {"screen_user": "Fisher"},
        {"screen_user": "fisher\nUser=root"},
        {"screen_user": "x" * 32},
        {"service_user": "root"},
        {"screen_user": "seavoice"},
        {"port": 0},
        {"name": "box.fleet.org"},
        {"address": "192.168.8.1"},
        {"name": "box", "address": "192.168.8.1"},
        {"name": "box.fleet.org\nserver=1.1.1.1", "address": "192.168.8.1"},
        {"name": "Box.Fleet.org", "address": "192.168.8.1"},
        {"name": "box.fleet.org", "address": "somewhere"},
        {"name": "box.fleet.org", "address": "127.0.0.1"},
        {"name": "box.fleet.org", "address": "0.0.0.0"},
    ],
)
def test_what_cannot_be_set_up_is_refused_with_what_to_do(wrong: dict[str, object]) -> None:
    with pytest.raises(KioskRefused, match=r"(choose|write|set|lead)"):
        plan(**wrong)


@pytest.fixture(params=PLANS, ids=["alone", "certified", "modem", "local"])
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    for file in kiosk_files(request.param):
        (tmp_path / file.name).write_text(file.text)
    return tmp_path


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_the_units_and_finds_them_closed(written: Path) -> None:
    for name, exposure_max in EXPOSURE_MAX.items():
        verified = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", written / name],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (verified.returncode, verified.stderr) == (0, "")
        judged = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", f"--threshold={exposure_max}", written / name],
            capture_output=True,
            text=True,
            check=False,
        )
        assert judged.returncode == 0, judged.stdout[-200:]


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd is not installed")
def test_systemd_would_make_the_users(written: Path) -> None:
    made = subprocess.run(
        ["systemd-sysusers", "--dry-run", written / "seavoice-users.conf"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    for user in ("seavoice", "seavoice-screen"):
        assert f"Creating user '{user}'" in made.stderr + made.stdout


async def test_the_unit_names_the_link_that_an_update_moves_and_not_the_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, links = tmp_path / "releases" / "1" / "bin", tmp_path / "bin"
    for folder in (release, links):
        folder.mkdir(parents=True)
    for name in ("python3", "seavoice-vessel"):
        (release / name).write_text("")
        (release / name).chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(release / "python3"))
    monkeypatch.setenv("PATH", f"{links}:/usr/bin:/bin")
    assert await write(tmp_path / "before") == 0
    started = f"ExecStart={release}/seavoice-vessel serve\n"
    assert started in (tmp_path / "before" / "seavoice-vessel.service").read_text()
    (links / "seavoice-vessel").symlink_to(release / "seavoice-vessel")
    assert await write(tmp_path / "after") == 0
    started = f"ExecStart={links}/seavoice-vessel serve\n"
    assert started in (tmp_path / "after" / "seavoice-vessel.service").read_text()


def test_only_a_box_with_phones_on_a_low_port_may_take_one() -> None:
    for each, capability in ((PLANS[0], ""), (PLANS[1], "CAP_NET_BIND_SERVICE"), (PLANS[3], "")):
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd tells letters' cases apart.
        unit.read_string(service_unit(each))
        assert unit["Service"]["CapabilityBoundingSet"] == capability
        assert unit["Service"]["AmbientCapabilities"] == capability
    high = plan(name="box.fleet.org", address="192.168.8.1", tls_port=8443)
    assert "CapabilityBoundingSet=\n" in service_unit(high)


# --- Chromium ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(not CHROMIUM_PROGRAM.exists(), reason="Chromium is not installed")
def test_chromium_knows_every_policy() -> None:
    with CHROMIUM_PROGRAM.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as program:
        unknown = [name for name in chromium_policy("") if program.find(b"\0%s\0" % name.encode()) < 0]
        assert program.find(b"\0NoSuchPolicyAtAll\0") < 0
    assert unknown == []


def _may_mount() -> bool:
    return (
        CHROMIUM.exists()
        and shutil.which("unshare") is not None
        and subprocess.run(
            ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
        ).returncode
        == 0
    )


_UNDER_THE_POLICY = """
mount -t tmpfs none /etc/chromium && mkdir -p /etc/chromium/policies/managed &&
cp "$1" /etc/chromium/policies/managed/ && shift && exec "$@"
"""
"""Runs a program that finds a policy where Chromium looks, in a mount namespace that nobody else sees."""

_PAGE = """<!doctype html><title>own page</title><p id="said"></p><script>
navigator.permissions.query({ name: "microphone" }).then((answer) => {
  document.getElementById("said").textContent = "microphone " + answer.state;
});
</script>"""


@asynccontextmanager
async def pages() -> AsyncIterator[tuple[int, int]]:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=_PAGE, content_type="text/html")

    application = web.Application()
    application.router.add_get("/", page)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        for _ in range(2):
            await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1], runner.addresses[1][1]
    finally:
        await runner.cleanup()


async def _shown(folder: Path, url: str) -> tuple[str, str]:
    process = await asyncio.create_subprocess_exec(
        *("unshare", "--mount", "sh", "-c", _UNDER_THE_POLICY, "sh", str(folder / "policy.json")),
        *(
            str(CHROMIUM),
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={folder / 'profile'}",
        ),
        *("--virtual-time-budget=2000", "--dump-dom", url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return out.decode(), errors.decode()


@pytest.mark.skipif(not _may_mount(), reason="no Chromium, or no right to show it a policy of our own")
async def test_chromium_under_the_policy_shows_the_box_and_nothing_else(tmp_path: Path) -> None:
    async with pages() as (own, other):
        policy = chromium_policy(f"http://localhost:{own}")
        # Both close the way on which this test reads what the browser shows.
        del policy["DeveloperToolsAvailability"]
        policy["URLAllowlist"] = [f"http://localhost:{own}", "chrome://headless"]
        await asyncio.to_thread((tmp_path / "policy.json").write_text, json.dumps(policy))
        shown, _ = await _shown(tmp_path, f"http://localhost:{own}/")
        assert "microphone granted" in shown
        for elsewhere in (f"http://localhost:{other}/", "chrome://version/", "file:///etc/passwd"):
            shown, errors = await _shown(tmp_path, elsewhere)
            assert "ERR_BLOCKED_BY_ADMINISTRATOR" in shown + errors, elsewhere
            assert "own page" not in shown


# --- the screen's program ---------------------------------------------------------------------------------


def _start_screen(folder: Path) -> str:
    """Run the program with a compositor that only says what it was told to start."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "cage").write_text('#!/bin/sh\necho "$@"\n')
    (programs / "cage").chmod(0o755)
    (folder / "screen").write_text(screen_program(PLANS[0]))
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "STATE_DIRECTORY": str(folder / "state")}
    started = subprocess.run(
        ["sh", folder / "screen"], env=environment, capture_output=True, text=True, check=True
    )
    return started.stdout


def _files(folder: Path) -> Iterator[str]:
    return (str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file())


def test_each_start_wipes_the_profile_and_keeps_only_what_is_sealed(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert "--kiosk" in _start_screen(tmp_path)
    sealed = state / "profile" / "Default" / "IndexedDB" / "http_localhost_8700.indexeddb.leveldb"
    sealed.mkdir(parents=True)
    (sealed / "000003.log").write_text("sealed")
    for name in ("History", "Preferences", "Cookies"):
        (state / "profile" / "Default" / name).write_text("trace")
    (state / "profile" / "Local State").write_text("trace")
    assert _start_screen(tmp_path).rstrip().endswith("http://localhost:8700/")
    assert list(_files(state)) == [
        "profile/Default/IndexedDB/http_localhost_8700.indexeddb.leveldb/000003.log"
    ]


def test_a_power_cut_while_wiping_loses_no_sealed_recording(tmp_path: Path) -> None:
    state = tmp_path / "state"
    (state / "kept" / "http_localhost_8700.indexeddb.leveldb").mkdir(parents=True)
    (state / "kept" / "http_localhost_8700.indexeddb.leveldb" / "000003.log").write_text("sealed")
    (state / "profile").mkdir()
    _start_screen(tmp_path)
    assert hashlib.sha256(b"sealed").hexdigest() in {
        hashlib.sha256(path.read_bytes()).hexdigest() for path in (state / "profile").rglob("*.log")
    }
