"""SQL for what goes to vessels."""

from collections.abc import Mapping

from aiosqlite import Connection

from protocol.ids import UnixSeconds
from shore_relay.desk.store.records import (
    DISPATCH_COLUMNS,
    DispatchRow,
    DispatchState,
    NewDispatch,
    dispatch_row,
)

STEPS: Mapping[DispatchState, frozenset[DispatchState]] = {
    DispatchState.QUEUED: frozenset(
        # The box may have it although the relay's answer to us was lost.
        {DispatchState.AT_RELAY, DispatchState.ON_THE_BOX, DispatchState.REFUSED}
    ),
    DispatchState.AT_RELAY: frozenset({DispatchState.ON_THE_BOX}),
    DispatchState.ON_THE_BOX: frozenset(),
    DispatchState.REFUSED: frozenset({DispatchState.ON_THE_BOX}),
}
"""The only steps between states; any other report changes nothing."""


async def add(connection: Connection, dispatch: NewDispatch) -> None:
    """Queue something for a vessel."""
    await connection.execute(
        "INSERT INTO dispatch (ref, vessel, purpose, priority, raw, state, made_at, changed_at, entry,"
        " message_sealed, voice_sealed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            dispatch.ref,
            dispatch.vessel,
            int(dispatch.purpose),
            int(dispatch.priority),
            dispatch.raw,
            int(DispatchState.QUEUED),
            dispatch.made_at,
            dispatch.made_at,
            dispatch.entry,
            dispatch.message_sealed,
            dispatch.voice_sealed,
        ),
    )


async def queued(connection: Connection, most: int) -> list[DispatchRow]:
    """Return the most urgent dispatches that wait here, oldest first among equals."""
    rows = await connection.execute_fetchall(
        f"SELECT {DISPATCH_COLUMNS} FROM dispatch WHERE state = 0 ORDER BY priority, id LIMIT ?",  # noqa: S608  # Our own constant.
        (most,),
    )
    return [dispatch_row(row) for row in rows]


async def for_entry(connection: Connection, entry: int) -> list[DispatchRow]:
    """Return the answers to one message, oldest first."""
    rows = await connection.execute_fetchall(
        f"SELECT {DISPATCH_COLUMNS} FROM dispatch WHERE entry = ? ORDER BY id",  # noqa: S608  # Our own constant.
        (entry,),
    )
    return [dispatch_row(row) for row in rows]


async def voice_sealed(connection: Connection, dispatch: int) -> bytes:
    """Return an answer's sound, encrypted; empty where it has none."""
    cursor = await connection.execute("SELECT voice_sealed FROM dispatch WHERE id = ?", (dispatch,))
    row = await cursor.fetchone()
    return row[0] if row is not None else b""


async def move(
    connection: Connection, ref: bytes, state: DispatchState, at: UnixSeconds, refusal: str = ""
) -> None:
    """Advance a dispatch where the table of steps allows it; an unknown one is nobody's."""
    allowed = [int(before) for before, after in STEPS.items() if state in after]
    await connection.execute(
        "UPDATE dispatch SET state = ?, changed_at = ?, refusal = ? WHERE ref = ?"  # noqa: S608  # Only marks are added.
        f" AND state IN ({', '.join('?' * len(allowed))})",
        (int(state), at, refusal, ref, *allowed),
    )


async def count_by_state(connection: Connection) -> dict[DispatchState, int]:
    """Return how many dispatches are in each state."""
    rows = await connection.execute_fetchall("SELECT state, count(*) AS found FROM dispatch GROUP BY state")
    return {DispatchState(row["state"]): row["found"] for row in rows}
