"""Files what arrives: the messages of one mailbox go into one case, by themselves."""

from aiosqlite import Connection

from protocol.frames import Priority
from protocol.mailbox import mailbox_id
from protocol.message import Category, WellBeing
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import THE_DESK, Book
from shore_relay.desk.cases.deeds import Deed, Kind
from shore_relay.desk.cases.indicators import Indicator, proposed
from shore_relay.desk.cases.model import MessageFacts, Severity, Status
from shore_relay.desk.content import Content
from shore_relay.desk.errors import UnknownEntry
from shore_relay.desk.sealed import open_message
from shore_relay.desk.store import cases as stored
from shore_relay.desk.store import inbox
from shore_relay.desk.store.records import BundleRow
from shore_relay.desk.trust import Origin
from shore_relay.desk.vault import Vault

_BATCH = 200

_GRAVE = frozenset(
    {
        Category.VIOLENCE,
        Category.SEXUAL_VIOLENCE,
        Category.THREATS,
        Category.CHILD_WORKING,
        Category.NOT_TAKEN_HOME,
        Category.PUNISHED_FOR_SPEAKING,
    }
)
"""Grave without being urgent by themselves."""


async def file_arrivals(connection: Connection, desk: Desk) -> int:
    """File every message at which nobody has looked yet; return how many. Part of a transaction."""
    count = 0
    while entries := await stored.unfiled(connection, _BATCH):
        book = Book(connection, desk, THE_DESK)
        for entry in entries:
            await _file(connection, desk, book, entry)
        await book.save()
        count += len(entries)
    return count


async def file_all(desk: Desk) -> None:
    """File whatever a version before there were cases left; raises `StoreFailed`."""
    async with desk.database.transaction() as connection:
        await file_arrivals(connection, desk)


async def _file(connection: Connection, desk: Desk, book: Book, entry: int) -> None:
    rows = await inbox.bundles(connection, entry=entry)
    content = _content(desk.vault, rows)
    if content is None or not _opens_a_case(content):
        await stored.file(connection, entry, None, b"")
        return
    facts = facts_of(entry, rows, content)
    indexes = mailbox_indexes(desk.vault, facts.mailbox)
    known = await stored.case_of_mailbox(connection, indexes) if indexes else None
    case = known if known is not None else (await book.open_case()).id
    await stored.file(connection, entry, case, indexes[0] if indexes else b"")
    await book.write(case, Deed(kind=Kind.MESSAGE_IN, facts=facts))


def _content(vault: Vault, rows: list[BundleRow]) -> Content | None:
    opened = (open_message(vault, row) for row in rows)
    return next((content for content in opened if content is not None), None)


def _opens_a_case(content: Content) -> bool:
    # "I am well" of somebody who left no mailbox asks for nothing, and tells of nobody in particular.
    return not (content.well_being is WellBeing.WELL and not content.mailbox_public)


def facts_of(entry: int, rows: list[BundleRow], content: Content) -> MessageFacts:
    """Return what a case remembers of a message."""
    is_urgent = content.needs_help_now or any(row.priority is Priority.URGENT for row in rows)
    indicators = proposed(content.categories)
    return MessageFacts(
        message=entry,
        arrived_at=rows[0].arrived_at,
        vessel=rows[0].vessel,
        # Whatever no box of the vessel tagged must not slip into a conversation that is somebody's.
        mailbox=b"" if all(row.origin == Origin.FORGED for row in rows) else mailbox_of(content),
        categories=tuple(sorted(set(content.categories))),
        indicators=indicators,
        severity=_severity(content, indicators, is_urgent=is_urgent),
        is_urgent=is_urgent,
        is_duress=content.well_being is WellBeing.DURESS,
    )


def _severity(content: Content, indicators: tuple[Indicator, ...], *, is_urgent: bool) -> Severity:
    if is_urgent:
        return Severity.CRITICAL
    if _GRAVE & set(content.categories) or len(indicators) >= 3:
        return Severity.HIGH
    return Severity.LOW if content.well_being is WellBeing.WELL else Severity.MEDIUM


def mailbox_of(content: Content) -> bytes:
    """Return the id of the mailbox that a message came from; empty where its sender left none."""
    return mailbox_id(content.mailbox_public) if content.mailbox_public else b""


def mailbox_indexes(vault: Vault, mailbox: bytes) -> tuple[bytes, ...]:
    """Return under what a mailbox may stand in the database, the one to store first; none for no mailbox."""
    return vault.blinds("mailbox", mailbox) if mailbox else ()


async def open_by_hand(connection: Connection, desk: Desk, book: Book, entry: int) -> int:
    """Open a case for a message that was not worth one by itself; return the case that holds it.

    Raises: UnknownEntry.
    """
    await file_arrivals(connection, desk)
    held = await stored.case_of(connection, entry)
    if held is not None:
        return held
    rows = await inbox.bundles(connection, entry=entry)
    content = _content(desk.vault, rows)
    if not rows or content is None:
        raise UnknownEntry(f"Message {entry} did not open, so there is nothing to make a case of.")
    case = (await book.open_case()).id
    await stored.refile(connection, entry, case)
    await book.write(case, Deed(kind=Kind.MESSAGE_IN, facts=facts_of(entry, rows, content)))
    await book.write(case, Deed(kind=Kind.STATUS, text=Status.OPEN.value))
    return case
