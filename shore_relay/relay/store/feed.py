"""The SQL between the relay and its desks: the feed upward, the dispatches downward."""

import hashlib
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from protocol import limits
from protocol.deskfeed import Dispatch, FeedItem, ItemKind
from protocol.frames import Priority
from protocol.ids import DeskId, UnixSeconds, VesselId
from shore_relay.relay.errors import QueueOverfull, RefTaken, RequestRefused, UnknownVessel
from shore_relay.relay.store.directory import add_keys
from shore_relay.relay.store.new_item import NewItem
from shore_relay.relay.store.repository import LearnedKeys
from shore_relay.relay.store.session import Session, Value, only_row

CURSOR_STEP_MAX = 2**24
"""So a cursor that a later life of this store gave out, before it was set back, is none of this life's."""


async def add_items(session: Session) -> None:
    """Put the items of a transaction at the end of their desks' feeds, as the last thing before its commit.

    A cursor is a random step behind the last one: a relay that was set back to an old copy then knows a
    cursor that it never gave out, whatever it has given out since and whatever its clock says.

    The desk's row stays locked until the commit, so that cursors become visible in their order, whichever
    relay gives them out; and desks come in one order, so that two relays never wait for each other.
    """
    by_desk: dict[DeskId, list[NewItem]] = {}
    for item in session.items:
        by_desk.setdefault(item.desk, []).append(item)
    for desk, items in sorted(by_desk.items()):
        (cursor,) = await only_row(
            session, "SELECT last_cursor FROM desks WHERE desk = ? FOR UPDATE", (desk,)
        )
        rows: list[Sequence[Value]] = []
        for item in items:
            cursor += 1 + secrets.randbelow(CURSOR_STEP_MAX)
            rows.append(_row(item, cursor))
        await session.change(
            "UPDATE desks SET last_cursor = ?, items_waiting = items_waiting + ? WHERE desk = ?",
            (cursor, len(rows), desk),
        )
        await session.change_many(
            "INSERT INTO feed (desk, cursor, kind, vessel, at, number, priority, bearer, bundle, ref) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )


def _row(item: NewItem, cursor: int) -> Sequence[Value]:
    return (
        item.desk,
        cursor,
        item.kind.value,
        item.vessel,
        item.at,
        item.number,
        int(item.priority),
        item.bearer,
        item.bundle,
        item.ref,
    )


async def read_feed(
    session: Session, desk: DeskId, after: int, *, most_items: int, most_bytes: int
) -> list[FeedItem]:
    """Return a desk's items behind a cursor, oldest first.

    A cursor that was never given out means that this relay was set back: then everything is told again.
    """
    after = after if await _is_known(session, desk, after) else 0
    # Sizes come first: bundles are only fetched as far as there is room for them.
    sizes = await session.rows(
        "SELECT cursor, length(bundle) FROM feed WHERE desk = ? AND cursor > ? ORDER BY cursor LIMIT ?",
        (desk, after, most_items),
    )
    through, size_bytes = after, 0
    for cursor, bundle_bytes in sizes:
        size_bytes += bundle_bytes
        if through > after and size_bytes > most_bytes:
            break
        through = cursor
    rows = await session.rows(
        "SELECT cursor, kind, vessel, vessels.name, at, number, priority, bearer, bundle, ref "
        "FROM feed JOIN vessels USING (vessel) WHERE feed.desk = ? AND cursor > ? AND cursor <= ? "
        "ORDER BY cursor",
        (desk, after, through),
    )
    return [
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
        for row in rows
    ]


async def _is_known(session: Session, desk: DeskId, cursor: int) -> bool:
    """Return whether this relay gave out a cursor, or all behind it is still here anyway."""
    row = await session.row(
        "SELECT taken_through, (SELECT count(*) FROM feed WHERE feed.desk = desks.desk AND cursor = ?) "
        "FROM desks WHERE desk = ?",
        (cursor, desk),
    )
    return row is not None and (cursor <= row[0] or row[1] > 0)


async def forget_taken(session: Session, desk: DeskId, through: int) -> Mapping[VesselId, int]:
    """Forget what a desk holds durably; return the bytes that this frees for each vessel."""
    if not await _is_known(session, desk, through):
        raise RequestRefused(
            f"The cursor {through} was never given out; ask for the feed again and take what it brings."
        )
    freed: dict[VesselId, int] = {}
    bundles: Counter[VesselId] = Counter()
    items = 0
    # What another request has taken away meanwhile is not among what comes back.
    for vessel, kind, size_bytes in await session.rows(
        "DELETE FROM feed WHERE desk = ? AND cursor <= ? RETURNING vessel, kind, length(bundle)",
        (desk, through),
    ):
        freed[VesselId(vessel)] = freed.get(VesselId(vessel), 0) + size_bytes
        bundles[VesselId(vessel)] += kind == ItemKind.BUNDLE.value
        items += 1
    await session.change_many(
        "UPDATE vessels SET bundles_handed_over = bundles_handed_over + ?, bundles_held = bundles_held - ?, "
        "held_bytes = held_bytes - ? WHERE vessel = ?",
        [(count, count, freed[vessel], vessel) for vessel, count in sorted(bundles.items()) if count],
    )
    # The desk's row comes last, as everywhere.
    await session.change(
        "UPDATE desks SET taken_through = greatest(taken_through, ?), items_waiting = items_waiting - ? "
        "WHERE desk = ?",
        (through, items, desk),
    )
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


async def queue_dispatch(session: Session, order: DispatchOrder) -> bool:
    """Queue a bundle under the vessel's next number; return False for a ref that was known."""
    vessel, dispatch = order.vessel, order.dispatch
    owned = await session.row(
        "SELECT 1 FROM vessels WHERE vessel = ? AND desk = ? FOR UPDATE", (vessel, order.desk)
    )
    if owned is None:
        raise UnknownVessel("This relay has no vessel of that id for this desk; check the id.")
    content_hash = hashlib.sha256(bytes([dispatch.priority]) + dispatch.bundle).digest()
    if await _ref_known(session, vessel, dispatch.ref, content_hash):
        return False
    await _check_room(session, vessel, len(dispatch.bundle), order.most_bytes)
    (number,) = await only_row(
        session,
        "UPDATE vessels SET next_number = next_number + 1 WHERE vessel = ? RETURNING next_number - 1",
        (vessel,),
    )
    assert number <= limits.BUNDLE_NUMBER_MAX
    await session.change(
        "INSERT INTO dispatches "
        "(vessel, ref, number, priority, bundle, content_hash, queued_at, from_operator) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            vessel,
            dispatch.ref,
            number,
            int(dispatch.priority),
            dispatch.bundle,
            content_hash,
            order.at,
            int(order.from_operator),
        ),
    )
    if order.keys is not None:
        await _learn(session, order.desk, order.keys, order.at)
    return True


