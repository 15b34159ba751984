"""Statements that were put off run together, each vessel's in order, before whatever could see them."""

from pathlib import Path

import aiosqlite

from protocol.ids import VesselId
from shore_relay.relay.store.sqlite_session import SqliteSession

ADD = "INSERT INTO notes (vessel, number) VALUES (?, ?)"
CLEAR = "DELETE FROM notes WHERE vessel = ?"
ONE, TWO = VesselId(b"one"), VesselId(b"two")


async def test_each_vessels_statements_keep_their_order_and_a_query_sees_them(tmp_path: Path) -> None:
    async with aiosqlite.connect(tmp_path / "notes.db", isolation_level=None) as connection:
        await connection.execute("CREATE TABLE notes (vessel BLOB, number INTEGER)")
        statements: list[str] = []
        await connection.set_trace_callback(statements.append)
        session = SqliteSession(connection)
        # The one adds, clears and adds again, the other clears first: no order of two statements fits both.
        session.later(ONE, ADD, (ONE, 1))
        session.later(ONE, CLEAR, (ONE,))
        session.later(TWO, CLEAR, (TWO,))
        session.later(TWO, ADD, (TWO, 2))
        session.later(ONE, ADD, (ONE, 3))
        assert session.dirty
        assert statements == [], "nothing has run yet"
        rows = await session.rows("SELECT vessel, number FROM notes ORDER BY number")
        assert [tuple(row) for row in rows] == [(TWO, 2), (ONE, 3)]
        kinds = [statement.split()[0] for statement in statements]
        assert kinds == ["INSERT", "DELETE", "DELETE", "INSERT", "INSERT", "SELECT"]
        await session.change(CLEAR, (ONE,))
        assert await session.row("SELECT number FROM notes") == (2,)
