"""Checks a pack, for whoever receives it: needs no keys, no desk and no network, and writes nothing.

Everything in the file may be hostile. Nothing is unpacked; each file is read through once and hashed.
"""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from protocol.documents import MalformedDocument
from shore_relay.desk.errors import NotAPack, PackChanged, UnreadableFile, WrongSigner
from shore_relay.desk.evidence.manifest import (
    MANIFEST,
    PACK_BYTES_MAX,
    SIGNATURE,
    Listed,
    Manifest,
    check_signature,
    read_manifest,
)

_MANIFEST_BYTES_MAX = 8_000_000
_FACTS_BYTES_MAX = 200_000_000
_CHUNK_BYTES = 1 << 20
_NAMES_SHOWN_MAX = 20
_ENCRYPTED = 0x1


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found in a pack."""

    manifest: Manifest
    missing: tuple[str, ...]
    changed: tuple[str, ...]
    added: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the files are those that were signed, and no others."""
        return not (self.missing or self.changed or self.added)


class _Container(Protocol):
    def names(self) -> list[str]:
        """Return the names of all files, also repeated ones."""

    def open(self, name: str) -> IO[bytes]:
        """Open one of the names."""


def examine(path: Path) -> Verdict:
    """Return what is to be said of a pack whose signature is right.

    Raises: UnreadableFile, NotAPack, BadSignature.
    """
    with _opened(path) as container:
        names = container.names()
        raw = _small(container, MANIFEST, _MANIFEST_BYTES_MAX)
        signature = _small(container, SIGNATURE, 1_000)
        try:
            manifest = read_manifest(raw)
        except MalformedDocument as reason:
            raise NotAPack(f"{reason} This is no evidence pack, or a newer program made it.") from reason
        check_signature(raw, signature, manifest.signing_key)
        if sum(listed.size_bytes for listed in manifest.files.values()) > PACK_BYTES_MAX:
            raise NotAPack("This pack claims to be larger than any pack is; it was not read.")
        return _compared(container, names, manifest)


def verify(path: Path, expected_fingerprint: str = "") -> Manifest:
    """Return the manifest of a pack in which all is as it was signed, by the expected key if one is named.

    Raises: UnreadableFile, NotAPack, BadSignature, PackChanged, WrongSigner.
    """
    verdict = examine(path)
    if not verdict.is_whole:
        parts = [
            f"{what}: {_listed(names)}"
            for what, names in (
                ("missing", verdict.missing),
                ("changed", verdict.changed),
                ("added", verdict.added),
            )
            if names
        ]
        raise PackChanged(
            f"This is not what was signed. {'; '.join(parts)}. Ask whoever made the pack for it again."
        )
    if expected_fingerprint and _digits(expected_fingerprint) != _digits(verdict.manifest.fingerprint):
        raise WrongSigner(
            f"The pack is as it was signed, and the fingerprint of its signer is "
            f"{verdict.manifest.fingerprint}: not the one that you expect."
        )
    return verdict.manifest


def read_facts(path: Path, name: str) -> bytes:
    """Return one small file of a pack that was verified; raises as `examine`."""
    with _opened(path) as container:
        return _small(container, name, _FACTS_BYTES_MAX)


def _compared(container: _Container, names: list[str], manifest: Manifest) -> Verdict:
    known = set(manifest.files) | {MANIFEST, SIGNATURE}
    held = set(names)
    # A name that comes twice shows one file to one reader and another to the next.
    twice = {name for name in held if names.count(name) > 1}
    return Verdict(
        manifest=manifest,
        missing=tuple(sorted(set(manifest.files) - held)),
        changed=tuple(
            sorted(
                name
                for name, listed in manifest.files.items()
                if name in held and (name in twice or not _is_same(container, name, listed))
            )
        ),
        added=tuple(sorted((held - known) | (twice - set(manifest.files)))),
    )


def _is_same(container: _Container, name: str, listed: Listed) -> bool:
    digest = hashlib.sha256()
    left = listed.size_bytes
    try:
        with container.open(name) as file:
            # One byte more than was signed is read at the most, whatever the file would unfold to.
            while chunk := file.read(min(_CHUNK_BYTES, left + 1)):
                left -= len(chunk)
                if left < 0:
                    return False
                digest.update(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        return False
    return left == 0 and digest.digest() == listed.sha256


def _small(container: _Container, name: str, most: int) -> bytes:
    if name not in container.names():
        raise NotAPack(f"There is no {name} in it, so this is no evidence pack, or not all of one.")
    try:
        with container.open(name) as file:
            data = file.read(most + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as reason:
        raise NotAPack(f"{name} in this pack cannot be read; ask for the pack again.") from reason
    if len(data) > most:
        raise NotAPack(f"{name} in this pack is larger than it ever is; it was not read.")
    return data


@contextmanager
def _opened(path: Path) -> Iterator[_Container]:
    if path.is_dir():
        yield _Folder(path)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            yield _Zip(archive)
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError) as reason:
        raise NotAPack(f"{path} is no ZIP that can be read, so it is no evidence pack.") from reason
    except OSError as reason:
        raise UnreadableFile(f"{path} cannot be read: {reason.strerror}. Name another file.") from reason


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._entries: Mapping[str, zipfile.ZipInfo] = {entry.filename: entry for entry in archive.infolist()}

    def names(self) -> list[str]:
        return [entry.filename for entry in self._archive.infolist()]

    def open(self, name: str) -> IO[bytes]:
        entry = self._entries[name]
        if entry.flag_bits & _ENCRYPTED:
            raise NotImplementedError
        return self._archive.open(entry)


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = {
            path.relative_to(folder).as_posix(): path
            for path in sorted(folder.rglob("*"))
            if path.is_symlink() or not path.is_dir()
        }

    def names(self) -> list[str]:
        return list(self._files)

    def open(self, name: str) -> IO[bytes]:
        path = self._files[name]
        if not path.is_file() or path.is_symlink():
            # A link may lead anywhere on this machine; what it leads to is no part of the pack.
            raise zipfile.BadZipFile
        return path.open("rb")


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - _NAMES_SHOWN_MAX
    return ", ".join(names[:_NAMES_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