async def _ref_known(session: Session, vessel: VesselId, ref: bytes, content_hash: bytes) -> bool:
    row = await session.row("SELECT content_hash FROM dispatches WHERE vessel = ? AND ref = ?", (vessel, ref))
    if row is not None and row[0] != content_hash:
        raise RefTaken("This ref came before with other content; dispatch new content under a new ref.")
    return row is not None


async def _check_room(session: Session, vessel: VesselId, size_bytes: int, most_bytes: int) -> None:
    (waiting_bytes,) = await only_row(
        session,
        "SELECT coalesce(sum(length(bundle)), 0) FROM dispatches WHERE vessel = ? AND settled = 0",
        (vessel,),
    )
    if waiting_bytes + size_bytes > most_bytes:
        raise QueueOverfull(
            f"{waiting_bytes} bytes wait for this vessel already and at most {most_bytes} may; "
            "dispatch this again when it has fetched some."
        )


async def _learn(session: Session, desk: DeskId, learned: LearnedKeys, at: UnixSeconds) -> None:
    newer = await session.change(
        "UPDATE desks SET keys_issued_at = ? WHERE desk = ? AND keys_issued_at < ?",
        (learned.issued_at, desk, learned.issued_at),
    )
    if newer:
        await add_keys(session, desk, learned.keys, at)
