"""Bundles that leave the box, from the moment they are queued to the desk's word that they were opened."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from protocol.bundle import DeskReceipt, DeskState
from protocol.custody import Custody, Step, advance
from protocol.fragment import Range
from protocol.frames import Priority
from protocol.ids import DeskKeyId, UnixSeconds
from vessel_client.store.database import Connection, one_row

_STATE_COLUMNS = "number, priority, custody, size_bytes, data IS NOT NULL, refusal, queued_at, opened_proof"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBundle:
    """A bundle that the box has just accepted; it gets its number from the store."""

    ref: bytes
    """16 random bytes of whoever queues it, so that a repeated request queues nothing twice."""
    digest: bytes
    """SHA-256 of what was asked for, to tell a repeated request from a used reference."""
    desk_key: bytes
    priority: Priority
    queued_at: UnixSeconds
    expires_at: UnixSeconds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A bundle to offer to the engine, with what is known of its progress."""

    number: int
    priority: Priority
    data: bytes
    begun: bool
    acked: tuple[Range, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleState:
    """What a person may see of a bundle."""

    number: int
    priority: Priority
    custody: Custody
    size_bytes: int
    waiting: bool
    refusal: str
    queued_at: UnixSeconds
    opened_proof: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedProof:
    """The desk's word that it opened a bundle sealed to `desk_key`; the receipt code checks it."""

    number: int
    desk_key: DeskKeyId
    proof: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSize:
    """How much waits for custody."""

    bundles: int
    size_bytes: int


async def next_number(connection: Connection, *, above: int = 0) -> int:
    """Give a number that no bundle of this box ever had."""
    row = await one_row(
        connection,
        "UPDATE box SET number_given = max(number_given, ?) + 1 RETURNING number_given",
        (above,),
    )
    return int(row[0])


async def insert_bundle(connection: Connection, number: int, new: NewBundle, data: bytes) -> None:
    """Queue a bundle."""
    await connection.execute(
        "INSERT INTO bundle"
        " (number, ref, digest, desk_key, priority, size_bytes, data, queued_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            new.ref,
            new.digest,
            new.desk_key,
            int(new.priority),
            len(data),
            data,
            new.queued_at,
            new.expires_at,
        ),
    )


async def find_reference(connection: Connection, ref: bytes) -> tuple[int, bytes] | None:
    """Return number and digest of the bundle that was queued under this reference."""
    async with connection.execute("SELECT number, digest FROM bundle WHERE ref = ?", (ref,)) as cursor:
        row = await cursor.fetchone()
    return None if row is None else (row[0], row[1])


async def queue_size(connection: Connection) -> QueueSize:
    """Return how much waits."""
    row = await one_row(
        connection, "SELECT count(*), coalesce(sum(size_bytes), 0) FROM bundle WHERE data IS NOT NULL"
    )
    return QueueSize(bundles=row[0], size_bytes=row[1])


async def first_in_line(connection: Connection, most: int) -> dict[int, Priority]:
    """Return what should be with the engine: all that is urgent, and the first of the rest.

    A refused bundle stands behind the others, so that a relay that refuses some does not hold up the rest.
    """
    async with connection.execute(
        "SELECT number, priority FROM bundle WHERE data IS NOT NULL"
        " ORDER BY priority > 0, refusal != '', priority, number"
    ) as cursor:
        line: dict[int, Priority] = {}
        async for number, priority in cursor:
            if len(line) >= most and priority != Priority.URGENT:
                break
            line[number] = Priority(priority)
    return line


async def waiting_since(connection: Connection) -> dict[int, UnixSeconds]:
    """Return since when each bundle waits."""
    async with connection.execute("SELECT number, queued_at FROM bundle WHERE data IS NOT NULL") as cursor:
        return {number: UnixSeconds(queued_at) async for number, queued_at in cursor}


async def load_waiting(connection: Connection, number: int) -> Waiting | None:
    """Return a bundle that still has to leave."""
    async with connection.execute(
        "SELECT priority, data, begun, acked FROM bundle WHERE number = ? AND data IS NOT NULL", (number,)
    ) as cursor:
        row = await cursor.fetchone()
    if row is None:
        return None
    return Waiting(
        number=number,
        priority=Priority(row[0]),
        data=row[1],
        begun=bool(row[2]),
        acked=tuple((start, end) for start, end in json.loads(row[3])),
    )


async def waiting_behind(
    connection: Connection, priority: int, number: int, most_bytes: int
) -> list[Waiting]:
    """Return what waits behind a place in the order in which bundles go, the first however large."""
    async with connection.execute(
        "SELECT number, size_bytes FROM bundle WHERE data IS NOT NULL AND (priority, number) > (?, ?)"
        " ORDER BY priority, number",
        (priority, number),
    ) as cursor:
        numbers: list[int] = []
        size_bytes = 0
        async for following, bundle_bytes in cursor:
            size_bytes += bundle_bytes
            if numbers and size_bytes > most_bytes:
                break
            numbers.append(following)
    found = [await load_waiting(connection, each) for each in numbers]
    return [waiting for waiting in found if waiting is not None]


async def mark_begun(connection: Connection, number: int) -> None:
    """Note that the relay may know of this bundle."""
    await connection.execute("UPDATE bundle SET begun = 1 WHERE number = ?", (number,))


