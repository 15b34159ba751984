"""The hash chain: how one link follows from the one before. Pure."""

import hashlib

START = bytes(32)
"""The link before the first."""

_LABEL = b"seavoice desk history 1"


def digest_of(plain: bytes) -> bytes:
    """Return the digest of an entry as it is before it is sealed; its salt keeps guesses out."""
    return hashlib.sha256(plain).digest()


def link_after(before: bytes, seq: int, digest: bytes) -> bytes:
    """Return the link of entry `seq`.

    Made from digests alone, so that the chain stays whole where a schedule of deletion empties entries.
    """
    return hashlib.sha256(_LABEL + before + seq.to_bytes(8) + digest).digest()
