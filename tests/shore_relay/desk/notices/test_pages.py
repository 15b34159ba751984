"""The page of notices and the calendar's secret address, without a browser window."""

import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from shore_relay.desk.actor import Actor, Role
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.work import add_task
from shore_relay.desk.changes import Changes
from shore_relay.desk.commands.serving import listen
from shore_relay.desk.notices.choosing import load_choice
from shore_relay.desk.notices.delivering import Notices
from shore_relay.desk.notices.model import Choice
from shore_relay.desk.people.staff import revoke
from shore_relay.desk.web.server import Page
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.cases.arriving import arrive
from tests.shore_relay.desk.notices.receivers import Mailroom
from tests.shore_relay.desk.notices.test_calendar import DUE
from tests.shore_relay.desk.people.office import Browser, browsing

TOM = "tom@office.example"
PATH = "/account/notices"


@pytest.fixture
async def address(office: Desk, mailroom: Mailroom) -> AsyncIterator[str]:
    page = Page(office, Changes(), channels=mailroom.channels())
    runner = web.AppRunner(page.application(), shutdown_timeout=0.1)
    await runner.setup()
    port = await listen(runner, "127.0.0.1", 0)
    page.listen_on("127.0.0.1", port)
    yield f"http://127.0.0.1:{port}"
    page.close()
    await runner.cleanup()


@pytest.fixture
async def browser(address: str) -> AsyncIterator[Browser]:
    """The caseworker's."""
    async with browsing(address) as browser:
        await browser.log_in(Role.CASEWORKER)
        yield browser


async def test_a_person_chooses_tests_and_is_told_what_went_wrong(
    office: Desk, boat: Boat, browser: Browser, tom: Actor, mailroom: Mailroom
) -> None:
    assert PATH in (await browser.get("/account")).text
    assert "Send me a test now" not in (await browser.get(PATH)).text
    form = {"urgent": "yes", "overdue": "yes", "hour": "7", "language": "th"}
    refused = await browser.post(PATH, form, address="<tom>@x")
    assert (refused.status, "&lt;tom&gt;@x" in refused.text) == (409, True)
    for wrong in ({"hour": ""}, {"hour": "24"}, {"language": "xx"}):
        assert (await browser.post(PATH, form | wrong, address=TOM)).status == 409
    assert await load_choice(office, tom.id) is None

    assert (await browser.post(PATH, form, address=TOM)).path == PATH
    chosen = Choice(address=TOM, new=False, hour=7, language="th")
    assert await load_choice(office, tom.id) == chosen
    assert "on its way" in (await browser.post(PATH + "/test")).text
    assert [message["To"] for message in mailroom.messages] == [TOM]

    mailroom.refuses = "550 no such person"
    answer = await browser.post(PATH + "/test")
    assert (answer.status, "did not take the notice" in answer.text) == (409, True)
    await arrive(office, boat.text("Help.", urgent=True))
    await Notices(office, mailroom.channels()).turn()
    assert "is tried again" in (await browser.get(PATH)).text


async def test_a_calendar_stands_at_a_secret_address_until_it_is_renewed_or_its_owner_leaves(
    office: Desk, boat: Boat, browser: Browser, tom: Actor, address: str
) -> None:
    await arrive(office, boat.text("They keep our passports."))
    await add_task(office, tom, 1, "Write to the lawyer", DUE)

    async def made() -> str:
        await browser.post(PATH + "/calendar", do="new")
        found = re.search(r'value="(http://[^"]+\.ics)"', (await browser.get(PATH)).text)
        assert found is not None
        assert found[1].startswith(address)
        return urlsplit(found[1]).path

    first = await made()
    async with browsing(address) as program:  # It has never logged in.
        read = await program.get(first)
        assert (read.status, read.text.count("BEGIN:VEVENT")) == (200, 1)
        assert "lawyer" not in read.text
        second = await made()
        assert (await program.get(first)).status == 404
        assert (await program.get(second)).status == 200
        assert (await program.get("/calendar/" + "A" * 43 + ".ics")).status == 404
        await browser.post(PATH + "/calendar", do="none")
        assert (await program.get(second)).status == 404
        third = await made()
        # Choosing about notices leaves the calendar as it is.
        await browser.post(PATH, hour="7", language="en", address=TOM)
        assert (await program.get(third)).status == 200
        await revoke(office, office.actor, tom.id)
        assert (await program.get(third)).status == 404
