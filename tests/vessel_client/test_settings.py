"""Settings from the file and the environment, and what is said of a wrong one."""

from pathlib import Path

import pytest

from protocol.frames import Priority
from protocol.links import LinkKind
from protocol.provisioning import BearerKind
from vessel_client.errors import WrongSettings
from vessel_client.settings_file import load_settings


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})
    assert (settings.api_host, settings.api_port) == ("127.0.0.1", 8700)
    assert settings.retry_delay_s_min <= 1.0


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(
        "api_port = 9001\nqueue_bundles_max = 70\n[bearers.tcp]\nrate_up_bps = 2400\nround_trip_s = 1.4\n"
    )
    environment = {"SEAVOICE_VESSEL_API_PORT": "9002", "SEAVOICE_VESSEL_TCP_RATE_UP_BPS": "9600"}
    settings = load_settings(tmp_path, environment)
    assert (settings.api_port, settings.queue_bundles_max) == (9002, 70)
    assert (settings.tcp.rate_up_bps, settings.tcp.round_trip_s) == (9600.0, 1.4)


def test_a_bearer_becomes_the_engines_link(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {"SEAVOICE_VESSEL_UDP_MTU_BYTES": "900"})
    link = settings.bearer(BearerKind.UDP).profile(BearerKind.UDP)
    assert (link.name, link.kind, link.mtu_up_bytes) == ("udp", LinkKind.DATAGRAM, 900)
    assert settings.tcp.profile(BearerKind.TCP).rate_up_bps is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("api_prot = 1", "api_prot"),
        ("tcp = 1", "tcp"),
        ("data_dir = '/'", "data_dir"),
        ("api_port = 70000", "api_port"),
        ("api_port = true", "api_port"),
        ("api_port = '8700'", "api_port"),
        ("[bearers.radio]", "radio"),
        ("[bearers.tcp]\nrate = 1", "bearers.tcp.rate"),
        ("[bearers.tcp]\nenabled = 1", "bearers.tcp.enabled"),
        ("bearers = 1", "bearers"),
        ("api_port = ", "settings.toml"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(WrongSettings, match=named):
        load_settings(tmp_path, {})


def test_an_unknown_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongSettings, match=r"bearers[.]tcp[.]speed"):
        load_settings(tmp_path, {"SEAVOICE_VESSEL_TCP_SPEED": "1"})


def test_a_satellite_modem_is_off_until_it_is_asked_for_and_its_message_size_is_a_setting(
    tmp_path: Path,
) -> None:
    assert not load_settings(tmp_path, {}).sbd.enabled
    (tmp_path / "settings.toml").write_text(
        "[bearers.sbd]\nenabled = true\nmtu_up_bytes = 50000\nmtu_down_bytes = 60000\ncarries = 'text'\n"
    )
    link = load_settings(tmp_path, {"SEAVOICE_VESSEL_SBD_DEVICE": "/dev/modem"}).sbd.profile()
    assert (link.kind, link.mtu_up_bytes, link.mtu_down_bytes) == (LinkKind.MESSAGE, 50_000, 60_000)
    assert link.identifies_vessel
    assert link.priority_max is Priority.TEXT


@pytest.mark.parametrize(
    ("text", "named"),
    [("carries = 'all'", "carries"), ("baud = 0", "baud"), ("signal_min = 9", "signal_min")],
)
def test_a_wrong_setting_of_the_modem_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "settings.toml").write_text(f"[bearers.sbd]\n{text}\n")
    with pytest.raises(WrongSettings, match=f"bearers[.]sbd[.]{named}"):
        load_settings(tmp_path, {})
