"""The file of a backup: a tar archive inside age, with a list of what is in it and the digest of each part.

Any age and tar can open it too: `age -d -i KEY BACKUP | tar x`.
"""

import hashlib
import io
import os
import re
import tarfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyrage

from protocol.documents import Json, MalformedDocument, dump, load
from protocol.ids import UnixSeconds
from shore_relay.relay.errors import BackupFailed, BackupUnreadable

MANIFEST = "manifest.json"
_FORMAT = "seavoice relay backup 1"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PARTS_MAX = 100
_MANIFEST_BYTES_MAX = 100_000
_CHUNK_BYTES = 1 << 20
_FILE_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file of a backup."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says of itself."""

    taken_at: UnixSeconds
    program: str
    schema: int
    counts: Mapping[str, int]
    """Rows of each table."""
    parts: tuple[Part, ...]

    def write(self) -> bytes:
        """Return it as a file."""
        parts: list[Json] = [
            {"name": each.name, "size_bytes": each.size_bytes, "sha256": each.sha256} for each in self.parts
        ]
        counts: list[Json] = [{"table": name, "rows": rows} for name, rows in self.counts.items()]
        return dump(
            {
                "format": _FORMAT,
                "taken_at": self.taken_at,
                "program": self.program,
                "schema": self.schema,
                "counts": counts,
                "parts": parts,
            }
        )


def _read_manifest(data: bytes) -> Manifest:
    with load(data, "The list of this backup") as reader:
        if reader.text("format") != _FORMAT:
            raise BackupUnreadable("This backup was made by another version; install that one to restore it.")
        counts: dict[str, int] = {}
        for entry in reader.each("counts", most=_PARTS_MAX):
            with entry:
                counts[entry.text("table")] = entry.integer("rows")
        parts: list[Part] = []
        for entry in reader.each("parts", most=_PARTS_MAX):
            with entry:
                name = entry.text("name")
                if not is_name(name):
                    raise BackupUnreadable("This backup names a part as ours never do; do not trust it.")
                parts.append(
                    Part(name=name, size_bytes=entry.integer("size_bytes"), sha256=entry.text("sha256"))
                )
        return Manifest(
            taken_at=UnixSeconds(reader.integer("taken_at")),
            program=reader.text("program"),
            schema=reader.integer("schema"),
            counts=counts,
            parts=tuple(parts),
        )


def is_name(name: str) -> bool:
    """Return whether a part may have this name: it never leads out of a folder."""
    return _NAME.fullmatch(name) is not None


