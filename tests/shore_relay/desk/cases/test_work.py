"""What caseworkers do: merge, split, assign, judge evidence, write tasks; each is in the history."""

import asyncio
from dataclasses import replace

import pytest

from protocol.ids import UnixSeconds
from protocol.message import Category
from shore_relay.desk.actor import Actor, Role
from shore_relay.desk.answering import answer_with_text
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import load_case, load_history
from shore_relay.desk.cases.deeds import Kind
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import NOTE_CHARACTERS_MAX, EvidenceState, Severity, Status
from shore_relay.desk.cases.overview import Attention, CaseList, Choice
from shore_relay.desk.cases.statistics import count
from shore_relay.desk.cases.verifying import verify
from shore_relay.desk.cases.work import (
    add_note,
    add_task,
    change_head,
    head_of,
    judge_evidence,
    merge,
    move,
    settle_task,
    split_off,
)
from shore_relay.desk.errors import (
    BadCaseText,
    CaseChanged,
    NotPermitted,
    UnknownCase,
    UnknownEntry,
    UnknownPerson,
    WrongStep,
)
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.cases.arriving import arrive, briefs, somebody_else
from tests.shore_relay.desk.people.conftest import Clock
from tests.shore_relay.desk.people.office import person_id
from tests.shore_relay.desk.steps import confirm_boat

DAY_S = 86_400


async def two_cases(office: Desk, boat: Boat) -> None:
    await arrive(office, boat.introduction(), boat.text("A one."), boat.text("A two."))
    with somebody_else(boat, 7):
        await arrive(office, boat.text("B one.", categories=(Category.THREATS,)))


async def test_merged_cases_are_one_and_what_comes_later_goes_there(
    office: Desk, boat: Boat, tom: Actor
) -> None:
    await two_cases(office, boat)
    await add_note(office, tom, 2, "He knows the first one.")
    await add_task(office, tom, 2, "Ask him", UnixSeconds(office.now() + DAY_S))
    await judge_evidence(office, tom, 2, Indicator.INTIMIDATION_AND_THREATS, 3, EvidenceState.CONFIRMED)

    await merge(office, tom, 1, 2)
    with somebody_else(boat, 7):
        await arrive(office, boat.text("B two."))

    kept, gone = await load_case(office, 1), await load_case(office, 2)
    assert [facts.message for facts in kept.messages] == [1, 2, 3, 4]
    assert [note.text for note in kept.notes] == ["He knows the first one."]
    assert [task.text for task in kept.open_tasks] == ["Ask him"]
    assert kept.shown(Indicator.INTIMIDATION_AND_THREATS, EvidenceState.CONFIRMED) == (3,)
    assert (gone.status, gone.merged_into, gone.messages) == (Status.MERGED, 1, ())
    assert [one.brief.id for one in await CaseList(office).listed(Choice.ACTIVE, tom.id)] == [1]
    for number, other in ((1, 1), (1, 2), (2, 1)):
        with pytest.raises(WrongStep):
            await merge(office, tom, number, other)
    with pytest.raises(UnknownCase):
        await merge(office, tom, 1, 99)
    await verify(office)


async def test_a_message_is_split_off_with_what_was_decided_about_it_and_can_be_moved_back(
    office: Desk, boat: Boat, tom: Actor
) -> None:
    await two_cases(office, boat)
    await judge_evidence(office, tom, 1, Indicator.DECEPTION, 1, EvidenceState.CONFIRMED)
    await judge_evidence(office, tom, 1, Indicator.WITHHOLDING_OF_WAGES, 1, EvidenceState.DISMISSED)

    assert await split_off(office, tom, 1, 1) == 3

    fresh = await load_case(office, 3)
    assert [facts.message for facts in fresh.messages] == [1]
    assert fresh.shown(Indicator.DECEPTION, EvidenceState.CONFIRMED) == (1,)
    assert fresh.shown(Indicator.WITHHOLDING_OF_WAGES, EvidenceState.DISMISSED) == (1,)
    left = await load_case(office, 1)
    assert [facts.message for facts in left.messages] == [2]
    assert all(each.message == 2 for each in left.evidence)
    with pytest.raises(WrongStep):
        await split_off(office, tom, 1, 2)
    with pytest.raises(UnknownEntry):
        await split_off(office, tom, 1, 3)

    with pytest.raises(WrongStep):
        await move(office, tom, 3, 1, 2)
    await arrive(office, boat.text("A three."))
    await move(office, tom, 1, 2, 3)
    assert [facts.message for facts in (await load_case(office, 3)).messages] == [1, 2]
    assert [facts.message for facts in (await load_case(office, 1)).messages] == [4]
    await verify(office)


