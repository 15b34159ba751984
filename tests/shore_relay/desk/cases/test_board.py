"""The check-in board: silence climbs its ladder by the given clock, each step logged, and a word ends it."""

from dataclasses import replace

import pytest

from protocol.message import WellBeing
from shore_relay.desk.actor import Actor, Role
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.board import PersonOnBoard, expect, expect_no_more, load_board
from shore_relay.desk.cases.book import load_case, load_history
from shore_relay.desk.cases.climbing import WITH_REMINDER, climb
from shore_relay.desk.cases.deeds import Kind
from shore_relay.desk.cases.ladder import HOUR_S, Silence
from shore_relay.desk.cases.model import Plan, Rung, Status
from shore_relay.desk.cases.overview import Attention, CaseList, Choice
from shore_relay.desk.cases.verifying import verify
from shore_relay.desk.cases.work import add_note, add_task, change_head, head_of, merge, split_off
from shore_relay.desk.errors import BadCaseText, NotPermitted, UnknownPerson, WrongStep
from shore_relay.desk.inbox import load_answers
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.cases.arriving import arrive, somebody_else
from tests.shore_relay.desk.people.conftest import Clock, page_of
from tests.shore_relay.desk.people.office import browsing, person_id
from tests.shore_relay.desk.people.test_stolen_disk import forms
from tests.shore_relay.desk.steps import confirm_boat


@pytest.fixture
async def plan(office: Desk, boat: Boat, tom: Actor) -> Plan:
    """One person on a confirmed vessel, expected every day; the supervisor is the second person."""
    await arrive(office, boat.introduction(), boat.text("I will write every day."))
    await confirm_boat(office, boat)
    plan = Plan(
        mailbox=(await load_case(office, 1)).messages[0].mailbox,
        label="K. from Dawei",
        every_h=24,
        grace_h=6,
        second_h=4,
        second=person_id(office, Role.SUPERVISOR),
    )
    await expect(office, tom, 1, plan)
    return plan


async def person(office: Desk) -> PersonOnBoard:
    (found,) = (await load_board(office, CaseList(office))).people
    return found


async def steps(office: Desk) -> list[tuple[Kind, int]]:
    kinds = (Kind.RUNG, Kind.HEARD)
    return [(e.deed.kind, e.deed.value) for e in await load_history(office, 1) if e.deed.kind in kinds]


async def test_silence_climbs_rung_by_rung_and_a_word_ends_it(
    office: Desk, boat: Boat, plan: Plan, clock: Clock, tom: Actor
) -> None:
    cases = CaseList(office)
    assert await climb(office, cases) == 0
    for hours, rung in ((24, 1), (2, 2), (6, 3), (4, 4)):
        clock.pass_s(hours * HOUR_S - 1)
        assert await climb(office, cases) == 0
        # Another fisher's message: the vessel talks, this person does not.
        with somebody_else(boat, 7):
            await arrive(office, boat.text("Not from them."))
        clock.pass_s(1)
        assert await climb(office, cases) == 1
        assert (await person(office)).watch.rung is Rung(rung)
    clock.pass_s(1_000 * HOUR_S)
    assert await climb(office, cases) == 0
    supervisor = person_id(office, Role.SUPERVISOR)
    assert [one.brief.id for one in await cases.listed(Choice.MINE, supervisor)] == [1]
    assert (await cases.listed(Choice.ACTIVE, tom.id))[0].attention is Attention.SILENT

    await arrive(office, boat.check_in(WellBeing.WELL, mailbox=True))
    assert await climb(office, cases) == 1

    assert (await person(office)).watch.rung is Rung.CALM
    assert await steps(office) == [*((Kind.RUNG, n) for n in (1, 2, 3, 4)), (Kind.HEARD, 0)]
    assert [one.brief.id for one in await cases.listed(Choice.MINE, supervisor)] == []
    await verify(office)


