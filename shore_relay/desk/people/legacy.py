"""The keyring's first format: everything directly under the passphrase of whoever made the desk."""

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from protocol import limits
from protocol.documents import Reader, load
from protocol.ids import UnixSeconds
from shore_relay.desk.actor import Role
from shore_relay.desk.people.keys import DeskKeys, Epoch
from shore_relay.desk.people.person import FOUNDER_ID, FOUNDER_NAME, Person
from shore_relay.desk.people.ring import Ring, new_team_key
from shore_relay.desk.people.wrapping import derive, slot_for, wrong_passphrase
from shore_relay.desk.vault import STORE_KEY_BYTES

FORMAT_1 = "seavoice desk keyring 1"

_SALT_BYTES = 16
_NONCE_BYTES = 12
_EPOCHS_MAX = 1_000
_WHAT = "The desk's keyring"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LegacyFile:
    """What the file says without the passphrase."""

    salt: bytes
    nonce: bytes
    sealed: bytes


def read_legacy(reader: Reader) -> LegacyFile:
    """Take the rest of a document of this format; raises `MalformedDocument`."""
    return LegacyFile(
        salt=reader.binary("salt", size_bytes=_SALT_BYTES),
        nonce=reader.binary("nonce", size_bytes=_NONCE_BYTES),
        sealed=reader.binary("sealed", most=1_000_000),
    )


def upgraded(file: LegacyFile, passphrase: str) -> Ring:
    """Return the same secrets as a ring of one administrator; raises `WrongPassphrase`.

    The passphrase stays, however short: a desk must not be locked out by an upgrade.
    """
    keys = _open(file, passphrase)
    team_key = new_team_key()
    slot, public = slot_for(FOUNDER_ID, passphrase, team_key)
    founder = Person(
        id=FOUNDER_ID,
        name=FOUNDER_NAME,
        role=Role.ADMINISTRATOR,
        public=public,
        added_at=keys.epochs[0].not_before,
    )
    return Ring(team_key=team_key, keys=keys.with_person(founder), slots=(slot,))


def _open(file: LegacyFile, passphrase: str) -> DeskKeys:
    try:
        plain = ChaCha20Poly1305(derive(passphrase, file.salt)).decrypt(
            file.nonce, file.sealed, FORMAT_1.encode() + file.salt
        )
    except InvalidTag:
        raise wrong_passphrase() from None
    with load(plain, _WHAT) as reader:
        return DeskKeys(
            name=reader.text("name"),
            signing_private=reader.binary("signing_private", size_bytes=32),
            store_keys=(reader.binary("store_key", size_bytes=STORE_KEY_BYTES),),
            epochs=tuple(read_epoch(entry) for entry in reader.each("epochs", most=_EPOCHS_MAX)),
        )


def read_epoch(entry: Reader) -> Epoch:
    """Read one sealing key, which both formats write alike; raises `MalformedDocument`."""
    with entry as reader:
        return Epoch(
            private=reader.binary("private", size_bytes=limits.X25519_KEY_BYTES),
            not_before=UnixSeconds(reader.integer("not_before")),
            not_after=UnixSeconds(reader.integer("not_after")),
        )
