"""How many bytes each bearer carried, and when it last worked."""

from dataclasses import dataclass

from protocol.ids import UnixSeconds
from vessel_client.store.database import Connection

UNASSIGNED = -1
"""The ledger's priority of bytes that no bundle of ours caused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Bytes that one bearer carried for one priority."""

    bearer: str
    priority: int
    up_bytes: int
    down_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """When a bearer last brought something authentic."""

    bearer: str
    at: UnixSeconds


async def add_spending(connection: Connection, spending: Spending) -> None:
    """Add bytes to what was counted before."""
    await connection.execute(
        "INSERT INTO ledger (bearer, priority, up_bytes, down_bytes) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (bearer, priority) DO UPDATE SET"
        " up_bytes = up_bytes + excluded.up_bytes, down_bytes = down_bytes + excluded.down_bytes",
        (spending.bearer, spending.priority, spending.up_bytes, spending.down_bytes),
    )


async def list_spending(connection: Connection) -> list[Spending]:
    """Return everything that was counted."""
    async with connection.execute(
        "SELECT bearer, priority, up_bytes, down_bytes FROM ledger ORDER BY bearer, priority"
    ) as cursor:
        return [
            Spending(bearer=bearer, priority=priority, up_bytes=up_bytes, down_bytes=down_bytes)
            async for bearer, priority, up_bytes, down_bytes in cursor
        ]


async def note_heard(connection: Connection, heard: Heard) -> None:
    """Note when a bearer last worked."""
    await connection.execute(
        "INSERT OR REPLACE INTO bearer (name, last_heard_at) VALUES (?, ?)", (heard.bearer, heard.at)
    )


async def list_heard(connection: Connection) -> list[Heard]:
    """Return when each bearer last worked."""
    async with connection.execute("SELECT name, last_heard_at FROM bearer ORDER BY name") as cursor:
        return [Heard(bearer=name, at=UnixSeconds(at)) async for name, at in cursor]
