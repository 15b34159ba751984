"""SQL for cases, what is filed in them, and the chain of their history."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from aiosqlite import Connection

from protocol.ids import UnixSeconds, VesselId


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A case, sealed."""

    id: int
    last: int
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One link of the chain."""

    seq: int
    case: int
    digest: bytes
    link: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadRow:
    """The end of the chain."""

    seq: int
    link: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardRow:
    """The newest word from one mailbox: its message, when it reached the relay, from which vessel."""

    entry: int
    arrived_at: UnixSeconds
    vessel: VesselId


async def add_case(connection: Connection) -> int:
    """Make room for a new case and return its number."""
    cursor = await connection.execute("INSERT INTO case_file DEFAULT VALUES")
    assert cursor.lastrowid is not None
    return cursor.lastrowid


async def set_case(
    connection: Connection, case: int, last: int, brief_sealed: bytes, case_sealed: bytes
) -> None:
    """Keep a case as it is now, in the transaction that adds to its history."""
    await connection.execute(
        "UPDATE case_file SET last = ?, brief_sealed = ?, case_sealed = ? WHERE id = ?",
        (last, brief_sealed, case_sealed, case),
    )


async def case(connection: Connection, number: int) -> CaseRow | None:
    """Return one case."""
    cursor = await connection.execute("SELECT id, last, case_sealed FROM case_file WHERE id = ?", (number,))
    row = await cursor.fetchone()
    await cursor.close()
    return CaseRow(id=row["id"], last=row["last"], sealed=row["case_sealed"]) if row else None


async def cases(connection: Connection) -> list[CaseRow]:
    """Return every case, oldest first."""
    rows = await connection.execute_fetchall("SELECT id, last, case_sealed FROM case_file ORDER BY id")
    return [CaseRow(id=row["id"], last=row["last"], sealed=row["case_sealed"]) for row in rows]


async def briefs(connection: Connection, after: int) -> list[CaseRow]:
    """Return, in brief, every case that an entry of the history after this one is about."""
    rows = await connection.execute_fetchall(
        "SELECT id, last, brief_sealed FROM case_file WHERE last > ? ORDER BY id", (after,)
    )
    return [CaseRow(id=row["id"], last=row["last"], sealed=row["brief_sealed"]) for row in rows]


# --- filing ---------------------------------------------------------------------------------------------


async def unfiled(connection: Connection, most: int) -> list[int]:
    """Return messages at which nobody has looked for filing, in the order of arrival."""
    rows = await connection.execute_fetchall(
        "SELECT id FROM entry WHERE id > (SELECT coalesce(max(entry), 0) FROM filed) ORDER BY id LIMIT ?",
        (most,),
    )
    return [row["id"] for row in rows]


async def file(connection: Connection, entry: int, case: int | None, mailbox: bytes) -> None:
    """Remember that a message was looked at, and which case took it."""
    await connection.execute(
        "INSERT INTO filed (entry, case_id, mailbox) VALUES (?, ?, ?)", (entry, case, mailbox)
    )


async def refile(connection: Connection, entry: int, case: int) -> None:
    """Remember that a message has gone into another case."""
    await connection.execute("UPDATE filed SET case_id = ? WHERE entry = ?", (case, entry))


async def case_of(connection: Connection, entry: int) -> int | None:
    """Return the case that holds a message."""
    cursor = await connection.execute("SELECT case_id FROM filed WHERE entry = ?", (entry,))
    row = await cursor.fetchone()
    await cursor.close()
    return row["case_id"] if row else None


async def filing(connection: Connection) -> dict[int, int]:
    """Return for each message that is in a case the number of that case."""
    rows = await connection.execute_fetchall("SELECT entry, case_id FROM filed WHERE case_id IS NOT NULL")
    return {row["entry"]: row["case_id"] for row in rows}


async def with_unopened(connection: Connection) -> set[int]:
    """Return the cases that hold a message which no person has opened."""
    rows = await connection.execute_fetchall(
        "SELECT DISTINCT filed.case_id AS found FROM bundle JOIN filed ON filed.entry = bundle.entry"
        " WHERE bundle.opened_at = 0 AND bundle.entry IS NOT NULL AND filed.case_id IS NOT NULL"
    )
    return {row["found"] for row in rows}


async def case_of_mailbox(connection: Connection, mailboxes: Sequence[bytes]) -> int | None:
    """Return the case that holds the newest message of a mailbox, given its indexes."""
    cursor = await connection.execute(
        "SELECT case_id FROM filed WHERE mailbox <> x'' AND case_id IS NOT NULL"  # noqa: S608  # Only marks are added.
        f" AND mailbox IN ({', '.join('?' * len(mailboxes))}) ORDER BY entry DESC LIMIT 1",
        tuple(mailboxes),
    )
    row = await cursor.fetchone()
    await cursor.close()
    return row["case_id"] if row else None


async def heard(connection: Connection, mailboxes: Sequence[bytes]) -> HeardRow | None:
    """Return the newest word from a mailbox, given its indexes; a forged one is no word from anybody."""
    cursor = await connection.execute(
        "SELECT filed.entry AS entry, min(bundle.arrived_at) AS at, bundle.vessel AS vessel FROM filed"  # noqa: S608  # Only marks are added.
        " JOIN bundle ON bundle.entry = filed.entry WHERE filed.mailbox <> x'' AND bundle.origin IN (0, 1)"
        f" AND filed.mailbox IN ({', '.join('?' * len(mailboxes))})"
        " GROUP BY filed.entry ORDER BY filed.entry DESC LIMIT 1",
        tuple(mailboxes),
    )
    row = await cursor.fetchone()
    await cursor.close()
    if row is None:
        return None
    return HeardRow(entry=row["entry"], arrived_at=UnixSeconds(row["at"]), vessel=VesselId(row["vessel"]))


# --- the chain ------------------------------------------------------------------------------------------


async def head(connection: Connection) -> HeadRow:
    """Return the end of the chain."""
    cursor = await connection.execute("SELECT seq, link, head_sealed FROM history_head")
    row = await cursor.fetchone()
    await cursor.close()
    assert row is not None
    return HeadRow(seq=row["seq"], link=row["link"], sealed=row["head_sealed"])


async def add_link(connection: Connection, row: HistoryRow) -> None:
    """Add to the chain; `set_head` must follow in the same transaction."""
    await connection.execute(
        "INSERT INTO history (seq, case_id, digest, link, entry_sealed) VALUES (?, ?, ?, ?, ?)",
        (row.seq, row.case, row.digest, row.link, row.sealed),
    )


async def set_head(connection: Connection, head: HeadRow) -> None:
    """Remember where the chain ends."""
    await connection.execute(
        "UPDATE history_head SET seq = ?, link = ?, head_sealed = ?", (head.seq, head.link, head.sealed)
    )


async def links(connection: Connection, after: int, most: int) -> list[HistoryRow]:
    """Return the chain behind one number, in order."""
    rows = await connection.execute_fetchall(
        "SELECT seq, case_id, digest, link, entry_sealed FROM history WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, most),
    )
    return [_link(row) for row in rows]


async def links_of(connection: Connection, case: int) -> list[HistoryRow]:
    """Return what the chain says of one case, in order."""
    rows = await connection.execute_fetchall(
        "SELECT seq, case_id, digest, link, entry_sealed FROM history WHERE case_id = ? ORDER BY seq",
        (case,),
    )
    return [_link(row) for row in rows]


def _link(row: sqlite3.Row) -> HistoryRow:
    return HistoryRow(
        seq=row["seq"],
        case=row["case_id"],
        digest=row["digest"],
        link=row["link"],
        sealed=row["entry_sealed"],
    )
