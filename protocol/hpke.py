"""HPKE base mode (RFC 9180) with the one suite of this protocol, for seals and for rekeys (SPEC §6)."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from protocol.errors import CannotOpen, NotAuthentic


def encrypt(plaintext: bytes, public: bytes, info: bytes) -> bytes:
    """Return HPKE base mode's encapsulated key and ciphertext; raises `NotAuthentic` for a useless key."""
    try:
        return _suite().encrypt(plaintext, X25519PublicKey.from_public_bytes(public), info)
    except ValueError as reason:
        raise NotAuthentic("this public key cannot be sealed to: no private key belongs to it") from reason


def decrypt(sealed: bytes, private: bytes, info: bytes) -> bytes:
    """Return what `encrypt` sealed; raises `CannotOpen`."""
    try:
        return _suite().decrypt(sealed, X25519PrivateKey.from_private_bytes(private), info)
    except (InvalidTag, ValueError) as reason:
        raise CannotOpen("this was sealed to another key or vessel, or was changed on its way") from reason


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
