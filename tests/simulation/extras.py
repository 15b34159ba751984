"""What some fleets have besides: drawn apart, so that a seed that once found something stays that fleet."""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from protocol.links import LinkKind, LinkProfile
from vessel_client.policy import NANO, Cap, Tariff

CREDIT_BYTES = 50
CREDIT_NANO = NANO // 10
"""What a credit of 50 bytes costs: ten of them a unit of money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What happens in a fleet beside its plan."""

    sticks: int
    stick_visits: int
    """How often each stick is in somebody's socket."""


def extras_source(seed: int) -> random.Random:
    """Return the random source of what is not in a fleet's plan."""
    return random.Random(f"extras of fleet {seed}")


def draw_extras(source: random.Random) -> Extras:
    """Return what a fleet has besides."""
    return Extras(sticks=source.choice((0, 0, 0, 1, 2)), stick_visits=source.randint(3, 9))


def draw_tariffs(seed: int, vessel: int, links: Iterable[LinkProfile]) -> dict[str, Tariff]:
    """Return what a vessel's bearers cost and may cost; most vessels count nothing."""
    source = random.Random(f"price list {vessel} of fleet {seed}")
    if source.random() < 0.7:
        return {}
    return {link.name: _tariff(source, link) for link in links}


def _tariff(source: random.Random, link: LinkProfile) -> Tariff:
    if link.kind is not LinkKind.MESSAGE:
        cap = Cap(size_bytes=source.choice((500, 2_000, 8_000, 40_000)))
        return Tariff(byte_nano=1_000, overhead_bytes=40, cap=cap)
    return Tariff(
        byte_nano=CREDIT_NANO // CREDIT_BYTES,
        step_bytes=CREDIT_BYTES,
        billed_by_session=True,
        cap=Cap(money_nano=source.choice((6, 20, 80)) * CREDIT_NANO),
    )
