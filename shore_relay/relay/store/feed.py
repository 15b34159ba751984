"""The SQL between the relay and its desks: the feed upward, the dispatches downward."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import aiosqlite

from protocol import limits
from protocol.deskfeed import Dispatch, FeedItem, ItemKind
from protocol.frames import Priority
from protocol.ids import DeskId, UnixSeconds, VesselId
from shore_relay.relay.errors import QueueOverfull, RefTaken, RequestRefused, UnknownVessel
from shore_relay.relay.store.directory import add_keys
from shore_relay.relay.store.repository import LearnedKeys

CURSOR_STEPS_PER_SECOND = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """An item that has no cursor yet."""

    desk: DeskId
    kind: ItemKind
    vessel: VesselId
    at: UnixSeconds
    number: int
    priority: Priority
    bearer: str
    bundle: bytes = b""
    ref: bytes = b""


async def add_item(connection: aiosqlite.Connection, item: NewItem) -> None:
    """Put an item at the end of its desk's feed.

    The cursor counts up by one, but never lags behind the clock: so a relay that was restored from a backup
    gives out none that the desk has already passed. The clock only makes it leap; it never decides an order.
    """
    async with connection.execute(
        "UPDATE desks SET last_cursor = max(last_cursor + 1, ?) WHERE desk = ? RETURNING last_cursor",
        (item.at * CURSOR_STEPS_PER_SECOND, item.desk),
    ) as cursor:
        row = await cursor.fetchone()
    assert row is not None
    await connection.execute(
        "INSERT INTO feed (desk, cursor, kind, vessel, at, number, priority, bearer, bundle, ref) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            item.desk,
            row[0],
            item.kind.value,
            item.vessel,
            item.at,
            item.number,
            int(item.priority),
            item.bearer,
            item.bundle,
            item.ref,
        ),
    )


async def read_feed(
    connection: aiosqlite.Connection, desk: DeskId, after: int, *, most_items: int, most_bytes: int
) -> list[FeedItem]:
    """Return a desk's items behind a cursor, oldest first.

    A cursor that was never given out means that this relay was set back: then everything is told again.
    """
    items: list[FeedItem] = []
    size_bytes = 0
    async with connection.execute(
        "SELECT cursor, kind, vessel, vessels.name, at, number, priority, bearer, bundle, ref "
        "FROM feed JOIN vessels USING (vessel) WHERE feed.desk = ? AND cursor > "
        "(SELECT CASE WHEN ? > last_cursor THEN 0 ELSE ? END FROM desks WHERE desk = ?) "
        "ORDER BY cursor LIMIT ?",
        (desk, after, after, desk, most_items),
    ) as rows:
        async for row in rows:
            size_bytes += len(row[8])
            if items and size_bytes > most_bytes:
                break
            items.append(
                FeedItem(
                    cursor=row[0],
                    kind=ItemKind(row[1]),
                    vessel=VesselId(row[2]),
                    vessel_name=row[3],
                    at=UnixSeconds(row[4]),
                    number=row[5],
                    priority=Priority(row[6]),
                    bearer=row[7],
                    bundle=row[8],
                    ref=row[9],
                )
            )
    return items


async def forget_taken(
    connection: aiosqlite.Connection, desk: DeskId, through: int
) -> Mapping[VesselId, int]:
    """Forget what a desk holds durably; return the bytes that this frees for each vessel."""
    async with connection.execute(
        "UPDATE desks SET taken_through = max(taken_through, ?) WHERE desk = ? AND last_cursor >= ?",
        (through, desk, through),
    ) as cursor:
        if cursor.rowcount == 0:
            raise RequestRefused(
                f"The cursor {through} was never given out; ask for the feed again and take what it brings."
            )
    freed: dict[VesselId, int] = {}
    rows = await connection.execute_fetchall(
        "SELECT vessel, sum(length(bundle)), sum(kind = 'bundle') FROM feed "
        "WHERE desk = ? AND cursor <= ? GROUP BY vessel",
        (desk, through),
    )
    for vessel, size_bytes, bundles in rows:
        freed[VesselId(vessel)] = size_bytes
        await connection.execute(
            "UPDATE vessels SET bundles_handed_over = bundles_handed_over + ? WHERE vessel = ?",
            (bundles, vessel),
        )
    await connection.execute("DELETE FROM feed WHERE desk = ? AND cursor <= ?", (desk, through))
    return freed


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchOrder:
    """A desk's wish to send a bundle to a vessel."""

    desk: DeskId
    vessel: VesselId
    dispatch: Dispatch
    at: UnixSeconds
    keys: LearnedKeys | None
    most_bytes: int
    from_operator: bool = False
    """Whether no desk is to hear of it."""


