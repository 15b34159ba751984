"""What comes to the box: pieces of bundles, the numbers taken, and answers under their mailboxes."""

from dataclasses import dataclass

from protocol.bundle import Mail
from protocol.fragment import Range
from protocol.frames import Priority
from protocol.ids import DeskKeyId, MailboxId, UnixSeconds
from protocol.journal import FragmentHeld, HeldFragment
from vessel_client.store.database import Connection, one_row


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMail:
    """One answer as it waits, and when it came."""

    number: int
    mail: Mail
    arrived_at: UnixSeconds


async def hold_fragment(connection: Connection, piece: FragmentHeld) -> None:
    """Keep a piece of an incomplete bundle."""
    await connection.execute(
        "INSERT INTO fragment (number, total_bytes, priority, offset, data) VALUES (?, ?, ?, ?, ?)",
        (piece.number, piece.total_bytes, int(piece.priority), piece.offset, piece.data),
    )


async def drop_fragments(connection: Connection, number: int) -> None:
    """Forget the pieces of a bundle."""
    await connection.execute("DELETE FROM fragment WHERE number = ?", (number,))


async def load_fragments(connection: Connection) -> tuple[HeldFragment, ...]:
    """Return every piece, in the order in which they came."""
    async with connection.execute(
        "SELECT number, total_bytes, priority, offset, data FROM fragment ORDER BY id"
    ) as cursor:
        return tuple(
            [
                HeldFragment(
                    number=number,
                    total_bytes=total_bytes,
                    priority=Priority(priority),
                    offset=offset,
                    data=data,
                )
                async for number, total_bytes, priority, offset, data in cursor
            ]
        )


async def remember_taken(connection: Connection, number: int) -> None:
    """Remember for good that this number was taken, joining it to the ranges that it touches."""
    async with connection.execute(
        'SELECT start, "end" FROM taken WHERE "end" = ? OR start = ?', (number, number + 1)
    ) as cursor:
        touched = [(start, end) async for start, end in cursor]
    await connection.executemany("DELETE FROM taken WHERE start = ?", [(start,) for start, _ in touched])
    start = min([number, *(start for start, _ in touched)])
    end = max([number + 1, *(end for _, end in touched)])
    await connection.execute('INSERT INTO taken (start, "end") VALUES (?, ?)', (start, end))


async def load_taken(connection: Connection) -> tuple[Range, ...]:
    """Return the numbers of all bundles ever taken."""
    async with connection.execute('SELECT start, "end" FROM taken ORDER BY start') as cursor:
        return tuple([(start, end) async for start, end in cursor])


async def insert_mail(connection: Connection, number: int, mail: Mail, at: UnixSeconds) -> None:
    """Keep an answer under its mailbox."""
    await connection.execute(
        "INSERT INTO mail (number, mailbox, desk_key, tag, sealed, arrived_at) VALUES (?, ?, ?, ?, ?, ?)",
        (number, mail.mailbox, mail.desk_key, mail.tag, mail.sealed, at),
    )


async def mail_bytes(connection: Connection) -> int:
    """Return how many bytes of answers wait."""
    row = await one_row(connection, "SELECT coalesce(sum(length(sealed)), 0) FROM mail")
    return int(row[0])


async def list_mail(connection: Connection, mailbox: MailboxId, most: int) -> list[StoredMail]:
    """Return the newest answers of one mailbox, the oldest of them first."""
    async with connection.execute(
        "SELECT number, desk_key, tag, sealed, arrived_at FROM mail WHERE mailbox = ?"
        " ORDER BY number DESC LIMIT ?",
        (mailbox, most),
    ) as cursor:
        found = [
            StoredMail(
                number=number,
                mail=Mail(mailbox=mailbox, desk_key=DeskKeyId(desk_key), tag=tag, sealed=sealed),
                arrived_at=UnixSeconds(arrived_at),
            )
            async for number, desk_key, tag, sealed, arrived_at in cursor
        ]
    return found[::-1]
