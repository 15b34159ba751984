"""The pages of cases without a browser: what each form does, and who sees what."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from protocol.ids import UnixSeconds
from protocol.message import Category, WellBeing
from shore_relay.desk.actor import Actor, Role
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import load_case, load_history
from shore_relay.desk.cases.deeds import Kind
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import EvidenceState, Severity, Status
from shore_relay.desk.cases.verifying import verify
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.cases.arriving import arrive, somebody_else
from tests.shore_relay.desk.people.conftest import Clock, page_of
from tests.shore_relay.desk.people.office import Browser, browsing

DURESS = "Under duress"


@pytest.fixture
async def address(office: Desk, clock: Clock) -> AsyncIterator[str]:
    async with page_of(office, clock) as (_, address):
        yield address


@pytest.fixture
async def browser(address: str) -> AsyncIterator[Browser]:
    """The caseworker's."""
    async with browsing(address) as browser:
        await browser.log_in(Role.CASEWORKER)
        yield browser


def head_form(page: str) -> dict[str, str]:
    """The hidden fields of a case's head, as the page has them."""
    was = dict(re.findall(r'name="(was-\w+)" value="([^"]*)"', page))
    assert len(was) == 4
    return was | {name.removeprefix("was-"): value for name, value in was.items()}


async def test_a_case_is_worked_on_from_first_look_to_closing(
    office: Desk, boat: Boat, browser: Browser, tom: Actor, clock: Clock
) -> None:
    await arrive(office, boat.introduction(), boat.text("No pay.", categories=(Category.UNPAID_WAGES,)))
    listed = await browser.get("/cases")
    assert "Case 1" in listed.text
    assert "Unpaid or late wages" in listed.text
    form = head_form((await browser.get("/cases/1")).text)

    page = await browser.post(
        "/cases/1/head", form, title="<i>Wages</i>", severity="3", status="waiting", assignee=tom.id.hex()
    )
    assert page.path == "/cases/1"
    assert "&lt;i&gt;Wages&lt;/i&gt;" in page.text
    await browser.post("/cases/1/notes", text="Called\r\nher brother.")
    await browser.post("/cases/1/tasks", text="Write to the lawyer", due="2026-10-01", remind="1")
    await browser.post("/cases/1/evidence", indicator="8", message="1", state="confirmed")
    await browser.post("/cases/1/evidence", indicator="2", message="1", state="confirmed")
    await browser.post("/cases/1/evidence", indicator="2", message="1", state="dismissed")

    case = await load_case(office, 1)
    assert (case.title, case.severity, case.status) == ("<i>Wages</i>", Severity.HIGH, Status.WAITING)
    assert case.notes[0].text == "Called\nher brother."
    (task,) = case.tasks
    assert (task.due_at - task.remind_at) == 2 * 86_400 - 1
    assert case.shown(Indicator.WITHHOLDING_OF_WAGES, EvidenceState.CONFIRMED) == (1,)
    assert case.shown(Indicator.DECEPTION, EvidenceState.DISMISSED) == (1,)
    clock.unix = task.due_at + 1
    assert "Overdue" in (await browser.get("/cases?which=overdue")).text
    assert "Case 1" in (await browser.get("/cases?which=mine")).text
    await browser.post("/cases/1/tasks/1", done="yes")
    assert "Case 1" not in (await browser.get("/cases?which=overdue")).text
    assert all(
        entry.who == tom.id
        for entry in await load_history(office, 1)
        if entry.deed.kind not in (Kind.OPENED, Kind.MESSAGE_IN)
    )
    counts = (await browser.get("/cases/statistics")).text
    assert "1 case, 1 message" in counts
    (month,) = re.findall(r'<th scope="row">(\d{4}-\d\d)</th><td>1</td>', counts)
    assert month == datetime.fromtimestamp(case.opened_at, UTC).strftime("%Y-%m")
    # The only bar of its table is the longest; a screen reader passes it over.
    assert re.search(
        r"Dolphin</bdi></th><td>1</td><td[^>]*><svg[^>]*aria-hidden=.true.[^>]*><rect width=.100.0.", counts
    )
    assert "0 cases" in (await browser.get("/cases/statistics?until=2000-01-01&since=nonsense")).text
    await verify(office)


async def test_what_was_typed_into_a_form_that_is_refused_is_given_back(
    office: Desk, boat: Boat, browser: Browser
) -> None:
    await arrive(office, boat.text("One.", mailbox=False))
    form = head_form((await browser.get("/cases/1")).text)
    await browser.post("/cases/1/head", form, severity="4")

    answer = await browser.post("/cases/1/head", form, severity="1", title="My title")
    assert answer.status == 409
    assert "Somebody else changed the same thing" in answer.text
    assert 'value="My title"' in answer.text
    answer = await browser.post("/cases/1/tasks", text="Write", due="2026-02-31")
    assert (answer.status, 'value="Write"' in answer.text) == (409, True)
    answer = await browser.post("/cases/1/notes", text="x" * 10_001)
    assert (answer.status, "x" * 10_001 in answer.text) == (409, True)
    for path, fields in (
        ("merge", {"other": "9"}),
        ("merge", {"other": "1"}),
        ("head", {}),
        ("evidence", {"indicator": "99", "message": "1", "state": "confirmed"}),
        ("evidence", {"indicator": "1", "message": "7", "state": "confirmed"}),
        ("evidence", {"indicator": "1", "message": "1", "state": "proposed"}),
        ("tasks/5", {"done": "yes"}),
        ("messages/1", {"to": ""}),
        ("messages/1", {"to": "77"}),
    ):
        answer = await browser.post(f"/cases/1/{path}", fields)
        assert (path, answer.status, "<h1>" in answer.text) == (path, 409, True)
    for path in ("/cases/9", "/cases/1/tasks/x", "/cases/0"):
        assert (await browser.get(path)).status == 404
    assert len(await load_history(office, 1)) == 3


