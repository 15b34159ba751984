"""One process at a time speaks to the relay for a data folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shore_relay.desk.errors import UnreadableFile

_FILE_NAME = "relay.lock"


@contextmanager
def relay_lock(data: Path) -> Iterator[bool]:
    """Hold the lock inside, if it is free; yields whether it is held. A crash lets it go."""
    path = data / _FILE_NAME
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as reason:
        raise UnreadableFile(f"{path} cannot be opened: {reason.strerror}. Check its folder.") from reason
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(file)
