"""The text that teaches the text packer each language, before the first message.

A packed text can only be unpacked with the priming text it was packed with, to the letter. So a released
text is never changed: a better one gets a new version in `protocol.textpack`.
"""

from enum import IntEnum
from importlib import import_module


class Language(IntEnum):
    """The languages of messages, by the number they have on the wire."""

    ENGLISH = 0
    BURMESE = 1
    KHMER = 2
    THAI = 3
    LAO = 4
    INDONESIAN = 5
    FILIPINO = 6
    VIETNAMESE = 7

    @property
    def tag(self) -> str:
        """The BCP 47 tag, which also names the catalogue and the priming text."""
        return _TAGS[self]

    @classmethod
    def from_tag(cls, tag: str) -> "Language":
        """Return the language of a tag such as "fil".

        Raises:
            ValueError: no language has this tag.
        """
        if tag not in _TAGS:
            raise ValueError(f"No language has the tag {tag!r}; use one of {', '.join(_TAGS)}.")
        return cls(_TAGS.index(tag))


_TAGS = ("en", "my", "km", "th", "lo", "id", "fil", "vi")


def priming_text(language: Language) -> str:
    """Return the priming text, one message a line. Loads it on first use, since one run needs one or two."""
    text = import_module(f"{__name__}.{language.tag}").TEXT
    assert isinstance(text, str)
    return text
