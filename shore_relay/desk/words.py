"""Texts for people, from one catalogue for each language of the desk."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import resources

DEFAULT_LANGUAGE = "en"
LANGUAGES = ("en", "th")
"""What caseworkers may choose; each has a catalogue that a test holds to one set of keys."""


class Words:
    """One catalogue: `words("inbox.title")`."""

    def __init__(self, texts: Mapping[str, str], language: str = DEFAULT_LANGUAGE) -> None:
        self._texts = texts
        self._language = language

    @property
    def language(self) -> str:
        """The tag of the language, for a page to say of itself."""
        return self._language

    @classmethod
    def load(cls, language: str = DEFAULT_LANGUAGE) -> "Words":
        """Read the catalogue of one of `LANGUAGES`."""
        folder = resources.files("shore_relay.desk.web") / "locales"
        return cls(json.loads((folder / f"{language}.json").read_text(encoding="utf-8")), language)

    def __call__(self, key: str, **values: str | int) -> str:
        """Return the text of a key with its values filled in; `count` chooses between one and many."""
        if "count" in values and f"{key}.one" in self._texts:
            key = f"{key}.one" if values["count"] == 1 else f"{key}.many"
        return self._texts[key].format(**values)

    def raw(self, key: str) -> str:
        """Return the text of a key with its places still to be filled in."""
        return self._texts[key]

    def has(self, key: str) -> bool:
        """Return whether the catalogue has this key."""
        return key in self._texts

    def fault(self, code: str) -> str:
        """Return why a bundle cannot be shown; what is new to the catalogue is named by its code."""
        return self(f"fault.{code}") if self.has(f"fault.{code}") else self("fault.other", code=code)

    def bearer(self, name: str) -> str:
        """Return what a bearer is called; one that the catalogue does not know keeps the relay's name."""
        return self(f"bearer.{name}") if self.has(f"bearer.{name}") else name

    def trouble(self, code: str, sentence: str) -> str:
        """Return what went wrong in this language, or the sentence that came with it."""
        return self(f"trouble.{code}") if self.has(f"trouble.{code}") else sentence

    def day(self, at: int) -> str:
        """Return a date and time, in UTC; a date that no calendar has is said as such."""
        return self._when(at, "%Y-%m-%d %H:%M UTC")

    def date(self, at: int) -> str:
        """Return a date, in UTC; empty for 0, which stands for none."""
        return self._when(at, "%Y-%m-%d") if at else ""

    def _when(self, at: int, form: str) -> str:
        try:
            return datetime.fromtimestamp(at, UTC).strftime(form)
        except (ValueError, OverflowError, OSError):
            return self("date.impossible")

    def duration(self, duration_ms: int) -> str:
        """Return a length of sound as minutes and seconds."""
        seconds = round(duration_ms / 1000)
        return f"{seconds // 60}:{seconds % 60:02d}"


def harmless(text: str) -> str:
    """Return a text from outside without what could play tricks on a terminal or turn words around."""
    return "".join(
        character if character.isprintable() or character in "\n\u200b\u200c\u200d" else " "
        for character in text
    )
