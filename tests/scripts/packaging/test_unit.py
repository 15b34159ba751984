import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts.packaging import cli, debian_package
from vessel_client import installed
from vessel_client.kiosk.plan import KioskPlan
from vessel_client.kiosk.units import users
from vessel_client.store.names import DATABASE_FILE, SERVICE_FOLDER

EXPOSURE_MAX = 2.0


@pytest.fixture
def unit() -> configparser.RawConfigParser:
    # A key may come twice in a unit, and its case matters.
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # The library's own way to keep case.
    parser.read_string(debian_package.service_unit())
    return parser


def test_the_unit_runs_what_the_package_installs_on_the_folder_that_the_package_makes(
    unit: configparser.RawConfigParser,
) -> None:
    data = SERVICE_FOLDER
    assert unit["Unit"]["ConditionPathExists"] == f"{data}/{DATABASE_FILE}"
    assert unit["Service"]["Environment"] == f"SEAVOICE_VESSEL_DATA={data}"
    assert unit["Service"]["ExecStart"] == "/usr/bin/seavoice-vessel serve"
    assert f"/var/lib/{unit['Service']['StateDirectory']}" == data
    made = Path("scripts/packaging/debian/tmpfiles.conf").read_text().split()
    assert made[1] == data
    assert made[3] == unit["Service"]["User"] == debian_package.USER


def test_the_unit_never_gives_up(unit: configparser.RawConfigParser) -> None:
    assert unit["Service"]["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_unit_is_hardly_exposed() -> None:
    last = cli.exposure().splitlines()[-1]
    assert float(last.rpartition(": ")[2].split()[0]) <= EXPOSURE_MAX, last


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_knows_every_word_of_the_unit(tmp_path: Path) -> None:
    path = tmp_path / debian_package.UNIT
    path.write_text(debian_package.service_unit())
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", path],
        capture_output=True,
        text=True,
        check=False,
    ).stderr
    # The program is not installed on this machine.
    assert [line for line in said.splitlines() if "is not executable" not in line] == []


def test_the_package_and_the_screen_make_the_same_user() -> None:
    plan = KioskPlan(
        program=Path("/usr/bin/seavoice-vessel"),
        port=8700,
        tls_port=443,
        screen_user="seavoice-screen",
        service_user=debian_package.USER,
    )
    ours = Path("scripts/packaging/debian/sysusers.conf").read_text().splitlines()
    assert ours[0] in users(plan).splitlines()


@pytest.mark.parametrize("name", ["postinst", "prerm", "postrm"])
def test_a_maintainer_script_is_plain_shell_that_stops_at_the_first_error(name: str) -> None:
    script = Path("scripts/packaging/debian") / name
    subprocess.run(["sh", "-n", script], check=True)
    assert script.read_text().startswith("#!/bin/sh\nset -e\n")


@pytest.mark.parametrize(
    ("arguments", "needs"),
    [
        (["status"], False),
        (["init", "update"], False),
        (["update", "install", "file"], True),
        (["status", "--data", "elsewhere"], True),
        (["status", "--data=elsewhere"], True),
    ],
)
def test_only_what_is_not_the_boxs_own_keeps_the_rights_of_root(arguments: list[str], needs: bool) -> None:
    assert installed.needs_root(arguments) is needs
