"""Compact text: a statistical coder that has read text of the language before the first message.

Each character is a walk down a binary tree; at each fork the contexts before it (the last 0 to 6
characters, and the word so far) give their opinions, `protocol.mixing` weighs them, and
`protocol.rangecoder` writes the turn taken. Whole numbers only: `docs/coders.md` says every step, so that
the browser's code makes the same bytes.

The first byte is the version. It stands for this coder and all priming texts together: a change of any
letter in either needs a new one.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import mul

from protocol import limits
from protocol.errors import MalformedText, TooLarge
from protocol.mixing import squash, stretch_table
from protocol.priming import Language, priming_text
from protocol.rangecoder import PROBABILITY_ONE, BitCoder, BitDecoder, BitEncoder
from protocol.textmodel import END, ESCAPE, Read, Reading, Stem, Turns, alphabet_of, separates_words

__all__ = ["Language", "pack_text", "unpack_text"]

VERSION_RAW = 0
"""The text follows as UTF-8: for what no language model fits."""

VERSION_PRIMED_1 = 1
"""This coder with the first release of the priming texts."""

_ORDERS_MAX = 6
_WORD = _ORDERS_MAX + 1
"""The place of the word's context among the contexts, after orders 0 to 6."""

_BIAS = _WORD + 1
_BIAS_OPINION = 64
"""A constant opinion beside those of the contexts, whose weight learns a bias."""

_NEVER: Turns = (0, 0, 0)

_WEIGHT_START = 20_000
_RATE = 6

_HELD_OUT_EVERY = 16
_HELD_OUT_FIRST = 1
"""Every sixteenth line of the priming text, from the second, is kept apart to learn the first weights on."""

_PLACE_BITS = 6
_PAGE_BITS = 15
"""A page has 64 code points; 17,408 pages hold all of Unicode."""


class _Context:
    """What followed one string of characters: in the reading, and so far in this message."""

    __slots__ = ("_longer", "_stem", "cut", "followers", "read", "start", "stop", "turns")

    def __init__(self, stem: Stem) -> None:
        self._stem = stem
        self._longer: dict[str, _Context] = {}
        # The reading's own counts stay as they are: the next message begins with them again.
        self.read = stem.turns
        """Where much was read: the turns taken there."""
        self.turns: dict[int, list[int]] = {}
        """The same with those of this message, for each fork that it came by."""
        self.followers: list[str] = [] if stem.turns else stem.followers.copy()
        """Where little was read: what followed there and in this message, sorted."""
        self.start = self.cut = self.stop = 0
        """Which of the followers are below the fork at which the walk is, and the first of them at its 1."""

    def followed_by(self, character: str) -> "_Context":
        """Return the context that is one character longer."""
        longer = self._longer.get(character)
        if longer is None:
            longer = self._longer[character] = _Context(self._stem.followed_by(character))
        return longer

    def count(self, symbol: str, steps: Iterable[tuple[int, int]]) -> None:
        """Remember that a symbol followed, to which these steps lead."""
        if not self.read:
            insort(self.followers, symbol)
            return
        for fork, turn in steps:
            turns = self.turns.get(fork)
            if turns is None:
                turns = self.turns[fork] = [*self.read.get(fork, _NEVER)[:2]]
            turns[turn] += 1


