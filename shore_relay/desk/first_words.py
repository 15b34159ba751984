"""What a message is, in a few words, for a line of a list."""

from protocol.message import WellBeing
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
    if content.well_being is None:
        return words("kind.check-in")
    if content.well_being is WellBeing.DURESS:
        # A list is read over shoulders: what a hidden sign says is said on the message's own page.
        return f"{words('kind.check-in')}: {words('kind.check-in.look')}"
    return f"{words('kind.check-in')}: {words(f'well-being.{int(content.well_being)}')}"
