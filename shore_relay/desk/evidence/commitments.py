"""Commitments to what was removed: they tell nothing, and the desk can open each of them.

A plain hash of a name, a date or a short text could be found by trying; so each has a salt of 32 bytes, drawn
from a seed that stays in the desk's encrypted store. Whoever gets one salt and one value from the desk can
check that one place, and learns nothing of the others.
"""

import hashlib
import hmac
import json

from protocol.documents import Json

SEED_BYTES = 32
_LABEL = b"seavoice evidence removed 1\0"


def commit(seed: bytes, place: str, value: Json) -> str:
    """Return the commitment to what stands in the whole pack's JSON at a place like `/messages/0/text`."""
    canonical = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return hashlib.sha256(_LABEL + salt(seed, place) + canonical).hexdigest()


def salt(seed: bytes, place: str) -> bytes:
    """Return the salt of one place."""
    return hmac.digest(seed, place.encode(), hashlib.sha256)
