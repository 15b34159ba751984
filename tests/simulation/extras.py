"""What some fleets have besides: drawn apart, so that a seed that once found something stays that fleet."""

import random
from dataclasses import dataclass


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
