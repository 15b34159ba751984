"""The two clocks that are handed down from the composition root; nothing below it asks the system."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from protocol.ids import Instant, UnixSeconds
from vessel_client.errors import ClockWrong

WallClock = Callable[[], UnixSeconds]

CLOCK_TOLERANCE_S = 86_400
"""A box's clock may be this far behind the relay's: time zones set wrongly by hand are common."""


def system_wall_clock() -> UnixSeconds:
    """Return the date of this machine."""
    return UnixSeconds(int(time.time()))


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkClock:
    """Seconds of the link. `speed` of them pass in one second of the machine; a simulated sky may hurry."""

    speed: float = 1.0
    source: Callable[[], float] = time.monotonic

    def now(self) -> Instant:
        """Return the time of the link."""
        return Instant(self.source() * self.speed)

    def machine_s(self, link_s: float) -> float:
        """Return how many seconds of the machine this many seconds of the link take."""
        return link_s / self.speed


def require_clock(issued_at: UnixSeconds, now: UnixSeconds) -> None:
    """Raise `ClockWrong` where the clock says a time before the box was provisioned."""
    if now < issued_at - CLOCK_TOLERANCE_S:
        days = (issued_at - now) // 86_400
        raise ClockWrong(
            f"The clock of this machine is at least {days} days slow: it shows a date before the "
            "provisioning file was made. Set date and time, then try again."
        )
