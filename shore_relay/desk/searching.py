"""Finds messages by what was written in them, in any of the eight languages; nothing of it is on the disk."""

from dataclasses import dataclass

from shore_relay.desk.app import Desk
from shore_relay.desk.folding import matches, terms_of
from shore_relay.desk.inbox import Entry, load_entries
from shore_relay.desk.lines import InboxLines

FOUND_MAX = 50
QUERY_CHARACTERS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found, newest first."""

    entries: tuple[Entry, ...]
    count: int
    """How many there are in all; `entries` holds at most `FOUND_MAX`."""


class SearchIndex:
    """Looks through the lines of all messages."""

    def __init__(self, desk: Desk, lines: InboxLines) -> None:
        self._desk = desk
        self._lines = lines

    async def search(self, query: str) -> Found:
        """Return the messages that have every word of the query, or a word that begins so.

        A vessel's name counts as a word of its messages. Raises `StoreFailed`.
        """
        terms = terms_of(query[:QUERY_CHARACTERS_MAX])
        if not terms:
            return Found(entries=(), count=0)
        numbers = [line.id for line in await self._lines.lines() if matches(line.said, terms)]
        return Found(entries=tuple(await load_entries(self._desk, numbers[:FOUND_MAX])), count=len(numbers))
