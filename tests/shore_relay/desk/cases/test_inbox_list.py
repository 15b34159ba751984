"""The inbox a page at a time: what presses first, what was asked for, nothing that would tell a partner."""

from dataclasses import replace

import pytest

from protocol.frames import Priority
from protocol.ids import UnixSeconds
from protocol.message import Message, Text, WellBeing
from protocol.priming import Language
from protocol.voicepack import VoiceCodec
from shore_relay.desk.actor import Actor, Role
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import load_case
from shore_relay.desk.cases.model import Status
from shore_relay.desk.cases.overview import CaseList
from shore_relay.desk.cases.work import add_task, change_head, head_of
from shore_relay.desk.inbox import load_inbox, open_entry
from shore_relay.desk.inbox_list import PAGE, InboxList, ListedKind, Onlooker, Since, Which, Wish
from shore_relay.desk.lines import InboxLines
from shore_relay.desk.web.inbox_pages import query_of, wish_in
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.cases.arriving import arrive, somebody_else
from tests.shore_relay.desk.people.conftest import Clock, page_of
from tests.shore_relay.desk.people.office import browsing

HOUR_S = 3_600
DAY_S = 24 * HOUR_S


class Looking:
    """One list that is kept while things change, and whoever looks at it."""

    def __init__(self, desk: Desk, person: bytes) -> None:
        self.lines = InboxLines(desk)
        self.list = InboxList(desk, self.lines, CaseList(desk))
        self.caseworker = Onlooker(id=person, sees_cases=True)

    async def numbers(self, wish: Wish | None = None, onlooker: Onlooker | None = None) -> list[int]:
        page = await self.list.page(wish or Wish(), onlooker or self.caseworker)
        return [entry.id for entry in page.entries]


@pytest.fixture
def looking(office: Desk, tom: Actor) -> Looking:
    return Looking(office, tom.id)


async def test_urgent_overdue_and_new_messages_stand_first_and_what_was_seen_last(
    office: Desk, boat: Boat, tom: Actor, clock: Clock, looking: Looking
) -> None:
    await arrive(office, boat.introduction(), boat.text("Seen.", mailbox=False))
    await arrive(office, boat.text("Waits.", mailbox=False))
    assert await looking.numbers() == [2, 1]
    await open_entry(office, 1, tom)
    clock.pass_s(25 * HOUR_S)
    await arrive(office, boat.text("Fresh.", mailbox=False), boat.text("Now!", urgent=True, mailbox=False))
    await arrive(office, boat.text("Fresher.", mailbox=False))

    page = await looking.list.page(Wish(), looking.caseworker)

    assert [entry.id for entry in page.entries] == [4, 2, 5, 3, 1]
    assert page.overdue == {2}
    assert (page.count, page.found, page.unopened) == (5, 5, 4)
    await open_entry(office, 4, tom)
    # Opened is not taken up: an urgent message stays where it is as long as its case is nobody's.
    assert await looking.numbers() == [4, 2, 5, 3, 1]
    before = head_of(await load_case(office, 4))
    await change_head(office, tom, 4, before, replace(before, status=Status.OPEN))
    assert await looking.numbers() == [2, 5, 3, 4, 1]


async def test_a_task_that_is_overdue_brings_the_newest_message_of_its_case_up(
    office: Desk, boat: Boat, tom: Actor, clock: Clock, looking: Looking
) -> None:
    await arrive(office, boat.text("One."), boat.text("Two."), boat.text("Other.", mailbox=False))
    for number in (1, 2, 3):
        await open_entry(office, number, tom)
    await add_task(office, tom, 1, "Call the doctor", UnixSeconds(office.now() + DAY_S))
    assert await looking.numbers() == [3, 2, 1]

    clock.pass_s(2 * DAY_S)

    assert await looking.numbers() == [2, 3, 1]
    assert await looking.numbers(Wish(which=Which.OVERDUE)) == [2]


