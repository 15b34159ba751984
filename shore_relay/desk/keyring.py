"""The desk's keys: one file, encrypted under a passphrase.

Argon2id makes guessing slow; ChaCha20-Poly1305 keeps the file secret and finds every change of it. The salt
stays when the file is rewritten, so that a running desk can read a key that another command has added.
"""

import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from protocol import limits
from protocol.deskkeys import DeskKey, desk_id
from protocol.documents import MalformedDocument, Reader, dump, load, to_text
from protocol.ids import DeskId, DeskKeyId, UnixSeconds
from protocol.origin import desk_key_id, public_half
from protocol.provisioning import DeskCard
from protocol.seal import new_private_key
from shore_relay.desk.errors import (
    AlreadyInitialised,
    DamagedKeyring,
    NoPassphrase,
    NotInitialised,
    UnreadableFile,
    WrongPassphrase,
)
from shore_relay.desk.vault import STORE_KEY_BYTES

FILE_NAME = "keyring.json"
PASSPHRASE_CHARACTERS_MIN = 8

_FORMAT = "seavoice desk keyring 1"
_SALT_BYTES = 16
_NONCE_BYTES = 12
_PASSES = 3
_MEMORY_KIB = 64 * 1024
_LANES = 4
"""RFC 9106, second recommended option: 3 passes, 4 lanes, 64 MiB."""

_EPOCHS_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Epoch:
    """One sealing key and how long vessels may seal to it. It opens for ever."""

    private: bytes
    not_before: UnixSeconds
    not_after: UnixSeconds

    @property
    def key(self) -> DeskKey:
        """The public side."""
        return DeskKey(public=public_half(self.private), not_before=self.not_before, not_after=self.not_after)

    @property
    def id(self) -> DeskKeyId:
        """The 4-byte name that travels with each bundle."""
        return desk_key_id(public_half(self.private))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeskKeys:
    """All secrets of a desk. `repr` shows none."""

    name: str
    signing_private: bytes
    store_key: bytes
    epochs: tuple[Epoch, ...]
    """Oldest first; never empty."""

    @property
    def signer(self) -> Ed25519PrivateKey:
        """The key that signs requests to the relay and lists of sealing keys."""
        return Ed25519PrivateKey.from_private_bytes(self.signing_private)

    @property
    def desk(self) -> DeskId:
        """The desk's 8-byte name."""
        return desk_id(self.signer.public_key().public_bytes_raw())

    @property
    def published(self) -> tuple[DeskKey, ...]:
        """The public keys that vessels get: the newest, as many as one list may hold."""
        return tuple(epoch.key for epoch in self.epochs[-limits.DESK_KEYS_MAX :])

    @property
    def card(self) -> DeskCard:
        """What the world may know of this desk."""
        return DeskCard(
            name=self.name,
            signing_public=self.signer.public_key().public_bytes_raw(),
            keys=self.published,
        )

    def epoch(self, key: bytes) -> Epoch | None:
        """Return the epoch whose key has this id."""
        return next((epoch for epoch in self.epochs if epoch.id == key), None)

    def with_new_epoch(self, now: UnixSeconds, valid_s: int) -> "DeskKeys":
        """Return the same keys with one more sealing key, valid from now."""
        epoch = Epoch(private=new_private_key(), not_before=now, not_after=UnixSeconds(now + valid_s))
        return replace(self, epochs=(*self.epochs, epoch))


