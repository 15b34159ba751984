"""The folder of a stick: its files as one stream of records, and a new file in their place."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from protocol import limits
from protocol.container import FILE_LINE, ContainerReader, Record, encode
from protocol.errors import RemoteError
from shore_relay.relay.errors import StickFull, StickUnreadable, StickUnwritable

PATTERN = "seavoice-*.stick"
FILE_NAME = "seavoice-packets.stick"
_UNFINISHED = "seavoice-unfinished.tmp"
_BLOCK_BYTES = 65_536
_SECTOR_BYTES = 4_096
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class StickFolder:
    """What lies in one folder. Raises `StickUnreadable` where it is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        """Places that could not be read, as of the last time that `records` came to its end."""
        self.problems: list[str] = []
        """Files that were left alone, each with the reason."""
        self._read: list[Path] = []
        try:
            self._files = sorted(path.glob(PATTERN)) if path.is_dir() else None
        except OSError as reason:
            raise StickUnreadable(
                f"The folder {path} cannot be read ({reason.strerror}): is the stick in?"
            ) from reason
        if self._files is None:
            raise StickUnreadable(f"There is no folder {path}: put the stick in and name its folder.")

    def records(self) -> Iterator[Record]:
        """Yield every record once, whichever files hold it."""
        seen: set[bytes] = set()
        self.damaged, self.problems, self._read = 0, [], []
        for path in self._files or ():
            for record in self._records_of(path):
                digest = hashlib.sha256(record.key_id + record.packet).digest()[:16]
                if digest not in seen:
                    seen.add(digest)
                    yield record

    def require_readable(self) -> None:
        """Raise `StickUnreadable` where there is no file, or none of them could be read."""
        if not self._files:
            raise StickUnreadable(f"There is no stick file in {self.path}: is it the right folder?")
        if not self._read:
            raise StickUnreadable(f"Nothing on this stick can be read. {self.problems[0]}")

    def _records_of(self, path: Path) -> Iterator[Record]:
        reader = ContainerReader()
        try:
            with path.open("rb", buffering=0) as file:
                for block in _blocks(file):
                    yield from reader.feed(block)
            yield from reader.finish()
        except OSError as reason:
            self.problems.append(f"{path.name} cannot be read ({reason.strerror}).")
        except RemoteError as reason:
            self.problems.append(f"{path.name}: {reason}.")
        else:
            self._read.append(path)
        self.damaged += reader.damaged

    @contextmanager
    def replacing(self) -> Iterator["StickWriter"]:
        """Write one file that takes the place of all that could be read, whole or not at all.

        Raises `StickFull` or `StickUnwritable`; then what was on the stick is unchanged.
        """
        unfinished = self.path / _UNFINISHED
        try:
            with unfinished.open("wb") as file:
                writer = StickWriter(file)
                yield writer
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, self.path / FILE_NAME)
            _flush_folder(self.path)
            for path in self._read:
                if path.name != FILE_NAME:
                    path.unlink()
        except OSError as reason:
            raise _unwritable(self.path, reason) from reason
        finally:
            _remove(unfinished)


class StickWriter:
    """The file that is being written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size_bytes = file.write(FILE_LINE)

    def add(self, record: Record) -> None:
        """Write one record; raises `OSError` or `StickFull`."""
        data = encode(record)
        if self._size_bytes + len(data) > limits.STICK_FILE_BYTES_MAX:
            raise StickFull(
                f"A stick carries at most {limits.STICK_FILE_BYTES_MAX:,} bytes, and this one holds as much; "
                "let the relay read it first, or take another. What was on it is unchanged."
            )
        self._size_bytes += self._file.write(data)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file's bytes; sectors that the stick has lost come as zeros."""
    end = os.fstat(file.fileno()).st_size
    at = 0
    while at < end:
        try:
            block = os.pread(file.fileno(), _BLOCK_BYTES, at)
        except OSError as reason:
            if reason.errno != errno.EIO:
                raise
            block = _sector(file, at)
        if not block:
            return
        at += len(block)
        yield block


def _sector(file: BinaryIO, at: int) -> bytes:
    try:
        return os.pread(file.fileno(), _SECTOR_BYTES, at)
    except OSError:
        return bytes(_SECTOR_BYTES)


def _flush_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as reason:
        # Some file systems of sticks know no such thing for a folder.
        if reason.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # A stick that was pulled out, or is read-only, has been told of already.
        return


def _unwritable(path: Path, reason: OSError) -> StickFull | StickUnwritable:
    if reason.errno in _FULL:
        return StickFull(
            f"The stick in {path} is full: make room on it or take another. What was on it is unchanged."
        )
    return StickUnwritable(
        f"The stick in {path} cannot be written ({reason.strerror}): look at its switch and its folder. "
        "What was on it is unchanged."
    )
