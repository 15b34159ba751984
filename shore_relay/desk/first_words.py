"""What a message is, in a few words, for a line of a list."""

from shore_relay.desk.content import ContentKind
from shore_relay.desk.inbox import Entry
from shore_relay.desk.words import Words

_CHARACTERS = 60


def first_words(entry: Entry, words: Words) -> str:
    """Return what a message is, in a few words."""
    content = entry.content
    if content is None:
        return words("kind.unopened")
    if content.kind is ContentKind.TEXT:
        text = " ".join(content.text.split())
        return text if len(text) <= _CHARACTERS else text[:_CHARACTERS] + "…"
    if content.kind is ContentKind.VOICE:
        return f"{words('kind.voice')} {words.duration(content.duration_ms)}"
    assert content.well_being is not None
    return f"{words('kind.check-in')}: {words(f'well-being.{int(content.well_being)}')}"
