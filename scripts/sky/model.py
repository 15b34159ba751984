"""What a sky is like: rates and faults, when it is cut, and the meters that count what it carried.

All times are sky seconds; only the asyncio shells know how fast those pass (``SkyProfile.speed``).
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import Enum
from itertools import count
from typing import Protocol

from scripts.sky.errors import SettingError

# RFC 791 and RFC 768: the smallest IPv4 header and the UDP header.
IPV4_UDP_HEADER_BYTES = 28


class Direction(Enum):
    """Which way a packet goes."""

    UP = "up"  # vessel to shore
    DOWN = "down"  # shore to vessel


@dataclass(frozen=True, slots=True, kw_only=True)
class SkyProfile:
    """One satellite link; ``None`` as a rate or limit means there is none.

    ``delay_s`` is one way. ``loss``, ``duplicate`` and ``reorder`` are probabilities for each packet; a
    reordered packet and a second copy arrive up to ``reorder_delay_s`` late. ``queue_bytes_max`` bounds what
    waits for the pacer in each direction. ``speed`` is sky seconds in one wall second.

    Raises: SettingError.
    """

    rate_up_bps: float | None = None
    rate_down_bps: float | None = None
    delay_s: float = 0.0
    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    reorder_delay_s: float = 1.0
    packet_bytes_max: int | None = None
    # What a modem's own queue holds; a stream sky, whose senders feel back-pressure, does without.
    queue_bytes_max: int | None = 65_536
    speed: float = 1.0

    def __post_init__(self) -> None:
        for name in ("rate_up_bps", "rate_down_bps", "packet_bytes_max", "queue_bytes_max", "speed"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise SettingError(f"{name} is {value}; give a number above 0.")
        for name in ("delay_s", "reorder_delay_s"):
            if not getattr(self, name) >= 0:
                raise SettingError(f"{name} is {getattr(self, name)}; give 0 or more seconds.")
        for name in ("loss", "duplicate", "reorder"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingError(f"{name} is {getattr(self, name)}; give a probability from 0 to 1.")

    def rate_bps(self, direction: Direction) -> float | None:
        """Return the rate of one direction, or ``None`` when it is unlimited."""
        return self.rate_up_bps if direction is Direction.UP else self.rate_down_bps


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """The link goes down at ``at_s`` and comes back ``length_s`` later."""

    at_s: float
    length_s: float

    def __post_init__(self) -> None:
        if not self.at_s >= 0 or not self.length_s > 0:
            raise SettingError(
                f"A cut at {self.at_s} s for {self.length_s} s cannot be; give a start of 0 or later and a "
                "length above 0."
            )


class CutSchedule(Protocol):
    """When the link is cut; the sky starts at second 0."""

    def cuts(self) -> Iterator[Cut]:
        """Return the cuts from the beginning, in order of time; the iterator may be endless."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCuts:
    """Exactly these cuts; without any, the link is never cut."""

    listed: tuple[Cut, ...] = ()

    def cuts(self) -> Iterator[Cut]:
        """Return the listed cuts in order of time."""
        return iter(sorted(self.listed, key=lambda cut: cut.at_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodicCuts:
    """``down_s`` down after every ``up_s`` up; ``first_s`` moves the first cut (default: after ``up_s``)."""

    up_s: float
    down_s: float
    first_s: float | None = None

    def __post_init__(self) -> None:
        if not self.up_s > 0 or not self.down_s > 0:
            raise SettingError(
                f"Periodic cuts of {self.up_s} s up and {self.down_s} s down cannot be; give both above 0."
            )

    def cuts(self) -> Iterator[Cut]:
        """Return the endless row of cuts."""
        first_s = self.up_s if self.first_s is None else self.first_s
        for number in count():
            yield Cut(at_s=first_s + number * (self.up_s + self.down_s), length_s=self.down_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomCuts:
    """Cuts whose up and down times are exponentially distributed around two means; same seed, same cuts."""

    seed: int
    up_s_mean: float
    down_s_mean: float

    def __post_init__(self) -> None:
        if not self.up_s_mean > 0 or not self.down_s_mean > 0:
            raise SettingError(
                f"Random cuts with means {self.up_s_mean} s up and {self.down_s_mean} s down cannot be; give "
                "both above 0."
            )

    def cuts(self) -> Iterator[Cut]:
        """Return the endless row of cuts, the same at every call."""
        source = random.Random(self.seed)
        at_s = 0.0
        while True:
            at_s += source.expovariate(1 / self.up_s_mean)
            # An exponential draw may be exactly 0, which would be no cut at all.
            length_s = max(source.expovariate(1 / self.down_s_mean), 1e-6)
            yield Cut(at_s=at_s, length_s=length_s)
            at_s += length_s


class Stage(Enum):
    """What can happen to a packet; the names are fields of ``Traffic``.

    A packet is offered; it is then unsent (never left the pacer: cut, too long or queue full) or in the air;
    from the air it is delivered or lost. A second copy made on the way is duplicated, then delivered or lost.
    """

    OFFERED = "offered"
    UNSENT = "unsent"
    AIR = "air"
    DUPLICATED = "duplicated"
    DELIVERED = "delivered"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Packets and their payload bytes."""

    packets: int = 0
    size_bytes: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(packets=self.packets + other.packets, size_bytes=self.size_bytes + other.size_bytes)

    def __sub__(self, other: "Count") -> "Count":
        return Count(packets=self.packets - other.packets, size_bytes=self.size_bytes - other.size_bytes)

    @property
    def whole_ip_bytes(self) -> int:
        """Bytes with the IPv4 and UDP headers of each packet; has no meaning for a stream's pieces."""
        return self.size_bytes + IPV4_UDP_HEADER_BYTES * self.packets


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """One direction's counts; the fields are the stages."""

    offered: Count = field(default_factory=Count)
    unsent: Count = field(default_factory=Count)
    air: Count = field(default_factory=Count)
    duplicated: Count = field(default_factory=Count)
    delivered: Count = field(default_factory=Count)
    lost: Count = field(default_factory=Count)

    def __add__(self, other: "Traffic") -> "Traffic":
        return Traffic(**{name: getattr(self, name) + getattr(other, name) for name in _STAGE_NAMES})

    def __sub__(self, other: "Traffic") -> "Traffic":
        return Traffic(**{name: getattr(self, name) - getattr(other, name) for name in _STAGE_NAMES})

    @property
    def pending(self) -> Count:
        """What waits for the pacer or is on its way."""
        return self.offered + self.duplicated - self.unsent - self.delivered - self.lost


_STAGE_NAMES = tuple(entry.name for entry in fields(Traffic))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A meter at one instant; subtract an earlier one to bill what lay between."""

    up: Traffic = field(default_factory=Traffic)
    down: Traffic = field(default_factory=Traffic)
    connections: int = 0
    cuts: int = 0

    def __sub__(self, earlier: "Reading") -> "Reading":
        return Reading(
            up=self.up - earlier.up,
            down=self.down - earlier.down,
            connections=self.connections - earlier.connections,
            cuts=self.cuts - earlier.cuts,
        )

    @property
    def both(self) -> Traffic:
        """Both directions together."""
        return self.up + self.down

    @property
    def air_bytes(self) -> int:
        """Payload bytes that left the pacers, both directions, those a cut then lost included: the bill."""
        return self.both.air.size_bytes

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits and nothing is on its way."""
        return self.both.pending.packets == 0

    def as_record(self) -> dict[str, int]:
        """Return the reading as flat names and numbers, such as ``up_air_bytes``, for a line of JSON."""
        record = {"connections": self.connections, "cuts": self.cuts}
        for direction in Direction:
            traffic: Traffic = getattr(self, direction.value)
            for name in _STAGE_NAMES:
                stage: Count = getattr(traffic, name)
                record[f"{direction.value}_{name}_packets"] = stage.packets
                record[f"{direction.value}_{name}_bytes"] = stage.size_bytes
        return record


class Meter:
    """Counts what one radio carries; read it with ``snapshot``."""

    def __init__(self) -> None:
        self._counts = {(direction, stage): Count() for direction in Direction for stage in Stage}
        self.connections = 0
        self.cuts = 0

    def count(self, direction: Direction, stage: Stage, size_bytes: int) -> None:
        """Add one packet of ``size_bytes`` to a stage."""
        self._counts[direction, stage] += Count(packets=1, size_bytes=size_bytes)

    def snapshot(self) -> Reading:
        """Return the counts of this instant."""
        return Reading(
            up=self._traffic(Direction.UP),
            down=self._traffic(Direction.DOWN),
            connections=self.connections,
            cuts=self.cuts,
        )

    def _traffic(self, direction: Direction) -> Traffic:
        return Traffic(**{stage.value: self._counts[direction, stage] for stage in Stage})