async def mark_acked(connection: Connection, number: int, ranges: Iterable[Range]) -> None:
    """Note which bytes the relay holds."""
    await connection.execute(
        "UPDATE bundle SET acked = ? WHERE number = ?", (json.dumps(list(ranges)), number)
    )


async def mark_refused(connection: Connection, number: int, reason: str) -> None:
    """Note why the relay does not take this bundle; it stays queued."""
    await connection.execute("UPDATE bundle SET refusal = ? WHERE number = ?", (reason, number))


async def settle(connection: Connection, number: int) -> None:
    """Let go of the bytes of a bundle that the relay has in custody."""
    await _step(connection, number, Step.STORED)
    await connection.execute(
        "UPDATE bundle SET data = NULL, acked = '[]', refusal = '' WHERE number = ?", (number,)
    )


async def renumber(connection: Connection, number: int, new_number: int, data: bytes) -> None:
    """Give a bundle another number and the bytes that belong to it; it starts anew."""
    await connection.execute(
        "UPDATE bundle SET number = ?, numbered_first = coalesce(numbered_first, number), data = ?,"
        " begun = 0, acked = '[]', refusal = '' WHERE number = ?",
        (new_number, data, number),
    )


async def expire(connection: Connection, now: UnixSeconds) -> list[int]:
    """End the lifetimes that are over and return the numbers of those bundles."""
    async with connection.execute(
        "SELECT number FROM bundle WHERE data IS NOT NULL AND expires_at <= ? AND custody = ?",
        (now, int(Custody.ON_THE_BOX)),
    ) as cursor:
        numbers = [int(row[0]) async for row in cursor]
    for number in numbers:
        await _step(connection, number, Step.LIFETIME_ENDED)
        await connection.execute("UPDATE bundle SET data = NULL, acked = '[]' WHERE number = ?", (number,))
    return numbers


async def next_expiry(connection: Connection) -> UnixSeconds | None:
    """Return when the next lifetime ends."""
    row = await one_row(
        connection,
        "SELECT min(expires_at) FROM bundle WHERE data IS NOT NULL AND custody = ?",
        (int(Custody.ON_THE_BOX),),
    )
    return None if row[0] is None else UnixSeconds(row[0])


async def apply_receipt(connection: Connection, receipt: DeskReceipt) -> None:
    """Move bundles on as the desk says; the receipt's tag has been verified."""
    step = Step.OPENED if receipt.state is DeskState.OPENED else Step.FETCHED
    first_proof = 0
    for start, end in receipt.numbers:
        async with connection.execute(
            "SELECT number FROM bundle WHERE number >= ? AND number < ?", (start, end)
        ) as cursor:
            numbers = [int(row[0]) async for row in cursor]
        for number in numbers:
            await _step(connection, number, step)
            place = first_proof + number - start
            if step is Step.OPENED and place < len(receipt.proofs):
                await connection.execute(
                    "UPDATE bundle SET opened_proof = ? WHERE number = ?",
                    (receipt.proofs[place], number),
                )
        first_proof += end - start


async def find_state(connection: Connection, number: int) -> BundleState | None:
    """Return the state of a bundle by its number, or by the one that it had first."""
    async with connection.execute(
        f"SELECT {_STATE_COLUMNS} FROM bundle WHERE number = ? OR numbered_first = ?"  # noqa: S608  # Our own column names.
        " ORDER BY number = ? DESC LIMIT 1",
        (number, number, number),
    ) as cursor:
        row = await cursor.fetchone()
    return None if row is None else _state(*row)


async def list_states(connection: Connection, most: int) -> list[BundleState]:
    """Return what waits and then what left, the newest first, at most so many."""
    async with connection.execute(
        f"SELECT {_STATE_COLUMNS} FROM bundle ORDER BY data IS NULL, number DESC LIMIT ?",  # noqa: S608  # Our own column names.
        (most,),
    ) as cursor:
        return [_state(*row) async for row in cursor]


async def count_states(connection: Connection) -> dict[Custody, int]:
    """Return how many bundles are in each state."""
    async with connection.execute("SELECT custody, count(*) FROM bundle GROUP BY custody") as cursor:
        return {Custody(custody): count async for custody, count in cursor}


async def list_proofs(connection: Connection, most: int) -> list[OpenedProof]:
    """Return what the desk said of the newest bundles that it opened."""
    async with connection.execute(
        "SELECT number, desk_key, opened_proof FROM bundle WHERE opened_proof != x''"
        " ORDER BY number DESC LIMIT ?",
        (most,),
    ) as cursor:
        return [
            OpenedProof(number=number, desk_key=DeskKeyId(desk_key), proof=proof)
            async for number, desk_key, proof in cursor
        ]


def _state(
    number: int, priority: int, custody: int, size_bytes: int, waiting: int, refusal: str, queued_at: int,
    opened_proof: bytes,
) -> BundleState:  # fmt: skip
    return BundleState(
        number=number,
        priority=Priority(priority),
        custody=Custody(custody),
        size_bytes=size_bytes,
        waiting=bool(waiting),
        refusal=refusal,
        queued_at=UnixSeconds(queued_at),
        opened_proof=opened_proof,
    )


async def _step(connection: Connection, number: int, step: Step) -> None:
    async with connection.execute("SELECT custody FROM bundle WHERE number = ?", (number,)) as cursor:
        row = await cursor.fetchone()
    if row is not None:
        custody = advance(Custody(row[0]), step)
        await connection.execute("UPDATE bundle SET custody = ? WHERE number = ?", (int(custody), number))
