"""Encrypts each thing the desk keeps, so that a stolen disk tells nothing.

Every sealed value is bound to the place it belongs to: one copied into another row or column does not open.
It begins with the generation of the store key that sealed it; a new generation begins when somebody leaves.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shore_relay.desk.errors import DamagedContent

STORE_KEY_BYTES = 32
_GENERATION_BYTES = 2
_NONCE_BYTES = 12
_LABEL = b"seavoice desk store 1 "

StoreKeys = Callable[[], tuple[bytes, ...]]
"""Gives the store keys as they are now, oldest first."""


class Vault:
    """Seals under the newest store key and opens under the one that sealed."""

    __slots__ = ("_now", "_store_keys")

    def __init__(self, *store_keys: bytes, now: StoreKeys | None = None) -> None:
        """Take the store keys, oldest first, and what to ask for newer ones."""
        self._store_keys = store_keys
        self._now = now

    def __repr__(self) -> str:
        return "Vault(hidden)"

    def seal(self, plain: bytes, column: str, row: bytes) -> bytes:
        """Return `plain` encrypted for one column ("table.column") of the row with this identity."""
        self._refresh()
        generation = len(self._store_keys) - 1
        nonce = secrets.token_bytes(_NONCE_BYTES)
        cipher = _cipher(self._store_keys[generation], column, row)
        return (
            generation.to_bytes(_GENERATION_BYTES) + nonce + cipher.encrypt(nonce, plain, _place(column, row))
        )

    def open(self, sealed: bytes, column: str, row: bytes) -> bytes:
        """Return what `seal` was given; raises `DamagedContent`."""
        generation = int.from_bytes(sealed[:_GENERATION_BYTES])
        if generation >= len(self._store_keys):
            self._refresh()
        bare = sealed[_GENERATION_BYTES:]
        try:
            return _cipher(self._store_keys[generation], column, row).decrypt(
                bare[:_NONCE_BYTES], bare[_NONCE_BYTES:], _place(column, row)
            )
        except (InvalidTag, ValueError, IndexError) as reason:
            raise DamagedContent(
                f"A stored value ({column}) does not open: the database was changed, or belongs to another "
                "desk. Restore the data folder from its backup."
            ) from reason

    def blind(self, purpose: str, value: bytes) -> bytes:
        """Return 16 bytes by which equal values can be found again without storing them.

        To find what an earlier generation stored, look for each of `blinds`.
        """
        return self.blinds(purpose, value)[0]

    def blinds(self, purpose: str, value: bytes) -> tuple[bytes, ...]:
        """Return what `blind` gives under each store key, the newest first."""
        self._refresh()
        keys = (_derive(key, b"index " + purpose.encode()) for key in reversed(self._store_keys))
        return tuple(hmac.digest(key, value, hashlib.sha256)[:16] for key in keys)

    def _refresh(self) -> None:
        # Nothing may be sealed any more under a key that somebody who has left could know.
        if self._now is not None:
            self._store_keys = self._now()


def _cipher(store_key: bytes, column: str, row: bytes) -> ChaCha20Poly1305:
    # A key for each place: random nonces never run short, however long the desk lives.
    return ChaCha20Poly1305(_derive(store_key, b"value " + _place(column, row)))


def _derive(store_key: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_LABEL + info).derive(store_key)


def _place(column: str, row: bytes) -> bytes:
    return column.encode() + b"\0" + row
