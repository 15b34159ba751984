"""Finds words in a text as a person would, whatever case, width or invisible letters are in between."""

import unicodedata

Span = tuple[int, int]
"""From the first character to the one after the last."""


def occurrences(text: str, word: str, *, whole: bool = False) -> list[Span]:
    """Return where a word stands in a text, with the marks that hang on its last letter.

    With `whole`, not inside other words.
    """
    letters, places = _folded(text)
    wanted, _ = _folded(word)
    found: list[Span] = []
    at = letters.find(wanted) if wanted else -1
    while at >= 0:
        start, end = places[at], places[at + len(wanted) - 1] + 1
        while end < len(text) and _is_attached(text[end]):
            end += 1
        if not whole or not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()):
            found.append((start, end))
        at = letters.find(wanted, at + len(wanted))
    return found


def merged(spans: list[Span]) -> list[Span]:
    """Return the same places, in order and without overlaps."""
    done: list[Span] = []
    for start, end in sorted(spans):
        if done and start <= done[-1][1]:
            done[-1] = (done[-1][0], max(end, done[-1][1]))
        else:
            done.append((start, end))
    return done


def _folded(text: str) -> tuple[str, list[int]]:
    """Return the letters that count, and where in the text each of them stands."""
    letters: list[str] = []
    places: list[int] = []
    for at, character in enumerate(text):
        if unicodedata.category(character) in ("Cf", "Cc") and character not in "\n\t":
            continue
        folded = unicodedata.normalize("NFKD", character).casefold()
        if folded.isspace():
            if letters and letters[-1] == " ":
                continue
            folded = " "
        letters.extend(folded)
        places.extend([at] * len(folded))
    joined = "".join(letters)
    begin, end = len(joined) - len(joined.lstrip()), len(joined.rstrip())
    return joined[begin:end], places[begin:end]


def _is_attached(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf")
