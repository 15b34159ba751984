"""The catalogue has every text that the page and the commands ask for, and no other."""

import json
import re
from pathlib import Path

import pytest

from protocol.message import Category, WellBeing
from protocol.priming import Language
from protocol.voicepack import VoiceCodec
from shore_relay.desk.content import ContentKind
from shore_relay.desk.store.records import DispatchState
from shore_relay.desk.trust import Origin
from shore_relay.desk.words import Words, harmless

DESK = Path(__file__).parents[3] / "shore_relay" / "desk"
LOCALES = DESK / "web" / "locales"

ENUMERATED = {
    *(f"category.{int(category)}" for category in Category),
    *(f"well-being.{int(well_being)}" for well_being in WellBeing),
    *(f"language.{language.tag}" for language in Language),
    *(f"origin.{int(origin)}" for origin in Origin),
    *(f"origin.{int(origin)}.hint" for origin in Origin if origin is not Origin.VERIFIED),
    *(f"dispatch.{int(state)}" for state in DispatchState),
    *(f"sound.{int(codec)}" for codec in VoiceCodec),
    *(f"kind.{kind.value}" for kind in (ContentKind.VOICE, ContentKind.CHECK_IN)),
}


def _asked_for() -> set[str]:
    sources = [*DESK.rglob("*.py"), *DESK.rglob("*.html")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    called = re.findall(r"""\b(?:w|words|_words|self|Words\.load\(\))\(\s*["']([\w.-]+\w)["']\s*[,)]""", text)
    # Chosen among several before the catalogue is asked.
    named = re.findall(r"""["']((?:answer|error|vessel)\.[a-z-]+)["']""", text)
    faults = re.findall(r"""["'](unknown-desk-key|unexpected-kind)["']""", text)
    files = {"error.html", "vessel.html", "vessel.name"}
    return {*called, *named, *(f"fault.{code}" for code in faults)} - files


def test_every_text_that_is_asked_for_is_in_every_catalogue() -> None:
    for path in LOCALES.glob("*.json"):
        texts = json.loads(path.read_text(encoding="utf-8"))
        bare = {key.removesuffix(".one").removesuffix(".many") for key in texts}
        missing = (_asked_for() | ENUMERATED) - bare
        assert missing == set(), f"{path.name} lacks {sorted(missing)}"


def test_no_text_is_in_the_catalogue_for_nothing() -> None:
    texts = json.loads((LOCALES / "en.json").read_text(encoding="utf-8"))
    bare = {key.removesuffix(".one").removesuffix(".many") for key in texts}

    unused = {key for key in bare - _asked_for() - ENUMERATED if not key.startswith("fault.")}

    assert unused == set()


@pytest.mark.parametrize(("count", "text"), [(1, "1 message"), (2, "2 messages")])
def test_one_and_many_have_their_own_texts(count: int, text: str) -> None:
    assert Words.load()("inbox.summary", count=count) == text


def test_an_impossible_date_is_said_as_such() -> None:
    assert Words.load().day(2**40) == "a date that no calendar has"


def test_text_from_outside_plays_no_tricks_on_a_terminal_and_keeps_its_script() -> None:
    assert harmless("a\x1b[2Jb\u202ec\r") == "a [2Jb c "
    assert harmless("ကျွန်ုပ်တို့\u200bn\nc") == "ကျွန်ုပ်တို့\u200bn\nc"
