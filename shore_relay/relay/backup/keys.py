"""The operator's backup key: an age identity, kept away from the relay, and its recipient."""

import os
from collections.abc import Callable
from pathlib import Path

import pyrage

from shore_relay.relay.data_folder import write_secret
from shore_relay.relay.errors import BackupUnreadable, PassphraseRefused, SettingsInvalid

PASSPHRASE_VARIABLE = "SEAVOICE_BACKUP_PASSPHRASE"  # noqa: S105  # A variable's name.
_FILE_BYTES_MAX = 10_000
_ENCRYPTED = b"age-encryption.org/v1"
_PASSPHRASE_CHARACTERS_MIN = 12

Ask = Callable[[str], str]


def make_key(path: Path, passphrase: str | None) -> str:
    """Write a new key file, under a passphrase if there is one, and return its recipient: age1….

    Raises `PassphraseRefused` or `OutputUnwritable`.
    """
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    text = f"# Opens the backups of a relay: keep it elsewhere.\n# recipient: {recipient}\n{identity}\n"
    data = text.encode()
    if passphrase is not None:
        if len(passphrase) < _PASSPHRASE_CHARACTERS_MIN:
            raise PassphraseRefused(
                f"The passphrase of a key needs at least {_PASSPHRASE_CHARACTERS_MIN} characters; four words "
                "that do not belong together are best."
            )
        data = pyrage.passphrase.encrypt(data, passphrase)
    write_secret(path, data)
    return recipient


def read_recipient(text: str) -> pyrage.x25519.Recipient:
    """Return a recipient; raises `SettingsInvalid`."""
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError as reason:
        raise SettingsInvalid(
            f"{text!r} is no age recipient (age1…); `seavoice-relay backup-key FILE` makes one."
        ) from reason


def read_key(path: Path, ask: Ask) -> pyrage.x25519.Identity:
    """Return the key in a file, asking for its passphrase if it has one; raises `BackupUnreadable`."""
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_BYTES_MAX)
    except OSError as reason:
        raise BackupUnreadable(f"The key {path} cannot be read ({reason.strerror}); check it.") from reason
    if data.startswith(_ENCRYPTED):
        passphrase = os.environ.get(PASSPHRASE_VARIABLE) or ask(f"Passphrase of {path}: ")
        try:
            data = pyrage.passphrase.decrypt(data, passphrase)
        except pyrage.DecryptError as reason:
            raise BackupUnreadable(f"This is not the passphrase of {path}; try again.") from reason
    lines = [line.strip() for line in data.decode(errors="replace").splitlines()]
    try:
        (secret,) = (line for line in lines if line and not line.startswith("#"))
        return pyrage.x25519.Identity.from_str(secret)
    except (ValueError, pyrage.IdentityError) as reason:
        raise BackupUnreadable(
            f"{path} is no backup key; name the file that `seavoice-relay backup-key` wrote."
        ) from reason