async def test_the_reminder_goes_to_the_person_once_and_only_while_the_vessel_talks(
    office: Desk, boat: Boat, plan: Plan, clock: Clock
) -> None:
    clock.pass_s(24 * HOUR_S + 60)
    with somebody_else(boat, 7):
        await arrive(office, boat.text("The vessel talks."))
    for _ in range(3):
        await climb(office, CaseList(office))

    (answer,) = await load_answers(office, 1)
    assert answer.content.text == "How are you? Please check in when you can."
    kinds = [(entry.deed.kind, entry.deed.text, entry.who) for entry in await load_history(office, 1)]
    assert kinds[-2:] == [(Kind.RUNG, WITH_REMINDER, b""), (Kind.ANSWERED, "", b"")]


async def test_no_reminder_goes_to_a_silent_vessel_nor_where_it_is_not_wanted(
    office: Desk, boat: Boat, plan: Plan, clock: Clock, tom: Actor
) -> None:
    clock.pass_s(24 * HOUR_S + 60)
    await climb(office, CaseList(office))
    assert (await person(office)).silence is Silence.VESSEL
    assert await load_answers(office, 1) == []

    await expect(office, tom, 1, replace(plan, sends_reminder=False))
    clock.pass_s(24 * HOUR_S + 60)
    with somebody_else(boat, 7):
        await arrive(office, boat.text("The vessel talks."))
    assert await climb(office, CaseList(office)) == 1
    assert (await person(office)).silence is Silence.PERSON
    assert await load_answers(office, 1) == []


async def test_a_night_without_power_logs_every_rung_and_reminds_nobody_late(
    office: Desk, boat: Boat, plan: Plan, clock: Clock
) -> None:
    clock.pass_s(40 * HOUR_S)
    with somebody_else(boat, 7):
        await arrive(office, boat.text("The vessel talks."))

    assert await climb(office, CaseList(office)) == 4

    assert await steps(office) == [(Kind.RUNG, n) for n in (1, 2, 3, 4)]
    assert await load_answers(office, 1) == []


async def test_a_clock_set_back_takes_nobody_down_and_a_late_word_starts_anew(
    office: Desk, boat: Boat, plan: Plan, clock: Clock
) -> None:
    clock.pass_s(33 * HOUR_S)
    await climb(office, CaseList(office))
    assert (await person(office)).watch.rung is Rung.CASEWORKER
    clock.pass_s(-30 * HOUR_S)
    assert await climb(office, CaseList(office)) == 0
    assert (await person(office)).watch.rung is Rung.CASEWORKER
    clock.pass_s(30 * HOUR_S)

    # A word that reached the relay long ago, and is itself a day old by now.
    await arrive(office, boat.check_in(WellBeing.WELL, mailbox=True), at=office.now() - 25 * HOUR_S)
    await climb(office, CaseList(office))

    assert (await person(office)).watch.rung is Rung.REMINDED
    assert (await steps(office))[-2:] == [(Kind.HEARD, 0), (Kind.RUNG, 1)]


async def test_two_processes_that_look_at_once_log_each_rung_once(
    office: Desk, boat: Boat, plan: Plan, clock: Clock
) -> None:
    clock.pass_s(24 * HOUR_S)
    one, other = CaseList(office), CaseList(office)
    await one.briefs()
    await other.briefs()
    assert await climb(office, one) + await climb(office, other) == 1


async def test_falling_silent_opens_a_closed_case(
    office: Desk, boat: Boat, plan: Plan, clock: Clock, tom: Actor
) -> None:
    head = head_of(await load_case(office, 1))
    await change_head(office, tom, 1, head, replace(head, status=Status.CLOSED))
    clock.pass_s(32 * HOUR_S)
    await climb(office, CaseList(office))
    assert (await load_case(office, 1)).status is Status.OPEN


async def test_check_ins_go_with_the_person_and_end_when_people_say_so(
    office: Desk, boat: Boat, plan: Plan, tom: Actor
) -> None:
    await arrive(office, boat.text("Another.", mailbox=False))
    with somebody_else(boat, 7):
        await arrive(office, boat.text("Theirs."))
    await merge(office, tom, 3, 1)
    assert (await person(office)).case == 3
    assert await split_off(office, tom, 3, 1) == 4
    assert (await person(office)).case == 4
    await expect_no_more(office, tom, 4, plan.mailbox)
    assert (await load_board(office, CaseList(office))).people == ()
    with pytest.raises(WrongStep):
        await expect_no_more(office, tom, 4, plan.mailbox)
    await verify(office)


