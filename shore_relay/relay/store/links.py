"""The SQL of one vessel's link: its keys, what came in, what has to go out."""

from collections.abc import Iterable

import aiosqlite

from protocol import limits
from protocol.bundle import Introduction, Report
from protocol.deskfeed import ItemKind
from protocol.frames import Priority
from protocol.ids import DeskId, UnixSeconds, VesselId
from protocol.journal import (
    BundleTaken,
    FragmentHeld,
    FragmentsDropped,
    GuardChanged,
    HeldFragment,
    OutgoingAcked,
    OutgoingBegun,
    OutgoingSettled,
    Snapshot,
)
from protocol.linkguard import GuardState, ReplayWindow
from shore_relay.relay.store.feed import NewItem, add_item
from shore_relay.relay.store.ranges import ranges_from_text, ranges_to_text
from shore_relay.relay.store.repository import LinkCommit, LinkState, QueuedBundle
from shore_relay.relay.store.sbd_queue import take_step
from shore_relay.relay.store.sbd_rows import SatelliteStep

_WINDOW_BYTES = limits.REPLAY_WINDOW_PACKETS // 8
_NUMBERS_LEAPT = 10_000
"""SPEC §8.3: a store that was set back goes on far above what its later life may have given out."""


# --- loading ------------------------------------------------------------------------------------------------


async def load_link(
    connection: aiosqlite.Connection, vessel: VesselId, *, queued_max: int
) -> LinkState | None:
    """Return a vessel's state, or None for one that was never added."""
    guard = await _load_guard(connection, vessel)
    if guard is None:
        return None
    state, rekey_key = guard
    taken = await connection.execute_fetchall(
        "SELECT start_number, end_number FROM taken_ranges WHERE vessel = ? ORDER BY start_number", (vessel,)
    )
    fragments = await connection.execute_fetchall(
        "SELECT number, total_bytes, priority, offset, data FROM fragments WHERE vessel = ? "
        "ORDER BY number, offset",
        (vessel,),
    )
    snapshot = Snapshot(
        guard=state,
        rekey_key=rekey_key,
        taken=tuple((start, end) for start, end in taken),
        fragments=tuple(
            HeldFragment(
                number=number, total_bytes=total, priority=Priority(priority), offset=offset, data=data
            )
            for number, total, priority, offset, data in fragments
        ),
    )
    queued = await load_queued(connection, vessel, most=queued_max)
    return LinkState(snapshot=snapshot, queued=queued, held_bytes=await _held_bytes(connection, vessel))


async def _load_guard(connection: aiosqlite.Connection, vessel: VesselId) -> tuple[GuardState, bytes] | None:
    async with connection.execute(
        "SELECT secret, previous_secret, pending_secret, generation, confirmed, counter_reserved, "
        "window_highest, window_seen, previous_window_highest, previous_window_seen, rekey_key "
        "FROM guards JOIN vessels USING (vessel) WHERE vessel = ?",
        (vessel,),
    ) as cursor:
        row = await cursor.fetchone()
    if row is None:
        return None
    state = GuardState(
        secret=row[0],
        previous_secret=row[1],
        pending_secret=row[2],
        generation=row[3],
        confirmed=bool(row[4]),
        counter_reserved=row[5],
        window=ReplayWindow(highest=row[6], seen=int.from_bytes(row[7])),
        previous_window=ReplayWindow(highest=row[8], seen=int.from_bytes(row[9])),
    )
    return state, row[10]


async def load_queued(
    connection: aiosqlite.Connection, vessel: VesselId, *, most: int
) -> tuple[QueuedBundle, ...]:
    """Return the first bundles that wait for a vessel, by priority and number."""
    rows = await connection.execute_fetchall(
        "SELECT number, priority, bundle, begun, acked FROM dispatches "
        "WHERE vessel = ? AND settled = 0 ORDER BY priority, number LIMIT ?",
        (vessel, most),
    )
    return tuple(
        QueuedBundle(
            number=number,
            priority=Priority(priority),
            data=data,
            begun=bool(begun),
            acked=ranges_from_text(acked),
        )
        for number, priority, data, begun, acked in rows
    )


async def _held_bytes(connection: aiosqlite.Connection, vessel: VesselId) -> int:
    async with connection.execute(
        "SELECT coalesce(sum(length(bundle)), 0) FROM feed WHERE vessel = ?", (vessel,)
    ) as cursor:
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


# --- committing ---------------------------------------------------------------------------------------------


