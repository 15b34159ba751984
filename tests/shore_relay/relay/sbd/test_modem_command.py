"""`vessel modem`, the settings of satellite messages, and what `status` shows of them."""

import json
import sys
from pathlib import Path

import pytest

from shore_relay.relay.cli import main
from shore_relay.relay.errors import SettingsInvalid
from shore_relay.relay.settings import load_settings
from tests.shore_relay.relay.sbd.sky import IMEI, OTHER_IMEI, PASSWORD, Sky, Vessel
from tests.shore_relay.relay.shore import Desk, Shore
from tests.shore_relay.relay.test_commands import run


@pytest.fixture(autouse=True)
def _own_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line puts its own hook in place; give pytest's back."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)


@pytest.fixture
async def fleet(shore: Shore, desk: Desk) -> Path:
    for name in ("Mercy", "Hope"):
        await shore.add_vessel(name, desk)
    return shore.folder


def test_a_modem_is_assigned_moved_and_taken_away(fleet: Path) -> None:
    assert run(fleet, "vessel", "modem", "Mercy", IMEI) == (
        0,
        f"Vessel Mercy has the modem {IMEI}, through rockblock.\n",
        "",
    )
    # The same once more changes nothing; another gateway is taken over.
    assert run(fleet, "vessel", "modem", "Mercy", IMEI, "--via", "directip")[0] == 0
    code, _, told = run(fleet, "vessel", "modem", "Hope", IMEI)
    assert (code, "Mercy has this modem" in told) == (17, True)
    assert run(fleet, "vessel", "modem", "Mercy", OTHER_IMEI)[0] == 0
    assert run(fleet, "vessel", "modem", "Hope", IMEI)[0] == 0
    assert run(fleet, "vessel", "modem", "Mercy", "--remove")[0] == 0
    document = json.loads(run(fleet, "status", "--json")[1])
    modems = {vessel["name"]: vessel["sbd"]["imei"] for vessel in document["vessels"]}
    assert modems == {"Mercy": None, "Hope": IMEI}


@pytest.mark.parametrize("imei", ["", "12345", IMEI + "0", "30023401075337x", "٣" * 15])
def test_what_is_no_imei_is_refused(imei: str, fleet: Path) -> None:
    code, _, told = run(fleet, "vessel", "modem", "Mercy", imei)
    assert (code, "15 digits" in told) == (17, True)


def test_a_vessel_that_is_unknown_is_named(fleet: Path) -> None:
    code, _, told = run(fleet, "vessel", "modem", "Grace", IMEI)
    assert (code, "Grace" in told) == (13, True)


def test_a_modem_and_its_removal_exclude_each_other(fleet: Path) -> None:
    for rest in ([], [IMEI, "--remove"]):
        with pytest.raises(SystemExit) as caught:
            main(["vessel", "modem", "Mercy", *rest, "--data", str(fleet)])
        assert caught.value.code == 2


async def test_status_shows_credits_and_never_the_password(sky: Sky, vessel: Vessel, desk: Desk) -> None:
    async with sky.serving() as relay:
        await desk.dispatch(relay, vessel.box.provisioning.vessel, desk.mail(60))
        await sky.logged("message-queued")
        await relay.store.check_writable()
        status = await relay.store.status()
    assert status.vessels[0].sbd is not None
    assert status.vessels[0].sbd.credits_down == 4
    assert PASSWORD not in repr(status)


def test_settings_of_every_kind_are_read(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("[sbd]\nmtu_up_bytes = 100000\nreceipt_hours = 12\n")
    environment = {
        "SEAVOICE_RELAY_SBD_KEEP_POSITIONS": "true",
        "SEAVOICE_RELAY_SBD_DIRECTIP_FROM": "192.0.2.7",
        "SEAVOICE_RELAY_TCP_PORT": "9000",
    }
    settings = load_settings(tmp_path, environment)
    assert settings.sbd.profile().mtu_up_bytes == 100_000
    assert (settings.sbd.receipt_hours, settings.sbd.keep_positions) == (12.0, True)
    assert (settings.sbd.directip_from, settings.tcp_port) == ("192.0.2.7", 9_000)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("step_bytes = 0", "sbd.step_bytes"),
        ("mtu_down_bytes = 10", "sbd.mtu_down_bytes"),
        ("receipt_hours = -1", "sbd.receipt_hours"),
        ("receipt_hours = nan", "sbd.receipt_hours"),
        ("keep_positions = 1", "sbd.keep_positions"),
        ("queued_messages_max = true", "sbd.queued_messages_max"),
        ("directip_port = 70000", "sbd.directip_port"),
        ("password = 'x'", "sbd.password is not known"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(line: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(f"[sbd]\n{line}\n")
    with pytest.raises(SettingsInvalid, match=told):
        load_settings(tmp_path, {})


def test_a_truth_in_the_environment_is_true_or_false(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="true or false"):
        load_settings(tmp_path, {"SEAVOICE_RELAY_SBD_KEEP_POSITIONS": "perhaps"})
