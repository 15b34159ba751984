"""The pages of partners, referrals, money and statistics without a browser's window."""

import re
from collections.abc import AsyncIterator

import aiohttp
import pytest

from shore_relay.desk.actor import Actor, Role
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import load_case
from shore_relay.desk.cases.referral import ReferralState
from shore_relay.desk.referrals.partners import PartnerKind, load_partners
from shore_relay.desk.referrals.post import own_card
from shore_relay.desk.referrals.receiving import reply, take_in
from shore_relay.desk.referrals.sending import refer
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.people.conftest import Clock, page_of
from tests.shore_relay.desk.people.office import Answered, Browser, browsing
from tests.shore_relay.desk.referrals.conftest import FOR_THE_LAWYER, befriend, full_case
from tests.shore_relay.desk.referrals.test_referring import BY_MESSAGE


@pytest.fixture
async def browser(office: Desk, clock: Clock) -> AsyncIterator[Browser]:
    """The supervisor's."""
    async with page_of(office, clock) as (_, address), browsing(address) as browser:
        await browser.log_in(Role.SUPERVISOR)
        yield browser


async def upload(browser: Browser, path: str, name: str, data: bytes, **fields: str) -> Answered:
    form = aiohttp.FormData()
    for key, value in {"token": browser.token, **fields}.items():
        form.add_field(key, value)
    form.add_field(name, data, filename="file.seavoice")
    return await browser.send(path, form)


CHOSEN = {
    "partner": "1",
    "message": "2",
    "indicator": "8",
    "money": "1",
    "trade": "1",
    "consent": "message-1",
}


async def test_a_partner_is_added_confirmed_given_to_and_answers(
    office: Desk, chambers: Desk, boat: Boat, tom: Actor, browser: Browser
) -> None:
    await full_case(office, boat, tom)
    await befriend(chambers, office, PartnerKind.LABOUR_RIGHTS)
    assert "no confirmed partner" in (await browser.get("/cases/1/refer")).text
    await browser.get("/partners")
    refused = await upload(browser, "/partners", "card", b"{}", kind="legal")
    assert (refused.status, "no file of the kind" in refused.text) == (409, True)
    added = await upload(browser, "/partners", "card", own_card(chambers), kind="legal")
    digits = chambers.keyring.keys.signing_fingerprint
    assert (digits in added.text, "Not confirmed" in added.text) == (True, True)
    assert (await browser.post("/partners/1/confirm")).status == 409
    assert "Not confirmed" not in (await browser.post("/partners/1/confirm", sure="yes")).text

    form = await browser.get("/cases/1/refer")
    assert "Sea Lawyers (Legal help)" in form.text
    without = await browser.post("/cases/1/refer/preview", CHOSEN, consent="")
    assert (without.status, "consent is missing" in without.text) == (409, True)
    look = await browser.post("/cases/1/refer/preview", CHOSEN, request="<b>Help</b>")
    assert "&lt;b&gt;Help&lt;/b&gt;" in look.text
    assert ("They keep my pay" in look.text, "Hnin" in look.text) == (True, False)
    seen = re.search(r'name="seen" value="(\w+)"', look.text)
    assert seen is not None
    again = await browser.post("/cases/1/refer/preview", CHOSEN, back="1")
    assert 'value="message-1" checked' in again.text
    changed = await browser.post("/cases/1/refer", CHOSEN, seen=seen[1])
    assert (changed.status, "has changed since you looked" in changed.text) == (409, True)
    sealed = await browser.post("/cases/1/refer", CHOSEN, seen=seen[1], request="<b>Help</b>")

    taken = await take_in(chambers, chambers.actor, sealed.text.encode())
    assert taken.received is not None
    answer = await reply(chambers, chambers.actor, taken.received.number, ReferralState.ACCEPTED, "We do.")
    await browser.get("/referrals")
    said = await upload(browser, "/referrals", "letter", answer)
    assert "Sea Lawyers: Accepted. It is in case 1." in said.text
    assert (await upload(browser, "/referrals", "letter", answer)).status == 409
    page = (await browser.get("/cases/1")).text
    assert ("gave parts of it to Sea Lawyers" in page, "Sea Lawyers: We do." in page) == (True, True)
    revoked = await browser.post(f"/cases/1/referrals/{taken.received.id.hex()}/revoke")
    assert (revoked.status, "has said that it opened" in revoked.text) == (409, True)
    await browser.post("/partners/1/remove")
    assert await load_partners(office) == []


