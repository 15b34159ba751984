"""The SQL of one vessel's link: its keys, what came in, what has to go out."""

from collections.abc import Iterable

from protocol import limits
from protocol.bundle import Introduction, Report
from protocol.deskfeed import ItemKind
from protocol.frames import Priority
from protocol.ids import DeskId, VesselId
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
from shore_relay.relay.errors import LinkTakenOver, VesselRevoked
from shore_relay.relay.store.link_locks import lock_links
from shore_relay.relay.store.new_item import NewItem
from shore_relay.relay.store.ranges import ranges_from_text, ranges_to_text
from shore_relay.relay.store.repository import LinkCommit, LinkState, QueuedBundle
from shore_relay.relay.store.sbd_queue import take_step
from shore_relay.relay.store.sbd_rows import SatelliteStep
from shore_relay.relay.store.session import Session, Value, only_row
from shore_relay.relay.store.taken_numbers import remember_taken

_WINDOW_BYTES = limits.REPLAY_WINDOW_PACKETS // 8
_GUARD_COLUMNS = (
    "secret",
    "previous_secret",
    "pending_secret",
    "generation",
    "confirmed",
    "counter_reserved",
    "window_highest",
    "window_seen",
    "previous_window_highest",
    "previous_window_seen",
)
_GUARD_SET = ", ".join(f"{name} = ?" for name in _GUARD_COLUMNS)
_NUMBERS_LEAPT = 10_000
"""SPEC §8.3: a store that was set back goes on far above what its later life may have given out."""


# --- loading ------------------------------------------------------------------------------------------------


