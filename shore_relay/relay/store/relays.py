"""The SQL of relays that share a store: which of them live, and whose turn a piece of work is."""

from protocol.ids import UnixSeconds, VesselId
from shore_relay.relay.store.session import Session

_FORGOTTEN_S = 86_400
"""A relay that has been silent for so long never comes back under its old id."""


async def join(session: Session, relay: bytes, alive_until: UnixSeconds, *, alone: bool) -> None:
    """Note that a relay serves from now on; `alone`: every other one is known to be dead."""
    if alone:
        await session.change("DELETE FROM relays")
    await session.change(
        "INSERT INTO relays (relay, alive_until) VALUES (?, ?) "
        "ON CONFLICT (relay) DO UPDATE SET alive_until = excluded.alive_until",
        (relay, alive_until),
    )
    await session.change("DELETE FROM relays WHERE alive_until < ?", (alive_until - _FORGOTTEN_S,))


async def leave(session: Session, relay: bytes) -> None:
    """Note that a relay stops: what it held is anybody's."""
    await session.change("DELETE FROM relays WHERE relay = ?", (relay,))


async def claim(session: Session, vessel: VesselId, relay: bytes, at: UnixSeconds) -> bool:
    """Make a vessel's short messages this relay's work, unless a living one is at it or has the vessel.

    Two that ask at once never wait for each other: one of them is told no.
    """
    mine = await session.row(
        "SELECT a.vessel FROM sbd_accounts AS a JOIN guards AS g ON g.vessel = a.vessel WHERE a.vessel = ? "
        "AND (a.claimed_by IN (x'', ?) OR a.claimed_by NOT IN "
        "(SELECT relay FROM relays WHERE alive_until >= ?)) "
        "AND (g.holder IN (x'', ?) OR g.holder NOT IN (SELECT relay FROM relays WHERE alive_until >= ?)) "
        "FOR UPDATE OF a SKIP LOCKED",
        (vessel, relay, at, relay, at),
    )
    if mine is None:
        return False
    await session.change("UPDATE sbd_accounts SET claimed_by = ? WHERE vessel = ?", (relay, vessel))
    return True


async def release(session: Session, vessel: VesselId, relay: bytes) -> None:
    """Let others work on a vessel's short messages again."""
    await session.change(
        "UPDATE sbd_accounts SET claimed_by = x'' WHERE vessel = ? AND claimed_by = ?", (vessel, relay)
    )
