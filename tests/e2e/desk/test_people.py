"""People at the desk in a real browser: a passkey, a first login, every page by axe, in two languages."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from scripts.pagewalk.looks import AXE, RULES
from shore_relay.desk.actor import Role
from shore_relay.desk.app import Desk, open_desk
from shore_relay.desk.cases.board import expect as expect_check_ins
from shore_relay.desk.cases.book import load_case
from shore_relay.desk.cases.filing import file_all
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import EvidenceState, Plan
from shore_relay.desk.cases.work import add_note, add_task, judge_evidence
from shore_relay.desk.changes import Changes
from shore_relay.desk.commands.serving import listen
from shore_relay.desk.people.staff import find_person
from shore_relay.desk.settings import Settings
from shore_relay.desk.web.server import Page as DeskPage
from tests.shore_relay.desk.people.office import PEOPLE

LEFT = Path("tests/data/desk_format_1")
PASSPHRASE = PEOPLE[Role.ADMINISTRATOR][1]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """A desk with messages, as a version before there were people left it."""
    folder = await asyncio.to_thread(shutil.copytree, LEFT, tmp_path / "desk")
    async with open_desk(folder, PASSPHRASE, Settings(relay="http://127.0.0.1:9", port=0)) as desk:
        await file_all(desk)
        await work_on_a_case(desk)
        yield desk


async def work_on_a_case(desk: Desk) -> None:
    """Put something into every part of a case's page, and somebody on the board."""
    case = await load_case(desk, 1)
    await add_note(desk, desk.actor, 1, "พี่ชายของเขาโทรมา")
    await add_task(desk, desk.actor, 1, "Write to the lawyer", desk.now(), remind_at=desk.now())
    await judge_evidence(desk, desk.actor, 1, Indicator.DECEPTION, 1, EvidenceState.CONFIRMED)
    plan = Plan(mailbox=case.messages[0].mailbox, label="K.", every_h=24, grace_h=6, second_h=4)
    await expect_check_ins(desk, desk.actor, 1, plan)


@pytest.fixture
async def port(desk: Desk) -> AsyncIterator[int]:
    page = DeskPage(desk, Changes())
    runner = web.AppRunner(page.application(), shutdown_timeout=0.1)
    await runner.setup()
    port = await listen(runner, "127.0.0.1", 0)
    page.listen_on("127.0.0.1", port)
    yield port
    page.close()
    await runner.cleanup()


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        await browser.close()


