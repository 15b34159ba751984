"""Facts about money as files that a financial-crime desk loads: CSV and JSON, columns named after goAML.

A report in goAML's own XML is made by whoever is registered with its financial intelligence unit: each unit
has its own rules for it. `docs/referrals.md` says which column goes where.
"""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime

from protocol.documents import Json, dump
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import Book, load_case
from shore_relay.desk.cases.deeds import Deed, Kind
from shore_relay.desk.cases.money import MoneyFact, amount_text
from shore_relay.desk.errors import NothingChosen
from shore_relay.desk.handovers import new_id, record
from shore_relay.desk.people.roles import Permission, require
from shore_relay.desk.referrals.choosing import money_of
from shore_relay.desk.referrals.sending import Agreement, agreed, check_agreement
from shore_relay.desk.tables.formats import Format, disarmed

COLUMNS = (
    "transactionnumber",
    "transaction_description",
    "date_transaction",
    "date_until",
    "amount",
    "currency_code",
    "party_name",
    "party_role",
    "institution_name",
    "account",
    "comments",
)
"""Stable names, for programs. Days are ISO 8601; what nobody knows is empty."""


def money_rows(facts: Sequence[MoneyFact], prefix: str) -> list[dict[str, str]]:
    """Return a row for each fact; `prefix` makes their numbers unlike those of other files."""
    return [
        {
            "transactionnumber": f"{prefix}-{fact.number}",
            "transaction_description": fact.kind.value,
            "date_transaction": _day(fact.since),
            "date_until": _day(fact.until),
            "amount": amount_text(fact.amount_hundredths) if fact.currency else "",
            "currency_code": fact.currency,
            "party_name": fact.party,
            "party_role": fact.role.value,
            "institution_name": fact.institution,
            "account": fact.account,
            "comments": fact.comment,
        }
        for fact in facts
    ]


def write_money(facts: Sequence[MoneyFact], prefix: str, form: Format) -> bytes:
    """Return the file in CSV or JSON; raises `NothingChosen` where there is nothing to write."""
    if not facts:
        raise NothingChosen("There is no fact about money in it.")
    rows = money_rows(facts, prefix)
    if form is Format.JSON:
        listed: list[Json] = [dict(row) for row in rows]
        return dump({"format": "seavoice money facts 1", "transactions": listed})
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([disarmed(row[name]) for name in COLUMNS])
    return buffer.getvalue().encode("utf-8-sig")


async def export_money(desk: Desk, actor: Actor, number: int, form: Format, agreement: Agreement) -> bytes:
    """Write out all facts about money of a case, in clear, on the fisher's consent.

    Raises: NotPermitted, UnknownCase, NoConsent, NothingChosen, BadCaseText.
    """
    require(actor, Permission.EXPORT)
    case = await load_case(desk, number)
    await check_agreement(desk, case, agreement)
    handover = new_id()
    data = write_money(
        money_of(case, tuple(fact.number for fact in case.money), {}), handover.hex()[:8], form
    )
    async with desk.database.transaction() as connection:
        book = Book(connection, desk, actor.id)
        consent = await agreed(book, number, agreement)
        deed = Deed(
            kind=Kind.MONEY_EXPORTED,
            number=len(case.money),
            value=consent.message,
            until=consent.note_at,
        )
        await book.write(number, deed)
        await book.save()
    await record(desk, actor, f"money-{form.value}", handover=handover, entries=())
    return data


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat() if at else ""
