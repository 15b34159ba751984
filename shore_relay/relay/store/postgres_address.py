"""Where the PostgreSQL database is, and the password for it, which no message or log ever shows."""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from shore_relay.relay.errors import SecretUnreadable, SettingsInvalid

SCHEMES = ("postgresql", "postgres")
_PASSWORD_BYTES_MAX = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresAddress:
    """A database, as the settings name it."""

    url: str = field(repr=False)
    password: str | None = field(default=None, repr=False)
    """From a file; None where the address, or the environment, has it."""
    name: str = "the database"
    """What people are shown of it."""


def read_address(url: str, password_file: str, folder: Path) -> PostgresAddress:
    """Return the database of the settings `store` and `store_password_file`.

    Raises `SettingsInvalid` or `SecretUnreadable`.
    """
    parts = _split(url)
    password = _read_password(folder / password_file) if password_file else None
    hosts = parts.netloc.rpartition("@")[2] or "the local socket"
    name = f"{parts.path.lstrip('/') or 'the database'} at {hosts}"
    return PostgresAddress(url=url, password=password, name=name)


def holds_password(url: str) -> bool:
    """Return whether an address names a password itself. Raises `SettingsInvalid`."""
    parts = _split(url)
    return bool(parts.password) or "password=" in parts.query


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        # Several hosts may stand there, of which one is the primary.
        hosts = parts.netloc.rpartition("@")[2].split(",")
        fine = parts.scheme in SCHEMES and all(urlsplit(f"//{host}").port != 0 for host in hosts)
    except ValueError:
        fine = False
    if not fine:
        # The address is not quoted: it may hold a password.
        raise SettingsInvalid(
            "The setting store must be empty, or an address such as postgresql://seavoice@host/seavoice."
        )
    return parts


def _read_password(path: Path) -> str:
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SecretUnreadable(f"{path} can be read by others; run: chmod 600 {path}")
            data = file.read(_PASSWORD_BYTES_MAX + 1)
        if len(data) > _PASSWORD_BYTES_MAX:
            raise SecretUnreadable(f"{path} is too large for a password; check its path.")
        return data.decode().rstrip("\r\n")
    except OSError as reason:
        raise SecretUnreadable(
            f"{path} cannot be read ({reason.strerror}); correct store_password_file or its rights."
        ) from reason
    except UnicodeDecodeError:
        raise SecretUnreadable(f"{path} is no text; write the database's password into it.") from None