async def commit_link(connection: aiosqlite.Connection, commit: LinkCommit) -> set[DeskId]:
    """Store what one step of an engine changed; return the desks that have something new."""
    # Each guard is the whole state, so the last one says all.
    guards = [change.state for change in commit.changes if isinstance(change, GuardChanged)]
    if guards:
        await save_guard(connection, commit.vessel, guards[-1])
    if commit.key_ids is not None:
        await save_key_ids(connection, commit.vessel, commit.key_ids)
    if commit.rekeyed:
        await connection.execute(
            "UPDATE vessels SET next_number = next_number + ? WHERE vessel = ?",
            (_NUMBERS_LEAPT, commit.vessel),
        )
    desks: set[DeskId] = set()
    for change in commit.changes:
        match change:
            case FragmentHeld():
                await _hold(connection, commit.vessel, change)
            case FragmentsDropped(number=number):
                await _drop_fragments(connection, commit.vessel, number)
            case BundleTaken():
                desks.add(await _take(connection, commit, change))
            case OutgoingBegun(number=number):
                await connection.execute(
                    "UPDATE dispatches SET begun = 1 WHERE vessel = ? AND number = ?", (commit.vessel, number)
                )
            case OutgoingAcked(number=number, ranges=ranges):
                await connection.execute(
                    "UPDATE dispatches SET acked = ? WHERE vessel = ? AND number = ?",
                    (ranges_to_text(ranges), commit.vessel, number),
                )
            case OutgoingSettled(number=number):
                desks |= await _settle(connection, commit, number)
            case GuardChanged():
                pass
    await take_step(connection, commit.vessel, commit.satellite or SatelliteStep(), commit.at)
    await _count(connection, commit)
    return desks


async def save_guard(connection: aiosqlite.Connection, vessel: VesselId, state: GuardState) -> None:
    """Store a link's keys, counters and replay windows."""
    await connection.execute(
        "INSERT OR REPLACE INTO guards (vessel, secret, previous_secret, pending_secret, generation, "
        "confirmed, counter_reserved, window_highest, window_seen, previous_window_highest, "
        "previous_window_seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            vessel,
            state.secret,
            state.previous_secret,
            state.pending_secret,
            state.generation,
            int(state.confirmed),
            state.counter_reserved,
            state.window.highest,
            state.window.seen.to_bytes(_WINDOW_BYTES),
            state.previous_window.highest,
            state.previous_window.seen.to_bytes(_WINDOW_BYTES),
        ),
    )


async def save_key_ids(connection: aiosqlite.Connection, vessel: VesselId, key_ids: Iterable[bytes]) -> None:
    """Store under which key ids a vessel may come from now on."""
    await connection.execute("DELETE FROM link_keys WHERE vessel = ?", (vessel,))
    await connection.executemany(
        "INSERT OR IGNORE INTO link_keys (key_id, vessel) VALUES (?, ?)",
        [(key_id, vessel) for key_id in key_ids],
    )


async def _hold(connection: aiosqlite.Connection, vessel: VesselId, piece: FragmentHeld) -> None:
    # A second piece from the same offset is longer: the engine records only pieces that bring new bytes.
    await connection.execute(
        "INSERT OR REPLACE INTO fragments (vessel, number, offset, total_bytes, priority, data) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (vessel, piece.number, piece.offset, piece.total_bytes, int(piece.priority), piece.data),
    )


async def _drop_fragments(connection: aiosqlite.Connection, vessel: VesselId, number: int) -> None:
    await connection.execute("DELETE FROM fragments WHERE vessel = ? AND number = ?", (vessel, number))


async def _take(connection: aiosqlite.Connection, commit: LinkCommit, taken: BundleTaken) -> DeskId:
    vessel, number = commit.vessel, taken.number
    await _drop_fragments(connection, vessel, number)
    await _remember_number(connection, vessel, number)
    await connection.execute(
        "UPDATE vessels SET bundles_taken = bundles_taken + 1 WHERE vessel = ?", (vessel,)
    )
    assert isinstance(taken.bundle, Report | Introduction)
    desk = await _desk_of(connection, vessel, taken.bundle)
    item = NewItem(
        desk=desk,
        kind=ItemKind.BUNDLE,
        vessel=vessel,
        at=commit.at,
        number=number,
        priority=taken.priority,
        bearer=commit.bearer,
        bundle=taken.data,
    )
    await add_item(connection, item)
    return desk


