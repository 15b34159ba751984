"""The catalogue has every text that the page and the commands ask for, and no other."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from protocol.errors import ProtocolError
from protocol.message import Category, WellBeing
from protocol.priming import Language
from protocol.voicepack import VoiceCodec
from shore_relay.desk.actor import Role
from shore_relay.desk.cases.deeds import Kind
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.ladder import Silence
from shore_relay.desk.cases.model import EvidenceState, Rung, Severity, Status
from shore_relay.desk.cases.money import MoneyKind, PartyRole
from shore_relay.desk.cases.overview import Attention, Choice
from shore_relay.desk.cases.referral import ReferralState
from shore_relay.desk.cases.trade import TradeKind
from shore_relay.desk.content import ContentKind
from shore_relay.desk.errors import DeskError
from shore_relay.desk.evidence.redaction import Rounding
from shore_relay.desk.inbox_list import ListedKind, Since, Which
from shore_relay.desk.phrases.book import BLANKS, load_phrases
from shore_relay.desk.referrals.partners import PartnerKind
from shore_relay.desk.store.records import DispatchState
from shore_relay.desk.trust import Origin
from shore_relay.desk.words import LANGUAGES, Words, harmless

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
    *(f"role.{role.value}" for role in Role),
    *(f"role.{role.value}.hint" for role in Role),
    *(f"own-name.{language}" for language in LANGUAGES),
    *(f"indicator.{int(indicator)}" for indicator in Indicator),
    *(f"status.{status.value}" for status in Status),
    *(f"severity.{int(severity)}" for severity in Severity),
    *(f"choice.{choice.value}" for choice in Choice),
    *(f"attention.{int(attention)}" for attention in Attention),
    *(f"deed.{kind.value}" for kind in Kind if kind not in (Kind.EVIDENCE, Kind.RUNG)),
    *(f"deed.evidence.{state.value}" for state in EvidenceState if state is not EvidenceState.PROPOSED),
    "deed.rung.1.reminder",
    *(f"rung.{int(rung)}" for rung in Rung),
    *(f"silence.{silence.value}" for silence in Silence if silence is not Silence.NONE),
    *(f"deed.rung.{int(rung)}" for rung in Rung if rung is not Rung.CALM),
    *(f"referral.state.{state.value}" for state in ReferralState),
    *(f"partner.kind.{kind.value}" for kind in PartnerKind),
    *(f"money.kind.{kind.value}" for kind in MoneyKind),
    *(f"money.role.{role.value}" for role in PartyRole),
    *(f"trade.kind.{kind.value}" for kind in TradeKind),
    *("deed.message-in.moved", "deed.assigned.nobody"),
    *(f"phrases.group.{group.name}" for group in load_phrases(Path("no own ones")).groups),
    *(f"phrases.blank.{blank}" for blank in BLANKS),
    *(f"kind.{kind.value}" for kind in ContentKind),
    *(f"evidence.times.{rounding.value}" for rounding in Rounding),
    "evidence.vessel-letter",
    *(f"inbox.which.{which.value}" for which in Which),
    *(f"inbox.since.{since.value}" for since in Since),
    *(f"kind.{kind.value}" for kind in ListedKind),
    # As the relay names them.
    *(f"bearer.{name}" for name in ("tcp", "websocket", "udp", "sbd", "stick")),
}


def _asked_for() -> set[str]:
    sources = [*DESK.rglob("*.py"), *DESK.rglob("*.html")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    asked = r"""(?:\b(?:w|words|_words|self|Words\.load\(\))|\(request\))"""
    called = re.findall(asked + r"""\(\s*["']([\w.-]+\w)["']\s*[,)]""", text)
    # Chosen among several before the catalogue is asked.
    named = re.findall(r"""["']((?:account|answer|board|check-ins|error|task|vessel)\.[a-z.-]+)["']""", text)
    faults = re.findall(r"""["'](unknown-desk-key|unexpected-kind)["']""", text)
    files = {"account.html", "board.html", "error.html", "vessel.html", "vessel.name"}
    return {*called, *named, *(f"fault.{code}" for code in faults)} - files


def test_every_text_that_is_asked_for_is_in_every_catalogue() -> None:
    for path in LOCALES.glob("*.json"):
        texts = json.loads(path.read_text(encoding="utf-8"))
        bare = {key.removesuffix(".one").removesuffix(".many") for key in texts}
        missing = (_asked_for() | ENUMERATED) - bare
        assert missing == set(), f"{path.name} lacks {sorted(missing)}"


def test_all_catalogues_have_the_same_keys_with_the_same_values_to_fill_in() -> None:
    english = json.loads((LOCALES / "en.json").read_text(encoding="utf-8"))
    assert {path.stem for path in LOCALES.glob("*.json")} == set(LANGUAGES)
    for path in LOCALES.glob("*.json"):
        texts = json.loads(path.read_text(encoding="utf-8"))
        assert list(texts) == list(english), path.name
        for key, text in texts.items():
            assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", english[key])), key
            assert text.strip(), key


def test_every_trouble_that_has_a_text_of_its_own_is_one_that_can_happen() -> None:
    codes = {error.code for error in _every(DeskError) | _every(ProtocolError)}
    texts = json.loads((LOCALES / "en.json").read_text(encoding="utf-8"))

    unknown = {key for key in texts if key.startswith("trouble.")} - {f"trouble.{code}" for code in codes}

    assert unknown == set()


def _every(error: type[Exception]) -> set[Any]:
    return {error, *(found for child in error.__subclasses__() for found in _every(child))}


def test_no_text_is_in_the_catalogue_for_nothing() -> None:
    texts = json.loads((LOCALES / "en.json").read_text(encoding="utf-8"))
    bare = {key.removesuffix(".one").removesuffix(".many") for key in texts}

    unused = {key for key in bare - _asked_for() - ENUMERATED if not key.startswith(("fault.", "trouble."))}

    assert unused == set()


@pytest.mark.parametrize(("count", "text"), [(1, "1 message"), (2, "2 messages")])
def test_one_and_many_have_their_own_texts(count: int, text: str) -> None:
    assert Words.load()("inbox.summary", count=count) == text


def test_an_impossible_date_is_said_as_such() -> None:
    assert Words.load().day(2**40) == "a date that no calendar has"


def test_text_from_outside_plays_no_tricks_on_a_terminal_and_keeps_its_script() -> None:
    assert harmless("a\x1b[2Jb\u202ec\r") == "a [2Jb c "
    assert harmless("ကျွန်ုပ်တို့\u200bn\nc") == "ကျွန်ုပ်တို့\u200bn\nc"
