"""What an answer takes on its way down, before it goes: sealed bytes, satellite messages, credits, money.

The sizes come from the engine that the relay itself drives, fed with the sealed bytes, so that the number of
messages is what leaves and no estimate. Keys or receipts that happen to ride along are not counted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from protocol.engine import SyncEngine
from protocol.frames import Priority
from protocol.ids import Instant, VesselId
from protocol.journal import MemoryJournal, Snapshot
from protocol.limits import VESSEL_ID_BYTES, X25519_KEY_BYTES
from protocol.linkguard import GuardState, rekey_secret
from protocol.links import LinkKind, LinkProfile, Side
from protocol.message import padded_size
from shore_relay.desk.settings import Settings

_NUMBER = 65_535
"""A bundle number as long as those of a vessel that has been at sea for a year."""

_MESSAGE_UP_BYTES = 340
"""What one short message up carries (Iridium 9602 and 9603)."""

_TRIES_MAX = 8
"""Packing is the dear part of finding out what fits; after so many tries the best length found will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one answer takes."""

    sealed_bytes: int
    messages: int
    """Short satellite messages down, where the vessel is reached over nothing better."""
    credits: int
    money: float | None
    """At the price in the settings; None where none is set."""
    waits: bool
    """Whether it is too large for short messages, so that the relay keeps it for a better bearer."""

    @property
    def fits_one(self) -> bool:
        """Whether one short satellite message carries it."""
        return self.messages == 1


def cost_of(raw: bytes, priority: Priority, settings: Settings) -> Cost:
    """Return what a bundle takes to reach its vessel in short satellite messages."""
    sizes = _message_sizes(raw, settings.satellite_message_bytes)
    credits_spent = sum(max(1, -(-size // settings.credit_bytes)) for size in sizes)
    return Cost(
        sealed_bytes=len(raw),
        messages=len(sizes),
        credits=credits_spent,
        money=credits_spent * settings.credit_price if settings.credit_price else None,
        waits=priority is not Priority.URGENT and len(raw) > settings.satellite_mail_bytes_max,
    )


def credits_up(raw: bytes, settings: Settings) -> int:
    """Return how many credits a bundle took from its vessel, if it shared no message with another."""
    sizes = _message_sizes(raw, _MESSAGE_UP_BYTES, Side.VESSEL)
    return sum(max(1, -(-size // settings.credit_bytes)) for size in sizes)


def characters_too_long(text: str, plain_size: Callable[[str], int], around_bytes: int, mtu: int) -> int:
    """Return by how many characters a text is too long for one satellite message; 0 where it fits.

    `plain_size` says how many bytes the beginning of a text takes before it is padded, and `around_bytes` how
    many the seal and the bundle add after that. What is left after so many characters are gone does fit.
    """
    room = _room_bytes(around_bytes, mtu)
    least, least_bytes = 0, plain_size("")
    most, most_bytes = len(text), plain_size(text)
    if most_bytes <= room:
        return 0
    for _ in range(_TRIES_MAX):
        if most - least <= 1:
            break
        # Text packs about evenly, so that few tries lead to the character.
        share = (room - least_bytes) / max(1, most_bytes - least_bytes)
        tried = min(most - 1, max(least + 1, least + round(share * (most - least))))
        size = plain_size(text[:tried])
        if size <= room:
            least, least_bytes = tried, size
        else:
            most, most_bytes = tried, size
    return len(text) - least


@lru_cache(maxsize=8)
def _room_bytes(around_bytes: int, mtu: int) -> int:
    """Return the longest plaintext whose bundle goes in one message."""
    sizes = sorted({padded_size(size) for size in range(mtu)})
    fitting = [size for size in sizes if len(_message_sizes(bytes(size + around_bytes), mtu)) == 1]
    return max(fitting, default=0)


def _message_sizes(raw: bytes, mtu: int, side: Side = Side.RELAY) -> list[int]:
    """Return the sizes of the messages in which a side sends a bundle that has the link to itself."""
    link = LinkProfile(
        name="satellite",
        kind=LinkKind.MESSAGE,
        mtu_up_bytes=mtu,
        mtu_down_bytes=mtu,
        identifies_vessel=True,
    )
    # Any secret will do: it changes the bytes of a packet, and never its length.
    secret = bytes(X25519_KEY_BYTES)
    engine = SyncEngine(
        side,
        VesselId(bytes(VESSEL_ID_BYTES)),
        Snapshot(guard=GuardState(secret=secret), rekey_key=rekey_secret(secret)),
        MemoryJournal(),
        admit=lambda _number, _bundle: None,
    )
    now = Instant(0.0)
    engine.offer(_NUMBER, Priority.TEXT, raw)
    engine.contact_opened(link, now)
    sizes = []
    while engine.unsent(now):
        packet = engine.transmit(link, now)
        assert packet is not None, "a message link takes a packet at any time"
        sizes.append(len(packet))
    return sizes
