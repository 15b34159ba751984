"""The SQL that only looks: gaps in the numbers, how long desks have left things lying, who was added when."""

from dataclasses import dataclass

from protocol.ids import DeskId, UnixSeconds, VesselId
from shore_relay.relay.store.session import Session, only_row
from shore_relay.relay.store.sql_store import SqlStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What an operator watches beside the status; counts and times only."""

    ordinals: dict[VesselId, int]
    """Vessels counted from 1 in the order in which they were added: a name for them that tells nothing."""
    missing: dict[VesselId, int]
    """Numbers below the highest that came and that have not come themselves: on their way, or withheld."""
    waiting_since: dict[DeskId, UnixSeconds]
    """When the oldest thing came that a desk has not taken; no entry where nothing waits."""
    newest_at: UnixSeconds
    """The latest time that anything in the store tells: no right clock is behind it."""
    unheard_since: dict[VesselId, UnixSeconds]
    """When a vessel was added that has never been heard."""


class WatchStore:
    """Reads what an operator watches."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    async def watched(self) -> Watched:
        """Return all of it; raises `StoreFailed`."""
        async with self._store.reading() as reading:
            return Watched(
                ordinals=await _ordinals(reading),
                missing=await _missing(reading),
                waiting_since=await _waiting_since(reading),
                newest_at=await _newest_at(reading),
                unheard_since=await _unheard_since(reading),
            )


async def _ordinals(session: Session) -> dict[VesselId, int]:
    rows = await session.rows("SELECT vessel FROM vessels ORDER BY added_at, vessel")
    return {VesselId(row[0]): at for at, row in enumerate(rows, start=1)}


async def _missing(session: Session) -> dict[VesselId, int]:
    # A box counts its bundles from 1, and a range ends behind its last number.
    rows = await session.rows(
        "SELECT vessel, max(end_number) - 1 - sum(end_number - start_number) FROM taken_ranges "
        "WHERE end_number > 1 GROUP BY vessel"
    )
    return {VesselId(vessel): max(0, int(missing)) for vessel, missing in rows}


async def _waiting_since(session: Session) -> dict[DeskId, UnixSeconds]:
    # The first in line has waited longest: looking at all the others would cost ever more.
    rows = await session.rows(
        "SELECT desk, (SELECT at FROM feed WHERE feed.desk = desks.desk ORDER BY cursor LIMIT 1) FROM desks "
        "WHERE items_waiting > 0"
    )
    return {DeskId(desk): UnixSeconds(int(at)) for desk, at in rows if at is not None}


async def _newest_at(session: Session) -> UnixSeconds:
    (newest,) = await only_row(
        session,
        "SELECT max(newest) FROM (SELECT max(last_contact_at) AS newest FROM vessels "
        "UNION ALL SELECT max(added_at) FROM desks UNION ALL SELECT max(created_at) FROM relay) AS times",
    )
    return UnixSeconds(int(newest or 0))


async def _unheard_since(session: Session) -> dict[VesselId, UnixSeconds]:
    rows = await session.rows(
        "SELECT vessel, added_at FROM vessels WHERE last_contact_at = 0 AND revoked_at = 0"
    )
    return {VesselId(vessel): UnixSeconds(int(at)) for vessel, at in rows}