async def test_each_step_is_in_the_history_with_who_when_and_what(
    office: Desk, boat: Boat, tom: Actor, clock: Clock
) -> None:
    await arrive(office, boat.introduction(), boat.text("Help."))
    await confirm_boat(office, boat)
    clock.pass_s(60)
    head = head_of(await load_case(office, 1))
    await change_head(office, tom, 1, head, replace(head, title=" Two  brothers ", assignee=tom.id))
    clock.pass_s(60)
    await answer_with_text(office, 1, "We are coming.", who=tom.id)

    told = [(entry.deed.kind, entry.who, entry.at - office.now()) for entry in await load_history(office, 1)]

    assert told == [
        (Kind.OPENED, b"", -120),
        (Kind.MESSAGE_IN, b"", -120),
        (Kind.TITLE, tom.id, -60),
        (Kind.ASSIGNED, tom.id, -60),
        (Kind.ANSWERED, tom.id, 0),
    ]
    case = await load_case(office, 1)
    assert (case.title, case.status, case.assignee) == ("Two brothers", Status.OPEN, tom.id)


async def test_two_caseworkers_at_once_lose_nothing_and_overwrite_nothing(
    office: Desk, boat: Boat, tom: Actor
) -> None:
    await arrive(office, boat.text("Help."))
    seen = head_of(await load_case(office, 1))
    await change_head(office, tom, 1, seen, replace(seen, severity=Severity.HIGH))

    # Another thing, chosen on a page from before: both stand.
    await change_head(office, office.actor, 1, seen, replace(seen, status=Status.WAITING))
    # The same thing, to the same end: nothing to do.
    await change_head(office, office.actor, 1, seen, replace(seen, severity=Severity.HIGH))
    # The same thing, differently: a person must look.
    with pytest.raises(CaseChanged):
        await change_head(office, office.actor, 1, seen, replace(seen, severity=Severity.LOW))

    case = await load_case(office, 1)
    assert (case.severity, case.status) == (Severity.HIGH, Status.WAITING)
    await asyncio.gather(*(add_note(office, tom, 1, f"Note {n}") for n in range(8)))
    assert len((await load_case(office, 1)).notes) == 8
    await verify(office)


async def test_what_cannot_be_is_refused_and_changes_nothing(office: Desk, boat: Boat, tom: Actor) -> None:
    await arrive(office, boat.text("Help."))
    head = head_of(await load_case(office, 1))
    partner = person_id(office, Role.PARTNER)
    before = await load_history(office, 1)
    for wanted, error in (
        (replace(head, status=Status.MERGED), WrongStep),
        (replace(head, assignee=partner), WrongStep),
        (replace(head, assignee=b"nobody.."), UnknownPerson),
        (replace(head, title="x" * 121), BadCaseText),
        # The first of two is right: neither is kept.
        (replace(head, title="Fine", status=Status.MERGED), WrongStep),
    ):
        with pytest.raises(error):
            await change_head(office, tom, 1, head, wanted)
    for text in ("", "  \n", "x" * (NOTE_CHARACTERS_MAX + 1), "a\0b"):
        with pytest.raises(BadCaseText):
            await add_note(office, tom, 1, text)
    with pytest.raises(BadCaseText):
        await add_task(office, tom, 1, "Too late a reminder", UnixSeconds(10), remind_at=UnixSeconds(20))
    with pytest.raises(WrongStep):
        await judge_evidence(office, tom, 1, Indicator.DECEPTION, 1, EvidenceState.PROPOSED)
    with pytest.raises(UnknownCase):
        await add_note(office, tom, 2, "Where?")

    assert await load_history(office, 1) == before


