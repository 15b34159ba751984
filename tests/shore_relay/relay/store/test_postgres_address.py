"""Where the database's password may stand, and who may read it there."""

from pathlib import Path

import pytest

from shore_relay.relay.errors import SecretUnreadable, SettingsInvalid
from shore_relay.relay.settings import Settings, load_settings
from shore_relay.relay.store.postgres_address import read_address

URL = "postgresql://seavoice:hush@db.example:5433/fleet"


def test_neither_settings_nor_address_show_the_password(tmp_path: Path) -> None:
    address = read_address(URL, "", tmp_path)
    assert address.name == "fleet at db.example:5433"
    assert "hush" not in repr(address) + repr(Settings(store=URL))
    several = "postgresql://u:hush@one:5432,two:5433/fleet?target_session_attrs=read-write"
    assert read_address(several, "", tmp_path).name == "fleet at one:5432,two:5433"


def test_a_settings_file_with_a_password_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f'store = "{URL}"\n')
    path.chmod(0o640)
    with pytest.raises(SecretUnreadable, match="chmod 600"):
        load_settings(tmp_path, {})
    path.chmod(0o600)
    assert load_settings(tmp_path, {}).store == URL
    path.write_text('store = "postgresql://seavoice@db.example/fleet"\n')
    path.chmod(0o644)
    assert load_settings(tmp_path, {}).store


def test_a_password_comes_from_a_file_of_its_own(tmp_path: Path) -> None:
    secret = tmp_path / "database.password"
    secret.write_text("hush hush\n")
    secret.chmod(0o644)
    with pytest.raises(SecretUnreadable, match="chmod 600"):
        read_address("postgresql://u@h/d", secret.name, tmp_path)
    secret.chmod(0o400)
    address = read_address("postgresql://u@h/d", secret.name, tmp_path)
    assert (address.password, "hush" in repr(address)) == ("hush hush", False)
    with pytest.raises(SecretUnreadable, match="cannot be read"):
        read_address("postgresql://u@h/d", "nowhere", tmp_path)
    secret.chmod(0o600)
    secret.write_bytes(b"\xff\xfe")
    with pytest.raises(SecretUnreadable, match="no text"):
        read_address("postgresql://u@h/d", secret.name, tmp_path)
    secret.write_bytes(b"x" * 5_000)
    with pytest.raises(SecretUnreadable, match="too large"):
        read_address("postgresql://u@h/d", secret.name, tmp_path)


@pytest.mark.parametrize(
    "url", ["mysql://hush@h/d", "relay.db", "postgresql://hush@h:port/d", "postgresql://["]
)
def test_what_is_no_address_is_refused_without_being_quoted(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        read_address(url, "", tmp_path)
    assert "hush" not in str(caught.value)


def test_the_environment_names_the_store(tmp_path: Path) -> None:
    environment = {"SEAVOICE_RELAY_STORE": URL, "SEAVOICE_RELAY_STORE_PASSWORD_FILE": "/run/secret"}
    settings = load_settings(tmp_path, environment)
    assert (settings.store, settings.store_password_file) == (URL, "/run/secret")
