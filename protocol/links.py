"""What the engine has to know about a way to carry packets; nothing else tells bearers apart."""

import math
from dataclasses import dataclass
from enum import Enum

from protocol import limits
from protocol.frames import Priority
from protocol.shape import Shape


class LinkKind(Enum):
    """How packets travel, which decides the packet's form and what a silence means."""

    STREAM = "stream"
    """Ordered and reliable until it is cut: TCP, WebSocket."""
    DATAGRAM = "datagram"
    """Packets may be lost, doubled and reordered, but an answer takes only a round trip: UDP."""
    MESSAGE = "message"
    """Store and forward: an answer takes minutes and each message costs money: SBD, a stick."""


class Side(Enum):
    """Which end of the link an engine is."""

    VESSEL = "vessel"
    RELAY = "relay"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkProfile:
    """One bearer, as numbers.

    `rate_*_bps` paces packets so that kernel buffers stay empty and urgent can overtake; None leaves pacing
    to the bearer. `contact_bytes_expected` is what one contact usually carries; it sets the packet size.
    """

    name: str
    kind: LinkKind
    mtu_up_bytes: int
    mtu_down_bytes: int
    rate_up_bps: float | None = None
    rate_down_bps: float | None = None
    round_trip_s: float = 1.0
    contact_bytes_expected: int = 10_000_000
    identifies_vessel: bool = False
    """True where the bearer itself says which vessel sends (an IMEI), so that packets carry no key id."""
    carried: bool = False
    """True where somebody carries copies about: `SyncEngine.copies` writes them, and `receive` reads them
    whenever they come. Reading moves no keys on: what was written before the last contact still counts."""
    patience_s: float = 1_800.0
    """Messages only: how long a silence means nothing; it doubles with every question left unanswered."""
    answer_wait_s: float = 0.0
    """Messages only: how long an answer waits for data to travel with. Alone it costs a message."""
    priority_max: Priority = Priority.CLEAR_VOICE
    """What comes behind this is too dear for the link and waits for another."""
    shape: Shape | None = None
    """Vessel, never on a stream: send the same packets at the same times, whatever there is to say."""

    def mtu_bytes(self, sender: Side) -> int:
        """Return the largest packet that `sender` may put on this link."""
        return self.mtu_up_bytes if sender is Side.VESSEL else self.mtu_down_bytes

    def rate_bps(self, sender: Side) -> float | None:
        """Return the rate to which `sender` paces itself, in bit/s."""
        return self.rate_up_bps if sender is Side.VESSEL else self.rate_down_bps

    def packet_bytes(self, sender: Side) -> int:
        """Return the packet size to aim at.

        A cut wastes half a packet and each packet costs its overhead, so the best size is
        √(2 · overhead · bytes per contact); it is bounded by the link's size and by its airtime.
        """
        size = self.mtu_bytes(sender)
        if self.shape is not None:
            return min(size, self.shape.packet_bytes)
        if self.kind is LinkKind.MESSAGE:
            return size
        rate = self.rate_bps(sender)
        if rate is not None:
            size = min(size, max(PACKET_BYTES_LEAST, int(rate / 8 * limits.PACKET_AIRTIME_S_MAX)))
        if self.kind is LinkKind.STREAM:
            best = math.isqrt(2 * PACKET_OVERHEAD_BYTES * max(0, self.contact_bytes_expected))
            size = min(size, max(PACKET_BYTES_LEAST, best))
        return size


PACKET_BYTES_LEAST = 128
"""Smaller packets would be mostly overhead, whatever rate or contact is expected."""

PACKET_OVERHEAD_BYTES = 15
"""A stream record with one NEXT frame: 2 length + 8 tag + 5 frame (SPEC §3, §4)."""
