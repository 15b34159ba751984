"""How the store's SQL reaches a database: a few verbs that SQLite and PostgreSQL share.

The SQL is written once, for both. It marks values with `?`, names the larger of two values `greatest(a, b)`,
writes an empty blob as `x''`, and may end a SELECT with `FOR UPDATE` or `FOR UPDATE SKIP LOCKED`; each
dialect puts that into its own words.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from protocol.ids import DeskId, DeskKeyId, VesselId
from shore_relay.relay.store.new_item import NewItem

Row = Sequence[Any]
"""What a column holds is known to the query alone."""
Value = bytes | str | int | float | None


class Session(Protocol):
    """One connection, within a transaction or for reading."""

    items: list[NewItem]
    """What goes into feeds when the transaction ends: its cursors are given out last, desk by desk."""
    dirty: bool
    """Whether anything was changed since somebody last set this to False."""
    epochs: dict[VesselId, int]
    """Of links whose rows this transaction has locked."""
    last_taken: dict[VesselId, int]
    """Where the last range of taken numbers ends, of the same links; 0 where there is none."""
    desk_of_key: dict[DeskKeyId, DeskId]
    """Of keys that one desk alone has, as far as this transaction has met them."""

    def later(self, vessel: VesselId, sql: str, values: Sequence[Value]) -> None:
        """Run a statement about one vessel's rows soon: before any other, and in that vessel's order."""

    async def flush(self) -> None:
        """Run what was put off."""

    async def change(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run a statement that changes rows; return how many."""

    async def change_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run a statement once for each row of values."""

    async def rows(self, sql: str, values: Sequence[Value] = ()) -> Sequence[Row]:
        """Return all rows of a query, or of a statement with RETURNING."""

    async def row(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """Return the first row, or None."""


class Transactions(Protocol):
    """What a dialect gives the writer: one connection, of which nobody else makes use."""

    failures: tuple[type[Exception], ...]
    """What the database raises where it does not do what it was asked."""

    async def begin(self) -> Session:
        """Begin a transaction; raises one of `failures`."""

    async def commit(self) -> None:
        """Make it durable; raises one of `failures`."""

    async def rollback(self) -> None:
        """Undo it, if it is still open; raises nothing that `failures` names."""

    def passes(self, reason: Exception) -> bool:
        """Return whether the same transaction may well succeed if it is tried again at once."""

    def is_full(self, reason: Exception) -> bool:
        """Return whether there was no room for all of it; some of it may fit."""

    def sentence(self, reason: Exception) -> str:
        """Return what is wrong and what to do, for the operator."""


async def only_row(session: Session, sql: str, values: Sequence[Value] = ()) -> Row:
    """Return the row of a query that always has one."""
    row = await session.row(sql, values)
    assert row is not None
    return row
