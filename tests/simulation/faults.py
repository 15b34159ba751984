"""What goes wrong in one voyage, all of it drawn from the voyage's one random source."""

import random
from collections import Counter
from dataclasses import dataclass

from protocol.links import LinkKind, LinkProfile


class Crashed(Exception):
    """A side lost its power at this instant."""


class DiskFull(Exception):
    """A commit found no room."""


class BrokenRule(AssertionError):
    """The voyage broke one of the rules that every voyage must keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How bad this voyage is. A share is a probability for each packet, write or bundle."""

    hours: float
    links: tuple[LinkProfile, ...]
    loss: float
    duplicate: float
    reorder: float
    corrupt: float
    cut_interval_s: float
    cut_s: float
    silence: float
    """The share of cuts that last for hours."""
    crash: float
    disk_full: float
    refusal: float
    restores: int
    bundles_up: int
    bundles_down: int
    large: bool


class Faults:
    """Decides each single fault, and counts those that were injected."""

    def __init__(self, plan: Plan, source: random.Random) -> None:
        self.plan = plan
        self.source = source
        self.healed = False
        self.counts: Counter[str] = Counter()

    def strikes(self, name: str, share: float) -> bool:
        """Return whether this fault happens now; after the healing none does."""
        struck = self.source.random() < share and not self.healed
        if struck:
            self.counts[name] += 1
        return struck

    def corrupted(self, data: bytes) -> bytes:
        """Return the bytes with one of them changed."""
        at = self.source.randrange(len(data))
        changed = bytearray(data)
        changed[at] ^= self.source.randrange(1, 256)
        return bytes(changed)

    def cut_length_s(self) -> float:
        """Return how long a link stays down."""
        if self.strikes("silence", self.plan.silence):
            return self.source.uniform(3_600, 4 * 3_600)
        return self.source.expovariate(1 / self.plan.cut_s)


def _links(source: random.Random) -> tuple[LinkProfile, ...]:
    rate = source.choice((2_400.0, 9_600.0, 100_000.0, None))
    round_trip_s = source.choice((0.1, 0.6, 1.4, 5.0))
    known = (
        LinkProfile(
            name="tcp",
            kind=LinkKind.STREAM,
            mtu_up_bytes=65_535,
            mtu_down_bytes=65_535,
            rate_up_bps=rate,
            rate_down_bps=rate,
            round_trip_s=round_trip_s,
            contact_bytes_expected=source.choice((5_000, 20_000, 10_000_000)),
        ),
        LinkProfile(
            name="udp",
            kind=LinkKind.DATAGRAM,
            mtu_up_bytes=1_200,
            mtu_down_bytes=1_200,
            rate_up_bps=rate,
            rate_down_bps=rate,
            round_trip_s=round_trip_s,
        ),
        LinkProfile(
            name="sbd",
            kind=LinkKind.MESSAGE,
            mtu_up_bytes=340,
            mtu_down_bytes=270,
            identifies_vessel=True,
            round_trip_s=80.0,
        ),
    )
    count = source.choice((1, 1, 1, 2, 2, 3))
    chosen = source.sample(range(3), count)
    return tuple(known[at] for at in sorted(chosen))


def draw_plan(source: random.Random, hours: float | None = None) -> Plan:
    """Return how bad a voyage will be; each kind of fault is absent from some voyages."""

    def sometimes(chance: float, most: float) -> float:
        drawn = source.random(), source.random()
        return drawn[1] * most if drawn[0] < chance else 0.0

    links = _links(source)
    only_messages = all(link.kind is LinkKind.MESSAGE for link in links)
    return Plan(
        hours=hours if hours is not None else source.choice((0.1, 0.3, 1.0, 3.0)),
        links=links,
        loss=sometimes(0.6, 0.3),
        duplicate=sometimes(0.5, 0.2),
        reorder=sometimes(0.5, 0.3),
        corrupt=sometimes(0.4, 0.05),
        cut_interval_s=source.choice((20.0, 80.0, 300.0, 1e9)),
        cut_s=source.choice((2.0, 20.0, 300.0)),
        silence=sometimes(0.3, 0.1),
        crash=sometimes(0.5, 0.01),
        disk_full=sometimes(0.3, 0.01),
        refusal=sometimes(0.2, 0.1),
        restores=source.choice((1, 2)) if source.random() < 0.15 else 0,
        bundles_up=source.choice((0, 1, 3, 8, 8, 45)),
        bundles_down=source.choice((0, 0, 1, 3, 8, 45)),
        large=source.random() < 0.35 and not only_messages,
    )
