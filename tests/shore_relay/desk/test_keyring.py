"""The desk's secrets at rest: the keyring under its passphrase, the store under its key."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.ids import UnixSeconds
from protocol.provisioning import DeskCard
from shore_relay.desk.errors import (
    AlreadyInitialised,
    DamagedContent,
    DamagedKeyring,
    NoPassphrase,
    NotInitialised,
    WrongPassphrase,
)
from shore_relay.desk.keyring import Keyring
from shore_relay.desk.vault import Vault
from tests.shore_relay.desk.conftest import PASSPHRASE

NOW = UnixSeconds(1_790_000_000)


def test_the_right_passphrase_gives_the_same_keys_and_any_other_gives_none(
    data: Path, card: DeskCard
) -> None:
    assert Keyring.unlock(data, PASSPHRASE).keys.card == card
    with pytest.raises(WrongPassphrase):
        Keyring.unlock(data, PASSPHRASE + " ")


def test_only_the_owner_may_read_the_file_and_it_shows_no_secret(data: Path, card: DeskCard) -> None:
    path = data / "keyring.json"
    keys = Keyring.unlock(data, PASSPHRASE).keys

    assert path.stat().st_mode & 0o777 == 0o600
    assert "Harbour" not in path.read_text()
    assert "hidden" not in repr(keys.epochs[0])
    assert repr(keys.store_keys[0]) not in repr(keys)


def test_a_second_desk_does_not_overwrite_the_first(data: Path, card: DeskCard) -> None:
    before = (data / "keyring.json").read_bytes()

    with pytest.raises(AlreadyInitialised):
        Keyring.create(data, PASSPHRASE, "Another", NOW, 1)

    assert (data / "keyring.json").read_bytes() == before


def test_a_short_passphrase_is_not_taken(data: Path) -> None:
    with pytest.raises(NoPassphrase, match="at least 12"):
        Keyring.create(data, "short", "Harbour Aid", NOW, 1)
    with pytest.raises(NotInitialised):
        Keyring.unlock(data, "short")


def test_a_damaged_file_is_named_and_a_changed_one_does_not_open(data: Path, card: DeskCard) -> None:
    path = data / "keyring.json"
    whole = path.read_text()

    path.write_text(whole.replace('"salt"', '"salt2"'))
    with pytest.raises(DamagedKeyring, match="backup"):
        Keyring.unlock(data, PASSPHRASE)
    path.write_text(whole.replace("keyring 2", "keyring 3"))
    with pytest.raises(DamagedKeyring, match="newer"):
        Keyring.unlock(data, PASSPHRASE)


def test_a_running_desk_sees_the_key_that_another_command_made(data: Path, card: DeskCard) -> None:
    running, command = Keyring.unlock(data, PASSPHRASE), Keyring.unlock(data, PASSPHRASE)

    command.change(lambda ring: replace(ring, keys=ring.keys.with_new_epoch(NOW, 86_400)))

    assert len(running.keys.epochs) == 2
    assert running.keys == command.keys
    assert Keyring.unlock(data, PASSPHRASE).keys == command.keys


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_the_vault_gives_back_what_it_was_given(plain: bytes, row: bytes) -> None:
    vault = Vault(bytes(32))

    assert vault.open(vault.seal(plain, "table.column", row), "table.column", row) == plain


def test_a_stored_value_opens_in_its_own_place_only() -> None:
    sealed = Vault(bytes(32)).seal(b"secret", "bundle.message", b"row 1")

    for vault, column, row in (
        (Vault(bytes(32)), "bundle.message", b"row 2"),
        (Vault(bytes(32)), "bundle.voice", b"row 1"),
        (Vault(b"\x01" * 32), "bundle.message", b"row 1"),
    ):
        with pytest.raises(DamagedContent):
            vault.open(sealed, column, row)
    with pytest.raises(DamagedContent):
        Vault(bytes(32)).open(sealed[:5], "bundle.message", b"row 1")
