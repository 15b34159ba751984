"""What caseworkers write down about money and trade, held to what the fields can be."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

from protocol.ids import UnixSeconds
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import writing
from shore_relay.desk.cases.deeds import Deed, Kind
from shore_relay.desk.cases.model import NEVER, highest
from shore_relay.desk.cases.money import (
    ACCOUNT_CHARACTERS_MAX,
    AMOUNT_HUNDREDTHS_MAX,
    COMMENT_CHARACTERS_MAX,
    CURRENCIES,
    PARTY_CHARACTERS_MAX,
    MoneyFact,
)
from shore_relay.desk.cases.trade import TRADE_CHARACTERS_MAX, TradeReference
from shore_relay.desk.cases.work import clean_line, clean_text
from shore_relay.desk.errors import BadMoneyFact, WrongStep
from shore_relay.desk.people.roles import Permission, require

_AMOUNT = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,2}))?")


async def add_money(desk: Desk, actor: Actor, number: int, fact: MoneyFact) -> int:
    """Write down a fact about money; its own number is given here and returned.

    Raises: NotPermitted, UnknownCase, BadMoneyFact, BadCaseText, WrongStep.
    """
    require(actor, Permission.CASEWORK)
    checked = _checked(fact)
    async with writing(desk, actor.id) as book:
        numbered = replace(checked, number=highest((await book.case(number)).money) + 1)
        await book.write(number, Deed(kind=Kind.MONEY_ADDED, money=numbered))
    return numbered.number


async def drop_money(desk: Desk, actor: Actor, number: int, fact: int) -> None:
    """Take a wrong fact out; the history keeps it. Raises `NotPermitted`, `UnknownCase`, `WrongStep`."""
    require(actor, Permission.CASEWORK)
    async with writing(desk, actor.id) as book:
        await book.write(number, Deed(kind=Kind.MONEY_DROPPED, number=fact))


async def add_trade(desk: Desk, actor: Actor, number: int, reference: TradeReference) -> int:
    """Write down a vessel, trip or catch reference; raises as `add_money`."""
    require(actor, Permission.CASEWORK)
    text = clean_line(reference.text, TRADE_CHARACTERS_MAX)
    async with writing(desk, actor.id) as book:
        case = await book.case(number)
        if reference.vessel not in {facts.vessel for facts in case.messages}:
            raise WrongStep(f"No message of case {number} comes from that vessel; nothing was changed.")
        numbered = replace(reference, text=text, number=highest(case.trade) + 1)
        await book.write(number, Deed(kind=Kind.TRADE_ADDED, trade=numbered))
    return numbered.number


async def drop_trade(desk: Desk, actor: Actor, number: int, reference: int) -> None:
    """Take a wrong reference out; the history keeps it. Raises as `drop_money`."""
    require(actor, Permission.CASEWORK)
    async with writing(desk, actor.id) as book:
        await book.write(number, Deed(kind=Kind.TRADE_DROPPED, number=reference))


def _checked(fact: MoneyFact) -> MoneyFact:
    currency = fact.currency.strip().upper()
    if currency and currency not in CURRENCIES:
        raise BadMoneyFact(f"No currency is called {currency}; write a code such as THB, IDR or USD.")
    if bool(fact.amount_hundredths) != bool(currency):
        raise BadMoneyFact("An amount needs its currency, and a currency its amount; leave out both or none.")
    if fact.until and (not fact.since or fact.until < fact.since):
        raise BadMoneyFact("The last day is before the first, or there is no first day.")
    checked = replace(
        fact,
        currency=currency,
        party=_line(fact.party, PARTY_CHARACTERS_MAX),
        institution=_line(fact.institution, ACCOUNT_CHARACTERS_MAX),
        account=_line(fact.account, ACCOUNT_CHARACTERS_MAX),
        comment=clean_text(fact.comment, COMMENT_CHARACTERS_MAX) if fact.comment.strip() else "",
    )
    if not (checked.amount_hundredths or checked.party or checked.account or checked.comment):
        raise BadMoneyFact("Write at least an amount, a name, an account or some words.")
    return checked


def _line(text: str, most: int) -> str:
    return clean_line(text, most) if text.strip() else ""


def read_amount(text: str) -> int:
    """Return an amount in hundredths; 0 where nothing was written. Raises `BadMoneyFact`.

    The point is the only separator: a comma stands for thousands here and for cents there.
    """
    bare = text.strip()
    if not bare:
        return 0
    found = _AMOUNT.fullmatch(bare)
    hundredths = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else 0
    if not 0 < hundredths <= AMOUNT_HUNDREDTHS_MAX:
        raise BadMoneyFact("Write an amount in digits such as 15000 or 15000.50, without commas.")
    return hundredths


def read_day(text: str) -> UnixSeconds:
    """Return a day (YYYY-MM-DD) as its UTC midnight; 0 where none was written. Raises `BadMoneyFact`."""
    if not text.strip():
        return NEVER
    try:
        day = date.fromisoformat(text.strip())
        at = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    except ValueError as reason:
        raise BadMoneyFact("This is no date that there is; write a day such as 2026-03-31.") from reason
    if at <= 0:
        raise BadMoneyFact("Dates begin in 1970 here.")
    return UnixSeconds(at)
