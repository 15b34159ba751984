"""What one desk writes to another: signed, sealed, one file that travels by any way (SPEC §9.1)."""

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol import limits
from protocol.bundle import Keys
from protocol.deskkeys import DeskKey, check_keys, desk_id, sign_keys
from protocol.documents import Json, MalformedDocument, Reader, dump, load, to_text
from protocol.errors import CannotOpen, MalformedBundle, NotAuthentic, TooLarge
from protocol.ids import DeskId, DeskKeyId, UnixSeconds
from protocol.origin import desk_key_id
from protocol.seal import open_letter, seal_letter

_CARD_FORMAT = "seavoice partner card 1"
_LETTER_FORMAT = "seavoice letter 1"
_LABEL = b"seavoice v1 letter"
_SIGNING_KEY_BYTES = 32
_SIGNED_KEYS_BYTES_MAX = 1_000
NAME_CHARACTERS_MAX = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerCard:
    """What one desk may know of another: its keys are signed, so the fingerprint covers them."""

    name: str
    """As the desk calls itself; nobody vouches for it."""
    signing_public: bytes
    issued_at: UnixSeconds
    keys: tuple[DeskKey, ...]

    @property
    def desk(self) -> DeskId:
        """The desk's 8-byte name."""
        return desk_id(self.signing_public)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a letter's file says to whoever cannot open it."""

    key: DeskKeyId
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter that was opened and is signed by the key that it names."""

    signing_public: bytes
    body: bytes


def describe_card(
    name: str, keys: tuple[DeskKey, ...], signing_private: bytes, now: UnixSeconds
) -> dict[str, Json]:
    """Return a desk's own card as data, its keys signed."""
    signed = sign_keys(keys, signing_private, now)
    public = Ed25519PrivateKey.from_private_bytes(signing_private).public_key().public_bytes_raw()
    return {
        "format": _CARD_FORMAT,
        "name": name,
        "signing_public": to_text(public),
        "signed": to_text(signed.signed),
        "signature": to_text(signed.signature),
    }


def read_card_in(opened: Reader) -> PartnerCard:
    """Read a card that stands in a document; raises `MalformedDocument`, `NotAuthentic`."""
    with opened as reader:
        _check_format(reader, _CARD_FORMAT, "seavoice-desk partner-card")
        name = " ".join(reader.text("name", most=NAME_CHARACTERS_MAX).split())
        public = reader.binary("signing_public", size_bytes=_SIGNING_KEY_BYTES)
        bundle = Keys(
            desk=desk_id(public),
            signed=reader.binary("signed", most=_SIGNED_KEYS_BYTES_MAX),
            signature=reader.binary("signature", size_bytes=limits.SIGNATURE_BYTES),
        )
    try:
        issued_at, keys = check_keys(bundle, public)
    except (MalformedBundle, ValueError) as reason:
        raise MalformedDocument("This partner card holds no list of keys; ask for it again.") from reason
    if not name:
        raise MalformedDocument("This partner card names nobody; ask for it again.")
    return PartnerCard(name=name, signing_public=public, issued_at=issued_at, keys=keys)


def read_partner_card(data: bytes) -> PartnerCard:
    """Read the file that a partner hands out; raises `MalformedDocument`, `NotAuthentic`."""
    return read_card_in(load(data, "This partner card"))


def write_letter(body: bytes, *, signing_private: bytes, receiver: DeskId, receiver_key: bytes) -> bytes:
    """Return the file of a letter; only `receiver` can open it, and it shows nobody who wrote it.

    The body is a JSON object, which spaces at its end do not change: its length is rounded up with them.
    Raises: TooLarge, NotAuthentic.
    """
    padded = body + b" " * (-len(body) % limits.LETTER_PADDED_BYTES)
    signer = Ed25519PrivateKey.from_private_bytes(signing_private)
    # The receiver stands under the signature: whoever opens a letter cannot pass it on as one to another.
    plain = signer.public_key().public_bytes_raw() + signer.sign(_LABEL + receiver + padded) + padded
    document = dump(
        {
            "format": _LETTER_FORMAT,
            "key": desk_key_id(receiver_key).hex(),
            "sealed": to_text(seal_letter(plain, receiver_key, receiver)),
        }
    )
    if len(document) > limits.LETTER_BYTES_MAX:
        raise TooLarge(
            f"This would be a file of {len(document) // 1_000_000} MB, and a letter has at most "
            f"{limits.LETTER_BYTES_MAX // 1_000_000}: choose fewer sounds, or make several."
        )
    return document


def read_envelope(data: bytes) -> Envelope:
    """Read a letter's file; nothing is opened yet. Raises `MalformedDocument`."""
    if len(data) > limits.LETTER_BYTES_MAX:
        raise MalformedDocument("This file is larger than any letter between desks; it was not read.")
    with load(data, "This letter") as reader:
        _check_format(reader, _LETTER_FORMAT, "seavoice-desk refer")
        return Envelope(
            key=DeskKeyId(reader.hexadecimal("key", size_bytes=limits.DESK_KEY_ID_BYTES)),
            sealed=reader.binary("sealed", most=limits.LETTER_BYTES_MAX),
        )


def open_envelope(envelope: Envelope, *, private: bytes, receiver: DeskId) -> Letter:
    """Open a letter and check that whoever signed it meant it for this desk.

    Who holds that signing key is for the caller to know. Raises: CannotOpen, NotAuthentic.
    """
    plain = open_letter(envelope.sealed, private, receiver)
    public, rest = plain[:_SIGNING_KEY_BYTES], plain[_SIGNING_KEY_BYTES:]
    signature, body = rest[: limits.SIGNATURE_BYTES], rest[limits.SIGNATURE_BYTES :]
    if len(signature) < limits.SIGNATURE_BYTES:
        raise CannotOpen("this letter is cut off")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _LABEL + receiver + body)
    except (InvalidSignature, ValueError) as reason:
        raise NotAuthentic("this letter was changed, or was written to another desk") from reason
    return Letter(signing_public=public, body=body)


def _check_format(reader: Reader, expected: str, maker: str) -> None:
    found = reader.text("format", most=100) if reader.has("format") else "another kind of file"
    if found != expected:
        raise MalformedDocument(f"This is no file of the kind that `{maker}` writes, but: {found}.")
