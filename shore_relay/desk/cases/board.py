"""The check-in board: which people and which vessels are expected to be heard, and who is silent."""

from dataclasses import dataclass

from protocol.deskfeed import Near
from protocol.ids import UnixSeconds, VesselId
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import load_case, writing
from shore_relay.desk.cases.climbing import last_word
from shore_relay.desk.cases.deeds import Deed, Kind
from shore_relay.desk.cases.ladder import HOUR_S, Silence, due_at, silence
from shore_relay.desk.cases.model import Case, Plan, Watch
from shore_relay.desk.cases.overview import CaseList
from shore_relay.desk.cases.work import check_caseworker, clean_line
from shore_relay.desk.contacts import load_contacts
from shore_relay.desk.errors import BadCaseText
from shore_relay.desk.people.roles import Permission, require
from shore_relay.desk.vessels import load_names

LABEL_CHARACTERS_MAX = 60
EVERY_H = (6, 12, 24, 48, 72, 168)
GRACE_H = (2, 6, 12, 24, 48)
SECOND_H = (1, 2, 4, 8, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonOnBoard:
    """Somebody who is expected to check in."""

    case: int
    assignee: bytes
    watch: Watch
    vessel: VesselId | None
    heard_at: UnixSeconds
    """Of the last word that counts; 0 for none."""
    due_at: UnixSeconds
    silence: Silence
    is_urgent: bool
    """Whether their newest message asks for help, openly or not: a list does not say which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VesselOnBoard:
    """A vessel, and whether it talks at all."""

    id: VesselId
    name: str
    heard_at: UnixSeconds
    due_at: UnixSeconds
    is_silent: bool
    bearer: str
    """Over which the relay last heard it; empty where the relay does not say."""
    near: Near | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everybody and everything that is expected to be heard, the silent first."""

    people: tuple[PersonOnBoard, ...]
    vessels: tuple[VesselOnBoard, ...]


async def load_board(desk: Desk, cases: CaseList) -> Board:
    """Return the board as it is now; raises `StoreFailed`."""
    people = []
    for brief in await cases.briefs():
        if brief.is_watched:
            case = await load_case(desk, brief.id)
            people += [await _person(desk, case, watch) for watch in case.watches]
    # The highest rung first; among equals whoever is due first.
    people.sort(key=lambda person: (-person.watch.rung, person.due_at))
    return Board(people=tuple(people), vessels=await _vessels(desk))


async def _person(desk: Desk, case: Case, watch: Watch) -> PersonOnBoard:
    word = await last_word(desk, watch)
    theirs = [facts for facts in case.messages if facts.mailbox == watch.plan.mailbox]
    newest = max(theirs, key=lambda facts: facts.message, default=None)
    due = due_at(watch, word.at)
    return PersonOnBoard(
        case=case.id,
        assignee=case.assignee,
        watch=watch,
        vessel=newest.vessel if newest else None,
        heard_at=word.at,
        due_at=due,
        silence=silence(due, word.vessel_heard_at, desk.now()),
        is_urgent=newest is not None and newest.is_urgent,
    )


async def _vessels(desk: Desk) -> tuple[VesselOnBoard, ...]:
    names = await load_names(desk)
    contacts = await load_contacts(desk)
    expected_s = desk.settings.vessel_silence_hours * HOUR_S
    found = [
        VesselOnBoard(
            id=vessel,
            name=names.get(vessel, ""),
            heard_at=last.at,
            due_at=UnixSeconds(last.at + expected_s),
            is_silent=desk.now() > last.at + expected_s,
            bearer=last.told.bearer if last.told else "",
            near=last.told.near if last.told else None,
        )
        for vessel, last in contacts.items()
    ]
    return tuple(sorted(found, key=lambda one: (not one.is_silent, one.heard_at, one.name.casefold())))


async def expect(desk: Desk, actor: Actor, number: int, plan: Plan) -> None:
    """Expect a person to check in, or change what was agreed with them.

    Raises: NotPermitted, UnknownCase, UnknownPerson, BadCaseText, WrongStep.
    """
    require(actor, Permission.CASEWORK)
    if plan.every_h not in EVERY_H or plan.grace_h not in GRACE_H or plan.second_h not in SECOND_H:
        raise BadCaseText("These hours are not among those that can be chosen.")
    clean_line(plan.label, LABEL_CHARACTERS_MAX)
    if plan.second:
        check_caseworker(desk, plan.second)
    async with writing(desk, actor.id) as book:
        await book.write(number, Deed(kind=Kind.WATCHED, plan=plan))


async def expect_no_more(desk: Desk, actor: Actor, number: int, mailbox: bytes) -> None:
    """No longer expect a person to check in; raises `NotPermitted`, `UnknownCase`, `WrongStep`."""
    require(actor, Permission.CASEWORK)
    async with writing(desk, actor.id) as book:
        await book.write(number, Deed(kind=Kind.UNWATCHED, mailbox=mailbox))
