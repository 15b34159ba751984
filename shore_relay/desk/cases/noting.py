"""What other rooms of the desk leave in the history of a case."""

from aiosqlite import Connection

from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import Book
from shore_relay.desk.cases.deeds import Deed, Kind
from shore_relay.desk.store import cases as stored


async def note_answer(connection: Connection, desk: Desk, who: bytes, message: int) -> None:
    """Remember in the message's case, if it has one, that somebody answered. Part of a transaction."""
    number = await stored.case_of(connection, message)
    if number is None:
        return
    book = Book(connection, desk, who)
    await book.write(number, Deed(kind=Kind.ANSWERED, number=message))
    await book.save()
