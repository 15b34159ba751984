"""What may be spent in a month: by the settings, and over them by what the operator signed on shore."""

from collections.abc import Mapping

from protocol.caps import SignedCap
from protocol.ids import UnixSeconds
from vessel_client.policy import NANO, Cap, Spent, below_spent, month_of
from vessel_client.store.database import Connection
from vessel_client.store.ledger import spent_in


async def load_caps(connection: Connection, source: str) -> dict[str, Cap]:
    """Return the caps of one source, "settings" or "shore"."""
    async with connection.execute(
        "SELECT bearer, money_nano, size_bytes FROM cap WHERE source = ?", (source,)
    ) as cursor:
        return {
            bearer: Cap(money_nano=money_nano, size_bytes=size_bytes)
            async for bearer, money_nano, size_bytes in cursor
        }


async def save_caps(connection: Connection, source: str, caps: Mapping[str, Cap]) -> None:
    """Write the caps of one source over its last ones."""
    await connection.execute("DELETE FROM cap WHERE source = ?", (source,))
    await connection.executemany(
        "INSERT INTO cap (bearer, source, money_nano, size_bytes) VALUES (?, ?, ?, ?)",
        [(bearer, source, cap.money_nano, cap.size_bytes) for bearer, cap in caps.items()],
    )


async def take_signed(
    connection: Connection, issued_at: UnixSeconds, signed: tuple[SignedCap, ...], at: UnixSeconds
) -> None:
    """Take caps whose signature has been checked, unless newer ones are held or they come too late.

    Caps below what is spent are refused with a sentence; those before them stay.
    """
    async with connection.execute("SELECT caps_issued_at FROM box") as cursor:
        row = await cursor.fetchone()
    assert row is not None
    if issued_at <= row[0]:
        # An old list under a new number must not bring back a cap that was taken away.
        return
    caps = {each.bearer: Cap(money_nano=each.money_nano, size_bytes=each.size_bytes) for each in signed}
    refusal = first_below(caps, await spent_in(connection, month_of(at)))
    await connection.execute("UPDATE box SET caps_refusal = ?", (refusal,))
    if not refusal:
        await connection.execute("UPDATE box SET caps_issued_at = ?", (issued_at,))
        await save_caps(connection, "shore", caps)


def first_below(caps: Mapping[str, Cap], spent: Mapping[str, Spent]) -> str:
    """Return a sentence about the first cap below what is spent already, or ""."""
    for bearer, cap in caps.items():
        gone = spent.get(bearer, Spent())
        if below_spent(cap, gone):
            return (
                f"The cap for {bearer} lies below what is spent already this month "
                f"({gone.money_nano / NANO:.2f} and {gone.size_bytes} bytes); set it higher, or wait for the "
                "next month. The cap before it stays."
            )
    return ""


async def load_refusal(connection: Connection) -> str:
    """Return why the newest caps from shore were refused, or ""."""
    async with connection.execute("SELECT caps_refusal FROM box") as cursor:
        row = await cursor.fetchone()
    return "" if row is None else str(row[0])
