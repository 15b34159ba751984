"""How texts are compared in a search, in any of the eight languages."""

import unicodedata

_UNSPACED = (("\u0e00", "\u0eff"), ("\u1000", "\u109f"), ("\u1780", "\u17ff"))
"""Thai and Lao, Burmese, Khmer: written without spaces between words, so a word is looked for anywhere."""

_LATIN_MARKS = ("\u0300", "\u036f")
_NO_WIDTH = frozenset("\u200b\u200c\u200d\ufeff")


def folded(text: str) -> str:
    """Return a text as it is compared: no capitals, no Latin accents, every word behind one space."""
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    kept = (
        " " if unicodedata.category(character)[0] in "PSZC" else character
        for character in plain
        if character not in _NO_WIDTH and not _LATIN_MARKS[0] <= character <= _LATIN_MARKS[1]
    )
    # Vietnamese đ has no accent that could fall off.
    return " " + " ".join("".join(kept).replace("đ", "d").split())


def terms_of(query: str) -> tuple[str, ...]:
    """Return what must be found in a folded text: a word anywhere, or the beginning of one behind a space."""
    return tuple(word if _is_unspaced(word) else f" {word}" for word in folded(query).split())


def _is_unspaced(word: str) -> bool:
    return any(first <= word[0] <= last for first, last in _UNSPACED)


def matches(text: str, terms: tuple[str, ...]) -> bool:
    """Return whether a folded text has every term."""
    return all(term in text for term in terms)
