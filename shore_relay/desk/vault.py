"""Encrypts each thing the desk keeps, so that a stolen disk tells nothing.

Every sealed value is bound to the place it belongs to: one copied into another row or column does not open.
"""

import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shore_relay.desk.errors import DamagedContent

STORE_KEY_BYTES = 32
_NONCE_BYTES = 12
_LABEL = b"seavoice desk store 1 "


class Vault:
    """Seals and opens stored values under the desk's store key."""

    __slots__ = ("_store_key",)

    def __init__(self, store_key: bytes) -> None:
        self._store_key = store_key

    def __repr__(self) -> str:
        return "Vault(hidden)"

    def seal(self, plain: bytes, column: str, row: bytes) -> bytes:
        """Return `plain` encrypted for one column ("table.column") of the row with this identity."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher(column, row).encrypt(nonce, plain, _place(column, row))

    def open(self, sealed: bytes, column: str, row: bytes) -> bytes:
        """Return what `seal` was given; raises `DamagedContent`."""
        try:
            return self._cipher(column, row).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _place(column, row)
            )
        except (InvalidTag, ValueError) as reason:
            raise DamagedContent(
                f"A stored value ({column}) does not open: the database was changed, or belongs to another "
                "desk. Restore the data folder from its backup."
            ) from reason

    def blind(self, purpose: str, value: bytes) -> bytes:
        """Return 16 bytes by which equal values can be found again without storing them."""
        key = self._derive(b"index " + purpose.encode())
        return hmac.digest(key, value, hashlib.sha256)[:16]

    def _cipher(self, column: str, row: bytes) -> ChaCha20Poly1305:
        # A key for each place: random nonces never run short, however long the desk lives.
        return ChaCha20Poly1305(self._derive(b"value " + _place(column, row)))

    def _derive(self, info: bytes) -> bytes:
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_LABEL + info).derive(
            self._store_key
        )


def _place(column: str, row: bytes) -> bytes:
    return column.encode() + b"\0" + row
