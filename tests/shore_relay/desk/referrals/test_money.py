"""Facts about money: what a field can be, and files that a financial-crime desk loads."""

import csv
import io
import json
from dataclasses import replace

import pytest

from protocol.ids import UnixSeconds
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import load_case, load_history
from shore_relay.desk.cases.deeds import Kind
from shore_relay.desk.cases.money import MONEY_FACTS_MAX, MoneyFact, MoneyKind, PartyRole, amount_text
from shore_relay.desk.cases.recording import (
    add_money,
    add_trade,
    drop_money,
    drop_trade,
    read_amount,
    read_day,
)
from shore_relay.desk.cases.referral import Consent
from shore_relay.desk.cases.trade import TradeKind, TradeReference
from shore_relay.desk.cases.verifying import verify
from shore_relay.desk.errors import (
    BadCaseText,
    BadMoneyFact,
    NoConsent,
    NothingChosen,
    NotPermitted,
    WrongStep,
)
from shore_relay.desk.handovers import load_handovers
from shore_relay.desk.referrals.money_table import COLUMNS, export_money, write_money
from shore_relay.desk.referrals.sending import Agreement
from shore_relay.desk.tables.formats import Format
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.referrals.conftest import AGREES, full_case

FEE = MoneyFact(
    number=0,
    kind=MoneyKind.RECRUITMENT_FEE,
    amount_hundredths=250_000,
    currency="USD",
    role=PartyRole.RECRUITER,
    party="U Ba",
)
AGREED = Agreement(consent=Consent(message=AGREES))


@pytest.mark.parametrize(
    ("text", "hundredths"), [("", 0), ("15000", 1_500_000), ("0.5", 50), (" 12.34 ", 1_234), ("1.00", 100)]
)
def test_an_amount_is_read(text: str, hundredths: int) -> None:
    assert read_amount(text) == hundredths


@pytest.mark.parametrize("text", ["1,000", "1.234", "-5", "1e9", "0", "٣", "9" * 14, "1.", ".5", "฿5"])
def test_what_is_no_amount_is_refused_and_not_guessed(text: str) -> None:
    with pytest.raises(BadMoneyFact):
        read_amount(text)


def test_a_day_is_read_and_what_is_none_refused() -> None:
    assert read_day("2026-03-01") == 1_772_323_200
    assert read_day(" ") == 0
    for text in ("2026-02-30", "tomorrow", "1969-12-31"):
        with pytest.raises(BadMoneyFact):
            read_day(text)


def test_an_amount_is_written_with_a_point() -> None:
    assert (amount_text(1_500_050), amount_text(5)) == ("15000.50", "0.05")


async def test_facts_that_cannot_be_are_refused_and_dropped_ones_stay_in_the_history(
    office: Desk, boat: Boat, tom: Actor
) -> None:
    await full_case(office, boat, tom)
    refused = [
        replace(FEE, currency="BTH"),
        replace(FEE, currency=""),
        replace(FEE, amount_hundredths=0),
        replace(FEE, since=UnixSeconds(200_000), until=UnixSeconds(100_000)),
        replace(FEE, until=UnixSeconds(100_000)),
        replace(FEE, amount_hundredths=0, currency="", party=" "),
    ]
    for fact in refused:
        with pytest.raises(BadMoneyFact):
            await add_money(office, tom, 1, fact)
    with pytest.raises(WrongStep):
        await add_money(office, tom, 1, replace(FEE, message=99))
    with pytest.raises(BadCaseText):
        await add_money(office, tom, 1, replace(FEE, party="x" * 201))
    assert await add_money(office, tom, 1, FEE) == 2

    await drop_money(office, tom, 1, 2)
    with pytest.raises(WrongStep):
        await drop_money(office, tom, 1, 2)

    assert [fact.kind for fact in (await load_case(office, 1)).money] == [MoneyKind.WAGES_WITHHELD]
    told = [entry.deed for entry in await load_history(office, 1)]
    assert any(deed.money and deed.money.party == "U Ba" for deed in told)
    for kind, vessel in ((TradeKind.TRIP, b"\xff" * 8), (TradeKind.VESSEL, b"\xfe" * 8)):
        with pytest.raises(WrongStep):
            await add_trade(
                office,
                tom,
                1,
                TradeReference(number=0, kind=kind, text="T", vessel=type(boat.vessel)(vessel)),
            )
    await drop_trade(office, tom, 1, 1)
    with pytest.raises(WrongStep):
        await drop_trade(office, tom, 1, 1)
    await verify(office)
    assert MONEY_FACTS_MAX > 2


async def test_an_export_needs_consent_and_a_role_and_is_written_down(
    office: Desk, boat: Boat, tom: Actor
) -> None:
    await full_case(office, boat, tom)
    with pytest.raises(NotPermitted):
        await export_money(office, tom, 1, Format.CSV, AGREED)
    with pytest.raises(NoConsent):
        await export_money(office, office.actor, 1, Format.CSV, Agreement())
    assert await load_handovers(office) == []

    written = await export_money(office, office.actor, 1, Format.CSV, AGREED)
    as_json = json.loads(await export_money(office, office.actor, 1, Format.JSON, AGREED))

    (row,) = csv.DictReader(io.StringIO(written.decode("utf-8-sig")))
    assert tuple(row) == COLUMNS
    assert row["amount"] == "15000.50"
    assert (row["currency_code"], row["date_transaction"]) == ("THB", "2026-03-01")
    # What a spreadsheet would carry out is text, and stays as it is for programs that read JSON.
    assert row["party_name"] == "'=Dolphin Co."
    (transaction,) = as_json["transactions"]
    assert transaction["party_name"] == "=Dolphin Co."
    assert set(transaction) == set(COLUMNS)
    assert "Hnin" not in written.decode("utf-8-sig")
    kinds = [entry.deed.kind for entry in await load_history(office, 1)]
    assert kinds.count(Kind.MONEY_EXPORTED) == 2
    assert {one.kind for one in await load_handovers(office)} == {"money-csv", "money-json"}
    await verify(office)
    with pytest.raises(NothingChosen):
        write_money((), "x", Format.CSV)
