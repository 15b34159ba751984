"""The SQL of the packets that wait for one vessel's modem: which of them are still worth having."""

from collections.abc import Iterable

from protocol.fragment import RangeSet
from protocol.ids import UnixSeconds, VesselId
from shore_relay.relay.store.ranges import ranges_from_text
from shore_relay.relay.store.sbd_rows import CarriedPiece, NewMessage, Outcome, SatelliteStep
from shore_relay.relay.store.session import Session

_REPETITIONS_KNOWN_S = 30 * 86_400
"""Gateways repeat within hours; what comes later than this is opened again and refused as a replay."""

_SESSIONS_MAX = 3
"""A modem fetches one message in a session and the box confirms it in the next; a third that brings no
confirmation says that it was lost."""


async def take_step(session: Session, vessel: VesselId, step: SatelliteStep, at: UnixSeconds) -> None:
    """Store what a step of the vessel's engine means for its messages, in the transaction of that step."""
    if step.finished is not None and step.outcome is not None:
        await finish(session, step.finished.id, vessel, step.outcome)
    await _add_messages(session, vessel, step.composed, at)


async def finish(session: Session, message_id: int, vessel: VesselId | None, outcome: Outcome) -> None:
    """Note that a message up was worked off; `vessel` is None where its modem was taken away meanwhile."""
    await session.change("UPDATE sbd_inbound SET done = 1, data = x'' WHERE id = ?", (message_id,))
    await session.change(
        "DELETE FROM sbd_inbound WHERE done = 1 AND received_at < ?", (outcome.at - _REPETITIONS_KNOWN_S,)
    )
    if vessel is None:
        return
    await _note_session(session, vessel)
    if outcome.authentic:
        await _forget_rekeys(session, vessel)
    if outcome.owes_answer:
        await session.change(
            "UPDATE sbd_accounts SET owed_urgently = greatest(owed_urgently, ?), "
            "owed_since = CASE owed_since WHEN 0 THEN ? ELSE owed_since END WHERE vessel = ?",
            (int(outcome.urgent), outcome.at, vessel),
        )


async def _add_messages(
    session: Session, vessel: VesselId, messages: Iterable[NewMessage], at: UnixSeconds
) -> None:
    """Queue packets, which say all that is owed."""
    rows = [
        (vessel, message.packet, message.key_id, _pieces_to_text(message.pieces), int(message.flush), at)
        for message in messages
    ]
    if not rows:
        return
    # One that no gateway has yet need not go at all where a fresh one says the same.
    await session.change(
        "DELETE FROM sbd_outbound WHERE vessel = ? AND state = 'waiting' AND pieces = '' AND key_id <> x''",
        (vessel,),
    )
    await session.change_many(
        "INSERT INTO sbd_outbound (vessel, packet, key_id, pieces, flush, composed_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )
    await session.change(
        "UPDATE sbd_accounts SET owed_since = 0, owed_urgently = 0 WHERE vessel = ?", (vessel,)
    )


async def _note_session(session: Session, vessel: VesselId) -> None:
    """Note that the modem had a session, in which it fetched the oldest message that waited for it."""
    await session.change(
        "UPDATE sbd_outbound SET sessions = sessions + 1 WHERE vessel = ? AND state IN ('queued', 'stale') "
        "AND (sessions > 0 OR id = (SELECT min(id) FROM sbd_outbound WHERE vessel = ? "
        "AND state IN ('queued', 'stale') AND sessions = 0))",
        (vessel, vessel),
    )


async def _forget_rekeys(session: Session, vessel: VesselId) -> None:
    """The vessel's keys meet ours: no answer to a rekey is needed any more."""
    await session.change(
        "DELETE FROM sbd_outbound WHERE vessel = ? AND key_id = x'' AND state <> 'queued'", (vessel,)
    )
    await session.change(
        "UPDATE sbd_outbound SET state = 'stale' WHERE vessel = ? AND key_id = x''", (vessel,)
    )


async def tidy(session: Session, vessel: VesselId, oldest: UnixSeconds) -> None:
    """Let go of packets that nobody needs, and send those again that were lost.

    What was handed over before `oldest` is no longer at the gateway.
    """
    # A stale one that was fetched, or that the gateway has dropped, is gone.
    await session.change(
        "DELETE FROM sbd_outbound WHERE vessel = ? AND state = 'stale' AND (sessions > 0 OR posted_at < ?)",
        (vessel, oldest),
    )
    rows = await session.rows(
        # The answer to a rekey is needed until the vessel uses the new keys, over whatever bearer.
        "SELECT id, pieces, state, sessions, posted_at, CASE key_id "
        "WHEN x'' THEN vessel IN (SELECT vessel FROM guards WHERE pending_secret IS NOT NULL) "
        "ELSE EXISTS (SELECT 1 FROM link_keys AS k WHERE k.vessel = o.vessel AND k.key_id = o.key_id) END "
        "FROM sbd_outbound AS o WHERE vessel = ? AND state <> 'stale'",
        (vessel,),
    )
    for message, pieces, state, sessions, posted_at, readable in rows:
        lost = state == "queued" and (sessions >= _SESSIONS_MAX or posted_at < oldest)
        needed = readable and (not pieces or await _undelivered(session, vessel, carried(pieces)))
        if needed and not lost:
            continue
        if needed and pieces:
            await session.change(
                "UPDATE sbd_outbound SET state = 'waiting', sessions = 0 WHERE id = ?", (message,)
            )
        elif state == "queued" and sessions == 0 and not lost:
            await session.change("UPDATE sbd_outbound SET state = 'stale' WHERE id = ?", (message,))
        else:
            await session.change("DELETE FROM sbd_outbound WHERE id = ?", (message,))


async def _undelivered(session: Session, vessel: VesselId, pieces: Iterable[CarriedPiece]) -> bool:
    for piece in pieces:
        for (acked,) in await session.rows(
            "SELECT acked FROM dispatches WHERE vessel = ? AND number = ? AND settled = 0",
            (vessel, piece.number),
        ):
            held = RangeSet(ranges_from_text(acked))
            if not held.covers(piece.start, piece.end):
                return True
    return False


def carried(text: str) -> tuple[CarriedPiece, ...]:
    """Return what a stored packet carries."""
    pieces = []
    for one in text.split(",") if text else ():
        number, _, ends = one.partition(":")
        start, _, end = ends.partition("-")
        pieces.append(CarriedPiece(number=int(number), start=int(start), end=int(end)))
    return tuple(pieces)


def _pieces_to_text(pieces: Iterable[CarriedPiece]) -> str:
    return ",".join(f"{piece.number}:{piece.start}-{piece.end}" for piece in pieces)
