"""An entry of the history as a person reads it."""

from collections.abc import Callable
from dataclasses import dataclass

from shore_relay.desk.app import Desk
from shore_relay.desk.cases.deeds import Deed, HistoryEntry, Kind
from shore_relay.desk.cases.money import MoneyFact, amount_text
from shore_relay.desk.words import Words, harmless

NameOf = Callable[[bytes], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One line of a history."""

    at: int
    who: str
    sentence: str
    quote: str = ""
    """What somebody typed, apart from our own words so that it cannot pass for them."""


def names(desk: Desk, words: Words) -> NameOf:
    """Return what gives a person's name, also of one who left; empty for nobody."""
    people = {person.id: person.name for person in desk.keyring.last_known.people}
    return lambda person: people.get(person, words("case.unknown-person")) if person else ""


def tell(entry: HistoryEntry, words: Words, name_of: NameOf) -> Told:
    """Return one entry in the language of `words`."""
    deed = entry.deed
    quote = deed.text if deed.kind in (Kind.NOTE, Kind.TITLE, Kind.TASK_ADDED) else ""
    quote = deed.plan.label if deed.plan else quote
    quote = deed.trade.text if deed.trade else quote
    quote = _money(deed.money) if deed.money else quote
    return Told(
        at=entry.at,
        who=name_of(entry.who) or words("case.by-itself"),
        sentence=_sentence(deed, words, name_of),
        quote=harmless(quote),
    )


def _money(fact: MoneyFact) -> str:
    amount = f"{amount_text(fact.amount_hundredths)} {fact.currency}" if fact.currency else ""
    parts = (amount, fact.party, fact.institution, fact.account, fact.comment)
    return ", ".join(part for part in parts if part)


def _sentence(deed: Deed, words: Words, name_of: NameOf) -> str:
    values: dict[str, str | int] = {
        "number": _number(deed),
        "person": harmless(deed.referral.partner_name if deed.referral else name_of(deed.person)),
        "reference": (deed.referral.id if deed.referral else deed.reference).hex()[:8],
        "day": words.date(deed.until),
        "hours": deed.plan.every_h if deed.plan else 0,
        "other": deed.number if deed.kind is Kind.MESSAGE_IN else deed.value,
    }
    match deed.kind:
        case Kind.STATUS:
            values["what"] = words(f"status.{deed.text}")
        case Kind.SEVERITY:
            values["what"] = words(f"severity.{deed.value}")
        case Kind.EVIDENCE:
            values["what"] = words(f"indicator.{deed.value}")
        case Kind.MONEY_ADDED if deed.money:
            values["what"] = words(f"money.kind.{deed.money.kind.value}")
        case Kind.TRADE_ADDED if deed.trade:
            values["what"] = words(f"trade.kind.{deed.trade.kind.value}")
        case Kind.REFERRAL_STEP:
            values["what"] = words(f"referral.state.{deed.text}")
    return words(f"deed.{_key(deed)}", **values)


def _number(deed: Deed) -> int:
    if deed.facts:
        return deed.facts.message
    if deed.money:
        return deed.money.number
    return deed.trade.number if deed.trade else deed.number


def _key(deed: Deed) -> str:
    match deed.kind:
        case Kind.MESSAGE_IN if deed.number:
            return "message-in.moved"
        case Kind.ASSIGNED if not deed.person:
            return "assigned.nobody"
        case Kind.EVIDENCE:
            return f"evidence.{deed.text}"
        case Kind.RUNG:
            return f"rung.{deed.value}" + (".reminder" if deed.text else "")
    return deed.kind.value
