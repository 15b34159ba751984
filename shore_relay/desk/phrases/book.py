"""Reads the phrase book that comes with the program, and what a desk has added in `phrases.json`.

A desk's own file is `{"phrases": [{"group": "Our office", "en": "Ask for {name}.", "my": "…"}, …]}`: any
of the eight languages, and any of `BLANKS` in braces, the same ones in each language.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from protocol.priming import Language
from shore_relay.desk.errors import BadPhrases

OWN_FILE = "phrases.json"
BLANKS = ("date", "name", "number", "place", "word")
"""What a sentence may leave open."""

OWN_PHRASES_MAX = 300
PHRASE_CHARACTERS_MAX = 500
_FILE_BYTES_MAX = 1_000_000
_BLANK = re.compile(r"{(\w*)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One sentence in several languages."""

    key: str
    texts: Mapping[Language, str]

    @property
    def blanks(self) -> tuple[str, ...]:
        """What has to be filled in, in the order of `BLANKS`."""
        text = next(iter(self.texts.values()))
        return tuple(blank for blank in BLANKS if f"{{{blank}}}" in text)

    def shown_in(self, tag: str) -> str:
        """Return it for somebody who reads this language; where it lacks, in English or whatever there is.

        What has to be filled in is shown as an ellipsis.
        """
        by_tag = {language.tag: text for language, text in self.texts.items()}
        text = by_tag.get(tag) or by_tag.get(Language.ENGLISH.tag) or next(iter(by_tag.values()))
        return _BLANK.sub("…", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Phrases that belong together."""

    name: str
    """A key of the page's catalogue, or the words of whoever added the group."""
    is_own: bool
    phrases: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhraseBook:
    """Every phrase that a desk has."""

    groups: tuple[Group, ...]
    reviewed: frozenset[Language]
    """Languages in which a native speaker has read all that comes with the program."""

    def in_language(self, language: Language) -> tuple[Group, ...]:
        """Return the groups with only those phrases that exist in a language."""
        found = (
            Group(
                name=group.name,
                is_own=group.is_own,
                phrases=tuple(phrase for phrase in group.phrases if language in phrase.texts),
            )
            for group in self.groups
        )
        return tuple(group for group in found if group.phrases)


def load_phrases(data: Path) -> PhraseBook:
    """Return the phrase book of a desk's data folder; raises `BadPhrases` where its own file is wrong."""
    folder = resources.files("shore_relay.desk.phrases")
    catalogues = {
        language: json.loads((folder / f"{language.tag}.json").read_text(encoding="utf-8"))
        for language in Language
    }
    listed = json.loads((folder / "groups.json").read_text(encoding="utf-8"))
    groups = tuple(
        Group(
            name=name,
            is_own=False,
            phrases=tuple(
                Phrase(key=key, texts={language: texts[key] for language, texts in catalogues.items()})
                for key in keys
            ),
        )
        for name, keys in listed.items()
    )
    reviewed = frozenset(
        language for language, texts in catalogues.items() if texts["_meta"]["reviewed"] is True
    )
    return PhraseBook(groups=groups + _own_groups(data / OWN_FILE), reviewed=reviewed)


def _own_groups(path: Path) -> tuple[Group, ...]:
    try:
        if path.stat().st_size > _FILE_BYTES_MAX:
            raise BadPhrases(f"{path} is larger than a phrase book; correct it.")
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as reason:
        raise BadPhrases(f"{path} cannot be read: {reason}. Correct the file.") from reason
    listed = document.get("phrases") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > OWN_PHRASES_MAX:
        raise BadPhrases(f'{path} must hold {{"phrases": [...]}} with at most {OWN_PHRASES_MAX} of them.')
    groups: dict[str, list[Phrase]] = {}
    for place, one in enumerate(listed, 1):
        name, phrase = _own_phrase(path, place, one)
        groups.setdefault(name, []).append(phrase)
    return tuple(Group(name=name, is_own=True, phrases=tuple(phrases)) for name, phrases in groups.items())


def _own_phrase(path: Path, place: int, one: object) -> tuple[str, Phrase]:
    where = f"Phrase {place} in {path}"
    if not isinstance(one, dict) or not all(isinstance(value, str) for value in one.values()):
        raise BadPhrases(f"{where} must have a group and a text for at least one language.")
    fields: dict[str, str] = dict(one)
    name = fields.pop("group", "").strip()
    tags = {language.tag: language for language in Language}
    unknown = sorted(set(fields) - set(tags))
    if unknown:
        raise BadPhrases(f"{where} names a language that is not known: {unknown[0]}.")
    texts = {tags[tag]: text.strip() for tag, text in fields.items() if text.strip()}
    if not name or not texts:
        raise BadPhrases(f"{where} must have a group and a text for at least one language.")
    if max(map(len, (name, *texts.values()))) > PHRASE_CHARACTERS_MAX:
        raise BadPhrases(f"{where} is longer than {PHRASE_CHARACTERS_MAX} characters; make two of it.")
    blanks = {frozenset(_BLANK.findall(text)) for text in texts.values()}
    if len(blanks) > 1:
        raise BadPhrases(f"{where} must leave the same things open in every language.")
    foreign = sorted(next(iter(blanks)) - set(BLANKS))
    if foreign:
        raise BadPhrases(f"{where} leaves {foreign[0]} open; possible are {', '.join(BLANKS)}.")
    return name, Phrase(key=f"own-{place}", texts=texts)
