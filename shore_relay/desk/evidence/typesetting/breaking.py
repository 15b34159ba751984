"""Where a line may end.

Burmese, Khmer, Thai and Lao write no spaces between words. Without a dictionary a line ends best at a space
of the phrase, else between syllables, and never inside a cluster: half a cluster is another letter.
"""

import unicodedata
from collections.abc import Callable, Iterator
from enum import IntEnum

Measure = Callable[[str], float]

_KHMER_COENG, _BURMESE_VIRAMA, _BURMESE_ASAT, _BURMESE_DOT = "\u17d2", "\u1039", "\u103a", "\u1037"
_LEADING_VOWELS = frozenset("เแโใไເແໂໃໄ")
"""Written before the consonant that they follow in speech."""
_TRAILING_VOWELS = frozenset("ะาำๅຯๆະາຳ")
_GOOD_LINE = 0.7
"""A line that is so full may end at its last space; a shorter one goes on to its last syllable."""


class _End(IntEnum):
    """How good an end of a line would be here."""

    NONE = 0
    CLUSTER = 1
    SYLLABLE = 2
    SPACE = 3


def lines(text: str, width: float, measure: Measure) -> Iterator[str]:
    """Cut one paragraph into lines of at most `width`, without the spaces at their ends."""
    rest = text.rstrip(" ")
    while rest:
        end = _line_end(rest, width, measure)
        yield rest[:end].rstrip(" ")
        rest = rest[end:].lstrip(" ") if end < len(rest) else ""
    if not text.strip(" "):
        yield ""


def _line_end(text: str, width: float, measure: Measure) -> int:
    ends = _ends(text)
    by_space, space_width = _fill(text, width, measure, [at for at, end in ends if end is _End.SPACE])
    if by_space == len(text) or (by_space and space_width >= width * _GOOD_LINE):
        return by_space
    syllables = [at for at, end in ends if end >= _End.SYLLABLE]
    by_syllable, _ = _fill(text, width, measure, syllables)
    if by_syllable:
        return by_syllable
    by_cluster, _ = _fill(text, width, measure, [at for at, _ in ends])
    # Even a line that is narrower than one cluster moves on.
    return by_cluster or ends[0][0]


def _fill(text: str, width: float, measure: Measure, ends: list[int]) -> tuple[int, float]:
    """Return the last of these ends that fits, and how wide the line is then; 0 where none does."""
    low, high, found = 0, len(ends) - 1, (0, 0.0)
    while low <= high:
        middle = (low + high) // 2
        size = measure(text[: ends[middle]].rstrip(" "))
        if size <= width:
            low, found = middle + 1, (ends[middle], size)
        else:
            high = middle - 1
    return found


_LOOK_AHEAD = 400
"""No line holds more characters; measuring a whole page for each line would take long."""


def _ends(text: str) -> list[tuple[int, _End]]:
    """Return every place where a line may end, and the end of the text as the best of them."""
    last = min(len(text), _LOOK_AHEAD)
    found = [(at, end) for at in range(1, last) if (end := _end_at(text, at)) is not _End.NONE]
    return [*found, (last, _End.SPACE if last == len(text) else _End.CLUSTER)]


def _end_at(text: str, at: int) -> _End:
    before, after = text[at - 1], text[at]
    if after == " " or _joins(before, after):
        return _End.NONE
    if before in (" ", "\u200b") or (before in "-/\u2013\u2014" and after.isalnum()):
        return _End.SPACE
    return _End.SYLLABLE if _begins_syllable(text, at) else _End.CLUSTER


def _joins(before: str, after: str) -> bool:
    if unicodedata.category(after) in ("Mn", "Mc", "Me") or after in "\u200b\u200c\u200d":
        return True
    if before in (_KHMER_COENG, _BURMESE_VIRAMA, "\u200d") or before in _LEADING_VOWELS:
        return True
    return after in _TRAILING_VOWELS


def _begins_syllable(text: str, at: int) -> bool:
    code = ord(text[at])
    if 0x1000 <= code <= 0x102A or code in (0x103F, 0x104E):
        # A consonant under a killer or over another one ends the syllable before it.
        behind = text[at + 1 : at + 3].replace(_BURMESE_DOT, "")
        return not behind.startswith((_BURMESE_ASAT, _BURMESE_VIRAMA))
    return 0x1780 <= code <= 0x17B3 or 0x0E01 <= code <= 0x0E46 or 0x0E81 <= code <= 0x0EC4
