"""The one way to write to cases: each deed goes into the history and into its case, in one transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiosqlite import Connection

from shore_relay.desk.app import Desk
from shore_relay.desk.cases.applying import apply
from shore_relay.desk.cases.chain import digest_of, link_after
from shore_relay.desk.cases.deeds import Deed, HistoryEntry, Kind, read_entry, write_entry
from shore_relay.desk.cases.documents import brief_of, read_case, write_brief, write_case
from shore_relay.desk.cases.model import Case
from shore_relay.desk.errors import UnknownCase
from shore_relay.desk.store import cases as stored
from shore_relay.desk.store.cases import HeadRow, HistoryRow
from shore_relay.desk.vault import Vault

THE_DESK = b""
"""Who did what nobody in particular did."""


class Book:
    """Writes deeds inside somebody's transaction; `save` ends it, and must be called before the commit."""

    def __init__(self, connection: Connection, desk: Desk, who: bytes) -> None:
        """Write as a person of the desk, or as `THE_DESK`."""
        self._connection = connection
        self._desk = desk
        self._who = who
        self._cases: dict[int, Case] = {}
        self._changed: set[int] = set()
        self._end: tuple[int, bytes] | None = None

    async def case(self, number: int) -> Case:
        """Return a case as it is now, what was written here included; raises `UnknownCase`."""
        if number not in self._cases:
            self._cases[number] = await load_case_in(self._connection, self._desk.vault, number)
        return self._cases[number]

    async def open_case(self) -> Case:
        """Open a new case, empty."""
        number = await stored.add_case(self._connection)
        return await self._write(number, Deed(kind=Kind.OPENED))

    async def write(self, number: int, deed: Deed) -> Case:
        """Do one thing to a case and return it.

        Raises: UnknownCase, WrongStep. The transaction must then be given up.
        """
        await self.case(number)
        if deed.kind in (Kind.MERGED_FROM, Kind.MERGED_INTO):
            await self.case(deed.number)
        return await self._write(number, deed)

    async def _write(self, number: int, deed: Deed) -> Case:
        if self._end is None:
            head = await stored.head(self._connection)
            self._end = head.seq, head.link
        seq = self._end[0] + 1
        entry = HistoryEntry(seq=seq, case=number, at=self._desk.now(), who=self._who, deed=deed)
        changed = apply(self._cases, entry)
        plain = write_entry(entry)
        digest = digest_of(plain)
        link = link_after(self._end[1], seq, digest)
        sealed = self._desk.vault.seal(plain, "history.entry", seq.to_bytes(8))
        await stored.add_link(
            self._connection, HistoryRow(seq=seq, case=number, digest=digest, link=link, sealed=sealed)
        )
        self._end = seq, link
        self._cases[number] = changed
        self._changed.add(number)
        return changed

    async def save(self) -> None:
        """Keep every case that was changed, and the end of the chain."""
        if self._end is None:
            return
        vault = self._desk.vault
        for number in sorted(self._changed):
            case, row = self._cases[number], number.to_bytes(8)
            brief = vault.seal(write_brief(brief_of(case)), "case_file.brief", row)
            whole = vault.seal(write_case(case), "case_file.case", row)
            await stored.set_case(self._connection, number, case.last, brief, whole)
        self._changed.clear()
        seq, link = self._end
        sealed = vault.seal(seq.to_bytes(8) + link, "history_head.head", b"")
        await stored.set_head(self._connection, HeadRow(seq=seq, link=link, sealed=sealed))


@asynccontextmanager
async def writing(desk: Desk, who: bytes) -> AsyncIterator[Book]:
    """Give a book in a transaction of its own: all that is written in it is kept, or nothing is."""
    async with desk.database.transaction() as connection:
        book = Book(connection, desk, who)
        yield book
        await book.save()


async def load_case(desk: Desk, number: int) -> Case:
    """Return a case as it was last kept; raises `UnknownCase`."""
    async with desk.database.reading() as connection:
        return await load_case_in(connection, desk.vault, number)


async def load_case_in(connection: Connection, vault: Vault, number: int) -> Case:
    """Return a case as a connection sees it; raises `UnknownCase`."""
    row = await stored.case(connection, number)
    if row is None or not row.sealed:
        raise UnknownCase(f"There is no case {number}; `seavoice-desk cases` lists those that there are.")
    return read_case(vault.open(row.sealed, "case_file.case", number.to_bytes(8)))


async def load_history(desk: Desk, number: int) -> list[HistoryEntry]:
    """Return what was done to one case, oldest first."""
    async with desk.database.reading() as connection:
        rows = await stored.links_of(connection, number)
    return [open_link(desk.vault, row) for row in rows]


def open_link(vault: Vault, row: HistoryRow) -> HistoryEntry:
    """Return an entry of the chain; raises `DamagedContent`, `MalformedDocument`."""
    return read_entry(plain_link(vault, row))


def plain_link(vault: Vault, row: HistoryRow) -> bytes:
    """Return an entry of the chain as it was before it was sealed; raises `DamagedContent`."""
    return vault.open(row.sealed, "history.entry", row.seq.to_bytes(8))
