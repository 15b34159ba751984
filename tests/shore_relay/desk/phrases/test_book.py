"""The phrase book: whole in eight languages, and a desk's own sentences beside it."""

import json
import re
from pathlib import Path

import pytest

from protocol.priming import Language
from shore_relay.desk.errors import BadPhrases
from shore_relay.desk.phrases.book import BLANKS, OWN_FILE, load_phrases

CATALOGUES = Path(__file__).parents[4] / "shore_relay" / "desk" / "phrases"
SCRIPTS = {
    Language.BURMESE: "\u1000-\u109f",
    Language.KHMER: "\u1780-\u17ff",
    Language.THAI: "\u0e00-\u0e7f",
    Language.LAO: "\u0e80-\u0eff",
}


def catalogue(language: Language) -> dict[str, object]:
    read = json.loads((CATALOGUES / f"{language.tag}.json").read_text(encoding="utf-8"))
    assert isinstance(read, dict)
    return read


def write_own(folder: Path, *phrases: object) -> None:
    (folder / OWN_FILE).write_text(json.dumps({"phrases": phrases}), encoding="utf-8")


@pytest.mark.parametrize("language", list(Language), ids=lambda language: str(language.tag))
def test_each_language_has_every_sentence_with_the_same_blanks_in_its_own_script(language: Language) -> None:
    english, texts = catalogue(Language.ENGLISH), catalogue(language)
    assert list(texts) == list(english)
    for key, text in texts.items():
        if key == "_meta":
            continue
        blanks = re.findall(r"{(\w+)}", str(text))
        assert sorted(blanks) == sorted(re.findall(r"{(\w+)}", str(english[key]))), key
        assert set(blanks) <= set(BLANKS), key
        if language in SCRIPTS:
            foreign = re.findall(r"[A-Za-z]", re.sub(r"{\w+}", "", str(text)))
            assert re.search(f"[{SCRIPTS[language]}]", str(text)), key
            assert foreign == [], key
        elif language is not Language.ENGLISH:
            assert text != english[key], key


def test_no_two_sentences_of_a_language_are_the_same() -> None:
    for language in Language:
        texts = [str(text) for key, text in catalogue(language).items() if key != "_meta"]
        assert len(set(texts)) == len(texts), language


def test_every_sentence_is_in_one_group_and_only_english_is_said_to_be_reviewed(tmp_path: Path) -> None:
    book = load_phrases(tmp_path)
    keys = [phrase.key for group in book.groups for phrase in group.phrases]

    assert sorted(keys) == sorted(set(catalogue(Language.ENGLISH)) - {"_meta"})
    assert book.reviewed == {Language.ENGLISH}


def test_a_desk_adds_its_own_and_they_are_offered_where_they_exist(tmp_path: Path) -> None:
    write_own(
        tmp_path,
        {"group": "Our office", "en": "Ask for {name}.", "my": "{name} ကို မေးပါ။"},
        {"group": "Our office", "th": "เราอยู่หลังวัด"},
    )
    book = load_phrases(tmp_path)

    (own,) = [group for group in book.in_language(Language.BURMESE) if group.is_own]
    assert own.name == "Our office"
    assert [phrase.blanks for phrase in own.phrases] == [("name",)]
    assert own.phrases[0].shown_in("th") == "Ask for …."
    (thai,) = [group for group in book.in_language(Language.THAI) if group.is_own]
    assert thai.phrases[0].shown_in("en") == "เราอยู่หลังวัด"
    assert not any(group.is_own for group in book.in_language(Language.LAO))


@pytest.mark.parametrize(
    ("phrase", "said"),
    [
        ({"group": "Ours", "xx": "Hello"}, "not known: xx"),
        ({"group": "Ours", "en": "Ask {who}."}, "who"),
        ({"group": "Ours", "en": "On {date}.", "th": "พรุ่งนี้"}, "same things"),
        ({"en": "Hello"}, "group"),
        ({"group": "Ours"}, "at least one"),
        ({"group": "Ours", "en": 5}, "at least one"),
        ({"group": "Ours", "en": "x" * 501}, "501|longer"),
        ("Hello", "group"),
    ],
)
def test_a_wrong_sentence_is_named(tmp_path: Path, phrase: object, said: str) -> None:
    write_own(tmp_path, {"group": "Ours", "en": "Fine."}, phrase)
    with pytest.raises(BadPhrases, match=said) as caught:
        load_phrases(tmp_path)
    assert "Phrase 2" in str(caught.value)


@pytest.mark.parametrize("content", [b"[]", b"{", b"\xff", b'{"phrases": 5}', b"[" * 100_000])
def test_a_file_that_is_no_phrase_book_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / OWN_FILE).write_bytes(content)
    with pytest.raises(BadPhrases, match=OWN_FILE):
        load_phrases(tmp_path)
