"""A caseworker gives a case to a lawyer in a real browser, and takes in what the lawyer answers."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from protocol.ids import UnixSeconds
from scripts.pagewalk.looks import AXE, RULES
from shore_relay.desk.app import Desk, open_desk, wall_clock
from shore_relay.desk.cases.book import load_case, writing
from shore_relay.desk.cases.referral import ReferralState
from shore_relay.desk.cases.work import add_note
from shore_relay.desk.keyring import Keyring
from shore_relay.desk.referrals.choosing import Choice
from shore_relay.desk.referrals.partners import PartnerKind, add_partner, confirm_partner
from shore_relay.desk.referrals.post import own_card
from shore_relay.desk.referrals.receiving import load_received_given, reply, take_in
from shore_relay.desk.referrals.sending import Agreement, load_referrals, refer
from shore_relay.desk.settings import Settings
from tests.e2e.desk.test_people import (  # noqa: F401  # Fixtures.
    PASSPHRASE,
    chromium,
    desk,
    log_in,
    port,
    visiting,
)

YEAR_S = 365 * 86_400


@pytest.fixture
async def lawyers(tmp_path: Path, desk: Desk) -> AsyncIterator[Desk]:  # noqa: F811  # The fixture.
    """The other desk, which knows this one."""
    folder = tmp_path / "lawyers"
    folder.mkdir(mode=0o700)
    Keyring.create(folder, PASSPHRASE, "Sea Lawyers", UnixSeconds(wall_clock() - 60), YEAR_S)
    async with open_desk(folder, PASSPHRASE, Settings(relay="http://127.0.0.1:9", port=0)) as lawyers:
        partner = await add_partner(lawyers, lawyers.actor, own_card(desk), PartnerKind.LABOUR_RIGHTS)
        await confirm_partner(lawyers, lawyers.actor, partner.number, partner.fingerprint)
        yield lawyers


async def look(page: Page) -> None:
    """Fail for what axe finds, or where the page is wider than a small telephone."""
    await page.set_viewport_size({"width": 320, "height": 640})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320, page.url
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("(rules) => axe.run({ runOnly: { type: 'tag', values: rules } })", RULES)
    faults = [f"{f['id']} {[node['target'] for node in f['nodes']]}" for f in found["violations"]]
    assert faults == [], page.url


async def test_a_case_goes_to_a_lawyer_who_answers(
    desk: Desk,  # noqa: F811  # The fixtures.
    port: int,  # noqa: F811
    chromium: Browser,  # noqa: F811
    lawyers: Desk,
    tmp_path: Path,
) -> None:
    (tmp_path / "card").write_bytes(own_card(lawyers))
    async with visiting(chromium, locale="en-GB") as (_, page):
        await page.goto(f"http://localhost:{port}")
        await log_in(page, PASSPHRASE)
        await page.get_by_role("link", name="Referrals").click()
        await page.get_by_role("link", name="Partners").click()
        await page.get_by_label("Its card").set_input_files(tmp_path / "card")
        await page.get_by_label("What it does").select_option("Legal help")
        await page.get_by_role("button", name="Add", exact=True).click()
        await expect(page.get_by_text(lawyers.keyring.keys.signing_fingerprint)).to_be_visible()
        await look(page)
        await page.get_by_label("The partner told me these digits").check()
        await page.get_by_role("button", name="Confirm: Sea Lawyers").click()

        await page.goto(f"http://localhost:{port}/cases/1")
        await look(page)
        await page.get_by_role("link", name="Refer to a partner").click()
        await page.get_by_label("What do you ask of them?").fill("Can he claim his pay?")
        await page.locator("input[name=message]").first.check()
        await page.get_by_role("radio", name="As I write here").check()
        await page.get_by_role("textbox", name="As I write here").fill("He agreed on the telephone today.")
        await look(page)
        await page.get_by_role("button", name="Look at it first").click()
        await expect(page.get_by_role("heading", name="This is what Sea Lawyers gets")).to_be_visible()
        await look(page)
        async with page.expect_download() as downloading:
            await page.get_by_role("button", name="Seal it and take the file").click()
        sealed = await (await downloading.value).path()

        taken = await take_in(lawyers, lawyers.actor, await asyncio.to_thread(sealed.read_bytes))
        assert taken.received is not None
        _, given, _ = await load_received_given(lawyers, taken.received.number)
        assert given.request == "Can he claim his pay?"
        answer = await reply(lawyers, lawyers.actor, taken.received.number, ReferralState.ACCEPTED)
        (tmp_path / "answer").write_bytes(answer)
        await page.get_by_role("link", name="Referrals", exact=True).click()
        await page.locator("#letter").set_input_files(tmp_path / "answer")
        await page.get_by_role("button", name="Open it").click()
        await expect(page.get_by_role("status")).to_contain_text("Sea Lawyers: Accepted.")
        await look(page)
        await page.get_by_role("link", name="Statistics for buyers").click()
        await look(page)

    ((case, referral),) = await load_referrals(desk)
    assert (case, referral.state) == (1, ReferralState.ACCEPTED)
    note = (await load_case(desk, 1)).note(referral.consent.note_at)
    assert note is not None
    assert note.text == "He agreed on the telephone today."


async def test_a_lawyer_reads_and_answers_in_thai(
    desk: Desk,  # noqa: F811  # The fixtures.
    port: int,  # noqa: F811
    chromium: Browser,  # noqa: F811
    lawyers: Desk,
) -> None:
    """Here the office is the one that is given something: the same pages from the other side."""
    async with writing(lawyers, lawyers.actor.id) as book:
        await book.open_case()
    await add_note(lawyers, lawyers.actor, 1, "Needs a place to sleep tonight.")
    note = (await load_case(lawyers, 1)).notes[0]
    _, letter = await refer(
        lawyers,
        lawyers.actor,
        1,
        1,
        Choice(request="Have you a bed?", notes=(note.at,)),
        Agreement(words="She agreed."),
    )
    taken = await take_in(desk, desk.actor, letter, digits=lawyers.keyring.keys.signing_fingerprint)
    assert taken.received is not None
    async with visiting(chromium, locale="th-TH", color_scheme="dark") as (_, page):
        await page.goto(f"http://localhost:{port}")
        await page.locator("#passphrase").fill(PASSPHRASE)
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"http://localhost:{port}/")
        for path in ("/received/1", "/referrals", "/partners", "/cases/1/refer", "/partners/statistics"):
            await page.goto(f"http://localhost:{port}{path}")
            await look(page)
        await page.goto(f"http://localhost:{port}/received/1")
        await expect(page.get_by_text("Needs a place to sleep tonight.")).to_be_visible()
        async with page.expect_download() as downloading:
            await page.locator("main form button").click()
        answer = await (await downloading.value).path()
        assert (await asyncio.to_thread(answer.read_bytes)).startswith(b"{")
