"""How many bytes and how much money each bearer took, month by month, and when it last worked."""

from dataclasses import dataclass

from protocol.ids import UnixSeconds
from vessel_client.policy import Spent
from vessel_client.store.database import Connection

UNASSIGNED = -1
"""The ledger's priority of bytes that no bundle of ours caused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What one bearer carried for one priority in one month."""

    bearer: str
    month: int
    priority: int
    up_bytes: int = 0
    down_bytes: int = 0
    messages: int = 0
    money_nano: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """When a bearer last brought something authentic."""

    bearer: str
    at: UnixSeconds


async def add_spending(connection: Connection, spending: Spending) -> None:
    """Add to what was counted before."""
    await connection.execute(
        "INSERT INTO spending (bearer, month, priority, up_bytes, down_bytes, messages, money_nano)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (bearer, month, priority) DO UPDATE SET"
        " up_bytes = up_bytes + excluded.up_bytes, down_bytes = down_bytes + excluded.down_bytes,"
        " messages = messages + excluded.messages, money_nano = money_nano + excluded.money_nano",
        (
            spending.bearer,
            spending.month,
            spending.priority,
            spending.up_bytes,
            spending.down_bytes,
            spending.messages,
            spending.money_nano,
        ),
    )


async def list_spending(connection: Connection) -> list[Spending]:
    """Return everything that was counted, of all months together under month 0."""
    async with connection.execute(
        "SELECT bearer, priority, sum(up_bytes), sum(down_bytes), sum(messages), sum(money_nano)"
        " FROM spending GROUP BY bearer, priority ORDER BY bearer, priority"
    ) as cursor:
        return [
            Spending(
                bearer=bearer,
                month=0,
                priority=priority,
                up_bytes=up_bytes,
                down_bytes=down_bytes,
                messages=messages,
                money_nano=money_nano,
            )
            async for bearer, priority, up_bytes, down_bytes, messages, money_nano in cursor
        ]


async def spent_in(connection: Connection, month: int) -> dict[str, Spent]:
    """Return what each bearer took in a month."""
    async with connection.execute(
        "SELECT bearer, sum(money_nano), sum(up_bytes + down_bytes), sum(messages)"
        " FROM spending WHERE month = ? GROUP BY bearer ORDER BY bearer",
        (month,),
    ) as cursor:
        return {
            bearer: Spent(money_nano=money_nano, size_bytes=size_bytes, messages=messages)
            async for bearer, money_nano, size_bytes, messages in cursor
        }


async def spent_by_month(connection: Connection) -> dict[int, dict[str, Spent]]:
    """Return what each bearer took, month by month."""
    spent: dict[int, dict[str, Spent]] = {}
    async with connection.execute(
        "SELECT month, bearer, sum(money_nano), sum(up_bytes + down_bytes), sum(messages)"
        " FROM spending GROUP BY month, bearer"
    ) as cursor:
        async for month, bearer, money_nano, size_bytes, messages in cursor:
            bearers = spent.setdefault(month, {})
            bearers[bearer] = Spent(money_nano=money_nano, size_bytes=size_bytes, messages=messages)
    return spent


async def note_heard(connection: Connection, heard: Heard) -> None:
    """Note when a bearer last worked."""
    await connection.execute(
        "INSERT OR REPLACE INTO bearer (name, last_heard_at) VALUES (?, ?)", (heard.bearer, heard.at)
    )


async def list_heard(connection: Connection) -> list[Heard]:
    """Return when each bearer last worked."""
    async with connection.execute("SELECT name, last_heard_at FROM bearer ORDER BY name") as cursor:
        return [Heard(bearer=name, at=UnixSeconds(at)) async for name, at in cursor]
