"""Watches every use of a link key, without the protocol knowing of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from protocol import linkguard


class NonceLedger:
    """Which nonces of which keys were used by packets that left."""

    def __init__(self) -> None:
        self._fresh: list[tuple[bytes, bytes]] = []
        self._left: set[tuple[bytes, bytes]] = set()

    def used(self, key: bytes, nonce: bytes) -> None:
        """Note one encryption; it counts once its packet leaves."""
        self._fresh.append((key, nonce))

    def begin_packet(self) -> None:
        """Forget encryptions whose packets never left: their process died first."""
        self._fresh.clear()

    def packet_leaves(self) -> bool:
        """Note that the last packet leaves; return whether all its nonces are new."""
        fresh, self._fresh = self._fresh, []
        is_new = not any(use in self._left for use in fresh)
        self._left.update(fresh)
        return is_new


@contextmanager
def watching(ledger: NonceLedger) -> Iterator[None]:
    """Let the ledger see every encryption of the link guard."""

    class WatchedAESCCM:
        def __init__(self, key: bytes, tag_length: int) -> None:
            self._key = key
            self._cipher = AESCCM(key, tag_length=tag_length)

        def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
            ledger.used(self._key, nonce)
            return self._cipher.encrypt(nonce, data, associated_data)

        def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
            return self._cipher.decrypt(nonce, data, associated_data)

    original = linkguard.AESCCM
    linkguard.AESCCM = WatchedAESCCM  # type: ignore[misc,assignment]  # Only this seam sees every nonce.
    try:
        yield
    finally:
        linkguard.AESCCM = original  # type: ignore[misc]  # Puts the library's own class back.
