"""SQL for notices: what people chose, what they were told, and what is still to be sent."""

from dataclasses import dataclass

from aiosqlite import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticePersonRow:
    """Somebody who chose about notices."""

    person: bytes
    choice_sealed: bytes
    told_sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeRow:
    """A notice that no server has taken yet."""

    id: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class UnopenedRow:
    """A message that no person has opened, and the case that holds it."""

    entry: int
    case: int | None


async def people(connection: Connection) -> list[NoticePersonRow]:
    """Return everybody who chose."""
    rows = await connection.execute_fetchall(
        "SELECT person, choice_sealed, told_sealed FROM notice_person ORDER BY person"
    )
    return [
        NoticePersonRow(
            person=row["person"], choice_sealed=row["choice_sealed"], told_sealed=row["told_sealed"]
        )
        for row in rows
    ]


async def set_choice(
    connection: Connection, person: bytes, choice_sealed: bytes, first_told_sealed: bytes
) -> None:
    """Remember what somebody chose; whoever chose before keeps what they were told."""
    await connection.execute(
        "INSERT INTO notice_person (person, choice_sealed, told_sealed) VALUES (?, ?, ?)"
        " ON CONFLICT (person) DO UPDATE SET choice_sealed = excluded.choice_sealed",
        (person, choice_sealed, first_told_sealed),
    )


async def set_told(connection: Connection, person: bytes, told_sealed: bytes) -> None:
    """Remember what somebody was told, in the transaction that queues the notice."""
    await connection.execute(
        "UPDATE notice_person SET told_sealed = ? WHERE person = ?", (told_sealed, person)
    )


async def forget(connection: Connection, person: bytes) -> None:
    """Forget what somebody chose who has left."""
    await connection.execute("DELETE FROM notice_person WHERE person = ?", (person,))


async def waiting(connection: Connection) -> list[NoticeRow]:
    """Return what is still to be sent."""
    rows = await connection.execute_fetchall("SELECT id, notice_sealed FROM notice ORDER BY id")
    return [NoticeRow(id=row["id"], sealed=row["notice_sealed"]) for row in rows]


async def put(connection: Connection, row: NoticeRow) -> None:
    """Keep a notice, new or tried in vain."""
    await connection.execute(
        "INSERT INTO notice (id, notice_sealed) VALUES (?, ?) ON CONFLICT (id) DO UPDATE"
        " SET notice_sealed = excluded.notice_sealed",
        (row.id, row.sealed),
    )


async def drop(connection: Connection, notice: bytes) -> None:
    """Forget a notice that was sent or that nobody wants any more."""
    await connection.execute("DELETE FROM notice WHERE id = ?", (notice,))


async def newest_entry(connection: Connection) -> int:
    """Return the number of the newest message; 0 before there was one."""
    row = await (await connection.execute("SELECT coalesce(max(id), 0) AS newest FROM entry")).fetchone()
    assert row is not None
    return int(row["newest"])


async def unopened(connection: Connection, after: int) -> list[UnopenedRow]:
    """Return the messages behind a number of which no person has opened any form."""
    rows = await connection.execute_fetchall(
        "SELECT bundle.entry AS entry, filed.case_id AS case_id FROM bundle"
        " LEFT JOIN filed ON filed.entry = bundle.entry WHERE bundle.entry > ?"
        " GROUP BY bundle.entry HAVING max(bundle.opened_at) = 0 ORDER BY bundle.entry",
        (after,),
    )
    return [UnopenedRow(entry=row["entry"], case=row["case_id"]) for row in rows]
