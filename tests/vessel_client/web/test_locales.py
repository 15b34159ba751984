"""The catalogues of the page: one key set, nothing untranslated, each in its own script."""

import json
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import pytest

from protocol import documents, mailbox
from protocol.errors import ProtocolError
from protocol.priming import Language
from protocol.speech import errors as speech_errors
from vessel_client.errors import VesselError

WEB = Path(__file__).parents[3] / "vessel_client" / "web"
LANGUAGES = [language.tag for language in Language]
TRANSLATIONS = [tag for tag in LANGUAGES if tag != "en"]

SCRIPTS: Mapping[str, str] = {"my": "MYANMAR", "km": "KHMER", "th": "THAI", "lo": "LAO"}
"""The languages that are not written in Latin letters, and the first word of their letters' Unicode names."""

SAME_IN_ENGLISH: Mapping[str, frozenset[str]] = {
    "id": frozenset({"technician.desk", "picture.45"}),
    "fil": frozenset({"technician.desk", "technician.link.name", "cover.knots", "picture.45"}),
    "vi": frozenset({"technician.desk"}),
}
"""Words that a language took over as they are: NGO, bus, knots, link."""

ONLY_AT_THE_COMMAND_LINE = frozenset(
    {
        "vessel-error",
        "wrong-provisioning",
        "already-initialised",
        "clock-wrong",
        "service-unreachable",
        "service-refused",
        "port-in-use",
        "already-running",
        "stick-unreadable",
        "stick-full",
        "stick-unwritable",
        "malformed-container",
        "certificate-unusable",
        "update-refused",
        "update-failed",
        "kiosk-refused",
        "unknown-category",
        "unknown-language",
        "voice-missing",
        "unreadable-file",
        "wrong-settings",
        "problems-found",
        "no-opus",
    }
)
"""Met by a technician who starts, sets up or checks the box, and by the command line's own recording."""

ONLY_BETWEEN_BOX_AND_RELAY = frozenset(
    {
        "protocol-error",
        "remote-error",
        "illegal-transition",
        "counters-spent",
        "malformed-packet",
        "unknown-version",
        "unknown-key",
        "replayed",
        "malformed-frame",
        "limit-exceeded",
    }
)
"""Counted by the engine that syncs; no answer of the local API and no part of the page raises them."""

PAGE_CODES = ("static/protocol/errors.js", "static/audio/sound.js")
"""The files of the page that name codes of their own."""


def catalogue(tag: str) -> dict[str, str]:
    texts = json.loads((WEB / "locales" / f"{tag}.json").read_text("utf-8"))
    del texts["_meta"]
    assert isinstance(texts, dict)
    return texts


def about(tag: str) -> dict[str, object]:
    meta = json.loads((WEB / "locales" / f"{tag}.json").read_text("utf-8"))["_meta"]
    assert isinstance(meta, dict)
    return meta


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", text))


def kinds_below(kind: type[Exception]) -> set[type[Exception]]:
    return {kind}.union(*(kinds_below(below) for below in kind.__subclasses__()))


def codes_of_the_programs() -> set[str]:
    # Every module that adds to the two trees must be loaded, whatever other tests import.
    added = {documents.MalformedDocument, mailbox.WrongCode, speech_errors.NotSound}
    kinds = kinds_below(ProtocolError) | kinds_below(VesselError)
    assert kinds >= added
    ours = {kind for kind in kinds if kind.__module__.startswith(("protocol.", "vessel_client."))}
    return {str(vars(kind)["code"]) for kind in ours if "code" in vars(kind)}


def codes_of_the_page() -> set[str]:
    codes: set[str] = set()
    for file in PAGE_CODES:
        frozen = re.findall(r"Object\.freeze\(\{(.*?)\}\)", (WEB / file).read_text("utf-8"), re.DOTALL)
        codes.update(code for block in frozen for code in re.findall(r': "([a-z-]+)"', block))
    return codes


def test_there_is_a_catalogue_for_each_of_the_eight_languages_and_no_other() -> None:
    assert {path.stem for path in (WEB / "locales").glob("*.json")} == set(LANGUAGES)


