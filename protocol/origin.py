"""What the box and the desk prove to each other past the relay (SPEC §5.2).

Both hold an X25519 key; the key they share tags every bundle that leaves the box and every receipt that the
desk gives. The relay, which has neither private half, can invent, alter or renumber nothing.
"""

import hashlib

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol import limits
from protocol.bundle import DeskReceipt, DeskState
from protocol.errors import NotAuthentic
from protocol.fragment import Range
from protocol.ids import BundleNumber, DeskKeyId, VesselId

_LABEL = b"seavoice v1 origin"


def public_half(private: bytes) -> bytes:
    """Return the 32-byte public half of a 32-byte X25519 private key."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def exchange(private: bytes, peer_public: bytes) -> bytes:
    """Return the raw X25519 secret of two keys; a peer key that yields none raises `NotAuthentic`."""
    try:
        return X25519PrivateKey.from_private_bytes(private).exchange(
            X25519PublicKey.from_public_bytes(peer_public)
        )
    except ValueError as reason:
        raise NotAuthentic(
            "this public key cannot be used: it would yield a secret that anybody knows"
        ) from reason


def desk_key_id(public: bytes) -> DeskKeyId:
    """Return the 4-byte name of a desk's sealing key."""
    return DeskKeyId(hashlib.sha256(public).digest()[: limits.DESK_KEY_ID_BYTES])


def fingerprint(box_public: bytes) -> str:
    """Return what two people read to each other: 24 digits in groups of four."""
    number = int.from_bytes(hashlib.sha256(b"seavoice v1 fingerprint" + box_public).digest()) % 10**24
    digits = f"{number:024d}"
    return " ".join(digits[at : at + 4] for at in range(0, 24, 4))


class OriginKey:
    """The key that one box and one desk key share. Make it with `for_box` or `for_desk`."""

    __slots__ = ("_key", "_vessel")

    def __init__(self, shared: bytes, box_public: bytes, desk_public: bytes, vessel: VesselId) -> None:
        info = _LABEL + box_public + desk_public
        self._key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(shared)
        self._vessel = vessel

    @classmethod
    def for_box(cls, box_private: bytes, desk_public: bytes, vessel: VesselId) -> "OriginKey":
        """Make the key on the box."""
        shared = exchange(box_private, desk_public)
        return cls(shared, public_half(box_private), desk_public, vessel)

    @classmethod
    def for_desk(cls, desk_private: bytes, box_public: bytes, vessel: VesselId) -> "OriginKey":
        """Make the same key at the desk."""
        shared = exchange(desk_private, box_public)
        return cls(shared, box_public, public_half(desk_private), vessel)

    def tag_bundle(self, number: BundleNumber, sealed: bytes) -> bytes:
        """Return the 8-byte tag that binds sealed bytes to this vessel and this number."""
        return self._mac(b"bundle", number.to_bytes(4), sealed)

    def check_bundle(self, number: BundleNumber, sealed: bytes, tag: bytes) -> None:
        """Raise `NotAuthentic` unless the box gave this tag to these bytes under this number."""
        if not bytes_eq(self.tag_bundle(number, sealed), tag):
            raise NotAuthentic("this bundle does not carry its box's tag")

    def tag_receipt(self, state: DeskState, numbers: tuple[Range, ...], proofs: tuple[bytes, ...]) -> bytes:
        """Return the 8-byte tag of one desk receipt."""
        ranges = b"".join(start.to_bytes(4) + end.to_bytes(5) for start, end in numbers)
        joined = b"".join(len(proof).to_bytes(1) + proof for proof in proofs)
        return self._mac(b"receipt", bytes([state, len(numbers)]), ranges + joined)

    def check_receipt(self, receipt: DeskReceipt) -> None:
        """Raise `NotAuthentic` unless the desk gave this receipt to this vessel."""
        expected = self.tag_receipt(receipt.state, receipt.numbers, receipt.proofs)
        if not bytes_eq(expected, receipt.tag):
            raise NotAuthentic("this receipt does not carry the desk's tag")

    def _mac(self, purpose: bytes, head: bytes, body: bytes) -> bytes:
        mac = hmac.HMAC(self._key, hashes.SHA256())
        mac.update(purpose + self._vessel + head + body)
        return mac.finalize()[: limits.ORIGIN_TAG_BYTES]
