"""Finds messages by what was written in them, in any of the eight languages; nothing of it is on the disk."""

import unicodedata
from dataclasses import dataclass

from shore_relay.desk.app import Desk
from shore_relay.desk.inbox import Entry, load_entries
from shore_relay.desk.sealed import open_message
from shore_relay.desk.store import inbox
from shore_relay.desk.vessels import load_names

FOUND_MAX = 50
QUERY_CHARACTERS_MAX = 200

_UNSPACED = (("\u0e00", "\u0eff"), ("\u1000", "\u109f"), ("\u1780", "\u17ff"))
"""Thai and Lao, Burmese, Khmer: written without spaces between words, so a word is looked for anywhere."""

_LATIN_MARKS = ("\u0300", "\u036f")
_NO_WIDTH = frozenset("\u200b\u200c\u200d\ufeff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found, newest first."""

    entries: tuple[Entry, ...]
    count: int
    """How many there are in all; `entries` holds at most `FOUND_MAX`."""


class SearchIndex:
    """The texts of all messages, folded, in memory only; each message is opened once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._texts: dict[int, str] = {}
        self._last = 0

    async def search(self, query: str) -> Found:
        """Return the messages that have every word of the query, or a word that begins so.

        A vessel's name counts as a word of its messages. Raises `StoreFailed`.
        """
        terms = terms_of(query[:QUERY_CHARACTERS_MAX])
        if not terms:
            return Found(entries=(), count=0)
        await self._read_new()
        numbers = sorted((n for n, text in self._texts.items() if matches(text, terms)), reverse=True)
        return Found(entries=tuple(await load_entries(self._desk, numbers[:FOUND_MAX])), count=len(numbers))

    async def _read_new(self) -> None:
        async with self._desk.database.reading() as connection:
            rows = await inbox.bundles(connection, after=self._last)
        names = await load_names(self._desk)
        for row in rows:
            content = open_message(self._desk.vault, row)
            if row.entry is not None:
                said = f"{content.text if content else ''} {names.get(row.vessel, '')}"
                self._texts[row.entry] = self._texts.get(row.entry, "") + folded(said)
            self._last = max(self._last, row.id)


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