async def test_what_another_desk_gives_is_opened_read_and_answered_on_the_page(
    office: Desk, chambers: Desk, boat: Boat, tom: Actor, clock: Clock
) -> None:
    await full_case(office, boat, tom)
    await befriend(office, chambers)
    _, letter = await refer(office, tom, 1, 1, FOR_THE_LAWYER, BY_MESSAGE)
    digits = office.keyring.keys.signing_fingerprint
    async with page_of(chambers, clock) as (_, address), browsing(address) as browser:
        await browser.post("/login", name="desk", passphrase="seven quiet harbour lamps")
        await browser.get("/referrals")
        unknown = await upload(browser, "/referrals", "letter", letter)
        assert (unknown.status, digits in unknown.text) == (409, True)
        wrong = await upload(browser, "/referrals", "letter", letter, digits="12")
        assert "exchanged the card" in wrong.text
        opened = await upload(browser, "/referrals", "letter", letter, digits=digits)
        assert (opened.path, "They keep my pay" in opened.text) == ("/received/1", True)
        assert (await browser.get("/received/1/sounds/1.wav")).status == 404
        assert (await browser.post("/received/1/reply", state="sent")).status == 409
        answer = await browser.post("/received/1/reply", state="declined", words="Not ours.")
        assert "Harbour Aid" in (await browser.get("/referrals")).text
        assert (await browser.get("/received/7")).status == 404
        assert (await upload(browser, "/referrals", "letter", b"nothing")).status == 409
        assert (await browser.get("/partners/own-card")).text.startswith("{")

    async with page_of(office, clock) as (_, address), browsing(address) as browser:
        await browser.log_in(Role.CASEWORKER)
        await browser.get("/referrals")
        assert "Declined" in (await upload(browser, "/referrals", "letter", answer.text.encode())).text
    assert (await load_case(office, 1)).referrals[0].state is ReferralState.DECLINED


async def test_money_and_trade_are_kept_given_back_where_wrong_and_written_out(
    office: Desk, boat: Boat, tom: Actor, browser: Browser
) -> None:
    await full_case(office, boat, tom)
    await browser.get("/cases/1")
    fact = {"kind": "debt", "role": "lender", "amount": "1,000", "currency": "USD", "party": "U Ba"}
    wrong = await browser.post("/cases/1/money", fact)
    assert (wrong.status, 'value="U Ba"' in wrong.text) == (409, True)
    kept = await browser.post("/cases/1/money", fact, amount="1000")
    assert "Debt: 1000.00 USD, Lender U Ba" in kept.text
    assert (await browser.post("/cases/1/money", kind="gold", role="x")).status == 409
    assert len((await load_case(office, 1)).money) == 2
    without = await browser.post("/cases/1/money/export", format="csv")
    assert (without.status, "consent is missing" in without.text) == (409, True)
    table = await browser.post("/cases/1/money/export", format="csv", consent="message-1")
    assert "Harbour Bank" in table.text
    await browser.get("/cases/1")
    await browser.post("/cases/1/money/2")

    trip = {"kind": "trip", "reference": "T-9", "vessel": boat.vessel.hex()}
    assert "T-9" in (await browser.post("/cases/1/trade", trip)).text
    assert (await browser.post("/cases/1/trade", trip, vessel="zz")).status == 409
    await browser.post("/cases/1/trade/1")
    case = await load_case(office, 1)
    assert ([f.number for f in case.money], [t.text for t in case.trade]) == ([1], ["T-9"])


async def test_a_buyer_is_told_only_what_was_looked_at(
    office: Desk, chambers: Desk, boat: Boat, tom: Actor, browser: Browser, clock: Clock
) -> None:
    await full_case(office, boat, tom)
    assert "no confirmed buyer" in (await browser.get("/partners/statistics")).text
    await befriend(office, chambers, PartnerKind.BUYER)
    await browser.get("/partners/statistics")
    form = {"partner": "1", "quarter": "2026-Q3", "vessel": boat.vessel.hex()}
    early = await browser.post("/partners/statistics", form, do="look")
    assert (early.status, "single out a person" in early.text) == (409, True)
    clock.pass_s(20 * 86_400)
    await browser.log_in(Role.SUPERVISOR)
    await browser.get("/partners/statistics")

    look = await browser.post("/partners/statistics", form, do="look")
    assert "Fewer than 5 people, perhaps none" in look.text
    sealed = await browser.post("/partners/statistics", form, do="take")
    assert '"format": "seavoice letter 1"' in sealed.text
    assert "2026-Q3: Blue Dolphin" in (await browser.get("/partners/statistics")).text
