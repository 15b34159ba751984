"""A desk's sealing keys: which one to seal to now, and the signed list that brings new ones (SPEC §5.4)."""

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from protocol import limits
from protocol.bundle import Keys
from protocol.errors import KeyExpired, MalformedBundle, NotAuthentic
from protocol.ids import DeskId, DeskKeyId, UnixSeconds
from protocol.origin import desk_key_id
from protocol.wire import as_array, as_bytes, as_int, pack, unpack

_LABEL = b"seavoice v1 desk keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskKey:
    """One epoch of a desk: the public half that vessels seal to, and how long they may."""

    public: bytes
    not_before: UnixSeconds
    not_after: UnixSeconds

    @property
    def id(self) -> DeskKeyId:
        """The 4-byte name that travels with each bundle."""
        return desk_key_id(self.public)


def desk_id(signing_public: bytes) -> DeskId:
    """Return the 8-byte name of the desk that signs with this key."""
    return DeskId(hashlib.sha256(signing_public).digest()[: limits.DESK_ID_BYTES])


def key_in_use(keys: tuple[DeskKey, ...], now: UnixSeconds) -> DeskKey:
    """Return the newest key that may be sealed to at `now`; raises `KeyExpired` where there is none."""
    usable = [key for key in keys if key.not_before <= now < key.not_after]
    if not usable:
        raise KeyExpired(
            "No key of this desk may be used at the date of this clock. Check the clock; "
            "if it is right, connect the vessel so that the desk's next key arrives, or ask the relay's "
            "operator for a new provisioning file."
        )
    return max(usable, key=lambda key: key.not_before)


def sign_keys(keys: tuple[DeskKey, ...], signing_private: bytes, issued_at: UnixSeconds) -> Keys:
    """Make the bundle that carries `keys` to the vessels."""
    signed = write_keys(keys, issued_at)
    signer = Ed25519PrivateKey.from_private_bytes(signing_private)
    desk = desk_id(signer.public_key().public_bytes_raw())
    return Keys(desk=desk, signature=signer.sign(_LABEL + desk + signed), signed=signed)


def write_keys(keys: tuple[DeskKey, ...], issued_at: UnixSeconds) -> bytes:
    """Return what is signed."""
    return pack((issued_at, *((key.public, key.not_before, key.not_after) for key in keys)))


def check_keys(bundle: Keys, signing_public: bytes) -> tuple[UnixSeconds, tuple[DeskKey, ...]]:
    """Return when the list was issued and its keys; raises `NotAuthentic` or `MalformedBundle`.

    The caller keeps the list only if it is newer than the one it holds, so that an old one cannot return.
    """
    try:
        Ed25519PublicKey.from_public_bytes(signing_public).verify(
            bundle.signature, _LABEL + bundle.desk + bundle.signed
        )
    except InvalidSignature as reason:
        raise NotAuthentic("these desk keys are not signed by the desk") from reason
    if bundle.desk != desk_id(signing_public):
        raise NotAuthentic("these desk keys name another desk than the one that signed them")
    return read_keys(bundle.signed)


def read_keys(signed: bytes) -> tuple[UnixSeconds, tuple[DeskKey, ...]]:
    """Read what `check_keys` found rightly signed; raises `MalformedBundle`."""
    error = MalformedBundle
    fields = as_array(unpack(signed, error), error, "a key list", least=2, most=1 + limits.DESK_KEYS_MAX)
    issued_at = as_int(fields[0], error, "a date", most=limits.UNIX_SECONDS_MAX)
    keys: list[DeskKey] = []
    for row in fields[1:]:
        public, start, end = as_array(row, error, "a key", least=3, most=3)
        keys.append(
            DeskKey(
                public=as_bytes(public, error, "a public key", least=32, most=32),
                not_before=UnixSeconds(as_int(start, error, "a date", most=limits.UNIX_SECONDS_MAX)),
                not_after=UnixSeconds(as_int(end, error, "a date", most=limits.UNIX_SECONDS_MAX)),
            )
        )
    return UnixSeconds(issued_at), tuple(keys)
