"""What ships for one relay and for three: understood by what reads it, and true to the settings."""

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from protocol.deskfeed import WAIT_SECONDS_MAX
from shore_relay.relay.settings import Settings, load_settings
from tests.certificates import Authority, key_pem, make_key, pem

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = DEPLOY / "systemd"
SERVICES = ("seavoice-relay.service", "seavoice-relay@.service")
EXPOSURE_MAX = 20
"""Tenths of what `systemd-analyze security` gives; 10 is a unit that may do all."""


def compose(name: str) -> dict[str, dict[str, dict[str, object]]]:
    document = yaml.safe_load((DEPLOY / name).read_text())
    assert isinstance(document, dict)
    return document


def environment(service: dict[str, object]) -> dict[str, str]:
    named = service["environment"]
    assert isinstance(named, dict)
    return {name: str(value) for name, value in named.items()}


# --- containers ---


@pytest.mark.parametrize(("name", "relays"), [("compose-one.yaml", 1), ("compose-three.yaml", 3)])
def test_a_compose_file_starts_so_many_relays_with_settings_that_exist(
    name: str, relays: int, tmp_path: Path
) -> None:
    document = compose(name)
    found = {service: each for service, each in document["services"].items() if service.startswith("relay")}
    assert len(found) == relays
    folders: set[str] = set()
    for each in found.values():
        load_settings(tmp_path, environment(each))
        assert each["restart"] == "unless-stopped"
        assert isinstance(each["volumes"], list)
        folders.update(volume.partition(":")[0] for volume in each["volumes"])
    assert len(folders) == relays, "each relay has a folder of its own"
    assert folders <= set(document["volumes"])


def test_three_relays_share_a_database_whose_password_stands_in_no_file_here(tmp_path: Path) -> None:
    document = compose("compose-three.yaml")
    stores = {
        load_settings(tmp_path, environment(document["services"][f"relay-{at}"])).store for at in (1, 2, 3)
    }
    assert stores == {"postgresql://seavoice@database/seavoice"}
    for name, secret in document["secrets"].items():
        assert set(secret) == {"file"}, name
    assert environment(document["services"]["database"])["POSTGRES_PASSWORD_FILE"].startswith("/run/secrets/")


def test_the_image_starts_what_the_package_has() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    copied = set(re.findall(r"^COPY (?:.* )?(\w+) \w+$", text, re.MULTILINE))
    assert copied == {"protocol", "vessel_client", "shore_relay"}
    assert f"http://127.0.0.1:{Settings().http_port}/healthz" in text


# --- the balancer ---


def haproxy() -> str:
    return (DEPLOY / "haproxy.cfg").read_text()


def test_the_balancer_knows_all_relays_and_lets_nobody_go_too_soon() -> None:
    text, settings = haproxy(), Settings()
    named = environment(compose("compose-three.yaml")["services"]["balancer"])
    for at in (1, 2, 3):
        assert named[f"RELAY_{at}"] == f"relay-{at}"
        web, tcp = f"{settings.http_port}", f"{settings.tcp_port}"
        assert f'server relay-{at} "${{RELAY_{at}}}:{web}" check\n' in text
        assert f'server relay-{at} "${{RELAY_{at}}}:{tcp}" check port {web}\n' in text
    seconds = {
        (kind, int(value))
        for kind, value in re.findall(r"^    timeout (client|server|tunnel)\s+(\d+)s$", text, re.MULTILINE)
    }
    assert min(value for kind, value in seconds if kind == "server") > WAIT_SECONDS_MAX
    assert ("tunnel", 3_700) in seconds
    assert ("client", 3_700) in seconds
    assert settings.stream_idle_s < 3_700


@pytest.mark.skipif(shutil.which("haproxy") is None, reason="HAProxy is not installed")
def test_haproxy_understands_its_file(tmp_path: Path) -> None:
    certificate = tmp_path / "certificate.pem"
    key = make_key()
    certificate.write_bytes(pem(Authority().sign(key.public_key(), "relay.example.org")) + key_pem(key))
    # Names are looked up at the start; here nobody has any.
    names = {f"RELAY_{at}": f"127.0.0.{at}" for at in (1, 2, 3)}
    checked = subprocess.run(
        ["haproxy", "-c", "-f", DEPLOY / "haproxy.cfg"],
        env=os.environ | names | {"SEAVOICE_CERTIFICATE": str(certificate)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    assert "[WARNING]" not in checked.stderr


# --- units ---


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with a program that this machine has."""
    for path in UNITS.iterdir():
        text = path.read_text().replace("/usr/bin/seavoice-relay", "/usr/bin/env")
        (tmp_path / path.name).write_text(text)
    return tmp_path


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("name", [*SERVICES, "seavoice-relays.target"])
def test_systemd_understands_the_units(name: str, units: Path) -> None:
    instance = units / name.replace("@.", "@1.")
    if not instance.exists():
        instance.symlink_to(units / name)
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", instance],
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{units}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("name", SERVICES)
def test_the_units_are_hardly_exposed(name: str, units: Path) -> None:
    instance = units / name.replace("@.", "@1.")
    if not instance.exists():
        instance.symlink_to(units / name)
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", instance],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout[-200:]


@pytest.mark.parametrize("name", SERVICES)
def test_a_relay_never_gives_up_and_has_a_folder_of_its_own(name: str) -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # Its documented way to keep capitals.
    unit.read(UNITS / name)
    service = unit["Service"]
    assert (service["Restart"], unit["Unit"]["StartLimitIntervalSec"]) == ("always", "0")
    folder = service["StateDirectory"]
    assert service["Environment"] == f"SEAVOICE_RELAY_DATA=/var/lib/{folder}"
    assert ("%i" in folder) is ("@" in name)


def test_the_environment_file_names_settings_that_exist(tmp_path: Path) -> None:
    lines = (UNITS / "relay.env").read_text().splitlines()
    named = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    settings = load_settings(tmp_path, named)
    assert settings.store
    assert settings.public_websocket_url.startswith("wss://")