async def test_a_partner_may_do_none_of_it(office: Desk, boat: Boat) -> None:
    await two_cases(office, boat)
    known = office.keyring.keys.person(person_id(office, Role.PARTNER))
    assert known is not None
    partner, head = known.actor, head_of(await load_case(office, 1))
    for refused in (
        change_head(office, partner, 1, head, head),
        add_note(office, partner, 1, "x"),
        add_task(office, partner, 1, "x", UnixSeconds(10)),
        settle_task(office, partner, 1, 1, is_done=True),
        judge_evidence(office, partner, 1, Indicator.DECEPTION, 1, EvidenceState.CONFIRMED),
        merge(office, partner, 1, 2),
        split_off(office, partner, 1, 1),
        move(office, partner, 1, 1, 2),
    ):
        with pytest.raises(NotPermitted):
            await refused


async def test_what_presses_stands_first_and_overdue_above_all(
    office: Desk, boat: Boat, tom: Actor, clock: Clock
) -> None:
    await arrive(office, *(boat.text(f"Case {n}.", mailbox=False) for n in range(1, 6)))
    await arrive(office, boat.text("Case 6.", mailbox=False, urgent=True))
    now = office.now()
    for number, status in ((1, Status.OPEN), (2, Status.WAITING), (3, Status.OPEN), (4, Status.CLOSED)):
        head = head_of(await load_case(office, number))
        await change_head(office, tom, number, head, replace(head, status=status))
    await add_task(office, tom, 1, "Soon", UnixSeconds(now + 2 * DAY_S))
    await add_task(office, tom, 3, "First", UnixSeconds(now + DAY_S))
    async with office.database.transaction() as connection:
        await connection.execute("UPDATE bundle SET opened_at = 1 WHERE entry IN (1, 2, 3, 4)")

    async def standing(choice: Choice = Choice.ACTIVE) -> list[tuple[int, Attention]]:
        return [(one.brief.id, one.attention) for one in await CaseList(office).listed(choice, tom.id)]

    assert await standing() == [
        (6, Attention.URGENT),
        (5, Attention.NEW),
        (3, Attention.OPEN),
        (1, Attention.OPEN),
        (2, Attention.WAITING),
    ]
    clock.pass_s(2 * DAY_S + 1)
    assert (await standing())[:3] == [
        (3, Attention.OVERDUE),
        (1, Attention.OVERDUE),
        (6, Attention.URGENT),
    ]
    assert await standing(Choice.OVERDUE) == [(3, Attention.OVERDUE), (1, Attention.OVERDUE)]
    await settle_task(office, tom, 3, 1, is_done=True)
    assert await standing(Choice.OVERDUE) == [(1, Attention.OVERDUE)]
    await settle_task(office, tom, 3, 1, is_done=False)
    assert await standing(Choice.OVERDUE) == [(3, Attention.OVERDUE), (1, Attention.OVERDUE)]
    assert await standing(Choice.MINE) == []
    assert await standing(Choice.CLOSED) == [(4, Attention.CLOSED)]
    assert len(await standing(Choice.ALL)) == 6


async def test_the_list_kept_in_memory_follows_what_another_process_does(
    office: Desk, boat: Boat, tom: Actor
) -> None:
    kept = CaseList(office)
    await arrive(office, boat.text("One.", mailbox=False), boat.text("Two.", mailbox=False))
    assert len(await kept.briefs()) == 2

    await merge(office, tom, 1, 2)
    await arrive(office, boat.text("Three.", mailbox=False))

    assert await kept.briefs() == await briefs(office)


async def test_statistics_count_each_case_once_and_merged_ones_where_they_went(
    office: Desk, boat: Boat, tom: Actor
) -> None:
    await two_cases(office, boat)
    await judge_evidence(office, tom, 1, Indicator.WITHHOLDING_OF_WAGES, 1, EvidenceState.CONFIRMED)
    ever = UnixSeconds(0), UnixSeconds(2**40)
    found = count(await briefs(office), *ever)
    assert (found.cases, found.messages) == (2, 3)
    (vessel,) = found.by_vessel.values()
    assert vessel == 2
    assert [month.cases for month in found.by_month] == [2]
    assert found.by_category == {Category.UNPAID_WAGES: 1, Category.THREATS: 1}
    assert found.confirmed == {Indicator.WITHHOLDING_OF_WAGES: 1}
    assert found.proposed == {Indicator.INTIMIDATION_AND_THREATS: 1}

    await merge(office, tom, 1, 2)

    found = count(await briefs(office), *ever)
    assert (found.cases, found.messages, sum(found.by_status.values())) == (1, 3, 1)
    assert count(await briefs(office), UnixSeconds(0), office.now()).cases == 0
