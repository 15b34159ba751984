"""Makes every character of a text from outside visible on paper, and harmless there.

The exact text stands in the pack's JSON. On paper nothing may turn words around, hide, or climb over another
line: what is no letter of ours is written out by its number and name.
"""

import unicodedata
from collections.abc import Callable

_JOINERS = "\u200b\u200c\u200d"
"""They belong to Khmer, Lao and Burmese spelling; they shape letters, or allow a line to end."""

_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), 0x2060, 0xFEFF)))
"""Choose a letter's variant, or forbid a line's end; nothing is lost without them."""

_MARKS_TOGETHER_MAX = 10
"""More than the fullest Burmese syllable has; a pile of marks would cover the lines above it."""

_LATIN_MARKS_TOGETHER_MAX = 3
"""Vietnamese puts two on one letter, and these stand above one another."""

_SPACES = frozenset("\t\u00a0\u1680\u2028\u2029\u202f\u205f\u3000") | frozenset(
    map(chr, range(0x2000, 0x200B))
)

HasGlyph = Callable[[str], bool]


def shown(text: str, has_glyph: HasGlyph) -> str:
    """Return the text as it can be set: letters, spaces, line ends, and `[U+1F600 GRINNING FACE]`."""
    parts: list[str] = []
    marks = surplus = 0
    for character in text.replace("\r\n", "\n").replace("\r", "\n"):
        is_mark = unicodedata.category(character) in ("Mn", "Mc", "Me")
        marks = marks + 1 if is_mark else 0
        if is_mark and marks > (
            _LATIN_MARKS_TOGETHER_MAX if "\u0300" <= character <= "\u036f" else _MARKS_TOGETHER_MAX
        ):
            surplus += 1
            continue
        if surplus:
            parts.append(f"[+{surplus}]")
            surplus = 0
        parts.append(_shown(character, has_glyph))
    if surplus:
        parts.append(f"[+{surplus}]")
    return "".join(parts)


def _shown(character: str, has_glyph: HasGlyph) -> str:
    if character == "\n" or character in _JOINERS:
        return character
    if character in _SELECTORS:
        return ""
    if character in _SPACES:
        return " "
    if unicodedata.category(character)[0] != "C" and has_glyph(character):
        return character
    # A letter of another script is known by its number; what is no letter says more by its name.
    name = "" if character.isalpha() else unicodedata.name(character, "")
    return f"[U+{ord(character):04X}{' ' if name else ''}{name}]"
