"""Takes the chosen parts out of a case, and the consent on which they may leave it."""

from dataclasses import dataclass, replace

from protocol.ids import UnixSeconds
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.describing import indicator_name
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import Case, EvidenceState
from shore_relay.desk.cases.money import MoneyFact
from shore_relay.desk.cases.referral import Consent
from shore_relay.desk.cases.work import clean_text
from shore_relay.desk.content import Content
from shore_relay.desk.describing import category_name, well_being_name
from shore_relay.desk.errors import NoConsent, NothingToGive, UnknownEntry
from shore_relay.desk.inbox import Entry, load_entries, load_entry, load_voice
from shore_relay.desk.people.keys import DAY_S
from shore_relay.desk.referrals.given import (
    MESSAGES_MAX,
    REQUEST_CHARACTERS_MAX,
    Given,
    GivenIndicator,
    GivenMessage,
    GivenNote,
    GivenTrade,
    Question,
)
from shore_relay.desk.trust import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which parts of a case are to be given. What is not named stays."""

    request: str
    messages: tuple[int, ...] = ()
    notes: tuple[UnixSeconds, ...] = ()
    """By their moment."""
    indicators: tuple[Indicator, ...] = ()
    money: tuple[int, ...] = ()
    trade: tuple[int, ...] = ()
    with_sounds: bool = False
    """A voice is known by those who know it."""
    with_vessels: bool = False


async def consent_day(desk: Desk, case: Case, consent: Consent) -> UnixSeconds:
    """Return the day on which the fisher agreed, by what the case holds; raises `NoConsent`.

    A message counts only where a confirmed box tagged it: nobody else can agree in a fisher's name.
    """
    if bool(consent.message) == bool(consent.note_at):
        raise NoConsent("Name the message or the note in which the fisher agrees; without it nothing leaves.")
    if consent.note_at:
        if case.note(consent.note_at) is None:
            raise NoConsent(f"Case {case.id} has no such note; write down how the fisher agreed.")
        return _day(consent.note_at)
    if not case.holds(consent.message):
        raise NoConsent(f"Message {consent.message} is not of case {case.id}.")
    entry = await load_entry(desk, consent.message)
    if entry.origin is not Origin.VERIFIED:
        raise NoConsent(
            f"Nobody knows that message {consent.message} comes from its vessel: confirm the vessel, or "
            "write a note of how the fisher agreed."
        )
    return _day(entry.arrived_at)


async def choose(desk: Desk, case: Case, consent_on: UnixSeconds, choice: Choice) -> Given:
    """Return what a partner would read; raises `NothingToGive`, `UnknownEntry`, `BadCaseText`."""
    wanted = tuple(sorted(set(choice.messages)))
    for message in wanted:
        if not case.holds(message):
            raise UnknownEntry(f"Case {case.id} does not hold message {message}.")
    if len(wanted) > MESSAGES_MAX:
        raise NothingToGive(f"A referral has at most {MESSAGES_MAX} messages; make several.")
    entries = await load_entries(desk, wanted)
    numbers = {entry.id: number for number, entry in enumerate(entries, start=1)}
    given = Given(
        request=clean_text(choice.request, REQUEST_CHARACTERS_MAX) if choice.request.strip() else "",
        consent_day=consent_on,
        messages=tuple([await _message(desk, entry, numbers[entry.id], choice) for entry in entries]),
        notes=tuple(GivenNote(day=_day(n.at), text=n.text) for n in case.notes if n.at in choice.notes),
        indicators=tuple(_indicator(case, each, numbers) for each in sorted(set(choice.indicators))),
        money=money_of(case, choice.money, numbers),
        trade=tuple(GivenTrade(kind=t.kind, text=t.text) for t in case.trade if t.number in choice.trade),
    )
    if not (given.messages or given.notes or given.indicators or given.money or given.trade):
        raise NothingToGive("Choose at least one part of the case.")
    return given


async def _message(desk: Desk, entry: Entry, number: int, choice: Choice) -> GivenMessage:
    content = entry.content
    sound = await load_voice(desk, entry.best) if choice.with_sounds and entry.has_sound else b""
    bare = GivenMessage(
        number=number,
        day=_day(entry.arrived_at),
        kind=content.kind.value if content else "",
        language=entry.language.tag,
        vessel=entry.vessel_name if choice.with_vessels else "",
        sound=sound,
    )
    return _with_content(bare, content) if content else bare


def _with_content(message: GivenMessage, content: Content) -> GivenMessage:
    return replace(
        message,
        categories=tuple(map(category_name, content.categories)),
        text=content.text,
        well_being=well_being_name(content.well_being) if content.well_being else "",
        questions=tuple(Question(number=q, yes=yes) for q, yes in sorted(content.answers.items())),
        duration_ms=content.duration_ms,
    )


def _indicator(case: Case, indicator: Indicator, numbers: dict[int, int]) -> GivenIndicator:
    shown = case.shown(indicator, EvidenceState.CONFIRMED)
    if not shown:
        raise NothingToGive(f"Nobody has confirmed {indicator_name(indicator)} in case {case.id}.")
    return GivenIndicator(
        name=indicator_name(indicator), messages=tuple(numbers[each] for each in shown if each in numbers)
    )


def money_of(case: Case, chosen: tuple[int, ...], numbers: dict[int, int]) -> tuple[MoneyFact, ...]:
    """Return the chosen facts with a letter's own numbers, also those of the messages that say them."""
    wanted = [fact for fact in case.money if fact.number in chosen]
    return tuple(
        replace(fact, number=number, message=numbers.get(fact.message, 0))
        for number, fact in enumerate(wanted, start=1)
    )


def _day(at: UnixSeconds) -> UnixSeconds:
    return UnixSeconds(at - at % DAY_S)
