"""HPKE (RFC 9180): the seal that only a desk, or only one fisher, can open (SPEC §6).

Base mode, X25519 / HKDF-SHA256 / ChaCha20-Poly1305. The version, the suite, the receiver's key and the vessel
go into `info`, so that bytes moved to another vessel or another key do not open.
"""

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol import limits
from protocol.bundle import Mail
from protocol.errors import NotAuthentic
from protocol.hpke import decrypt, encrypt
from protocol.ids import BundleNumber, DeskId, DeskKeyId, MailboxId, VesselId
from protocol.origin import desk_key_id, exchange, public_half

SUITE_X25519 = 1
"""The only suite so far. A desk key of another suite (X-Wing: 2) has another key id, so no byte is spent."""

_VERSION = 1


def new_private_key() -> bytes:
    """Return a fresh 32-byte X25519 private key."""
    return X25519PrivateKey.generate().private_bytes_raw()


def seal_report(plaintext: bytes, desk_public: bytes, vessel: VesselId) -> bytes:
    """Seal what a fisher says; only the holder of the desk's private half can open it.

    Raises `NotAuthentic` where the key is none that anybody could have made.
    """
    return encrypt(plaintext, desk_public, _info(b"report", desk_key_id(desk_public), vessel))


def open_report(sealed: bytes, desk_private: bytes, vessel: VesselId) -> bytes:
    """Open a fisher's message at the desk; raises `CannotOpen`."""
    info = _info(b"report", desk_key_id(public_half(desk_private)), vessel)
    return decrypt(sealed, desk_private, info)


def seal_mail(
    plaintext: bytes, *, mailbox: MailboxId, mailbox_public: bytes, desk_private: bytes, lifetime: int = 0
) -> Mail:
    """Seal an answer to a fisher's mailbox and tag it as this desk's; raises `NotAuthentic` as above."""
    desk_key = desk_key_id(public_half(desk_private))
    info = _info(b"mail", desk_key, mailbox)
    sealed = encrypt(plaintext, mailbox_public, info)
    shared = _shared(desk_private, mailbox_public, desk_key)
    tag = _mac(shared, b"mail" + mailbox + sealed)[: limits.MAIL_TAG_BYTES]
    return Mail(mailbox=mailbox, desk_key=desk_key, tag=tag, sealed=sealed, lifetime=lifetime)


def open_mail(mail: Mail, *, mailbox_private: bytes, desk_public: bytes) -> bytes:
    """Open an answer with the key from a receipt code; raises `NotAuthentic` or `CannotOpen`."""
    shared = _shared(mailbox_private, desk_public, mail.desk_key)
    if not bytes_eq(_mac(shared, b"mail" + mail.mailbox + mail.sealed)[: limits.MAIL_TAG_BYTES], mail.tag):
        raise NotAuthentic("this answer does not come from the desk it names")
    return decrypt(mail.sealed, mailbox_private, _info(b"mail", mail.desk_key, mail.mailbox))


def seal_letter(plaintext: bytes, desk_public: bytes, desk: DeskId) -> bytes:
    """Seal what one desk writes to another, which is called `desk`; raises `NotAuthentic` as above."""
    return encrypt(plaintext, desk_public, _info(b"letter", desk_key_id(desk_public), desk))


def open_letter(sealed: bytes, desk_private: bytes, desk: DeskId) -> bytes:
    """Open another desk's letter at the desk that is called `desk`; raises `CannotOpen`."""
    info = _info(b"letter", desk_key_id(public_half(desk_private)), desk)
    return decrypt(sealed, desk_private, info)


def opened_proof(
    private: bytes, peer_public: bytes, *, desk_key: DeskKeyId, vessel: VesselId, number: BundleNumber
) -> bytes:
    """Return the 8 bytes that show a fisher that the desk opened bundle `number`.

    The desk calls it with its private key and the mailbox's public key, the fisher's page with the mailbox's
    private key and the desk's public key; both get the same bytes, and the box cannot make them.
    """
    shared = _shared(private, peer_public, desk_key)
    return _mac(shared, b"opened" + vessel + number.to_bytes(4))[: limits.OPENED_PROOF_BYTES]


def _info(purpose: bytes, key: DeskKeyId, context: bytes) -> bytes:
    return b"seavoice" + bytes([_VERSION, SUITE_X25519]) + key + context + purpose


def _shared(private: bytes, peer_public: bytes, desk_key: DeskKeyId) -> bytes:
    secret = exchange(private, peer_public)
    info = b"seavoice v1 desk and mailbox" + desk_key
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(secret)


def _mac(key: bytes, data: bytes) -> bytes:
    mac = hmac.HMAC(key, hashes.SHA256())
    mac.update(data)
    return mac.finalize()
