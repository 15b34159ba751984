"""Watches every use of a link key, without the protocol knowing of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from protocol import linkguard
from tests.simulation.faults import BrokenRule


class NonceLedger:
    """Which nonces of which keys were used by packets that left."""

    def __init__(self) -> None:
        self._fresh: dict[bytes, tuple[bytes, bytes]] = {}
        self._left: dict[tuple[bytes, bytes], bytes] = {}

    def used(self, key: bytes, nonce: bytes, ciphertext: bytes) -> None:
        """Note one encryption; it counts once its packet leaves."""
        self._fresh[ciphertext[-8:]] = (key, nonce)

    def packet_leaves(self, packet: bytes, whose: str) -> None:
        """Note that a packet leaves; raises `BrokenRule` where its nonce has left before with another one."""
        use = self._fresh.get(packet[-8:])
        if use is not None and self._left.setdefault(use, packet) != packet:
            raise BrokenRule(f"{whose}: a nonce is used twice")


@contextmanager
def watching(ledger: NonceLedger) -> Iterator[None]:
    """Let the ledger see every encryption of the link guard."""

    class WatchedAESCCM:
        def __init__(self, key: bytes, tag_length: int) -> None:
            self._key = key
            self._cipher = AESCCM(key, tag_length=tag_length)

        def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
            ciphertext = self._cipher.encrypt(nonce, data, associated_data)
            ledger.used(self._key, nonce, ciphertext)
            return ciphertext

        def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
            return self._cipher.decrypt(nonce, data, associated_data)

    original, derive = linkguard.AESCCM, linkguard._generation
    linkguard.AESCCM = WatchedAESCCM  # type: ignore[misc,assignment]  # Only this seam sees every nonce.
    # Both ends derive each generation anew whenever one of them changes: the same from the same secret.
    linkguard._generation = cache(derive)
    try:
        yield
    finally:
        linkguard._generation = derive
        linkguard.AESCCM = original  # type: ignore[misc]  # Puts the library's own class back.
