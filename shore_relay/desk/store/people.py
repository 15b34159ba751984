"""SQL for what the people's keys and logins leave behind."""

from aiosqlite import Connection


async def announced_key(connection: Connection) -> bytes:
    """Return the id of the newest sealing key that went to every vessel; empty before there was one."""
    row = await (await connection.execute("SELECT key FROM announced_key")).fetchone()
    assert row is not None
    return bytes(row["key"])


async def set_announced_key(connection: Connection, key: bytes) -> None:
    """Remember that the list with this key is queued for every vessel."""
    await connection.execute("UPDATE announced_key SET key = ?", (key,))


async def last_use(connection: Connection, factor: bytes) -> int:
    """Return how far a second factor was used; -1 for never."""
    cursor = await connection.execute("SELECT used FROM second_factor WHERE factor = ?", (factor,))
    row = await cursor.fetchone()
    return int(row["used"]) if row is not None else -1


async def note_use(connection: Connection, factor: bytes, used: int) -> bool:
    """Remember a use; return whether it goes beyond the last one."""
    cursor = await connection.execute(
        "INSERT INTO second_factor (factor, used) VALUES (?, ?) ON CONFLICT (factor) DO UPDATE"
        " SET used = excluded.used WHERE excluded.used > second_factor.used",
        (factor, used),
    )
    return cursor.rowcount > 0
