"""The list of a pack's files with their hashes, and the desk's signature under it."""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol.documents import dump, load
from protocol.origin import fingerprint
from shore_relay.desk.errors import BadSignature
from shore_relay.desk.evidence.model import FORMAT, Pack

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
FILES_MAX = 10_000
PACK_BYTES_MAX = 4 * 1024**3
"""More than any pack of ours; a list that claims more is a trap for whoever checks it."""
_PATH_CHARACTERS_MAX = 200
_LABEL = b"seavoice evidence manifest 1\0"
"""What else the desk's key signs can never be taken for this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One file of a pack."""

    size_bytes: int
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is signed."""

    pack: str
    desk: str
    signing_key: bytes
    made_at: int
    redacted: bool
    files: Mapping[str, Listed]

    @property
    def fingerprint(self) -> str:
        """Of the signing key: what sender and receiver compare."""
        return fingerprint(self.signing_key)


def write_manifest(pack: Pack, files: Mapping[str, Listed]) -> bytes:
    """Return the document to sign."""
    return dump(
        {
            "format": FORMAT,
            "pack": pack.pack,
            "desk": pack.desk,
            "signing_key": pack.signing_key,
            "made_at": pack.made_at,
            "redacted": int(pack.redacted),
            "files": [
                {"path": path, "size_bytes": listed.size_bytes, "sha256": listed.sha256.hex()}
                for path, listed in sorted(files.items())
            ],
        }
    )


def read_manifest(data: bytes) -> Manifest:
    """Read what `write_manifest` wrote; raises `MalformedDocument`."""
    with load(data, "The manifest of this pack") as reader:
        reader.text("format", most=40)
        files: dict[str, Listed] = {}
        for entry in reader.each("files", most=FILES_MAX):
            with entry as one:
                files[one.text("path", most=_PATH_CHARACTERS_MAX)] = Listed(
                    size_bytes=one.integer("size_bytes", most=PACK_BYTES_MAX),
                    sha256=one.hexadecimal("sha256", size_bytes=32),
                )
        return Manifest(
            pack=reader.text("pack", most=32),
            desk=reader.text("desk"),
            signing_key=reader.hexadecimal("signing_key", size_bytes=32),
            made_at=reader.integer("made_at"),
            redacted=bool(reader.integer("redacted", most=1)),
            files=files,
        )


def sign(manifest: bytes, signer: Ed25519PrivateKey) -> bytes:
    """Return the signature's file."""
    return signer.sign(_LABEL + manifest).hex().encode() + b"\n"


def check_signature(manifest: bytes, signature: bytes, signing_key: bytes) -> None:
    """Raise `BadSignature` unless the manifest was signed by the key that it names."""
    try:
        bare = bytes.fromhex(signature.decode("ascii").strip())
        Ed25519PublicKey.from_public_bytes(signing_key).verify(bare, _LABEL + manifest)
    except (InvalidSignature, ValueError) as reason:
        raise BadSignature(
            "The signature is not right: the list of files was changed after it was signed, or never signed. "
            "Do not rely on this pack; ask whoever made it for it again."
        ) from reason
