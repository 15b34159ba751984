"""Logistic mixing in whole numbers: what the text coder and the voice coder share.

A chance p is carried as its *stretch*, ln(p / (1 - p)) in 256ths: there, opinions of several contexts
add up with weights. All tables follow from one integer recurrence, so that another implementation needs
no table of ours. `docs/coders.md` has the definitions and some values to check against.
"""

from collections.abc import Sequence
from functools import cache
from operator import mul

from protocol.rangecoder import PROBABILITY_MAX, PROBABILITY_ONE

STRETCH_UNIT = 256
"""Stretch is a natural logarithm in 256ths."""

STRETCH_MAX = 2_815
"""The largest stretch, 11 - 1/256: a chance of one in 60,000, near what 16 bits can say."""

_GROWTH = 65_664
"""(e ** (1 / 256) - 1) * 2 ** 24, rounded: how much the odds grow in one step of stretch."""


@cache
def squash_table() -> tuple[int, ...]:
    """Return the chance, 1 to 65535 in 65536ths, for each stretch; entry 0 is for -STRETCH_MAX."""
    odds = PROBABILITY_ONE
    upper = []
    for _ in range(STRETCH_MAX + 1):
        upper.append(min(PROBABILITY_MAX, odds * PROBABILITY_ONE // (odds + PROBABILITY_ONE)))
        odds += odds * _GROWTH >> 24
    lower = [PROBABILITY_ONE - chance for chance in reversed(upper[1:])]
    return tuple(lower + upper)


@cache
def stretch_table() -> tuple[int, ...]:
    """Return the stretch of each chance in 4096ths: entry q is for chances from 16q to 16q + 15.

    It is the least stretch whose chance is at least 16q + 8.
    """
    chances = squash_table()
    table = []
    index = 0
    for chance in range(8, PROBABILITY_ONE, 16):
        while index < len(chances) - 1 and chances[index] < chance:
            index += 1
        table.append(index - STRETCH_MAX)
    return tuple(table)


def mix(weights: Sequence[int], opinions: Sequence[int]) -> int:
    """Return the chance, in 65536ths, that opinions (stretches) add up to; a weight of one is 65536."""
    total: int = sum(map(mul, weights, opinions)) >> 16
    return squash(total)


def squash(stretch: int) -> int:
    """Return the chance, in 65536ths, of a stretch, which is first held within what the table has."""
    return squash_table()[min(STRETCH_MAX, max(-STRETCH_MAX, stretch)) + STRETCH_MAX]


def learn(weights: list[int], opinions: Sequence[int], error: int, rate: int) -> None:
    """Move each weight towards the opinions that were right.

    `error` is the bit times 65536, less the chance that was given. The shift rounds down, also below zero.
    """
    step = error * rate
    weights[:] = [weight + (opinion * step >> 18) for weight, opinion in zip(weights, opinions, strict=True)]