@pytest.mark.parametrize("tag", TRANSLATIONS)
def test_a_translation_has_exactly_the_keys_of_english(tag: str) -> None:
    assert catalogue(tag).keys() == catalogue("en").keys()


@pytest.mark.parametrize("tag", LANGUAGES)
def test_no_key_stands_twice_in_a_catalogue(tag: str) -> None:
    pairs: list[str] = []
    text = (WEB / "locales" / f"{tag}.json").read_text("utf-8")
    json.loads(text, object_pairs_hook=lambda found: pairs.extend(key for key, _ in found))
    assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize("tag", TRANSLATIONS)
def test_a_translation_keeps_every_placeholder(tag: str) -> None:
    texts = catalogue(tag)
    for key, english in catalogue("en").items():
        assert placeholders(texts[key]) == placeholders(english), key


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_text_is_there_tidy_and_in_composed_form(tag: str) -> None:
    for key, text in catalogue(tag).items():
        assert text.strip(), key
        assert text == text.strip(), key
        assert "  " not in text, key
        # Composed form, so that a search, a font and a screen reader all meet the same letters.
        assert text == unicodedata.normalize("NFC", text), key
        assert not any(unicodedata.category(letter) in {"Cc", "Co", "Cn"} for letter in text), key


@pytest.mark.parametrize("tag", TRANSLATIONS)
def test_no_text_was_left_in_english(tag: str) -> None:
    english = catalogue("en")
    same = {key for key, text in catalogue(tag).items() if text == english[key]}
    assert same == SAME_IN_ENGLISH.get(tag, frozenset())


@pytest.mark.parametrize("tag", sorted(SCRIPTS))
def test_letters_outside_ascii_are_of_the_languages_own_script(tag: str) -> None:
    for key, text in catalogue(tag).items():
        own = [letter for letter in text if not letter.isascii()]
        strangers = [letter for letter in own if not unicodedata.name(letter).startswith(SCRIPTS[tag])]
        assert not strangers, (key, strangers)


@pytest.mark.parametrize("tag", sorted(SCRIPTS))
def test_a_text_has_latin_letters_only_for_names_that_stay_latin(tag: str) -> None:
    for key, text in catalogue(tag).items():
        words = set(re.findall(r"[A-Za-z]+", re.sub(r"\{\w+\}", "", text)))
        assert words <= {"NGO", "Shift", "Wi", "Fi"}, (key, words)


def test_burmese_is_unicode_and_not_zawgyi() -> None:
    for key, text in catalogue("my").items():
        # Zawgyi writes the vowel E before its consonant and borrows letters from U+1060 onwards.
        assert not re.search(r"(^|[^\u1000-\u103f])\u1031", text), key
        assert not re.search(r"[\u1060-\u1097]", text), key


@pytest.mark.parametrize("tag", LANGUAGES)
def test_no_two_receipt_pictures_have_one_name(tag: str) -> None:
    names = [text for key, text in catalogue(tag).items() if key.startswith("picture.")]
    assert len(names) == 64
    assert len(set(names)) == 64


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_catalogue_says_its_language_and_whether_a_native_speaker_read_it(tag: str) -> None:
    meta = about(tag)
    assert meta["language"] == tag
    assert meta["name"] == catalogue(tag)["language.this"]
    assert isinstance(meta["reviewed"], bool)
    assert isinstance(meta["reviewer"], str)
    assert meta["reviewer"]


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_error_that_the_page_can_meet_has_words(tag: str) -> None:
    met = (
        codes_of_the_programs() - ONLY_AT_THE_COMMAND_LINE - ONLY_BETWEEN_BOX_AND_RELAY | codes_of_the_page()
    )
    untranslated = {code for code in met if f"error.{code}" not in catalogue(tag)}
    assert not untranslated


def test_the_codes_that_the_page_never_meets_are_codes_that_exist() -> None:
    assert codes_of_the_programs() >= ONLY_AT_THE_COMMAND_LINE | ONLY_BETWEEN_BOX_AND_RELAY
