"""A release as a signed file that `seavoice-vessel update install` takes, and the keys that sign it."""

import io
import lzma
import os
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from protocol.updates import sign_update
from scripts.packaging.errors import WrongKey
from scripts.packaging.tree import Release, build_tree, size_bytes

_PRESET = 6
"""xz with 8 MB of dictionary: the box that unpacks it may have 512 MB in all."""


def new_key(path: Path) -> Path:
    """Write a release key that only its owner may read, and its public half beside it, which is returned.

    Raises: WrongKey, where there is a file already.
    """
    key = Ed25519PrivateKey.generate()
    public = path.with_name(f"{path.name}.pub")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    except OSError as reason:
        raise WrongKey(f"{path} cannot be written: {reason.strerror}. Choose another name.") from reason
    return public


def read_key(path: Path) -> Ed25519PrivateKey:
    """Return the private half of a release key; raises `WrongKey`."""
    key = _parsed(path, lambda data: load_pem_private_key(data, password=None))
    if not isinstance(key, Ed25519PrivateKey):
        raise WrongKey(f"{path} is no release key; `scripts/package --new-key FILE` makes one.")
    return key


def read_public(path: Path) -> bytes:
    """Return the public half of a release key; raises `WrongKey`."""
    key = _parsed(path, load_pem_public_key)
    if not isinstance(key, Ed25519PublicKey):
        raise WrongKey(f"{path} is not the public half of a release key, which ends in .pub.")
    return key.public_bytes_raw()


def _parsed(path: Path, parse: Callable[[bytes], object]) -> object:
    try:
        return parse(path.read_bytes())
    except OSError as reason:
        raise WrongKey(f"{path} cannot be read: {reason.strerror}.") from reason
    except (ValueError, TypeError, UnsupportedAlgorithm) as reason:
        raise WrongKey(f"{path} holds no key in PEM form without a passphrase.") from reason


def build_update(release: Release, key: Ed25519PrivateKey, folder: Path) -> Path:
    """Write the signed file of a release to `folder`, and return its path.

    Raises: WheelsMissing, ToolFailed.
    """
    target = release.target
    path = folder / f"{target.package}_{release.version}_{target.architecture}.update"
    with tempfile.TemporaryDirectory(prefix="seavoice-package-") as room:
        tree = Path(room) / "release"
        build_tree(release, tree)
        data = sign_update(release.stated(), archive(tree), size_bytes(tree), key.private_bytes_raw())
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def archive(tree: Path) -> bytes:
    """Return a folder's files as tar in xz, the same bytes for the same files."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.GNU_FORMAT) as made:
        for path in sorted(tree.rglob("*")):
            member = made.gettarinfo(path, arcname=str(path.relative_to(tree)))
            member.uid = member.gid = 0
            member.uname = member.gname = "root"
            if member.isreg():
                with path.open("rb") as file:
                    made.addfile(member, file)
            else:
                made.addfile(member)
    return lzma.compress(plain.getvalue(), preset=_PRESET)
