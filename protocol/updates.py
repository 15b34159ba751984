"""A release of the box's program as a signed file (docs/decisions/0110).

The file is the magic, an Ed25519 signature, the length of the note in 2 bytes, the note, and the payload to
the end. The signature is over a label and the note, and the note names the payload by its SHA-256. The key is
the release key: who holds it decides what runs on every box, so it is never the relay's.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol import limits
from protocol.documents import Json, MalformedDocument, Reader, dump, load
from protocol.errors import NotAuthentic
from protocol.ids import UnixSeconds

MAGIC = b"seavoice update 1\n"
_LABEL = b"seavoice v1 release of the box"
_LENGTH_BYTES = 2
_DIGEST_BYTES = 32
_VERSION = re.compile(r"[0-9][A-Za-z0-9.+~]{0,63}")
"""Debian's syntax (policy 5.6.12) without the parts that a folder's name cannot take."""

_WHAT = "This release's note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Which program, and for which machine."""

    version: str
    architecture: str
    """As Debian names it."""
    python: str
    """Such as 3.11: compiled modules fit only one."""
    issued_at: UnixSeconds
    """What decides which of two releases is newer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A release with its files, which somebody trusted has signed."""

    release: Release
    unpacked_bytes: int
    payload: bytes


def is_version(text: str) -> bool:
    """Return whether a text can be a version, and so the name of a folder."""
    return _VERSION.fullmatch(text) is not None


def write_release(release: Release) -> bytes:
    """Return what a release says of itself on the box."""
    return dump(_document(release))


def read_release(data: bytes) -> Release:
    """Return what `write_release` wrote; raises `MalformedDocument`."""
    with load(data, _WHAT) as reader:
        return _release(reader)


def sign_update(release: Release, payload: bytes, unpacked_bytes: int, signing_private: bytes) -> bytes:
    """Return the whole file; `unpacked_bytes` are those of all files in `payload`."""
    note = dump(
        _document(release)
        | {
            "payload_bytes": len(payload),
            "payload_sha256": hashlib.sha256(payload).hexdigest(),
            "unpacked_bytes": unpacked_bytes,
        }
    )
    signature = Ed25519PrivateKey.from_private_bytes(signing_private).sign(_LABEL + note)
    return MAGIC + signature + len(note).to_bytes(_LENGTH_BYTES, "big") + note + payload


def open_update(data: bytes, trusted: Iterable[bytes]) -> Update:
    """Return the release in a file that one of the `trusted` keys signed.

    Raises: MalformedDocument, NotAuthentic.
    """
    signature_at = len(MAGIC)
    length_at = signature_at + limits.SIGNATURE_BYTES
    note_at = length_at + _LENGTH_BYTES
    if not data.startswith(MAGIC) or len(data) < note_at:
        raise MalformedDocument("This is no update of a box's program; ask for the file again.")
    note_end = note_at + int.from_bytes(data[length_at:note_at], "big")
    note, payload = data[note_at:note_end], data[note_end:]
    if not any(_signed(key, data[signature_at:length_at], note) for key in trusted):
        raise NotAuthentic("This update is not signed by anybody whom this box trusts.")
    with load(note, _WHAT) as reader:
        size_bytes = reader.integer("payload_bytes", most=limits.UPDATE_BYTES_MAX)
        digest = reader.hexadecimal("payload_sha256", size_bytes=_DIGEST_BYTES)
        unpacked_bytes = reader.integer("unpacked_bytes", most=limits.RELEASE_BYTES_MAX)
        release = _release(reader)
    if len(payload) != size_bytes or hashlib.sha256(payload).digest() != digest:
        raise MalformedDocument("This update is damaged or not whole; copy the file again.")
    return Update(release=release, unpacked_bytes=unpacked_bytes, payload=payload)


def _signed(key: bytes, signature: bytes, note: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, _LABEL + note)
    except InvalidSignature:
        return False
    return True


def _document(release: Release) -> dict[str, Json]:
    return {
        "architecture": release.architecture,
        "issued_at": release.issued_at,
        "python": release.python,
        "version": release.version,
    }


def _release(reader: Reader) -> Release:
    version = reader.text("version")
    if not is_version(version):
        raise MalformedDocument(f"{_WHAT} has a version that can be no folder's name.")
    return Release(
        version=version,
        architecture=reader.text("architecture", most=32),
        python=reader.text("python", most=16),
        issued_at=UnixSeconds(reader.integer("issued_at")),
    )
