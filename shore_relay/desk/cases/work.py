"""What caseworkers do with cases. Each of these is one transaction, and is in the history."""

import unicodedata
from dataclasses import dataclass

from aiosqlite import Connection

from protocol.ids import UnixSeconds
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import Book, writing
from shore_relay.desk.cases.deeds import Deed, Kind
from shore_relay.desk.cases.filing import open_by_hand
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import (
    NEVER,
    NOTE_CHARACTERS_MAX,
    TASK_CHARACTERS_MAX,
    TITLE_CHARACTERS_MAX,
    Case,
    EvidenceState,
    MessageFacts,
    Severity,
    Status,
)
from shore_relay.desk.errors import BadCaseText, CaseChanged, UnknownEntry, WrongStep
from shore_relay.desk.people.ring import working
from shore_relay.desk.people.roles import Permission, may, require
from shore_relay.desk.store import cases as stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands at the head of a case and may be chosen."""

    title: str
    status: Status
    severity: Severity
    assignee: bytes


def head_of(case: Case) -> Head:
    """Return the head of a case as it is."""
    return Head(title=case.title, status=case.status, severity=case.severity, assignee=case.assignee)


async def change_head(desk: Desk, actor: Actor, number: int, before: Head, after: Head) -> None:
    """Change what differs between `before`, which the person saw, and `after`, which they want.

    Raises: NotPermitted, UnknownCase, UnknownPerson, BadCaseText, WrongStep, CaseChanged.
    """
    require(actor, Permission.CASEWORK)
    title = clean_line(after.title, TITLE_CHARACTERS_MAX) if after.title.strip() else ""
    if after.assignee and after.assignee != before.assignee:
        check_caseworker(desk, after.assignee)
    async with writing(desk, actor.id) as book:
        now = head_of(await book.case(number))
        wanted: list[tuple[object, object, object, Deed]] = [
            (before.title, title, now.title, Deed(kind=Kind.TITLE, text=title)),
            (before.status, after.status, now.status, Deed(kind=Kind.STATUS, text=after.status.value)),
            (before.severity, after.severity, now.severity, Deed(kind=Kind.SEVERITY, value=after.severity)),
            (before.assignee, after.assignee, now.assignee, Deed(kind=Kind.ASSIGNED, person=after.assignee)),
        ]
        for seen, chosen, present, deed in wanted:
            if chosen in (seen, present):
                continue
            if seen != present:
                raise CaseChanged(
                    f"Somebody else changed case {number} while you looked at it; look again and choose anew."
                )
            await book.write(number, deed)


def check_caseworker(desk: Desk, person: bytes) -> None:
    """Let pass who works here with cases; raises `UnknownPerson`, `WrongStep`."""
    if not may(working(desk.keyring.keys, person).role, Permission.CASEWORK):
        raise WrongStep("This person does not work with cases; choose a caseworker.")


async def add_note(desk: Desk, actor: Actor, number: int, text: str) -> None:
    """Write something down; raises `NotPermitted`, `UnknownCase`, `BadCaseText`, `WrongStep`."""
    require(actor, Permission.CASEWORK)
    note = clean_text(text, NOTE_CHARACTERS_MAX)
    async with writing(desk, actor.id) as book:
        await book.write(number, Deed(kind=Kind.NOTE, text=note))


async def add_task(
    desk: Desk,
    actor: Actor,
    number: int,
    text: str,
    due_at: UnixSeconds,
    *,
    remind_at: UnixSeconds = NEVER,
    assignee: bytes = b"",
) -> None:
    """Write down what is to be done; raises `NotPermitted`, `UnknownCase`, `BadCaseText`, `WrongStep`."""
    require(actor, Permission.CASEWORK)
    task = clean_text(text, TASK_CHARACTERS_MAX)
    if due_at <= 0 or remind_at > due_at:
        raise BadCaseText("A task needs a day by which it is due, and is reminded of before that day.")
    if assignee:
        check_caseworker(desk, assignee)
    async with writing(desk, actor.id) as book:
        fresh = max((each.number for each in (await book.case(number)).tasks), default=0) + 1
        deed = Deed(
            kind=Kind.TASK_ADDED, number=fresh, text=task, until=due_at, value=remind_at, person=assignee
        )
        await book.write(number, deed)


async def settle_task(desk: Desk, actor: Actor, number: int, task: int, *, is_done: bool) -> None:
    """Say that a task is done, or is not after all; raises `NotPermitted`, `UnknownCase`, `WrongStep`."""
    require(actor, Permission.CASEWORK)
    async with writing(desk, actor.id) as book:
        kind = Kind.TASK_DONE if is_done else Kind.TASK_REOPENED
        await book.write(number, Deed(kind=kind, number=task))


async def judge_evidence(
    desk: Desk, actor: Actor, number: int, indicator: Indicator, message: int, state: EvidenceState
) -> None:
    """Say whether a message speaks for an indicator; raises `NotPermitted`, `UnknownCase`, `WrongStep`."""
    require(actor, Permission.CASEWORK)
    if state is EvidenceState.PROPOSED:
        raise WrongStep("Only categories propose; a person confirms or dismisses.")
    async with writing(desk, actor.id) as book:
        case = await book.case(number)
        if message in case.shown(indicator, state):
            return
        deed = Deed(kind=Kind.EVIDENCE, number=message, value=indicator, text=state.value)
        await book.write(number, deed)


async def merge(desk: Desk, actor: Actor, number: int, other: int) -> None:
    """Take all of another case into this one; raises `NotPermitted`, `UnknownCase`, `WrongStep`."""
    require(actor, Permission.CASEWORK)
    async with desk.database.transaction() as connection:
        book = Book(connection, desk, actor.id)
        moved = (await book.case(other)).messages
        await book.write(number, Deed(kind=Kind.MERGED_FROM, number=other))
        await book.write(other, Deed(kind=Kind.MERGED_INTO, number=number))
        for facts in moved:
            await stored.refile(connection, facts.message, number)
        await book.save()


async def split_off(desk: Desk, actor: Actor, number: int, message: int) -> int:
    """Move a message into a case of its own and return that case's number.

    Raises: NotPermitted, UnknownCase, UnknownEntry, WrongStep.
    """
    require(actor, Permission.CASEWORK)
    async with desk.database.transaction() as connection:
        book = Book(connection, desk, actor.id)
        facts = await _spared(book, number, message)
        fresh = (await book.open_case()).id
        await _move(connection, book, number, fresh, facts)
        await book.save()
    return fresh


async def move(desk: Desk, actor: Actor, number: int, message: int, to: int) -> None:
    """Move a message into another case; raises as `split_off`."""
    require(actor, Permission.CASEWORK)
    async with desk.database.transaction() as connection:
        book = Book(connection, desk, actor.id)
        facts = await _spared(book, number, message)
        await book.case(to)
        await _move(connection, book, number, to, facts)
        await book.save()


async def _spared(book: Book, number: int, message: int) -> MessageFacts:
    case = await book.case(number)
    facts = case.facts(message)
    if facts is None:
        raise UnknownEntry(f"Case {number} does not hold message {message}.")
    if len(case.messages) == 1:
        raise WrongStep(f"Message {message} is all that case {number} holds; merge the cases instead.")
    return facts


async def _move(connection: Connection, book: Book, number: int, to: int, facts: MessageFacts) -> None:
    before = await book.case(number)
    judged = [each for each in before.evidence if each.message == facts.message]
    await book.write(to, Deed(kind=Kind.MESSAGE_IN, number=number, facts=facts))
    for each in judged:
        if each.state is not EvidenceState.PROPOSED:
            # What a person has decided about the message goes where it goes.
            deed = Deed(kind=Kind.EVIDENCE, number=each.message, value=each.indicator, text=each.state.value)
            await book.write(to, deed)
    left = await book.write(number, Deed(kind=Kind.MESSAGE_OUT, number=facts.message, value=to))
    watch = left.watch(facts.mailbox) if facts.mailbox else None
    if watch is not None and all(each.mailbox != facts.mailbox for each in left.messages):
        # The person has left this case, and their check-ins with them.
        await book.write(number, Deed(kind=Kind.UNWATCHED, mailbox=facts.mailbox))
        await book.write(to, Deed(kind=Kind.WATCHED, plan=watch.plan))
    await stored.refile(connection, facts.message, to)


async def take_up(desk: Desk, actor: Actor, message: int) -> int:
    """Return the case of a message, opened now where it had none; raises `NotPermitted`, `UnknownEntry`."""
    require(actor, Permission.CASEWORK)
    async with desk.database.transaction() as connection:
        book = Book(connection, desk, actor.id)
        number = await open_by_hand(connection, desk, book, message)
        await book.save()
    return number


def clean_text(text: str, most: int) -> str:
    """Return what somebody typed, in the one form in which it is kept; raises `BadCaseText`."""
    found = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if not found or len(found) > most:
        raise BadCaseText(f"This must have 1 to {most} characters, and has {len(found)}.")
    if "\0" in found or any("\ud800" <= character <= "\udfff" for character in found):
        raise BadCaseText("This has characters that no text can have; type it again.")
    return found


def clean_line(text: str, most: int) -> str:
    """Return a text of one line; raises `BadCaseText`."""
    return clean_text(" ".join(text.split()), most)