async def test_what_cannot_be_agreed_is_refused(office: Desk, plan: Plan, tom: Actor) -> None:
    partner = office.keyring.keys.person(person_id(office, Role.PARTNER))
    assert partner is not None
    for wrong, error in (
        (replace(plan, every_h=1), BadCaseText),
        (replace(plan, grace_h=0), BadCaseText),
        (replace(plan, label=" "), BadCaseText),
        (replace(plan, second=partner.id), WrongStep),
        (replace(plan, second=b"nobody.."), UnknownPerson),
        (replace(plan, mailbox=b"n" * 16), WrongStep),
    ):
        with pytest.raises(error):
            await expect(office, tom, 1, wrong)
    for refused in (
        expect(office, partner.actor, 1, plan),
        expect_no_more(office, partner.actor, 1, plan.mailbox),
    ):
        with pytest.raises(NotPermitted):
            await refused


async def test_no_byte_of_the_data_folder_says_what_cases_and_check_ins_are_about(
    office: Desk, plan: Plan, tom: Actor
) -> None:
    texts = ["Her brother Sithu telephoned.", "Write to lawyer Wanida", "Passport withheld", plan.label]
    await add_note(office, tom, 1, texts[0])
    await add_task(office, tom, 1, texts[1], office.now())
    head = head_of(await load_case(office, 1))
    await change_head(office, tom, 1, head, replace(head, title=texts[2]))

    for path in office.data.iterdir():
        data = path.read_bytes()
        for text in texts:
            assert not any(form in data for form in forms(text)), f"{path.name} tells {text}"
        assert plan.mailbox not in data


async def test_people_are_reminded_of_a_task_once(office: Desk, boat: Boat, tom: Actor, clock: Clock) -> None:
    await arrive(office, boat.text("Help."))
    due = type(office.now())(office.now() + 10 * HOUR_S)
    await add_task(office, tom, 1, "Write", due, remind_at=type(due)(due - HOUR_S))
    cases = CaseList(office)
    clock.pass_s(9 * HOUR_S - 1)
    assert await climb(office, cases) == 0
    clock.pass_s(1)
    assert await climb(office, cases) == 1
    assert await climb(office, cases) == 0
    assert (await load_history(office, 1))[-1].deed.kind is Kind.TASK_REMINDED


async def test_the_page_of_the_board_tells_who_is_silent_and_keeps_the_hidden_sign_to_itself(
    office: Desk, boat: Boat, plan: Plan, clock: Clock
) -> None:
    await arrive(office, boat.check_in(WellBeing.DURESS, mailbox=True))
    clock.pass_s(33 * HOUR_S)
    with somebody_else(boat, 7):
        await arrive(office, boat.text("The vessel talks."))
    await climb(office, CaseList(office))
    async with page_of(office, clock) as (_, address), browsing(address) as browser:
        await browser.log_in(Role.CASEWORKER)
        board = (await browser.get("/board")).text
        for shown in (
            "K. from Dawei",
            "Silent: act now",
            "The vessel talks, this person does not",
            "Never ask the captain",
            "silence means nothing until it does",
        ):
            assert shown in board
        assert "uress" not in board
        case = await browser.get("/cases/1")
        assert "Under duress" in case.text

        form = {"mailbox": plan.mailbox.hex(), "label": "K.", "every": "48", "grace": "12", "second": "8"}
        assert (await browser.post("/cases/1/check-ins", form)).path == "/cases/1"
        watch = (await load_case(office, 1)).watches[0]
        assert (watch.plan.every_h, watch.plan.second, watch.plan.sends_reminder) == (48, b"", False)
        assert watch.rung is Rung.CALM
        for wrong in ({**form, "every": "5"}, {**form, "mailbox": "zz"}, {**form, "label": ""}):
            assert (await browser.post("/cases/1/check-ins", wrong)).status == 409
        await browser.post("/cases/1/check-ins", form, end="yes")
        assert "Nobody is expected" in (await browser.get("/board-list")).text
