"""What a partner reads: all that is sealed to it and nothing else. The preview shows this same thing."""

import hashlib
from dataclasses import dataclass, replace

from protocol import limits
from protocol.documents import Json, Reader, dump, load, to_text
from protocol.ids import UnixSeconds
from shore_relay.desk.cases.money import MoneyFact, describe_money, read_money
from shore_relay.desk.cases.reading import read_enum
from shore_relay.desk.cases.trade import TradeKind

REQUEST_CHARACTERS_MAX = 4_000
MESSAGES_MAX = 200
_NOTE_CHARACTERS_MAX = 10_000
_MANY = 1_000
_LIST_TEXT_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of a check-in and its answer."""

    number: int
    yes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenMessage:
    """A message, without what would lead to the vessel's box, the mailbox or this desk's counts."""

    number: int
    """Counts from 1 within the letter: the desk's own numbers tell how many people write to it."""
    day: UnixSeconds
    """On which it reached shore, UTC midnight."""
    kind: str
    language: str
    vessel: str = ""
    """Its name; empty where that is not given."""
    categories: tuple[str, ...] = ()
    text: str = ""
    well_being: str = ""
    questions: tuple[Question, ...] = ()
    duration_ms: int = 0
    """Of what was spoken; 0 where nothing was."""
    sound: bytes = b""
    """Packed; empty where it is not given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenNote:
    """A note of the desk's, without who wrote it."""

    day: UnixSeconds
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenIndicator:
    """An indicator that a person confirmed, and the given messages that show it."""

    name: str
    messages: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTrade:
    """A reference to a vessel, trip or catch."""

    kind: TradeKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """All of one referral."""

    request: str
    """What the partner is asked for."""
    consent_day: UnixSeconds
    """On which the fisher agreed."""
    messages: tuple[GivenMessage, ...] = ()
    notes: tuple[GivenNote, ...] = ()
    indicators: tuple[GivenIndicator, ...] = ()
    money: tuple[MoneyFact, ...] = ()
    """With the numbers of this letter in the place of the desk's."""
    trade: tuple[GivenTrade, ...] = ()

    @property
    def digest(self) -> str:
        """A short mark of exactly this: what was looked at is what is sealed, or nothing is."""
        return hashlib.sha256(dump(describe_given(self))).hexdigest()[:32]

    @property
    def without_sounds(self) -> "Given":
        """For the desk's own memory, which has the sounds already."""
        return replace(self, messages=tuple(replace(each, sound=b"") for each in self.messages))


def describe_given(given: Given) -> dict[str, Json]:
    """Return a referral as data."""
    return {
        "request": given.request,
        "consent_day": given.consent_day,
        "messages": [_describe_message(each) for each in given.messages],
        "notes": [{"day": note.day, "text": note.text} for note in given.notes],
        "indicators": [
            {"name": each.name, "messages": [{"number": number} for number in each.messages]}
            for each in given.indicators
        ],
        "money": [describe_money(each) for each in given.money],
        "trade": [{"kind": each.kind.value, "text": each.text} for each in given.trade],
    }


def _describe_message(message: GivenMessage) -> dict[str, Json]:
    return {
        "number": message.number,
        "day": message.day,
        "kind": message.kind,
        "language": message.language,
        "vessel": message.vessel,
        "categories": [{"name": name} for name in message.categories],
        "text": message.text,
        "well_being": message.well_being,
        "questions": [{"number": each.number, "yes": int(each.yes)} for each in message.questions],
        "duration_ms": message.duration_ms,
        "sound": to_text(message.sound),
    }


def write_given(given: Given) -> bytes:
    """Return the document to keep."""
    return dump(describe_given(given))


def parse_given(data: bytes) -> Given:
    """Read what `write_given` wrote; raises `MalformedDocument`."""
    return read_given(load(data, "A stored referral"))


def read_given(opened: Reader) -> Given:
    """Read what `describe_given` wrote, from another desk perhaps; raises `MalformedDocument`."""
    with opened as reader:
        return Given(
            request=reader.text("request", most=REQUEST_CHARACTERS_MAX),
            consent_day=UnixSeconds(reader.integer("consent_day")),
            messages=tuple(_read_message(each) for each in reader.each("messages", most=MESSAGES_MAX)),
            notes=tuple(_read_note(each) for each in reader.each("notes", most=_MANY)),
            indicators=tuple(_read_indicator(each) for each in reader.each("indicators", most=_MANY)),
            money=tuple(read_money(each) for each in reader.each("money", most=_MANY)),
            trade=tuple(_read_trade(each) for each in reader.each("trade", most=_MANY)),
        )


def _read_message(opened: Reader) -> GivenMessage:
    with opened as reader:
        return GivenMessage(
            number=reader.integer("number", least=1, most=MESSAGES_MAX),
            day=UnixSeconds(reader.integer("day")),
            kind=reader.text("kind", most=_LIST_TEXT_MAX),
            language=reader.text("language", most=_LIST_TEXT_MAX),
            vessel=reader.text("vessel"),
            categories=tuple(_read_name(each) for each in reader.each("categories", most=_MANY)),
            text=reader.text("text", most=limits.TEXT_UTF8_BYTES_MAX),
            well_being=reader.text("well_being", most=_LIST_TEXT_MAX),
            questions=tuple(_read_question(each) for each in reader.each("questions", most=256)),
            duration_ms=reader.integer("duration_ms"),
            sound=reader.binary("sound", most=limits.VOICE_PACKED_BYTES_MAX),
        )


def _read_name(opened: Reader) -> str:
    with opened as reader:
        return reader.text("name", most=_LIST_TEXT_MAX)


def _read_question(opened: Reader) -> Question:
    with opened as reader:
        return Question(number=reader.integer("number", most=255), yes=bool(reader.integer("yes", most=1)))


def _read_note(opened: Reader) -> GivenNote:
    with opened as reader:
        return GivenNote(
            day=UnixSeconds(reader.integer("day")), text=reader.text("text", most=_NOTE_CHARACTERS_MAX)
        )


def _read_indicator(opened: Reader) -> GivenIndicator:
    with opened as reader:
        numbers = []
        for each in reader.each("messages", most=MESSAGES_MAX):
            with each as one:
                numbers.append(one.integer("number", most=MESSAGES_MAX))
        return GivenIndicator(name=reader.text("name", most=_LIST_TEXT_MAX), messages=tuple(numbers))


def _read_trade(opened: Reader) -> GivenTrade:
    with opened as reader:
        return GivenTrade(kind=read_enum(TradeKind, reader.text("kind")), text=reader.text("text"))
