"""What the text coder has read of a language before the first message: the alphabet, and what followed what.

Nothing here changes once it is made: all messages share it. `docs/coders.md` says every step.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from protocol.mixing import stretch_table
from protocol.priming import Language

END = "\ud800"
"""Ends a message. A lone surrogate, since no text that may be packed holds one."""

ESCAPE = "\ud801"
"""Announces a character that the language's alphabet lacks."""

_SEEN_WEIGHT = 4
"""How much one occurrence in the priming text counts for the shape of the tree; being in it counts 1."""

_OFTEN_MIN = 16
"""What was read at so many places is kept for the next message: counting it anew was most of the work of a
short one. Rarer strings are counted when they come, so that memory stays small."""

_ALPHABET_RANGES: dict[Language, tuple[tuple[int, int], ...]] = {
    Language.ENGLISH: (),
    Language.BURMESE: ((0x1000, 0x104F),),
    Language.KHMER: ((0x1780, 0x17DD), (0x17E0, 0x17E9)),
    Language.THAI: ((0x0E01, 0x0E3A), (0x0E3F, 0x0E5B)),
    Language.LAO: ((0x0E81, 0x0EDD),),
    Language.INDONESIAN: (),
    Language.FILIPINO: (),
    Language.VIETNAMESE: ((0x00C0, 0x00FF), (0x1EA0, 0x1EF9)),
}
"""Letters that belong to a language even where its priming text lacks them; both ends inside."""

_EVERY_ALPHABET = "\n" + "".join(chr(code) for code in range(0x20, 0x7F)) + END + ESCAPE

Turns = tuple[int, int, int]
"""How often the turns 0 and 1 of a fork were taken, and the opinion that follows from it, a stretch."""


def separates_words(character: str) -> bool:
    """Whether a word ends here: not in a letter, an accent or a vowel sign of any language of ours."""
    return (
        character < "A"
        or character == END
        or "\u104a" <= character <= "\u104f"
        or "\u17d4" <= character <= "\u17da"
    )


def opinion_of(zeros: int, ones: int) -> int:
    """Return what so many turns, one at least, say of the next: a stretch."""
    return stretch_table()[(16 * ones + 3) * 4096 // (16 * (zeros + ones) + 6)]


class Alphabet:
    """A binary tree whose leaves are characters in code point order, the frequent ones near the root.

    Fork 0 is the root. `forks[n]` holds what lies at its 0 and its 1: the number of a fork, or a character.
    `steps[character]` is the way there, as pairs of fork and turn. `firsts[n]` is the first character at
    the 1 of fork n: all at its 0 are less.
    """

    def __init__(self, weights: dict[str, int]) -> None:
        self._leaves = sorted(weights.items())
        self.forks: list[tuple[int | str, int | str]] = []
        self.firsts: list[str] = []
        self.steps: dict[str, tuple[tuple[int, int], ...]] = {}
        self._grow(0, len(self._leaves), ())

    def _grow(self, start: int, stop: int, steps: tuple[tuple[int, int], ...]) -> int | str:
        """Build the tree of the leaves from `start` up to `stop`, cut where both sides weigh most alike."""
        if stop - start == 1:
            character = self._leaves[start][0]
            self.steps[character] = steps
            return character
        fork = len(self.forks)
        self.forks.append((0, 0))
        cut = self._cut(start, stop)
        self.firsts.append(self._leaves[cut][0])
        left = self._grow(start, cut, (*steps, (fork, 0)))
        right = self._grow(cut, stop, (*steps, (fork, 1)))
        self.forks[fork] = (left, right)
        return fork

    def _cut(self, start: int, stop: int) -> int:
        total = sum(weight for _, weight in self._leaves[start:stop])
        left = 0
        unevenness_of_cut = []
        for cut in range(start + 1, stop):
            left += self._leaves[cut - 1][1]
            unevenness_of_cut.append((abs(total - 2 * left), cut))
        return min(unevenness_of_cut)[1]


def alphabet_of(language: Language, text: str) -> Alphabet:
    """Return the alphabet of a language: what belongs to it, and whatever its text holds."""
    weights = dict.fromkeys(_EVERY_ALPHABET, 1)
    for first, last in _ALPHABET_RANGES[language]:
        weights.update(dict.fromkeys(map(chr, range(first, last + 1)), 1))
    for character, times in Counter(text).items():
        weights[character] = weights.get(character, 0) + _SEEN_WEIGHT * times
    return Alphabet(weights)


class Reading:
    """A text that was read before the first message, with its places in the order of what follows them."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.text = END + END.join(lines) + END
        # No string of a message goes on beyond an END.
        longest = max(map(len, lines), default=0) + 2
        last = len(self.text) - 1
        places = sorted(range(last + 1), key=lambda at: self.text[at : at + longest])
        self.behind = array("I", (at for at in places if at > 0))
        """Places behind any character."""
        self.strings = array("I", (at for at in places if at < last))
        """Places at which a string begins that something follows."""
        self.words = array("I", (at for at in self.behind if separates_words(self.text[at - 1])))
        """Places behind the end of a word."""


class Stem:
    """What followed one string of characters in the reading: it stands at some neighbouring places."""

    __slots__ = ("_from", "_longer", "_places", "_read", "_size", "followers", "turns")

    def __init__(self, read: "Read", places: "array[int]", start: int, stop: int, size: int) -> None:
        """Take the places from `start` up to `stop`, at which the string of this size begins."""
        self._read = read
        self._places = places
        self._from = start
        self._size = size
        self._longer: dict[str, Stem] = {}
        text = read.reading.text
        self.followers: list[str] = [text[at + size] for at in places[start:stop]]
        """What was read behind the string, sorted."""
        self.turns: dict[int, Turns] = {}
        """Where that is much: what was seen at each fork, unless nothing was."""
        if stop - start >= _OFTEN_MIN:
            self.turns = read.count(self.followers)

    def followed_by(self, character: str) -> "Stem":
        """Return the stem that is one character longer."""
        longer = self._longer.get(character)
        if longer is None:
            start = bisect_left(self.followers, character)
            stop = bisect_right(self.followers, character, start)
            if start == stop:
                return self._read.nowhere
            longer = Stem(self._read, self._places, self._from + start, self._from + stop, self._size + 1)
            if longer.turns:
                self._longer[character] = longer
        return longer


class Read:
    """A reading in terms of an alphabet: what is known before the weights are learned."""

    def __init__(self, reading: Reading, alphabet: Alphabet) -> None:
        self.reading = reading
        self.alphabet = alphabet
        self.nowhere = Stem(self, reading.strings, 0, 0, 0)
        self.anywhere = Stem(self, reading.behind, 0, len(reading.behind), 0)
        self.string_start = Stem(self, reading.strings, 0, len(reading.strings), 0)
        self.word_start = Stem(self, reading.words, 0, len(reading.words), 0)

    def count(self, followers: Iterable[str]) -> dict[int, Turns]:
        """Return the turns on the ways to these characters."""
        counts = defaultdict[int, list[int]](lambda: [0, 0])
        for character, times in Counter(followers).items():
            for fork, turn in self.alphabet.steps[character]:
                counts[fork][turn] += times
        return {fork: (zeros, ones, opinion_of(zeros, ones)) for fork, (zeros, ones) in counts.items()}
