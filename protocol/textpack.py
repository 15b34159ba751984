"""Compact text: a statistical coder that has read text of the language before the first message.

Each character is a walk down a binary tree; at each fork the contexts before it (the last 0 to 6
characters, and the word so far) give their opinions, `protocol.mixing` weighs them, and
`protocol.rangecoder` writes the turn taken. Whole numbers only: `docs/coders.md` says every step, so that
the browser's code makes the same bytes.

The first byte is the version. It stands for this coder and all priming texts together: a change of any
letter in either needs a new one.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from protocol import limits
from protocol.errors import MalformedText, TooLarge
from protocol.mixing import learn, mix, stretch_table
from protocol.priming import Language, priming_text
from protocol.rangecoder import PROBABILITY_ONE, BitCoder, BitDecoder, BitEncoder

__all__ = ["Language", "pack_text", "unpack_text"]

VERSION_RAW = 0
"""The text follows as UTF-8: for what no language model fits."""

VERSION_PRIMED_1 = 1
"""This coder with the first release of the priming texts."""

_END = "\ud800"
"""Ends a message. A lone surrogate, since no text that may be packed holds one."""

_ESCAPE = "\ud801"
"""Announces a character that the language's alphabet lacks."""

_ORDERS_MAX = 6
_WORD = _ORDERS_MAX + 1
"""The place of the word's context among the contexts, after orders 0 to 6."""

_BIAS_OPINION = 64
"""A constant opinion beside those of the contexts, whose weight learns a bias."""

_WEIGHT_START = 20_000
_RATE = 6
_SEEN_WEIGHT = 4
"""How much one occurrence in the priming text counts for the shape of the tree; being in it counts 1."""

_HELD_OUT_EVERY = 16
_HELD_OUT_FIRST = 1
"""Every sixteenth line of the priming text, from the second, is kept apart to learn the first weights on."""

_KEPT_PLACES_MIN = 16
"""What was read at so many places is kept for the next message: counting it anew was most of the work of a
short one. Rarer strings are counted when they come, so that memory stays small."""

_PLACE_BITS = 6
_PAGE_BITS = 15
"""A page has 64 code points; 17,408 pages hold all of Unicode."""

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


_EVERY_ALPHABET = "\n" + "".join(chr(code) for code in range(0x20, 0x7F)) + _END + _ESCAPE


def _separates_words(character: str) -> bool:
    """Whether a word ends here: not in a letter, an accent or a vowel sign of any language of ours."""
    return (
        character < "A"
        or character == _END
        or "\u104a" <= character <= "\u104f"
        or "\u17d4" <= character <= "\u17da"
    )


class _Alphabet:
    """A binary tree whose leaves are characters in code point order, the frequent ones near the root.

    Fork 0 is the root. `forks[n]` holds what lies at its 0 and its 1: the number of a fork, or a character.
    `steps[character]` is the way there, as pairs of fork and turn.
    """

    def __init__(self, weights: dict[str, int]) -> None:
        self._leaves = sorted(weights.items())
        self.forks: list[tuple[int | str, int | str]] = []
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