async def load_link(session: Session, vessel: VesselId, relay: bytes, *, queued_max: int) -> LinkState | None:
    """Make a vessel's link this relay's and return its state, or None for one that was never added.

    Whoever had it before can commit nothing more: its epoch has passed. Raises `VesselRevoked`.
    """
    await _refuse_revoked(session, vessel)
    owned = await session.row(
        "UPDATE guards SET epoch = epoch + 1, holder = ? WHERE vessel = ? RETURNING epoch", (relay, vessel)
    )
    guard = await _load_guard(session, vessel)
    if owned is None or guard is None:
        return None
    session.epochs[vessel] = owned[0]
    state, rekey_key = guard
    taken = await session.rows(
        "SELECT start_number, end_number FROM taken_ranges WHERE vessel = ? ORDER BY start_number", (vessel,)
    )
    fragments = await session.rows(
        'SELECT number, total_bytes, priority, "offset", data FROM fragments WHERE vessel = ? '
        'ORDER BY number, "offset"',
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
    queued = await load_queued(session, vessel, most=queued_max)
    return LinkState(
        snapshot=snapshot, queued=queued, held_bytes=await held_bytes(session, vessel), epoch=owned[0]
    )


async def read_guard(session: Session, vessel: VesselId) -> GuardState | None:
    """Return a link's keys, counters and windows, and leave it to whose it is. Raises `VesselRevoked`."""
    await _refuse_revoked(session, vessel)
    found = await _load_guard(session, vessel)
    return None if found is None else found[0]


async def _refuse_revoked(session: Session, vessel: VesselId) -> None:
    revoked = await session.row("SELECT revoked_at FROM vessels WHERE vessel = ?", (vessel,))
    if revoked is not None and revoked[0]:
        raise VesselRevoked("the operator has ended this vessel's link")


async def read_epoch(session: Session, vessel: VesselId) -> int | None:
    """Return how often engines were built from a link's state, or None."""
    row = await session.row("SELECT epoch FROM guards WHERE vessel = ?", (vessel,))
    return None if row is None else int(row[0])


async def _load_guard(session: Session, vessel: VesselId) -> tuple[GuardState, bytes] | None:
    row = await session.row(
        f"SELECT {', '.join(_GUARD_COLUMNS)}, rekey_key "  # noqa: S608  # Our own columns.
        "FROM guards JOIN vessels USING (vessel) WHERE vessel = ?",
        (vessel,),
    )
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


async def load_queued(session: Session, vessel: VesselId, *, most: int) -> tuple[QueuedBundle, ...]:
    """Return the first bundles that wait for a vessel, by priority and number."""
    rows = await session.rows(
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


async def held_bytes(session: Session, vessel: VesselId) -> int:
    """Return how many sealed bytes of a vessel wait for desks."""
    (size_bytes,) = await only_row(
        session, "SELECT coalesce(max(held_bytes), 0) FROM vessels WHERE vessel = ?", (vessel,)
    )
    return int(size_bytes)


# --- committing ---------------------------------------------------------------------------------------------


async def commit_link(session: Session, commit: LinkCommit) -> set[DeskId]:
    """Store what one step of an engine changed; return the desks that have something new.

    Raises `LinkTakenOver` where another engine was built meanwhile; then nothing is changed.
    """
    await _keep_hold(session, commit)
    if commit.key_ids is not None:
        save_key_ids(session, commit.vessel, commit.key_ids)
    if commit.rekeyed:
        session.later(
            commit.vessel,
            "UPDATE vessels SET next_number = next_number + ? WHERE vessel = ?",
            (_NUMBERS_LEAPT, commit.vessel),
        )
    desks: set[DeskId] = set()
    for change in commit.changes:
        match change:
            case FragmentHeld():
                _hold(session, commit.vessel, change)
            case FragmentsDropped(number=number):
                _drop_fragments(session, commit.vessel, number)
            case BundleTaken():
                desks.add(await _take(session, commit, change))
            case OutgoingBegun(number=number):
                session.later(
                    commit.vessel,
                    "UPDATE dispatches SET begun = 1 WHERE vessel = ? AND number = ?",
                    (commit.vessel, number),
                )
            case OutgoingAcked(number=number, ranges=ranges):
                session.later(
                    commit.vessel,
                    "UPDATE dispatches SET acked = ? WHERE vessel = ? AND number = ?",
                    (ranges_to_text(ranges), commit.vessel, number),
                )
            case OutgoingSettled(number=number):
                desks |= await _settle(session, commit, number)
            case GuardChanged():
                pass
    numbers = sorted(change.number for change in commit.changes if isinstance(change, BundleTaken))
    await remember_taken(session, commit.vessel, numbers)
    await take_step(session, commit.vessel, commit.satellite or SatelliteStep(), commit.at)
    _count(session, commit)
    return desks


async def _keep_hold(session: Session, commit: LinkCommit) -> None:
    """Lock the link's row, and store its guard where that changed, if it is still this engine's."""
    if session.epochs.get(commit.vessel) is None:
        await lock_links(session, [commit.vessel])
    if session.epochs.get(commit.vessel) != commit.epoch:
        raise LinkTakenOver("Another relay, or a newer engine, goes on with this vessel's link.")
    # Each guard is the whole state, so the last one says all.
    guards = [change.state for change in commit.changes if isinstance(change, GuardChanged)]
    if guards:
        session.later(
            commit.vessel,
            f"UPDATE guards SET {_GUARD_SET} WHERE vessel = ?",  # noqa: S608  # Our own columns.
            (*_guard_values(guards[-1]), commit.vessel),
        )
    if commit.releases:
        session.later(commit.vessel, "UPDATE guards SET holder = x'' WHERE vessel = ?", (commit.vessel,))


async def save_guard(session: Session, vessel: VesselId, state: GuardState) -> None:
    """Store a link's keys, counters and replay windows, whoever has it."""
    columns = ", ".join(_GUARD_COLUMNS)
    holes = ", ".join("?" * len(_GUARD_COLUMNS))
    renewed = ", ".join(f"{name} = excluded.{name}" for name in _GUARD_COLUMNS)
    await session.change(
        f"INSERT INTO guards (vessel, {columns}) VALUES (?, {holes}) "  # noqa: S608  # Our own columns.
        f"ON CONFLICT (vessel) DO UPDATE SET {renewed}",
        (vessel, *_guard_values(state)),
    )


def _guard_values(state: GuardState) -> tuple[Value, ...]:
    return (
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
    )


def save_key_ids(session: Session, vessel: VesselId, key_ids: Iterable[bytes]) -> None:
    """Store under which key ids a vessel may come from now on."""
    session.later(vessel, "DELETE FROM link_keys WHERE vessel = ?", (vessel,))
    for key_id in key_ids:
        session.later(
            vessel,
            "INSERT INTO link_keys (key_id, vessel) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (key_id, vessel),
        )


def _hold(session: Session, vessel: VesselId, piece: FragmentHeld) -> None:
    # A second piece from the same offset is longer: the engine records only pieces that bring new bytes.
    session.later(
        vessel,
        'INSERT INTO fragments (vessel, number, "offset", total_bytes, priority, data) '
        'VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (vessel, number, "offset") DO UPDATE SET '
        "total_bytes = excluded.total_bytes, priority = excluded.priority, data = excluded.data",
        (vessel, piece.number, piece.offset, piece.total_bytes, int(piece.priority), piece.data),
    )


def _drop_fragments(session: Session, vessel: VesselId, number: int) -> None:
    session.later(vessel, "DELETE FROM fragments WHERE vessel = ? AND number = ?", (vessel, number))


async def _take(session: Session, commit: LinkCommit, taken: BundleTaken) -> DeskId:
    vessel, number = commit.vessel, taken.number
    _drop_fragments(session, vessel, number)
    assert isinstance(taken.bundle, Report | Introduction)
    desk = await _desk_of(session, vessel, taken.bundle)
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
    session.items.append(item)
    return desk


async def _desk_of(session: Session, vessel: VesselId, bundle: Report | Introduction) -> DeskId:
    """Return whose bundle this is: an introduction goes to the vessel's own desk, a report by its key.

    A vessel's own desk goes first, should another have made a key with the same short id.
    """
    if isinstance(bundle, Introduction):
        (owner,) = await only_row(session, "SELECT desk FROM vessels WHERE vessel = ?", (vessel,))
        return DeskId(owner)
    if bundle.desk_key in session.desk_of_key:
        return session.desk_of_key[bundle.desk_key]
    rows = await session.rows(
        # One that was ended a moment ago, behind this relay's last look, still gets what was admitted for it.
        "SELECT desk FROM desk_keys JOIN desks USING (desk) WHERE key_id = ? ORDER BY ended_at > 0, "
        "desk = (SELECT desk FROM vessels WHERE vessel = ?) DESC, desk_keys.added_at, desk",
        (bundle.desk_key, vessel),
    )
    assert rows, "only bundles of known desks are admitted, and no desk is ever forgotten"
    desk = DeskId(rows[0][0])
    if len(rows) == 1:
        session.desk_of_key[bundle.desk_key] = desk
    return desk


async def _settle(session: Session, commit: LinkCommit, number: int) -> set[DeskId]:
    row = await session.row(
        "UPDATE dispatches SET settled = 1, bundle = x'', acked = '' "
        "WHERE vessel = ? AND number = ? AND settled = 0 RETURNING ref, priority, from_operator",
        (commit.vessel, number),
    )
    if row is None or row[2]:
        return set()
    (owner,) = await only_row(session, "SELECT desk FROM vessels WHERE vessel = ?", (commit.vessel,))
    item = NewItem(
        desk=DeskId(owner),
        kind=ItemKind.DELIVERED,
        vessel=commit.vessel,
        at=commit.at,
        number=number,
        priority=Priority(row[1]),
        bearer=commit.bearer,
        ref=row[0],
    )
    session.items.append(item)
    return {DeskId(owner)}


async def renumber(session: Session, vessel: VesselId, number: int, *, above: int) -> None:
    """Give a waiting bundle the next number above `above`, as if it had never been sent."""
    (fresh,) = await only_row(
        session,
        "UPDATE vessels SET next_number = greatest(next_number, ?) + 1 WHERE vessel = ? "
        "RETURNING next_number - 1",
        (above + 1, vessel),
    )
    await session.change(
        "UPDATE dispatches SET number = ?, begun = 0, acked = '' "
        "WHERE vessel = ? AND number = ? AND settled = 0",
        (fresh, vessel, number),
    )


def _count(session: Session, commit: LinkCommit) -> None:
    for bearer, traffic in commit.traffic.items():
        session.later(
            commit.vessel,
            "INSERT INTO traffic (vessel, bearer, bytes_up, bytes_down) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (vessel, bearer) DO UPDATE SET bytes_up = traffic.bytes_up + excluded.bytes_up, "
            "bytes_down = traffic.bytes_down + excluded.bytes_down",
            (commit.vessel, bearer, traffic.bytes_up, traffic.bytes_down),
        )
    heard = any(traffic.bytes_up for traffic in commit.traffic.values())
    sizes = [len(change.data) for change in commit.changes if isinstance(change, BundleTaken)]
    if heard or sizes or commit.duplicate_bytes:
        session.later(
            commit.vessel,
            "UPDATE vessels SET last_contact_at = greatest(last_contact_at, ?), "
            "last_bearer = coalesce(?, last_bearer), bundles_taken = bundles_taken + ?, "
            "bundles_held = bundles_held + ?, held_bytes = held_bytes + ?, "
            "duplicate_bytes = duplicate_bytes + ? WHERE vessel = ?",
            (
                commit.at if heard else 0,
                commit.bearer if heard else None,
                len(sizes),
                len(sizes),
                sum(sizes),
                commit.duplicate_bytes,
                commit.vessel,
            ),
        )
