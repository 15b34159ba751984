"""The link guard's state, in one row."""

from protocol.linkguard import GuardState, ReplayWindow
from vessel_client.store.database import Connection, one_row


async def save_guard(connection: Connection, state: GuardState) -> None:
    """Write the whole state over the last one."""
    await connection.execute(
        "INSERT OR REPLACE INTO guard (id, secret, previous_secret, pending_secret, generation, confirmed,"
        " counter_reserved, window_highest, window_seen, previous_window_highest, previous_window_seen)"
        " VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            state.secret,
            state.previous_secret,
            state.pending_secret,
            state.generation,
            int(state.confirmed),
            state.counter_reserved,
            state.window.highest,
            _to_bytes(state.window.seen),
            state.previous_window.highest,
            _to_bytes(state.previous_window.seen),
        ),
    )


async def load_guard(connection: Connection) -> GuardState:
    """Read the state as the last commit left it."""
    row = await one_row(
        connection,
        "SELECT secret, previous_secret, pending_secret, generation, confirmed, counter_reserved,"
        " window_highest, window_seen, previous_window_highest, previous_window_seen FROM guard",
    )
    return GuardState(
        secret=row[0],
        previous_secret=row[1],
        pending_secret=row[2],
        generation=row[3],
        confirmed=bool(row[4]),
        counter_reserved=row[5],
        window=ReplayWindow(highest=row[6], seen=int.from_bytes(row[7])),
        previous_window=ReplayWindow(highest=row[8], seen=int.from_bytes(row[9])),
    )


def _to_bytes(bits: int) -> bytes:
    return bits.to_bytes((bits.bit_length() + 7) // 8)
