"""What goes wrong in one fleet, all of it drawn from the fleet's one random source."""

import math
import random
from collections import Counter
from dataclasses import dataclass
from enum import Enum

from protocol.links import LinkKind, LinkProfile

FULL_BYTES = 3_000
"""What a relay that is soon full holds for a vessel."""


class Crashed(Exception):
    """A process lost its power at this instant."""


class BrokenRule(AssertionError):
    """A fleet broke one of the rules that every fleet must keep."""


class Ways(Enum):
    """Which bearers a vessel has, by the names of its links."""

    TCP = ("tcp",)
    UDP = ("udp",)
    SBD = ("sbd",)
    TCP_UDP = ("tcp", "udp")
    TCP_SBD = ("tcp", "sbd")
    UDP_SBD = ("udp", "sbd")
    ALL = ("tcp", "udp", "sbd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One vessel's voyage: its bearers, its cuts, and what it has to say and to hear."""

    links: tuple[LinkProfile, ...]
    cuts: int
    cut_s: float
    bursts: tuple[float, ...]
    """When people write, as shares of the storm; most cuts follow them, since nothing else could be hit."""
    bundles_up: int
    bundles_down: int
    large: bool
    restores: int
    """How often an old copy of the box's disk comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How bad this storm is. A share is a probability for each packet or statement."""

    days: float
    trips: tuple[Trip, ...]
    loss: float
    duplicate: float
    reorder: float
    corrupt: float
    silence: float
    """The share of cuts that last for hours."""
    crash: float
    disk_full: float
    session_fails: float
    ambiguous: float
    """Messages: the share of sessions of which nobody knows how they ended."""
    restores: int
    """How often an old copy of the relay's disk comes back."""
    clock_steps: int
    held_bytes_max: int
    """A relay that is full says busy."""
    desks: int


_CALM = Plan(
    days=0.0,
    trips=(),
    loss=0.0,
    duplicate=0.0,
    reorder=0.0,
    corrupt=0.0,
    silence=0.0,
    crash=0.0,
    disk_full=0.0,
    session_fails=0.0,
    ambiguous=0.0,
    restores=0,
    clock_steps=0,
    held_bytes_max=0,
    desks=1,
)


class Faults:
    """Decides each single fault, and counts those that were injected."""

    def __init__(self, plan: Plan, source: random.Random) -> None:
        self.plan = plan
        self.source = source
        self.healed = False
        self.counts: Counter[str] = Counter()

    @classmethod
    def none(cls) -> "Faults":
        """Return faults that never happen, for what is done in port."""
        faults = cls(_CALM, random.Random(0))
        faults.healed = True
        return faults

    def count(self, name: str) -> None:
        """Count a fault that was decided elsewhere."""
        self.counts[name] += 1

    def strikes(self, name: str, share: float) -> bool:
        """Return whether this fault happens now; after the healing none does."""
        if not share or self.healed:
            return False
        struck = self.source.random() < share
        if struck:
            self.counts[name] += 1
        return struck

    def strikes_rarely(self, name: str, times: int) -> bool:
        """Return whether a fault of the plan happens now, `times` as often as its share says."""
        share: float = getattr(self.plan, name)
        return bool(share) and self.source.random() < times * share

    def statements_until(self, name: str) -> float:
        """Return after how many statements a fault of the plan happens again."""
        share: float = getattr(self.plan, name)
        if not share:
            return math.inf
        return 1 + self.source.expovariate(share)

    def corrupted(self, data: bytes) -> bytes:
        """Return the bytes with one of them changed."""
        at = self.source.randrange(len(data))
        changed = bytearray(data)
        changed[at] ^= self.source.randrange(1, 256)
        return bytes(changed)

    def cut_length_s(self, trip: Trip) -> float:
        """Return how long a link stays down."""
        if self.strikes("silence", self.plan.silence):
            return self.source.uniform(3_600, 4 * 3_600)
        return self.source.expovariate(1 / trip.cut_s)


def _links(source: random.Random) -> tuple[LinkProfile, ...]:
    rate = source.choice((2_400.0, 9_600.0, 100_000.0, None))
    round_trip_s = source.choice((0.1, 0.6, 1.4, 5.0))
    known = {
        "tcp": LinkProfile(
            name="tcp",
            kind=LinkKind.STREAM,
            mtu_up_bytes=65_535,
            mtu_down_bytes=65_535,
            rate_up_bps=rate,
            rate_down_bps=rate,
            round_trip_s=round_trip_s,
            contact_bytes_expected=source.choice((5_000, 20_000, 10_000_000)),
        ),
        "udp": LinkProfile(
            name="udp",
            kind=LinkKind.DATAGRAM,
            mtu_up_bytes=1_200,
            mtu_down_bytes=1_200,
            rate_up_bps=rate,
            rate_down_bps=rate,
            round_trip_s=round_trip_s,
        ),
        "sbd": LinkProfile(
            name="sbd",
            kind=LinkKind.MESSAGE,
            mtu_up_bytes=340,
            mtu_down_bytes=270,
            identifies_vessel=True,
            round_trip_s=80.0,
            patience_s=1_800.0,
            answer_wait_s=source.choice((60.0, 1_800.0, 21_600.0)),
        ),
    }
    ways = source.choices(tuple(Ways), weights=(5, 4, 1, 3, 2, 2, 2))[0]
    return tuple(known[name] for name in ways.value)


def _trip(source: random.Random) -> Trip:
    links = _links(source)
    only_messages = all(link.kind is LinkKind.MESSAGE for link in links)
    return Trip(
        links=links,
        cuts=source.randint(8, 26),
        cut_s=source.choice((2.0, 20.0, 300.0)),
        bursts=tuple(source.random() for _ in range(source.choice((1, 2, 2, 3)))),
        bundles_up=source.choice((0, 1, 2, 3, 3, 5) if not only_messages else (0, 1, 2)),
        bundles_down=source.choice((0, 0, 1, 1, 3) if not only_messages else (0, 1)),
        large=source.random() < 0.15 and not only_messages,
        restores=1 if source.random() < 0.06 else 0,
    )


def draw_plan(source: random.Random, days: float | None = None) -> Plan:
    """Return how bad a storm will be; each kind of fault is absent from some fleets."""

    def sometimes(chance: float, most: float) -> float:
        drawn = source.random(), source.random()
        return drawn[1] * most if drawn[0] < chance else 0.0

    return Plan(
        days=days if days is not None else source.choice((0.1, 0.5, 1.0, 3.0)),
        trips=tuple(_trip(source) for _ in range(source.randint(1, 5))),
        loss=sometimes(0.6, 0.3),
        duplicate=sometimes(0.5, 0.2),
        reorder=sometimes(0.5, 0.3),
        corrupt=sometimes(0.4, 0.05),
        silence=sometimes(0.3, 0.1),
        crash=sometimes(0.5, 0.003),
        disk_full=sometimes(0.3, 0.003),
        session_fails=sometimes(0.7, 0.3),
        ambiguous=sometimes(0.5, 0.2),
        restores=1 if source.random() < 0.12 else 0,
        clock_steps=source.choice((0, 0, 1, 3)),
        held_bytes_max=source.choice((FULL_BYTES, 64_000_000, 64_000_000, 64_000_000)),
        desks=source.choice((1, 1, 2)),
    )
