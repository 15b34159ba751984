"""Holds a box for one process: two engines would use the same packet counters."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vessel_client.errors import AlreadyRunning, NotInitialised
from vessel_client.store.names import LOCK_FILE


@contextmanager
def holding(data_dir: Path) -> Iterator[None]:
    """Hold the box until the block ends; raises `AlreadyRunning`, or `NotInitialised` without a folder."""
    try:
        descriptor = os.open(data_dir / LOCK_FILE, os.O_WRONLY | os.O_CREAT, 0o600)
    except FileNotFoundError as reason:
        raise NotInitialised(
            f"There is no box in {data_dir} yet. Run `seavoice-vessel init FILE` with the file that the "
            "relay's operator gave you, or name the right folder with --data."
        ) from reason
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as reason:
        os.close(descriptor)
        if reason.errno not in (errno.EACCES, errno.EAGAIN):
            raise
        raise AlreadyRunning(
            f"The box in {data_dir} is running already. Ask it under its address with --service, or stop it."
        ) from reason
    try:
        yield
    finally:
        os.close(descriptor)