@asynccontextmanager
async def visiting(chromium: Browser, **options: str) -> AsyncIterator[tuple[BrowserContext, Page]]:
    """A person's own browser, which fails the test for anything its console complains of."""
    complaints: list[str] = []
    context = await chromium.new_context(bypass_csp=False, **options)  # type: ignore[arg-type]  # Locale only.
    page = await context.new_page()
    # A refusal with its own status is said in the page; the console repeats it.
    page.on(
        "console",
        lambda said: (
            complaints.append(said.text)
            if said.type == "error" and "the server responded with a status" not in said.text
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield context, page
    await context.close()
    assert complaints == []


async def log_in(page: Page, passphrase: str, name: str = "") -> None:
    if name:
        await page.get_by_label("Name").fill(name)
    await page.get_by_label("Passphrase").fill(passphrase)
    await page.keyboard.press("Enter")


async def test_a_caseworker_is_added_chooses_a_passphrase_and_comes_back_with_a_passkey(
    desk: Desk, port: int, chromium: Browser
) -> None:
    address = f"http://localhost:{port}"
    async with visiting(chromium) as (_, page):
        await page.goto(address)
        # One person works here, so nobody is asked for a name.
        assert await page.get_by_label("Name").count() == 0
        await log_in(page, PASSPHRASE)
        await page.get_by_role("link", name="People").click()
        await page.get_by_label("Name").fill("Malee Srisuk")
        await page.get_by_role("button", name="Add", exact=True).click()
        start = await page.get_by_role("status").inner_text()
        await page.get_by_role("link", name="Back to the people").click()
        await expect(page.get_by_role("link", name="Malee Srisuk")).to_contain_text("Has not logged in yet")

    async with visiting(chromium) as (context, page):
        session = await context.new_cdp_session(page)
        await session.send("WebAuthn.enable")
        await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        await page.goto(address)
        await log_in(page, start, "malee srisuk")
        await expect(page.get_by_text("Choose your own now")).to_be_visible()
        assert await page.get_by_role("link", name="Inbox").count() == 0
        await page.get_by_label("The start passphrase that you were given").fill(start)
        await page.get_by_label("New passphrase").fill("green crab walks sideways")
        await page.get_by_label("The same again").fill("green crab walks sideways")
        await page.get_by_role("button", name="Change the passphrase").click()
        await expect(page.get_by_role("link", name="Inbox")).to_be_visible()

        await page.get_by_label("What to call this passkey").fill("my telephone")
        await page.get_by_role("button", name="Add a passkey").click()
        await expect(page.get_by_text("my telephone (")).to_be_visible()
        assert len(find_person(desk, "Malee Srisuk").passkeys) == 1
        for _ in range(2):
            await page.get_by_role("button", name="Lock").click()
            await log_in(page, "green crab walks sideways", "Malee Srisuk")
            await page.get_by_role("button", name="Use a passkey").click()
            await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
        await expect(page.get_by_role("link", name="Malee Srisuk Caseworker")).to_be_visible()

    # Another telephone proves nothing, and is told so.
    async with visiting(chromium) as (context, page):
        session = await context.new_cdp_session(page)
        await session.send("WebAuthn.enable")
        await session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        await page.goto(address)
        await log_in(page, "green crab walks sideways", "Malee Srisuk")
        await page.get_by_role("button", name="Use a passkey").click()
        await expect(page.get_by_role("alert")).to_contain_text("The passkey was not used")

    # Under the machine's number browsers give no passkeys; the page says where they do.
    async with visiting(chromium) as (_, page):
        await page.goto(f"http://127.0.0.1:{port}")
        await log_in(page, "green crab walks sideways", "Malee Srisuk")
        await page.get_by_role("link", name=address).click()
        await expect(page.get_by_label("Passphrase")).to_be_visible()


async def walk(page: Page, desk: Desk, address: str, look: Callable[[str], Awaitable[None]]) -> None:
    """Visit every page of people and keys, by address, in whatever language the page is."""
    await page.goto(address)
    await look("login")
    await page.locator("#passphrase").fill("not the right one")
    await page.keyboard.press("Enter")
    await page.locator("[role=alert]").wait_for()
    await look("login-wrong")
    await page.locator("#passphrase").fill(PASSPHRASE)
    await page.keyboard.press("Enter")
    await page.wait_for_url(address + "/")
    await look("inbox")
    for path in (
        "/account",
        "/account/code",
        "/people",
        "/vessels",
        "/messages/1",
        "/cases",
        "/cases/1",
        "/cases/statistics",
        "/board",
        "/search?q=passport",
    ):
        await page.goto(address + path)
        await look(path.strip("/").replace("/", "-"))
    await page.goto(address + "/people")
    await page.locator("#name").fill("มาลี ศรีสุข")
    await page.locator("input[value=partner]").check()
    await page.locator("main form button").click()
    await look("started")
    await page.goto(f"{address}/people/{find_person(desk, 'มาลี ศรีสุข').id.hex()}")
    await look("person")
    await page.goto(f"{address}/account/notices")
    await look("notices")
    await page.locator("button[name=do]").click()
    await look("notices-with-a-calendar")


@pytest.mark.timeout(400)  # Sixteen pages, each looked at in two widths.
@pytest.mark.parametrize(("language", "scheme"), [("en-GB", "light"), ("th-TH", "dark")])
async def test_every_page_of_people_and_keys_satisfies_axe_and_a_narrow_screen(
    desk: Desk, port: int, chromium: Browser, language: str, scheme: str
) -> None:
    faults: list[str] = []
    async with visiting(chromium, locale=language, color_scheme=scheme) as (_, page):

        async def look(name: str) -> None:
            await page.set_viewport_size({"width": 320, "height": 640})
            width = await page.evaluate("document.documentElement.scrollWidth")
            if width > 320:
                faults.append(f"{name} is {width} px wide")
            await page.set_viewport_size({"width": 1280, "height": 800})
            await page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
            # Through the debugger, not the page, whose policy lets no foreign script in.
            await page.evaluate(AXE.read_text(encoding="utf-8"))
            found = await page.evaluate(
                "(rules) => axe.run({ runOnly: { type: 'tag', values: rules } })", RULES
            )
            faults.extend(
                f"{name}: {fault['id']} {[node['target'] for node in fault['nodes']]}"
                for fault in found["violations"]
            )

        await walk(page, desk, f"http://localhost:{port}", look)
        assert await page.evaluate("document.documentElement.lang") == language[:2]
    assert faults == []
