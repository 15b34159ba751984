"""SQL for partner organisations, what was given to them and what came from them."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiosqlite import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRow:
    """Something sealed under a number."""

    id: int
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralRow:
    """What was given, and the case that it was of."""

    id: bytes
    case: int
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedRow:
    """What came, and how far this desk is with it; `name` is what both are bound to."""

    id: int
    name: bytes
    letter_sealed: bytes
    state_sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedState:
    """How far this desk is with something that came."""

    id: int
    name: bytes
    sealed: bytes


# --- partners -------------------------------------------------------------------------------------------


async def add_partner(connection: Connection) -> int:
    """Make room for a partner and return its number; `set_partner` must follow."""
    cursor = await connection.execute("INSERT INTO partner DEFAULT VALUES")
    assert cursor.lastrowid is not None
    return cursor.lastrowid


async def set_partner(connection: Connection, number: int, sealed: bytes) -> None:
    """Keep what is known of a partner."""
    await connection.execute("UPDATE partner SET partner_sealed = ? WHERE id = ?", (sealed, number))


async def partners(connection: Connection) -> list[SealedRow]:
    """Return every partner, in the order in which they were added."""
    rows = await connection.execute_fetchall("SELECT id, partner_sealed FROM partner ORDER BY id")
    return [SealedRow(id=row["id"], sealed=row["partner_sealed"]) for row in rows]


# --- what was given -------------------------------------------------------------------------------------


async def add_referral(connection: Connection, row: ReferralRow) -> None:
    """Remember what is given."""
    await connection.execute(
        "INSERT INTO referral (id, case_id, given_sealed) VALUES (?, ?, ?)", (row.id, row.case, row.sealed)
    )


async def referral(connection: Connection, number: bytes) -> ReferralRow | None:
    """Return what was given under this id."""
    cursor = await connection.execute(
        "SELECT id, case_id, given_sealed FROM referral WHERE id = ?", (number,)
    )
    row = await cursor.fetchone()
    await cursor.close()
    return ReferralRow(id=row["id"], case=row["case_id"], sealed=row["given_sealed"]) if row else None


async def referred_cases(connection: Connection) -> list[int]:
    """Return the cases of which anything was given."""
    rows = await connection.execute_fetchall("SELECT DISTINCT case_id FROM referral ORDER BY case_id")
    return [row["case_id"] for row in rows]


# --- what came ------------------------------------------------------------------------------------------


async def add_received(connection: Connection, name: bytes, letter_sealed: bytes, state_sealed: bytes) -> int:
    """Keep a letter that came and return its number."""
    cursor = await connection.execute(
        "INSERT INTO received (name, letter_sealed, state_sealed) VALUES (?, ?, ?)",
        (name, letter_sealed, state_sealed),
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


async def set_received_state(connection: Connection, number: int, state_sealed: bytes) -> None:
    """Remember how far this desk is with a letter."""
    await connection.execute("UPDATE received SET state_sealed = ? WHERE id = ?", (state_sealed, number))


async def received_named(connection: Connection, names: Sequence[bytes]) -> int | None:
    """Return the number of a letter, given its indexes."""
    cursor = await connection.execute(
        f"SELECT id FROM received WHERE name IN ({', '.join('?' * len(names))})",  # noqa: S608  # Only marks.
        tuple(names),
    )
    row = await cursor.fetchone()
    await cursor.close()
    return row["id"] if row else None


async def received(connection: Connection, number: int) -> ReceivedRow | None:
    """Return one letter that came."""
    cursor = await connection.execute(
        "SELECT id, name, letter_sealed, state_sealed FROM received WHERE id = ?", (number,)
    )
    row = await cursor.fetchone()
    await cursor.close()
    if row is None:
        return None
    return ReceivedRow(
        id=row["id"],
        name=row["name"],
        letter_sealed=row["letter_sealed"],
        state_sealed=row["state_sealed"],
    )


async def received_states(connection: Connection) -> list[ReceivedState]:
    """Return how far this desk is with each letter that came, the newest first."""
    rows = await connection.execute_fetchall("SELECT id, name, state_sealed FROM received ORDER BY id DESC")
    return [ReceivedState(id=row["id"], name=row["name"], sealed=row["state_sealed"]) for row in rows]


async def withdraw(connection: Connection, name: bytes, sealed: bytes) -> None:
    """Remember that a letter was taken back; a second time changes nothing."""
    await connection.execute(
        "INSERT INTO withdrawn (name, withdrawn_sealed) VALUES (?, ?) ON CONFLICT DO NOTHING", (name, sealed)
    )


async def is_withdrawn(connection: Connection, names: Sequence[bytes]) -> bool:
    """Return whether a letter was taken back, given its indexes."""
    cursor = await connection.execute(
        f"SELECT 1 FROM withdrawn WHERE name IN ({', '.join('?' * len(names))})",  # noqa: S608  # Only marks.
        tuple(names),
    )
    row = await cursor.fetchone()
    await cursor.close()
    return row is not None


# --- statistics -----------------------------------------------------------------------------------------


async def add_released(connection: Connection) -> int:
    """Make room for statistics that leave; `set_released` must follow."""
    cursor = await connection.execute("INSERT INTO released DEFAULT VALUES")
    assert cursor.lastrowid is not None
    return cursor.lastrowid


async def set_released(connection: Connection, number: int, sealed: bytes) -> None:
    """Keep the statistics that leave, once and for all."""
    await connection.execute(
        "UPDATE released SET released_sealed = ? WHERE id = ? AND released_sealed = x''", (sealed, number)
    )


async def released(connection: Connection) -> list[SealedRow]:
    """Return all statistics that left, in order."""
    rows = await connection.execute_fetchall("SELECT id, released_sealed FROM released ORDER BY id")
    return [SealedRow(id=row["id"], sealed=row["released_sealed"]) for row in rows]
