"""SQL for what left the desk."""

from dataclasses import dataclass

from aiosqlite import Connection

from protocol.ids import UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverRow:
    """Something that was written out of the encrypted store."""

    id: bytes
    made_at: UnixSeconds
    person: bytes
    kind: str
    record_sealed: bytes


async def add(connection: Connection, row: HandoverRow) -> None:
    """Remember that something leaves the desk."""
    await connection.execute(
        "INSERT INTO handover (id, made_at, person, kind, record_sealed) VALUES (?, ?, ?, ?, ?)",
        (row.id, row.made_at, row.person, row.kind, row.record_sealed),
    )


async def every(connection: Connection) -> list[HandoverRow]:
    """Return everything that left, the newest first."""
    rows = await connection.execute_fetchall(
        "SELECT id, made_at, person, kind, record_sealed FROM handover ORDER BY made_at DESC, id"
    )
    return [
        HandoverRow(
            id=row["id"],
            made_at=UnixSeconds(row["made_at"]),
            person=row["person"],
            kind=row["kind"],
            record_sealed=row["record_sealed"],
        )
        for row in rows
    ]