class Keyring:
    """The open file: gives the keys as they are on the disk now, and writes new ones."""

    def __init__(self, path: Path, salt: bytes, wrapping_key: bytes, keys: DeskKeys) -> None:
        self._path = path
        self._salt = salt
        self._wrapping_key = wrapping_key
        self._keys = keys
        self._stamp = _stamp(path)

    def __repr__(self) -> str:
        return f"Keyring({str(self._path)!r})"

    @classmethod
    def create(cls, data: Path, passphrase: str, name: str, now: UnixSeconds, valid_s: int) -> "Keyring":
        """Make a new desk's keys and write them.

        Raises: AlreadyInitialised, NoPassphrase, UnreadableFile.
        """
        path = data / FILE_NAME
        if path.exists():
            raise AlreadyInitialised(
                f"There is a desk in {data} already; name another folder with --data, or use this desk."
            )
        if len(passphrase) < PASSPHRASE_CHARACTERS_MIN:
            raise NoPassphrase(
                f"A passphrase needs at least {PASSPHRASE_CHARACTERS_MIN} characters; four or more words "
                "that do not belong together are best."
            )
        bare = DeskKeys(
            name=name,
            signing_private=Ed25519PrivateKey.generate().private_bytes_raw(),
            store_key=secrets.token_bytes(STORE_KEY_BYTES),
            epochs=(),
        )
        keys = bare.with_new_epoch(now, valid_s)
        salt = secrets.token_bytes(_SALT_BYTES)
        wrapping_key = _derive(passphrase, salt)
        _write(path, salt, wrapping_key, keys)
        return cls(path, salt, wrapping_key, keys)

    @classmethod
    def unlock(cls, data: Path, passphrase: str) -> "Keyring":
        """Open a desk's keys; takes a good tenth of a second and 64 MiB, on purpose.

        Raises: NotInitialised, WrongPassphrase, DamagedKeyring, UnreadableFile.
        """
        path = data / FILE_NAME
        salt, nonce, sealed = _read(path)
        wrapping_key = _derive(passphrase, salt)
        return cls(path, salt, wrapping_key, _open(wrapping_key, salt, nonce, sealed))

    @property
    def keys(self) -> DeskKeys:
        """The keys as they are on the disk now, since another command may have added one."""
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            salt, nonce, sealed = _read(self._path)
            self._keys = _open(self._wrapping_key, salt, nonce, sealed)
            self._stamp = stamp
        return self._keys

    def replace(self, keys: DeskKeys) -> None:
        """Write changed keys, wholly or not at all; raises `UnreadableFile`."""
        _write(self._path, self._salt, self._wrapping_key, keys)
        self._keys = keys
        self._stamp = _stamp(self._path)


def _derive(passphrase: str, salt: bytes) -> bytes:
    kdf = Argon2id(salt=salt, length=32, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB)
    return kdf.derive(passphrase.encode())


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError as reason:
        raise NotInitialised(f"{path} is gone; restore the data folder from its backup.") from reason
    return found.st_mtime_ns, found.st_ino, found.st_size


def _read(path: Path) -> tuple[bytes, bytes, bytes]:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NotInitialised(
            f"There is no desk in {path.parent}; make one with `seavoice-desk init --name NAME`, "
            "or name its folder with --data."
        ) from None
    except OSError as reason:
        raise UnreadableFile(f"{path} cannot be read: {reason.strerror}. Check who owns it.") from reason
    try:
        with load(data, "The desk's keyring") as reader:
            found = reader.text("format")
            salt = reader.binary("salt", size_bytes=_SALT_BYTES)
            nonce = reader.binary("nonce", size_bytes=_NONCE_BYTES)
            sealed = reader.binary("sealed", most=1_000_000)
    except MalformedDocument as reason:
        raise DamagedKeyring(f"{reason} Restore {path} from its backup.") from reason
    if found != _FORMAT:
        raise DamagedKeyring(f"{path} is of a kind that this version does not know: install a newer one.")
    return salt, nonce, sealed


def _write(path: Path, salt: bytes, wrapping_key: bytes, keys: DeskKeys) -> None:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = ChaCha20Poly1305(wrapping_key).encrypt(nonce, _plain(keys), _FORMAT.encode() + salt)
    document = dump(
        {"format": _FORMAT, "salt": to_text(salt), "nonce": to_text(nonce), "sealed": to_text(sealed)}
    )
    fresh = path.with_suffix(".new")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(document)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as reason:
        raise UnreadableFile(
            f"{path} cannot be written: {reason.strerror}. Make room or choose --data."
        ) from reason


def _plain(keys: DeskKeys) -> bytes:
    return dump(
        {
            "name": keys.name,
            "signing_private": to_text(keys.signing_private),
            "store_key": to_text(keys.store_key),
            "epochs": [
                {"private": to_text(e.private), "not_before": e.not_before, "not_after": e.not_after}
                for e in keys.epochs
            ],
        }
    )


def _open(wrapping_key: bytes, salt: bytes, nonce: bytes, sealed: bytes) -> DeskKeys:
    try:
        plain = ChaCha20Poly1305(wrapping_key).decrypt(nonce, sealed, _FORMAT.encode() + salt)
    except InvalidTag:
        raise WrongPassphrase(
            "This passphrase does not open the desk's keys. Try again; look at capital letters and the "
            "keyboard's language."
        ) from None
    with load(plain, "The desk's keyring") as reader:
        return DeskKeys(
            name=reader.text("name"),
            signing_private=reader.binary("signing_private", size_bytes=32),
            store_key=reader.binary("store_key", size_bytes=STORE_KEY_BYTES),
            epochs=tuple(_read_epoch(entry) for entry in reader.each("epochs", most=_EPOCHS_MAX)),
        )


def _read_epoch(entry: Reader) -> Epoch:
    with entry as reader:
        return Epoch(
            private=reader.binary("private", size_bytes=limits.X25519_KEY_BYTES),
            not_before=UnixSeconds(reader.integer("not_before")),
            not_after=UnixSeconds(reader.integer("not_after")),
        )
