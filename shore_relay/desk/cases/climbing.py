"""Walks the ladder as time passes: logs each rung, reminds people of tasks, sends a word to who is silent."""

from dataclasses import dataclass

from protocol.errors import ProtocolError
from protocol.ids import UnixSeconds
from shore_relay.desk.answering import answer_with_text, why_no_answer
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import THE_DESK, Book, load_case, writing
from shore_relay.desk.cases.deeds import Deed, Kind
from shore_relay.desk.cases.filing import mailbox_indexes
from shore_relay.desk.cases.ladder import Silence, due_at, rung_at, silence
from shore_relay.desk.cases.model import NEVER, Case, Rung, Status, Watch
from shore_relay.desk.cases.overview import CaseList
from shore_relay.desk.cases.reminders import REMINDERS
from shore_relay.desk.errors import CannotAnswer, UnknownEntry
from shore_relay.desk.inbox import load_entry
from shore_relay.desk.store import cases as stored
from shore_relay.desk.store import inbox

WITH_REMINDER = "reminder"


_DEAF_AFTER_S = 600
"""A desk asks its relay at least twice a minute."""


def hears(reached_at: UnixSeconds, now: UnixSeconds) -> bool:
    """Return whether a desk that last reached its relay then would know if somebody had spoken."""
    return reached_at > 0 and abs(now - reached_at) <= _DEAF_AFTER_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """The last word from a person, and of their vessel."""

    message: int
    """0 where nothing that counts has come."""
    at: UnixSeconds
    vessel_heard_at: UnixSeconds


async def climb(desk: Desk, cases: CaseList) -> int:
    """Do everything that is due by now; return how many entries it made. Raises `StoreFailed`.

    To be called only while the relay can be heard: a desk that hears nothing knows of nobody's silence.
    """
    made = 0
    now = desk.now()
    for brief in await cases.briefs():
        if 0 < brief.remind_at <= now and brief.status not in (Status.CLOSED, Status.MERGED):
            made += await _remind_of_tasks(desk, brief.id)
        if brief.is_watched:
            case = await load_case(desk, brief.id)
            for watch in case.watches:
                made += await _look(desk, case, watch)
    return made


async def _remind_of_tasks(desk: Desk, number: int) -> int:
    async with writing(desk, THE_DESK) as book:
        case = await book.case(number)
        due = [t for t in case.open_tasks if 0 < t.remind_at <= desk.now() and not t.is_reminded]
        for task in due:
            await book.write(number, Deed(kind=Kind.TASK_REMINDED, number=task.number))
    return len(due)


async def _look(desk: Desk, case: Case, watch: Watch) -> int:
    word = await last_word(desk, watch)
    wanted = rung_at(watch, word.at, desk.now())
    is_heard = watch.rung is not Rung.CALM and word.message > watch.heard
    if not is_heard and wanted <= watch.rung:
        # A clock that was set back takes nobody down: only a word does.
        return 0
    mailbox = watch.plan.mailbox
    reminds = wanted is Rung.REMINDED and await _can_remind(desk, watch, word)
    async with writing(desk, THE_DESK) as book:
        at = await _rung_now(book, case.id, mailbox)
        if at is not watch.rung:
            # Another process has just been here.
            return 0
        first = int(at) + 1
        if is_heard:
            await book.write(case.id, Deed(kind=Kind.HEARD, mailbox=mailbox, number=word.message))
            first = int(Rung.REMINDED)
        # Rung by rung, also after a night without power: the history says that each was reached.
        for rung in range(first, int(wanted) + 1):
            text = WITH_REMINDER if reminds and rung == Rung.REMINDED else ""
            deed = Deed(kind=Kind.RUNG, mailbox=mailbox, value=rung, number=word.message, text=text)
            await book.write(case.id, deed)
    if reminds:
        await _send_reminder(desk, word.message)
    return int(is_heard) + max(0, int(wanted) + 1 - first)


async def _rung_now(book: Book, number: int, mailbox: bytes) -> Rung | None:
    watch = (await book.case(number)).watch(mailbox)
    return watch.rung if watch else None


async def last_word(desk: Desk, watch: Watch) -> Word:
    """Return the last word from a person who is expected to check in."""
    async with desk.database.reading() as connection:
        heard = await stored.heard(connection, mailbox_indexes(desk.vault, watch.plan.mailbox))
        contacts = await inbox.contacts(connection)
    if heard is None:
        # Their messages were found to be forged: nothing is known of them, nor of where they are.
        return Word(message=0, at=NEVER, vessel_heard_at=NEVER)
    return Word(message=heard.entry, at=heard.arrived_at, vessel_heard_at=contacts.get(heard.vessel, NEVER))


async def _can_remind(desk: Desk, watch: Watch, word: Word) -> bool:
    if not watch.plan.sends_reminder or not word.message:
        return False
    if silence(due_at(watch, word.at), word.vessel_heard_at, desk.now()) is Silence.VESSEL:
        # It would cost money and wait on the relay with the vessel's other mail.
        return False
    return why_no_answer(await load_entry(desk, word.message)) is None


async def _send_reminder(desk: Desk, message: int) -> None:
    entry = await load_entry(desk, message)
    try:
        await answer_with_text(desk, message, REMINDERS[entry.language], who=THE_DESK)
    except (CannotAnswer, UnknownEntry, ProtocolError):
        # The history then shows no answer by the desk, and the ladder goes on.
        return