def part_of(path: Path) -> Part:
    """Return what the list says of a file; raises `OSError`."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Part(name=path.name, size_bytes=path.stat().st_size, sha256=digest)


# --- writing ------------------------------------------------------------------------------------------------


def write_archive(
    target: Path, manifest: Manifest, folder: Path, recipients: Sequence[pyrage.x25519.Recipient]
) -> None:
    """Write the parts that lie in `folder`, encrypted, durably; raises `BackupFailed` and leaves no file."""
    try:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as encrypted:
            _through_pipe(
                lambda plain: _pack(plain, manifest, folder),
                lambda plain: pyrage.encrypt_io(plain, encrypted, list(recipients)),
            )
            encrypted.flush()
            os.fsync(encrypted.fileno())
    except (OSError, tarfile.TarError, pyrage.EncryptError) as reason:
        target.unlink(missing_ok=True)
        raise BackupFailed(
            f"{target} cannot be written ({reason}); make room, or name another file."
        ) from reason


def _pack(plain: IO[bytes], manifest: Manifest, folder: Path) -> None:
    with tarfile.open(fileobj=plain, mode="w|") as tar:
        listed = manifest.write()
        tar.addfile(_entry(MANIFEST, len(listed)), io.BytesIO(listed))
        for part in manifest.parts:
            with (folder / part.name).open("rb") as file:
                tar.addfile(_entry(part.name, part.size_bytes), file)


def _entry(name: str, size_bytes: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size_bytes
    entry.mode = _FILE_OWNER_ONLY
    return entry


# --- reading ------------------------------------------------------------------------------------------------


def read_archive(source: Path, identity: pyrage.x25519.Identity, folder: Path | None) -> Manifest:
    """Read a backup to its end and return its list; with a folder, put the parts there.

    Raises `BackupUnreadable` where it is none, is damaged or cut off, is for another key, or where the parts
    cannot be written.
    """
    outcome: list[Manifest] = []
    try:
        with source.open("rb") as encrypted:
            _through_pipe(
                lambda plain: pyrage.decrypt_io(encrypted, plain, [identity]),
                lambda plain: outcome.append(_unpack(plain, folder)),
            )
    except pyrage.DecryptError as reason:
        raise BackupUnreadable(
            f"{source} is not for this key, or is damaged ({reason}); use the right key, or another backup."
        ) from reason
    except (tarfile.TarError, MalformedDocument) as reason:
        raise BackupUnreadable(f"{source} is damaged ({reason}); use another backup.") from reason
    except OSError as reason:
        raise BackupUnreadable(f"{source} cannot be read ({reason}); check path and disk.") from reason
    return outcome[0]


def _unpack(plain: IO[bytes], folder: Path | None) -> Manifest:
    with tarfile.open(fileobj=plain, mode="r|") as tar:
        entry = tar.next()
        file = tar.extractfile(entry) if entry is not None and entry.name == MANIFEST else None
        if file is None:
            raise BackupUnreadable("This age file is no backup of a relay; name another.")
        manifest = _read_manifest(file.read(_MANIFEST_BYTES_MAX))
        for part in manifest.parts:
            entry = tar.next()
            file = tar.extractfile(entry) if entry is not None and entry.name == part.name else None
            if file is None:
                raise BackupUnreadable(f"This backup lacks {part.name}; use another.")
            _check(file, part, folder)
    # What is behind the archive's end is read too, so that the last piece of the encryption is verified.
    while plain.read(_CHUNK_BYTES):
        pass
    return manifest


def _check(file: IO[bytes], part: Part, folder: Path | None) -> None:
    digest, size_bytes = hashlib.sha256(), 0
    target: IO[bytes] | None = None
    if folder is not None:
        descriptor = os.open(folder / part.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FILE_OWNER_ONLY)
        target = os.fdopen(descriptor, "wb")
    try:
        while data := file.read(_CHUNK_BYTES):
            digest.update(data)
            size_bytes += len(data)
            if target is not None:
                target.write(data)
        if target is not None:
            target.flush()
            os.fsync(target.fileno())
    finally:
        if target is not None:
            target.close()
    if (size_bytes, digest.hexdigest()) != (part.size_bytes, part.sha256):
        raise BackupUnreadable(f"{part.name} in this backup is not what its list says; use another backup.")


_FAILURES = (
    OSError,
    tarfile.TarError,
    pyrage.EncryptError,
    pyrage.DecryptError,
    MalformedDocument,
    BackupUnreadable,
)


def _through_pipe(produce: Callable[[IO[bytes]], None], consume: Callable[[IO[bytes]], None]) -> None:
    """Let one function write what the other reads, so that nothing has to fit into memory or on the disk."""
    reading, writing = os.pipe()
    gone = threading.Event()
    failures: list[Exception] = []

    def write() -> None:
        try:
            with os.fdopen(writing, "wb") as plain:
                produce(plain)
        except _FAILURES as reason:
            # A pipe that nobody reads any more explains nothing.
            if not gone.is_set():
                failures.append(reason)

    thread = threading.Thread(target=write, name="backup")
    thread.start()
    with os.fdopen(reading, "rb") as plain:
        try:
            consume(plain)
        except _FAILURES as reason:
            gone.set()
            failures.append(reason)
    thread.join()
    if failures:
        # What broke the writing came first, and explains a reading that broke off.
        raise failures[0]