_Asked = Sequence[tuple[int, _Context]]
"""Contexts with their orders."""


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

    def __init__(self, read: Read, weights: list[list[int]], coder: BitCoder) -> None:
        self._read = read
        self._weights = weights
        self._coder = coder
        self._stretches = stretch_table()
        self._escaped = _Characters(coder)
        self._after: dict[str, _Context] = {}
        self._word_start = _Context(read.word_start)
        nothing = [_Context(read.nowhere) for _ in range(_ORDERS_MAX - 1)]
        self._contexts = [_Context(read.anywhere), self._context_after(END), *nothing, self._word_start]

    def code(self, character: str) -> str:
        """Carry one character (or the end) and return it; an unpacking coder ignores `character`."""
        steps = self._read.alphabet.steps
        symbol = self._code_symbol(steps.get(character) or steps[ESCAPE])
        if symbol == END:
            return symbol
        if symbol != ESCAPE:
            character = symbol
        else:
            character = self._escaped.code(character)
            if character in steps:
                raise MalformedText("The packed text takes a longer way than needed; have it sent again.")
        self._move_past(character)
        return character

    def _code_symbol(self, steps: Iterable[tuple[int, int]]) -> str:
        """Walk from the root to a leaf: along `steps` in packing, where the coder says in unpacking."""
        alphabet = self._read.alphabet
        # Most contexts have never been met: they have no opinion at any fork.
        often = [(order, each) for order, each in enumerate(self._contexts) if each.read]
        seldom = [(order, each) for order, each in enumerate(self._contexts) if each.followers]
        for _, context in seldom:
            context.start, context.stop = 0, len(context.followers)
        place: int | str = 0
        wanted = iter(steps)
        while isinstance(place, int):
            orders, opinions = self._opinions(place, often, seldom)
            _, turn = next(wanted, (0, 0))
            turn = self._code_turn(orders, opinions, turn)
            if turn:
                for _, context in seldom:
                    context.start = context.cut
            else:
                for _, context in seldom:
                    context.stop = context.cut
            place = alphabet.forks[place][turn]
        steps = alphabet.steps[place]
        for context in self._contexts:
            context.count(place, steps)
        return place

    def _opinions(self, fork: int, often: _Asked, seldom: _Asked) -> tuple[list[int], list[int]]:
        """Return the orders of all contexts that know this fork, and what each says of its next turn.

        The innermost loop of all: `textmodel.opinion_of` is written out here.
        """
        stretches = self._stretches
        orders, opinions = [], []
        for order, context in often:
            if fork in context.turns:
                zeros, ones = context.turns[fork]
                opinions.append(stretches[(16 * ones + 3) * 4096 // (16 * (zeros + ones) + 6)])
                orders.append(order)
            elif fork in context.read:
                opinions.append(context.read[fork][2])
                orders.append(order)
        first = self._read.alphabet.firsts[fork]
        for order, context in seldom:
            start, stop = context.start, context.stop
            if start < stop:
                # They are sorted as the leaves are: all at the fork's 0 stand before all at its 1.
                cut = context.cut = bisect_left(context.followers, first, start, stop)
                opinions.append(stretches[(16 * (stop - cut) + 3) * 4096 // (16 * (stop - start) + 6)])
                orders.append(order)
        return orders, opinions

    def _code_turn(self, orders: list[int], opinions: list[int], turn: int) -> int:
        """Carry one turn, then let the weights learn from it; a context without an opinion has no say."""
        longest = 0
        for order in orders:
            if longest < order < _WORD:
                longest = order
        weights = self._weights[longest]
        orders.append(_BIAS)
        opinions.append(_BIAS_OPINION)
        chance = squash(sum(map(mul, map(weights.__getitem__, orders), opinions)) >> 16)
        turn = self._coder.code(chance, turn)
        step = (turn * PROBABILITY_ONE - chance) * _RATE
        for order, opinion in zip(orders, opinions, strict=True):
            weights[order] += opinion * step >> 18
        return turn

    def _move_past(self, character: str) -> None:
        """Make every context one character longer."""
        old = self._contexts
        longer = [context.followed_by(character) for context in old[1:_ORDERS_MAX]]
        word = self._word_start if separates_words(character) else old[_WORD].followed_by(character)
        self._contexts = [old[0], self._context_after(character), *longer, word]

    def _context_after(self, character: str) -> _Context:
        context = self._after.get(character)
        if context is None:
            context = self._after[character] = _Context(self._read.string_start.followed_by(character))
        return context


class _Rehearsal:
    """A coder that writes nothing: a model walks with it only to learn."""

    def code(self, _probability_of_one: int, bit: int) -> int:
        """Return the bit."""
        return bit


@dataclass(frozen=True, slots=True, kw_only=True)
class _Primed:
    """What is known of a language before a message: shared by all messages, changed by none."""

    read: Read
    weights: tuple[tuple[int, ...], ...]

    def walk(self, coder: BitCoder) -> _Walk:
        """Return a fresh walk for one message."""
        return _Walk(self.read, [list(weights) for weights in self.weights], coder)


@cache
def _primed(language: Language) -> _Primed:
    """Read the priming text: first most of it, to learn weights on the rest, then all of it."""
    lines = priming_text(language).strip("\n").split("\n")
    whole = Reading(lines)
    alphabet = alphabet_of(language, whole.text)
    held_out = lines[_HELD_OUT_FIRST::_HELD_OUT_EVERY]
    rest = [line for number, line in enumerate(lines) if number % _HELD_OUT_EVERY != _HELD_OUT_FIRST]
    read = Read(Reading(rest), alphabet)
    weights = [[_WEIGHT_START] * (_WORD + 1) + [0] for _ in range(_ORDERS_MAX + 1)]
    for line in held_out:
        walk = _Walk(read, weights, _Rehearsal())
        for character in line + END:
            walk.code(character)
    return _Primed(read=Read(whole, alphabet), weights=tuple(map(tuple, weights)))


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
    for character in text + END:
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
    while (character := walk.code("\0")) != END:
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
