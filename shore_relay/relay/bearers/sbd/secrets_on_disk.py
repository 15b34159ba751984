"""The files that only this relay's owner may read: the gateway account's password, and the operator's key."""

import os
import stat
import tomllib
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from shore_relay.relay.bearers.sbd.rockblock import Credentials
from shore_relay.relay.errors import SecretUnreadable

_FILE_BYTES_MAX = 16_384
_KEY_BITS_MIN = 2_048


def load_credentials(path: Path) -> Credentials | None:
    """Return the account's credentials, or None where there is no such file; raises `SecretUnreadable`."""
    data = _read(path, secret=True)
    if data is None:
        return None
    try:
        values = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        # The parser's own words may quote the password.
        raise SecretUnreadable(f'{path} is not TOML; write username = "…" and password = "…".') from None
    username, password = values.get("username"), values.get("password")
    if set(values) != {"username", "password"} or not (
        isinstance(username, str) and username and isinstance(password, str) and password
    ):
        raise SecretUnreadable(f"{path} must hold username and password as texts, and nothing else.")
    return Credentials(username=username, password=password)


def load_public_key(path: Path) -> RSAPublicKey | None:
    """Return the operator's key, or None where there is no such file; raises `SecretUnreadable`."""
    data = _read(path, secret=False)
    if data is None:
        return None
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as reason:
        raise SecretUnreadable(
            f"{path} is no public key in PEM; copy the one that the operator publishes."
        ) from reason
    if not isinstance(key, RSAPublicKey) or key.key_size < _KEY_BITS_MIN:
        raise SecretUnreadable(f"{path} must be an RSA key of at least {_KEY_BITS_MIN} bits.")
    return key


def _read(path: Path, *, secret: bool) -> bytes | None:
    try:
        with path.open("rb") as file:
            state = os.fstat(file.fileno())
            if secret and (state.st_mode & (stat.S_IRWXG | stat.S_IRWXO)):
                raise SecretUnreadable(f"{path} can be read by others; run: chmod 600 {path}")
            data = file.read(_FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return None
    except OSError as reason:
        raise SecretUnreadable(
            f"{path} cannot be read ({reason.strerror}); correct its path or its rights."
        ) from reason
    if len(data) > _FILE_BYTES_MAX:
        raise SecretUnreadable(f"{path} is too large to be what it should be; check its path.")
    return data