async def _desk_of(
    connection: aiosqlite.Connection, vessel: VesselId, bundle: Report | Introduction
) -> DeskId:
    """Return whose bundle this is: an introduction goes to the vessel's own desk, a report by its key.

    A vessel's own desk goes first, should another have made a key with the same short id.
    """
    key_id = bundle.desk_key if isinstance(bundle, Report) else None
    query = (
        "SELECT desk FROM vessels WHERE vessel = ?1 AND ?2 IS NULL UNION ALL "
        "SELECT desk FROM (SELECT desk FROM desk_keys JOIN desks USING (desk) "
        "WHERE key_id = ?2 AND ended_at = 0 "
        "ORDER BY desk = (SELECT desk FROM vessels WHERE vessel = ?1) DESC, desk_keys.added_at, desk LIMIT 1)"
    )
    async with connection.execute(query, (vessel, key_id)) as cursor:
        row = await cursor.fetchone()
    assert row is not None, "only bundles of known desks are admitted, and no desk is ever forgotten"
    return DeskId(row[0])


async def _remember_number(connection: aiosqlite.Connection, vessel: VesselId, number: int) -> None:
    start, end = number, number + 1
    touching = await connection.execute_fetchall(
        "SELECT start_number, end_number FROM taken_ranges "
        "WHERE vessel = ? AND start_number <= ? AND end_number >= ?",
        (vessel, end, start),
    )
    for held_start, held_end in touching:
        start, end = min(start, held_start), max(end, held_end)
        await connection.execute(
            "DELETE FROM taken_ranges WHERE vessel = ? AND start_number = ?", (vessel, held_start)
        )
    await connection.execute(
        "INSERT INTO taken_ranges (vessel, start_number, end_number) VALUES (?, ?, ?)", (vessel, start, end)
    )


async def _settle(connection: aiosqlite.Connection, commit: LinkCommit, number: int) -> set[DeskId]:
    async with connection.execute(
        "UPDATE dispatches SET settled = 1, bundle = x'', acked = '' "
        "WHERE vessel = ? AND number = ? AND settled = 0 RETURNING ref, priority, from_operator",
        (commit.vessel, number),
    ) as cursor:
        row = await cursor.fetchone()
    if row is None or row[2]:
        return set()
    async with connection.execute("SELECT desk FROM vessels WHERE vessel = ?", (commit.vessel,)) as cursor:
        owner = await cursor.fetchone()
    assert owner is not None
    item = NewItem(
        desk=DeskId(owner[0]),
        kind=ItemKind.DELIVERED,
        vessel=commit.vessel,
        at=commit.at,
        number=number,
        priority=Priority(row[1]),
        bearer=commit.bearer,
        ref=row[0],
    )
    await add_item(connection, item)
    return {DeskId(owner[0])}


async def renumber(connection: aiosqlite.Connection, vessel: VesselId, number: int, *, above: int) -> None:
    """Give a waiting bundle the next number above `above`, as if it had never been sent."""
    async with connection.execute(
        "UPDATE vessels SET next_number = max(next_number, ?) + 1 WHERE vessel = ? RETURNING next_number - 1",
        (above + 1, vessel),
    ) as cursor:
        row = await cursor.fetchone()
    assert row is not None
    await connection.execute(
        "UPDATE dispatches SET number = ?, begun = 0, acked = '' "
        "WHERE vessel = ? AND number = ? AND settled = 0",
        (row[0], vessel, number),
    )


async def _count(connection: aiosqlite.Connection, commit: LinkCommit) -> None:
    for bearer, traffic in commit.traffic.items():
        await connection.execute(
            "INSERT INTO traffic (vessel, bearer, bytes_up, bytes_down) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (vessel, bearer) DO UPDATE SET bytes_up = bytes_up + excluded.bytes_up, "
            "bytes_down = bytes_down + excluded.bytes_down",
            (commit.vessel, bearer, traffic.bytes_up, traffic.bytes_down),
        )
    heard = any(traffic.bytes_up for traffic in commit.traffic.values())
    if heard or commit.duplicate_bytes:
        await _note_contact(connection, commit, commit.at if heard else UnixSeconds(0))


async def _note_contact(connection: aiosqlite.Connection, commit: LinkCommit, at: UnixSeconds) -> None:
    await connection.execute(
        "UPDATE vessels SET last_contact_at = max(last_contact_at, ?), "
        "last_bearer = CASE WHEN ? > 0 THEN ? ELSE last_bearer END, "
        "duplicate_bytes = duplicate_bytes + ? WHERE vessel = ?",
        (at, at, commit.bearer, commit.duplicate_bytes, commit.vessel),
    )