class _Reading:
    """A text that was read before the first message, with the places that follow each character."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.text = _END + _END.join(lines) + _END
        self.after_separator: list[int] = []
        self.after: dict[str, list[int]] = {}
        for place, character in enumerate(self.text[:-1], start=1):
            self.after.setdefault(character, []).append(place)
            if _separates_words(character):
                self.after_separator.append(place)


class _Stem:
    """What followed one string of characters in the reading: shared by all messages, changed by none."""

    __slots__ = ("_longer", "_places", "_read", "turns")

    def __init__(self, read: "_Read", places: Sequence[int]) -> None:
        self._read = read
        self._places = places
        self._longer: dict[str, _Stem] = {}
        self.turns: dict[int, list[int]] = {}
        """For each fork, how often its turns 0 and 1 were taken here."""
        text = read.reading.text
        for character, times in Counter([text[place] for place in places]).items():
            for fork, turn in read.alphabet.steps[character]:
                self.turns.setdefault(fork, [0, 0])[turn] += times

    def followed_by(self, character: str) -> "_Stem":
        """Return the stem that is one character longer."""
        longer = self._longer.get(character)
        if longer is None:
            text = self._read.reading.text
            places = [place + 1 for place in self._places if text[place] == character]
            longer = _Stem(self._read, places)
            if len(places) >= _KEPT_PLACES_MIN:
                self._longer[character] = longer
        return longer


class _Read:
    """A reading in terms of an alphabet: what is known before the weights are learned."""

    def __init__(self, reading: _Reading, alphabet: _Alphabet) -> None:
        self.reading = reading
        self.alphabet = alphabet
        self.anywhere = _Stem(self, range(1, len(reading.text)))
        self.word_start = _Stem(self, reading.after_separator)
        self.nowhere = _Stem(self, ())
        self._after: dict[str, _Stem] = {}

    def after(self, character: str) -> _Stem:
        """Return the stem of one character."""
        places = self.reading.after.get(character)
        if places is None:
            return self.nowhere
        if character not in self._after:
            self._after[character] = _Stem(self, places)
        return self._after[character]


class _Context:
    """What followed one string of characters: in the reading, and so far in this message."""

    __slots__ = ("_longer", "_stem", "_turns")

    def __init__(self, stem: _Stem) -> None:
        self._stem = stem
        self._longer: dict[str, _Context] = {}
        self._turns: dict[int, list[int]] = {}

    def turns_at(self, fork: int) -> list[int]:
        """Return how often the turns 0 and 1 of a fork were taken here, for the caller to count on."""
        turns = self._turns.get(fork)
        if turns is None:
            # The reading's own counts stay as they are: the next message begins with them again.
            turns = self._turns[fork] = list(self._stem.turns.get(fork, (0, 0)))
        return turns

    def followed_by(self, character: str) -> "_Context":
        """Return the context that is one character longer."""
        longer = self._longer.get(character)
        if longer is None:
            longer = self._longer[character] = _Context(self._stem.followed_by(character))
        return longer


class _Characters:
    """Codes characters that the alphabet lacks: a page of 64 code points, then the place on it."""

    def __init__(self, coder: BitCoder) -> None:
        self._coder = coder
        self._page = 0
        self._turns: dict[int, list[int]] = {}

    def code(self, character: str) -> str:
        """Carry one character and return it; an unpacking coder ignores `character`."""
        page, place = divmod(ord(character), 1 << _PLACE_BITS)
        if not self._adaptive_bit(0, int(page == self._page)):
            self._page = self._plain_page(page)
        fork = 1
        for shift in reversed(range(_PLACE_BITS)):
            turn = self._adaptive_bit((self._page << _PLACE_BITS) + fork, place >> shift & 1)
            fork = 2 * fork + turn
        code_point = (self._page << _PLACE_BITS) + fork - (1 << _PLACE_BITS)
        if 0xD800 <= code_point <= 0xDFFF or code_point > 0x10FFFF:
            raise MalformedText("The packed text names a character that does not exist; have it sent again.")
        return chr(code_point)

    def _plain_page(self, page: int) -> int:
        seen = 0
        for shift in reversed(range(_PAGE_BITS)):
            seen = 2 * seen + self._coder.code(PROBABILITY_ONE // 2, page >> shift & 1)
        if seen == self._page:
            raise MalformedText("The packed text takes a longer way than needed; have it sent again.")
        return seen

    def _adaptive_bit(self, place: int, bit: int) -> int:
        turns = self._turns.setdefault(place, [0, 0])
        chance = (2 * turns[1] + 1) * (PROBABILITY_ONE // 2) // (turns[0] + turns[1] + 1)
        bit = self._coder.code(chance, bit)
        turns[bit] += 1
        return bit


class _Walk:
    """Codes one message, character by character: the same walk packs, unpacks and rehearses."""

    def __init__(self, read: _Read, weights: list[list[int]], coder: BitCoder) -> None:
        self._read = read
        self._weights = weights
        self._coder = coder
        self._escaped = _Characters(coder)
        self._after: dict[str, _Context] = {}
        self._word_start = _Context(read.word_start)
        nothing = [_Context(read.nowhere) for _ in range(_ORDERS_MAX - 1)]
        self._contexts = [_Context(read.anywhere), self._context_after(_END), *nothing, self._word_start]

    def code(self, character: str) -> str:
        """Carry one character (or the end) and return it; an unpacking coder ignores `character`."""
        steps = self._read.alphabet.steps
        symbol = self._code_symbol(steps.get(character) or steps[_ESCAPE])
        if symbol == _END:
            return symbol
        if symbol != _ESCAPE:
            character = symbol
        else:
            character = self._escaped.code(character)
            if character in steps:
                raise MalformedText("The packed text takes a longer way than needed; have it sent again.")
        self._move_past(character)
        return character

    def _code_symbol(self, steps: Iterable[tuple[int, int]]) -> str:
        """Walk from the root to a leaf: along `steps` in packing, where the coder says in unpacking."""
        place: int | str = 0
        wanted = iter(steps)
        while isinstance(place, int):
            _, turn = next(wanted, (0, 0))
            place = self._read.alphabet.forks[place][self._code_turn(place, turn)]
        return place

    def _code_turn(self, fork: int, turn: int) -> int:
        """Carry one turn, then let every context and the weights learn from it."""
        stretches = stretch_table()
        seen = []
        opinions = []
        longest = 0
        for order, context in enumerate(self._contexts):
            turns = context.turns_at(fork)
            seen.append(turns)
            zeros, ones = turns
            if zeros or ones:
                opinions.append(stretches[(16 * ones + 3) * 4096 // (16 * (zeros + ones) + 6)])
                if order != _WORD:
                    longest = order
            else:
                opinions.append(0)
        opinions.append(_BIAS_OPINION)
        weights = self._weights[longest]
        chance = mix(weights, opinions)
        turn = self._coder.code(chance, turn)
        learn(weights, opinions, turn * PROBABILITY_ONE - chance, _RATE)
        for turns in seen:
            turns[turn] += 1
        return turn

    def _move_past(self, character: str) -> None:
        """Make every context one character longer."""
        old = self._contexts
        longer = [context.followed_by(character) for context in old[1:_ORDERS_MAX]]
        word = self._word_start if _separates_words(character) else old[_WORD].followed_by(character)
        self._contexts = [old[0], self._context_after(character), *longer, word]

    def _context_after(self, character: str) -> _Context:
        context = self._after.get(character)
        if context is None:
            context = self._after[character] = _Context(self._read.after(character))
        return context


class _Rehearsal:
    """A coder that writes nothing: a model walks with it only to learn."""

    def code(self, _probability_of_one: int, bit: int) -> int:
        """Return the bit."""
        return bit


@dataclass(frozen=True, slots=True, kw_only=True)
class _Primed:
    """What is known of a language before a message: shared by all messages, changed by none."""

    read: _Read
    weights: tuple[tuple[int, ...], ...]

    def walk(self, coder: BitCoder) -> _Walk:
        """Return a fresh walk for one message."""
        return _Walk(self.read, [list(weights) for weights in self.weights], coder)


def _alphabet(language: Language, text: str) -> _Alphabet:
    weights = dict.fromkeys(_EVERY_ALPHABET, 1)
    for first, last in _ALPHABET_RANGES[language]:
        weights.update(dict.fromkeys(map(chr, range(first, last + 1)), 1))
    for character, times in Counter(text).items():
        weights[character] = weights.get(character, 0) + _SEEN_WEIGHT * times
    return _Alphabet(weights)


@cache
def _primed(language: Language) -> _Primed:
    """Read the priming text: first most of it, to learn weights on the rest, then all of it."""
    lines = priming_text(language).strip("\n").split("\n")
    whole = _Reading(lines)
    alphabet = _alphabet(language, whole.text)
    held_out = lines[_HELD_OUT_FIRST::_HELD_OUT_EVERY]
    rest = [line for number, line in enumerate(lines) if number % _HELD_OUT_EVERY != _HELD_OUT_FIRST]
    read = _Read(_Reading(rest), alphabet)
    weights = [[_WEIGHT_START] * (_WORD + 1) + [0] for _ in range(_ORDERS_MAX + 1)]
    for line in held_out:
        walk = _Walk(read, weights, _Rehearsal())
        for character in line + _END:
            walk.code(character)
    return _Primed(read=_Read(whole, alphabet), weights=tuple(map(tuple, weights)))


def pack_text(text: str, language: Language) -> bytes:
    """Return `text` packed with the model of its language, or raw where that is shorter.

    Raises:
        TooLarge: it has more than `limits.TEXT_CHARACTERS_MAX` characters; send it in two messages.
        MalformedText: it holds a lone surrogate, half of a character.
    """
    if len(text) > limits.TEXT_CHARACTERS_MAX:
        raise TooLarge(
            f"The text has {len(text)} characters; {limits.TEXT_CHARACTERS_MAX} are allowed: split it in two."
        )
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        raise MalformedText("The text holds half a character (a lone surrogate); remove it.") from error
    coder = BitEncoder()
    walk = _primed(language).walk(coder)
    for character in text + _END:
        walk.code(character)
    packed = coder.finish()
    if len(raw) <= len(packed):
        return bytes([VERSION_RAW]) + raw
    return bytes([VERSION_PRIMED_1]) + packed


def unpack_text(packed: bytes, language: Language) -> str:
    """Return the text that `pack_text` was given for the same language.

    Raises:
        MalformedText: the bytes are damaged, or from a version this program does not have.
    """
    if not packed:
        raise MalformedText("The packed text has no version byte; have it sent again.")
    version, body = packed[0], packed[1:]
    if version == VERSION_RAW:
        return _unpack_raw(body)
    if version != VERSION_PRIMED_1:
        raise MalformedText(f"The packed text has version {version}, unknown here; upgrade this program.")
    decoder = BitDecoder(body)
    walk = _primed(language).walk(decoder)
    characters: list[str] = []
    while (character := walk.code("\0")) != _END:
        characters.append(character)
        if decoder.ran_dry or len(characters) > limits.TEXT_CHARACTERS_MAX:
            raise MalformedText("The packed text does not end where it should; have it sent again.")
    if not decoder.ends_cleanly():
        raise MalformedText("The packed text goes on after its end; have it sent again.")
    return "".join(characters)


def _unpack_raw(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise MalformedText("The raw text is not UTF-8; have it sent again.") from error
    if len(text) > limits.TEXT_CHARACTERS_MAX:
        raise MalformedText(f"The raw text has more than {limits.TEXT_CHARACTERS_MAX} characters.")
    return text
