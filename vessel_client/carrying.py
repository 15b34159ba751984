"""What crosses between the box and whoever holds a stick; both sides of the local API import this."""

from dataclasses import dataclass

from protocol.container import Record
from protocol.errors import MalformedPacket, NotAuthentic, RemoteError, UnknownKey, UnknownVersion
from protocol.linkguard import Form, read_flags, read_key_id

COPIED_BYTES_MAX = 1_000_000
"""Bundles in one page of copies; a larger one makes a page by itself."""

TAKEN_BYTES_MAX = 500_000
"""Packets handed over in one request."""

NOT_OURS = frozenset(error.code for error in (MalformedPacket, NotAuthentic, UnknownKey, UnknownVersion))
"""Refusals that say that a packet is another's: it stays on the stick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where copying goes on: behind this bundle, in the order in which bundles go."""

    priority: int
    number: int


START = Place(priority=-1, number=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedPage:
    """Packets for a stick, and where the next page begins; None behind the last."""

    packets: tuple[bytes, ...]
    following: Place | None


def own_up(record: Record, key_ids: frozenset[bytes]) -> bool:
    """Return whether a record up is one that this box wrote under a key that it still has."""
    try:
        if read_flags(record.packet)[0] is Form.REKEY_REQUEST:
            return False
        return read_key_id(record.packet) in key_ids
    except RemoteError:
        return False
