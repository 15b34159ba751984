"""What a fuzz target is, and what every refusal must be."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

Mutate = Callable[[bytes], bytes]
"""Changes bytes a little, as the fuzzer sees fit."""

SENTENCE_CHARACTERS_MAX = 800


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One parser with its invariant; the docstring of its module states it first."""

    check: Callable[[bytes], None]
    """Feeds one input to the parser; raises where the invariant does not hold, and only there."""
    seeds: Callable[[], Iterable[bytes]]
    """Inputs to begin with, right ones and wrong ones."""
    largest_bytes: int = 256
    """What the fuzzer makes at most. Small inputs reach nearly everything and run fastest."""
    remake: Callable[[bytes, Mutate, Random], bytes] | None = None
    """Changes the content behind a tag, a sum or a signature, and puts a right one on again."""
    words: tuple[bytes, ...] = ()
    """Words of the format that chance would not find."""


def hold_to_manners(refusal: Exception) -> None:
    """Hold a refusal to what people and programs do with it: it is shown, logged and sent as UTF-8."""
    sentence = str(refusal)
    assert 0 < len(sentence) <= SENTENCE_CHARACTERS_MAX, "a refusal is a sentence of a bounded length"
    sentence.encode()


def halves(data: bytes, at: int) -> tuple[bytes, bytes]:
    """Cut data in two at a place that the input itself names, wrapped into its length."""
    place = at % (len(data) + 1)
    return data[:place], data[place:]
