"""Where a pack is written: one ZIP in memory, or a folder."""

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Protocol

from shore_relay.desk.commands.terminal import write_file
from shore_relay.desk.errors import UnreadableFile
from shore_relay.desk.evidence.manifest import Listed


class Sink(Protocol):
    """Takes the files of a pack, one after the other."""

    def put(self, path: str, data: bytes) -> None:
        """Write one file; raises `UnreadableFile`."""


class ZipSink:
    """A ZIP in memory: plain words never lie on this computer's disk for the sake of a download."""

    _DATE = (1980, 1, 1, 0, 0, 0)
    """The files' own dates would tell when somebody worked; the pack says when it was made."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()

    def put(self, path: str, data: bytes) -> None:
        """Add one file."""
        entry = zipfile.ZipInfo(path, self._DATE)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        # Opened for each file: a pack that is given up half way leaves nothing open behind it.
        with zipfile.ZipFile(self._buffer, "a", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(entry, data)

    def bytes(self) -> bytes:
        """Return the ZIP as far as it has come."""
        return self._buffer.getvalue()


class FolderSink:
    """A folder, which must be new or empty."""

    def __init__(self, folder: Path) -> None:
        """Make the folder; raises `UnreadableFile`."""
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if any(folder.iterdir()):
                raise UnreadableFile(f"{folder} is not empty; name a new folder for the pack.")
        except OSError as reason:
            raise UnreadableFile(
                f"{folder} cannot be made: {reason.strerror}. Name another --out."
            ) from reason
        self._folder = folder

    def put(self, path: str, data: bytes) -> None:
        """Write one file that only its owner may read."""
        target = self._folder / path
        target.parent.mkdir(exist_ok=True, mode=0o700)
        write_file(target, data)


class ListingSink:
    """Passes files on and remembers their sizes and hashes."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.listed: dict[str, Listed] = {}

    def put(self, path: str, data: bytes) -> None:
        """Write one file and list it."""
        self._sink.put(path, data)
        self.listed[path] = Listed(size_bytes=len(data), sha256=hashlib.sha256(data).digest())
