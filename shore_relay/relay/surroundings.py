"""What every vessel's link needs from the rest of the relay."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from protocol.ids import DeskKeyId, Instant, UnixSeconds, VesselId
from shore_relay.relay.store.repository import Repository

Clock = Callable[[], Instant]
WallClock = Callable[[], UnixSeconds]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every vessel's link needs from the rest of the relay."""

    store: Repository
    clock: Clock
    wall: WallClock
    routable: Callable[[DeskKeyId], bool]
    """Whether some desk here has this key."""
    index: Callable[[VesselId, tuple[bytes, ...]], None]
    """Hears under which key ids a vessel may come from now on."""
    make_room: Callable[[VesselId], None]
    """Hears whose engine is built next, and lets another go where there are too many; raises `FleetFull`."""
    refusals: Counter[str]
    shared: bool
    """Whether other relays may take over a link, so that what memory says of it is not the last word."""
    held_bytes_max: int
    store_retry_s: float