async def queue_dispatch(connection: aiosqlite.Connection, order: DispatchOrder) -> bool:
    """Queue a bundle under the vessel's next number; return False for a ref that was known."""
    vessel, dispatch = order.vessel, order.dispatch
    async with connection.execute(
        "SELECT 1 FROM vessels WHERE vessel = ? AND desk = ?", (vessel, order.desk)
    ) as cursor:
        if await cursor.fetchone() is None:
            raise UnknownVessel("This relay has no vessel of that id for this desk; check the id.")
    content_hash = hashlib.sha256(bytes([dispatch.priority]) + dispatch.bundle).digest()
    if await _ref_known(connection, vessel, dispatch.ref, content_hash):
        return False
    await _check_room(connection, vessel, len(dispatch.bundle), order.most_bytes)
    async with connection.execute(
        "UPDATE vessels SET next_number = next_number + 1 WHERE vessel = ? RETURNING next_number - 1",
        (vessel,),
    ) as cursor:
        row = await cursor.fetchone()
    assert row is not None
    assert row[0] <= limits.BUNDLE_NUMBER_MAX
    await connection.execute(
        "INSERT INTO dispatches "
        "(vessel, ref, number, priority, bundle, content_hash, queued_at, from_operator) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            vessel,
            dispatch.ref,
            row[0],
            int(dispatch.priority),
            dispatch.bundle,
            content_hash,
            order.at,
            int(order.from_operator),
        ),
    )
    if order.keys is not None:
        await _learn(connection, order.desk, order.keys, order.at)
    return True


async def _ref_known(
    connection: aiosqlite.Connection, vessel: VesselId, ref: bytes, content_hash: bytes
) -> bool:
    async with connection.execute(
        "SELECT content_hash FROM dispatches WHERE vessel = ? AND ref = ?", (vessel, ref)
    ) as cursor:
        row = await cursor.fetchone()
    if row is not None and row[0] != content_hash:
        raise RefTaken("This ref came before with other content; dispatch new content under a new ref.")
    return row is not None


async def _check_room(
    connection: aiosqlite.Connection, vessel: VesselId, size_bytes: int, most_bytes: int
) -> None:
    async with connection.execute(
        "SELECT coalesce(sum(length(bundle)), 0) FROM dispatches WHERE vessel = ? AND settled = 0", (vessel,)
    ) as cursor:
        row = await cursor.fetchone()
    assert row is not None
    if row[0] + size_bytes > most_bytes:
        raise QueueOverfull(
            f"{row[0]} bytes wait for this vessel already and at most {most_bytes} may; "
            "dispatch this again when it has fetched some."
        )


async def _learn(
    connection: aiosqlite.Connection, desk: DeskId, learned: LearnedKeys, at: UnixSeconds
) -> None:
    async with connection.execute(
        "UPDATE desks SET keys_issued_at = ? WHERE desk = ? AND keys_issued_at < ?",
        (learned.issued_at, desk, learned.issued_at),
    ) as cursor:
        newer = cursor.rowcount > 0
    if newer:
        await add_keys(connection, desk, learned.keys, at)
