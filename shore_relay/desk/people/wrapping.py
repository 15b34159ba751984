"""How the team key reaches each person: sealed to a key of theirs, which lies under their passphrase.

The team key can so be renewed for everybody when one person leaves, although nobody's passphrase is known.
"""

import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from protocol.errors import CannotOpen
from protocol.hpke import decrypt, encrypt
from protocol.origin import public_half
from protocol.seal import new_private_key
from shore_relay.desk.errors import NoPassphrase, WrongPassphrase

TEAM_KEY_BYTES = 32
SALT_BYTES = 16
NONCE_BYTES = 12
PASSPHRASE_CHARACTERS_MIN = 12
"""Nothing else protects a stolen disk."""

PASSPHRASE_CHARACTERS_MAX = 1_000

_PASSES = 3
_MEMORY_KIB = 64 * 1024
_LANES = 4
"""RFC 9106, second recommended option: 3 passes, 4 lanes, 64 MiB."""

_PRIVATE_LABEL = b"seavoice desk person 2 "
_TEAM_LABEL = b"seavoice desk team key 2 "


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Slot:
    """One person's way to the team key, as it stands in the file. It holds no name."""

    person: bytes
    salt: bytes
    private_sealed: bytes
    """The person's private key under their passphrase."""
    team_sealed: bytes
    """The team key under the person's public key; empty for a person who may not hold it."""


def check_new_passphrase(passphrase: str) -> None:
    """Raise `NoPassphrase` for one that is too short to protect anything, or absurdly long."""
    if len(passphrase) < PASSPHRASE_CHARACTERS_MIN:
        raise NoPassphrase(
            f"A passphrase needs at least {PASSPHRASE_CHARACTERS_MIN} characters; four or more words "
            "that do not belong together are best."
        )
    if len(passphrase) > PASSPHRASE_CHARACTERS_MAX:
        raise NoPassphrase(f"A passphrase has at most {PASSPHRASE_CHARACTERS_MAX} characters; shorten it.")


def derive(passphrase: str, salt: bytes) -> bytes:
    """Return the key of a passphrase; takes a good tenth of a second and 64 MiB, on purpose."""
    kdf = Argon2id(salt=salt, length=32, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB)
    return kdf.derive(passphrase.encode(errors="surrogatepass"))


def new_slot(person: bytes, passphrase: str, team_key: bytes) -> tuple[Slot, bytes]:
    """Return a slot under a new passphrase, and the public half of a new key in it.

    The key is new each time: whoever gave somebody a start passphrase knows the old one. An empty `team_key`
    makes a slot that proves the person and opens nothing.
    Raises: NoPassphrase.
    """
    check_new_passphrase(passphrase)
    return slot_for(person, passphrase, team_key)


def slot_for(person: bytes, passphrase: str, team_key: bytes) -> tuple[Slot, bytes]:
    """Return a slot as `new_slot` does, under a passphrase that is in use already."""
    salt, private = secrets.token_bytes(SALT_BYTES), new_private_key()
    public = public_half(private)
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = ChaCha20Poly1305(derive(passphrase, salt)).encrypt(nonce, private, _PRIVATE_LABEL + person)
    slot = Slot(
        person=person,
        salt=salt,
        private_sealed=nonce + sealed,
        team_sealed=seal_team(team_key, public, person) if team_key else b"",
    )
    return slot, public


def open_private(slot: Slot, passphrase: str) -> bytes:
    """Return a person's private key; raises `WrongPassphrase`."""
    nonce, sealed = slot.private_sealed[:NONCE_BYTES], slot.private_sealed[NONCE_BYTES:]
    try:
        return ChaCha20Poly1305(derive(passphrase, slot.salt)).decrypt(
            nonce, sealed, _PRIVATE_LABEL + slot.person
        )
    except (InvalidTag, ValueError) as reason:
        raise wrong_passphrase() from reason


def wrong_passphrase() -> WrongPassphrase:
    """Return the refusal of a passphrase, the same whoever tries it and wherever it fails."""
    return WrongPassphrase(
        "This passphrase does not open the desk's keys. Try again; look at capital letters and the "
        "keyboard's language."
    )


def seal_team(team_key: bytes, public: bytes, holder: bytes) -> bytes:
    """Return the team key sealed to a person's, or the recovery kit's, public key."""
    return encrypt(team_key, public, _TEAM_LABEL + holder)


def open_team(sealed: bytes, private: bytes, holder: bytes) -> bytes | None:
    """Return the team key, or None where this private key is not the one it is sealed to."""
    try:
        return decrypt(sealed, private, _TEAM_LABEL + holder)
    except CannotOpen:
        return None
