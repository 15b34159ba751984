"""The data folder: where it is, what it holds, and who may use it."""

import errno
import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from shore_relay.relay.errors import AlreadyInitialised, AlreadyServing, DataFolderMissing, OutputUnwritable
from shore_relay.relay.settings import DATA_VARIABLE, FILE_NAME

_DATABASE_NAME = "relay.db"
_LOCK_NAME = "serving.lock"
_OWNER_ONLY = 0o700
_FILE_OWNER_ONLY = 0o600


def default_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that is used where the command line names none."""
    named = environment.get(DATA_VARIABLE)
    return Path(named) if named else Path.home() / ".local" / "share" / "seavoice" / "relay"


def database_path(folder: Path) -> Path:
    """Return where the database is."""
    return folder / _DATABASE_NAME


def make_folder(folder: Path) -> None:
    """Make the folder for its owner alone; raises `OutputUnwritable` or `AlreadyInitialised`.

    A folder whose relay was moved to PostgreSQL is none that holds a relay.
    """
    if database_path(folder).exists():
        raise AlreadyInitialised(
            f"{folder} holds a relay already; use it, or name another folder with --data."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(_OWNER_ONLY)
    except OSError as reason:
        raise OutputUnwritable(
            f"The folder {folder} cannot be made ({reason.strerror}); name another with --data."
        ) from reason


def write_settings(folder: Path, text: str) -> None:
    """Write the settings file of a new relay; one that the operator has put there stays."""
    path = folder / FILE_NAME
    if not path.exists():
        write_secret(path, text.encode())


def write_secret(path: Path, data: bytes) -> None:
    """Write a new file that only its owner may read, durably; raises `OutputUnwritable`."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as reason:
        raise OutputUnwritable(
            f"{path} cannot be written ({reason.strerror}); name another file, or remove that one first."
        ) from reason


@contextmanager
def removed_on_failure(path: Path) -> Iterator[None]:
    """Remove a file that was just written unless the block succeeds."""
    whole = False
    try:
        yield
        whole = True
    finally:
        if not whole:
            path.unlink()


def require_relay(folder: Path, *, has_file: bool = True) -> None:
    """Raise `DataFolderMissing` unless the folder holds a relay.

    `has_file`: its store is a file in the folder, without which there is none.
    """
    if not (database_path(folder) if has_file else folder).exists():
        raise DataFolderMissing(
            f"{folder} holds no relay; make one with `seavoice-relay init`, or name its folder with --data."
        )


@contextmanager
def serving(folder: Path, *, has_file: bool = True) -> Iterator[None]:
    """Hold the folder for one server: two would use the same packet counters. Raises `AlreadyServing`."""
    require_relay(folder, has_file=has_file)
    descriptor = os.open(folder / _LOCK_NAME, os.O_WRONLY | os.O_CREAT, _FILE_OWNER_ONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as reason:
        os.close(descriptor)
        if reason.errno not in (errno.EACCES, errno.EAGAIN):
            raise
        raise AlreadyServing(f"Another seavoice-relay serves {folder}; stop that one first.") from reason
    try:
        yield
    finally:
        os.close(descriptor)