async def test_each_filter_shows_what_it_says_and_they_narrow_each_other(
    office: Desk, boat: Boat, tom: Actor, clock: Clock, looking: Looking
) -> None:
    other = Boat(boat.card, name="Sea Star", identity=2)
    await arrive(office, boat.text("One."), boat.check_in(WellBeing.WELL), boat.voice(VoiceCodec.CODEC2_2400))
    clock.pass_s(8 * DAY_S)
    lao = Message(created_at=UnixSeconds(1), language=Language.LAO, body=Text(text="ສະບາຍດີ"))
    await arrive(
        office, other.report(lao, Priority.TEXT), other.sealed(b"no message"), other.text("A", urgent=True)
    )

    expected = {
        Wish(which=Which.URGENT): [6, 3],
        Wish(vessel=other.vessel): [6, 5, 4],
        Wish(kind=ListedKind.TEXT): [6, 1, 4],
        Wish(kind=ListedKind.VOICE): [3],
        Wish(kind=ListedKind.CHECK_IN): [2],
        Wish(kind=ListedKind.UNOPENED): [5],
        Wish(language=Language.LAO): [4],
        Wish(since=Since.WEEK): [6, 5, 4],
        Wish(since=Since.WEEK, kind=ListedKind.TEXT): [6, 4],
        Wish(which=Which.MINE): [],
    }
    for wish, numbers in expected.items():
        assert await looking.numbers(wish) == numbers, wish
        assert wish_in(dict(pair.split("=") for pair in query_of(wish)[1:].split("&"))) == wish
    await open_entry(office, 6, tom)
    assert 6 not in await looking.numbers(Wish(which=Which.UNREAD))
    assert (
        wish_in({"which": "x", "vessel": "zz", "kind": "", "language": "xx", "since": "1", "page": "-2"})
        == Wish()
    )


async def test_mine_are_the_messages_of_the_cases_that_are_assigned_to_me(
    office: Desk, boat: Boat, tom: Actor, looking: Looking
) -> None:
    await arrive(office, boat.text("One."))
    with somebody_else(boat, 7):
        await arrive(office, boat.text("Two."))
    before = head_of(await load_case(office, 2))
    await change_head(office, tom, 2, before, replace(before, assignee=tom.id))
    assert await looking.numbers(Wish(which=Which.MINE)) == [2]
    with somebody_else(boat, 7):
        await arrive(office, boat.text("Two, again."))
    assert await looking.numbers(Wish(which=Which.MINE)) == [3, 2]


async def test_a_clearer_sound_and_a_message_that_is_gone_are_noticed(
    office: Desk, boat: Boat, tom: Actor, looking: Looking
) -> None:
    await arrive(office, boat.voice(VoiceCodec.CODEC2_2400), boat.text("Old.", mailbox=False))
    for number in (1, 2):
        await open_entry(office, number, tom)
    assert await looking.numbers(Wish(which=Which.UNREAD)) == []
    await arrive(office, boat.voice(VoiceCodec.OPUS_NARROWBAND_60MS))
    assert await looking.numbers(Wish(which=Which.UNREAD)) == [1]

    async with office.database.transaction() as connection:
        for table in ("filed", "bundle"):
            await connection.execute(f"DELETE FROM {table} WHERE entry = 2")  # Our own words.
        await connection.execute("DELETE FROM entry WHERE id = 2")

    assert await looking.numbers() == [1]
    assert [entry.id for entry in await load_inbox(office)] == [1]


async def test_neither_order_nor_filters_tell_a_partner_of_a_hidden_sign(
    office: Desk, boat: Boat, looking: Looking
) -> None:
    await arrive(office, boat.check_in(WellBeing.DURESS), boat.check_in(WellBeing.WELL))
    partner = Onlooker(id=b"p" * 8, sees_cases=False)

    assert await looking.numbers() == [1, 2]
    assert await looking.numbers(None, partner) == [2, 1]
    assert await looking.numbers(Wish(which=Which.URGENT), partner) == []


async def test_more_than_a_page_is_turned_over_and_the_gaps_stay_shown(
    office: Desk, boat: Boat, clock: Clock
) -> None:
    boat.next_number = 5
    await arrive(
        office, boat.introduction(), *(boat.text(f"No. {n}.", mailbox=False) for n in range(PAGE + 3))
    )
    async with page_of(office, clock) as (page, address), browsing(address) as browser:
        await page.warm()
        await browser.log_in(Role.CASEWORKER)
        first, second = (await browser.get("/")).text, (await browser.get("/?page=2&kind=text")).text
        assert f"No. {PAGE + 2}." in first
        assert "No. 2." not in first
        assert "No. 2." in second
        assert 'href="/?kind=text"' in second
        assert f"{PAGE + 3} messages as asked for" in second
        assert "2 to 4" in first
        assert "Page 2 of 2" in (await browser.get("/inbox-list?page=99")).text
        assert "No message is like that" in (await browser.get("/?kind=voice")).text
        vessel = (await browser.get(f"/vessels/{boat.vessel.hex()}?page=2")).text
        assert "No. 0." in vessel
        assert "No. 9." not in vessel