async def test_cases_are_merged_and_messages_moved_and_opened_on_the_page(
    office: Desk, boat: Boat, browser: Browser
) -> None:
    await arrive(office, boat.text("A one."), boat.text("A two."), boat.check_in(WellBeing.WELL))
    with somebody_else(boat, 7):
        await arrive(office, boat.text("B one."))

    assert (await browser.post("/cases/1/messages/2", to="")).path == "/cases/3"
    assert (await browser.post("/cases/3/messages/2", to="1")).status == 409  # All that it holds must stay.
    assert (await browser.post("/cases/1/merge", other="3")).path == "/cases/1"
    assert "Merged into case 1" in (await browser.get("/cases/3")).text
    assert (await browser.post("/cases/1/messages/2", to="2")).path == "/cases/1"
    assert [facts.message for facts in (await load_case(office, 2)).messages] == [4, 2]
    assert "Case 2" in (await browser.get("/messages/2")).text
    assert "Open a case" in (await browser.get("/messages/3")).text
    assert (await browser.post("/messages/3/case")).path == "/cases/4"


async def test_a_long_list_comes_in_pages_and_a_long_case_shows_its_newest_messages(
    office: Desk, boat: Boat, browser: Browser
) -> None:
    await arrive(office, *(boat.text(f"Number {n}.") for n in range(52)))
    page = (await browser.get("/cases/1")).text
    assert "Show 2 older messages" in page
    assert "Number 51." in page
    assert "Number 1." not in page
    assert "Number 1." in (await browser.get("/cases/1?messages=all")).text
    await arrive(office, *(boat.text(f"Alone {n}.", mailbox=False) for n in range(60)))
    assert "Page 1 of 2" in (await browser.get("/cases")).text
    second = await browser.get("/cases?page=2")
    assert second.text.count('<a href="/cases/') >= 11
    assert (await browser.get("/cases?page=99999&which=nonsense")).status == 200


async def test_a_hidden_sign_is_said_to_caseworkers_on_its_own_pages_and_in_no_list(
    office: Desk, boat: Boat, browser: Browser, address: str
) -> None:
    await arrive(
        office,
        boat.introduction(),
        boat.check_in(WellBeing.WELL),
        boat.check_in(WellBeing.DURESS, mailbox=True),
    )
    for path in ("/", "/inbox-list", f"/vessels/{boat.vessel.hex()}", "/cases", "/cases-list"):
        page = (await browser.get(path)).text
        assert DURESS not in page, path
        assert "duress" not in page, path
    assert "open this one first" in (await browser.get("/")).text
    await browser.get("/messages/1")
    for path in ("/messages/2", "/cases/1"):
        assert DURESS in (await browser.get(path)).text, path

    async with browsing(address) as partner:
        await partner.log_in(Role.PARTNER)
        shown = [(await partner.get(f"/messages/{number}")).text for number in (1, 2)]
        lists = [(await partner.get(path)).text for path in ("/", f"/vessels/{boat.vessel.hex()}")]
    for page in (*shown, *lists):
        assert DURESS not in page
        assert "open this one first" not in page
        assert "I am well" not in page
        assert '"mark urgent"' not in page
    # But for numbers and times the one is as good as the other.
    one, other = (re.sub(r"[0-9]+|[A-Za-z0-9_-]{40,}", "·", page) for page in shown)
    assert one == other


async def test_a_partner_sees_no_case_anywhere(office: Desk, boat: Boat, address: str) -> None:
    await arrive(office, boat.text("Help."))
    async with browsing(address) as partner:
        await partner.log_in(Role.PARTNER)
        assert (await partner.get("/cases/1")).status == 403
        assert "/cases" not in (await partner.get("/messages/1")).text


async def test_names_and_notes_with_tricks_in_them_stay_text(
    office: Desk, boat: Boat, browser: Browser
) -> None:
    await arrive(office, boat.text("Help."))
    trick = "\u202e<script>alert(1)</script>\u2066"
    await browser.post("/cases/1/notes", text=trick)
    await browser.post("/cases/1/tasks", text=trick, due="2030-01-01")
    page = (await browser.get("/cases/1")).text
    assert "<script>alert" not in page
    history = (await browser.get("/cases/1/history-list")).text
    assert "\u202e" not in history
    assert UnixSeconds(0) == (await load_case(office, 1)).tasks[0].remind_at


async def test_a_case_hands_its_messages_and_title_to_an_evidence_pack(
    office: Desk, boat: Boat, browser: Browser, address: str
) -> None:
    await arrive(office, boat.introduction(), boat.text("No pay."))
    await browser.post("/cases/1/head", head_form((await browser.get("/cases/1")).text), title="Wages")
    assert "Make an evidence pack" not in (await browser.get("/cases/1")).text
    async with browsing(address) as supervisor:
        await supervisor.log_in(Role.SUPERVISOR)
        form = (await supervisor.get("/cases/1")).text.partition('action="/evidence/options"')[2]
        fields = dict(re.findall(r'name="(title|message)" value="([^"]*)"', form.partition("</form>")[0]))
        assert fields == {"title": "Wages", "message": "1"}
        options = await supervisor.post("/evidence/options", fields)
        assert 'value="Wages"' in options.text
        assert "No pay." in options.text
