"""The SQL of what an operator may see: ids, names, counts and times, never content."""

from collections import defaultdict

from protocol.ids import DeskId, UnixSeconds, VesselId
from shore_relay.relay.store.repository import DeskStatus, RelayStatus, Traffic, VesselStatus
from shore_relay.relay.store.sbd_rows import Alarm, Position, SbdStatus
from shore_relay.relay.store.session import Session


async def read_status(session: Session) -> RelayStatus:
    """Return all vessels and desks, and the counters of refusals."""
    refusals = await session.rows("SELECT code, count FROM refusals ORDER BY code")
    return RelayStatus(
        vessels=await _vessels(session),
        desks=await _desks(session),
        refusals={code: count for code, count in refusals},  # noqa: C416  # Rows are no pairs to mypy.
        alarms=await _alarms(session),
    )


async def _vessels(session: Session) -> tuple[VesselStatus, ...]:
    traffic: dict[bytes, dict[str, Traffic]] = defaultdict(dict)
    for vessel, bearer, up, down in await session.rows(
        "SELECT vessel, bearer, bytes_up, bytes_down FROM traffic ORDER BY bearer"
    ):
        traffic[vessel][bearer] = Traffic(bytes_up=up, bytes_down=down)
    messages = await _messages(session)
    rows = await session.rows(
        "SELECT vessel, vessels.name, desks.name, last_contact_at, last_bearer, bundles_taken, "
        "bundles_held, held_bytes, bundles_handed_over, "
        "(SELECT count(*) FROM dispatches WHERE dispatches.vessel = vessels.vessel AND settled = 0), "
        "(SELECT count(*) FROM dispatches WHERE dispatches.vessel = vessels.vessel AND settled = 1), "
        "duplicate_bytes, revoked_at FROM vessels JOIN desks USING (desk) ORDER BY vessels.name"
    )
    return tuple(
        VesselStatus(
            vessel=VesselId(row[0]),
            name=row[1],
            desk_name=row[2],
            last_contact_at=UnixSeconds(row[3]),
            last_bearer=row[4],
            bundles_taken=row[5],
            bundles_held=row[6],
            held_bytes=row[7],
            bundles_handed_over=row[8],
            bundles_queued=row[9],
            bundles_delivered=row[10],
            duplicate_bytes=row[11],
            revoked_at=UnixSeconds(row[12]),
            traffic=traffic.get(row[0], {}),
            sbd=messages.get(row[0]),
        )
        for row in rows
    )


async def _desks(session: Session) -> tuple[DeskStatus, ...]:
    rows = await session.rows(
        "SELECT desk, name, (SELECT count(*) FROM desk_keys WHERE desk_keys.desk = desks.desk), last_cursor, "
        "taken_through, items_waiting, ended_at "
        "FROM desks ORDER BY name"
    )
    return tuple(
        DeskStatus(
            desk=DeskId(row[0]),
            name=row[1],
            keys=row[2],
            last_cursor=row[3],
            taken_through=row[4],
            items_waiting=row[5],
            revoked_at=UnixSeconds(row[6]),
        )
        for row in rows
    )


async def _messages(session: Session) -> dict[bytes, SbdStatus]:
    rows = await session.rows(
        "SELECT vessel, coalesce(imei, ''), coalesce(via, ''), messages_up, credits_up, messages_down, "
        "credits_down, coalesce(waiting, 0), coalesce(at_gateway, 0), coalesce(refused, 0), "
        "latitude, longitude, radius_km, coalesce(at, 0) FROM sbd_accounts "
        "LEFT JOIN sbd_modems USING (vessel) LEFT JOIN sbd_positions USING (vessel) "
        "LEFT JOIN (SELECT vessel, count(*) FILTER (WHERE state = 'waiting') AS waiting, "
        "count(*) FILTER (WHERE state = 'refused') AS refused, "
        "count(*) FILTER (WHERE state IN ('queued', 'stale')) AS at_gateway "
        "FROM sbd_outbound GROUP BY vessel) AS counted USING (vessel)"
    )
    return {
        row[0]: SbdStatus(
            imei=row[1],
            via=row[2],
            messages_up=row[3],
            credits_up=row[4],
            messages_down=row[5],
            credits_down=row[6],
            messages_waiting=row[7],
            messages_queued=row[8],
            messages_refused=row[9],
            position=None
            if row[10] is None
            else Position(latitude=row[10], longitude=row[11], radius_km=row[12]),
            position_at=UnixSeconds(row[13]),
        )
        for row in rows
    }


async def _alarms(session: Session) -> tuple[Alarm, ...]:
    rows = await session.rows(
        "SELECT code, vessel, raised_at, advice FROM sbd_alarms ORDER BY raised_at, code"
    )
    return tuple(
        Alarm(
            code=code,
            vessel=VesselId(vessel) if vessel else None,
            raised_at=UnixSeconds(at),
            advice=advice,
        )
        for code, vessel, at, advice in rows
    )
