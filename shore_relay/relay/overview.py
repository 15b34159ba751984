"""The status that an operator sees, as one JSON document and as a table for people."""

from datetime import UTC, datetime

from protocol.documents import Json
from shore_relay.relay.store.repository import DeskStatus, RelayStatus, VesselStatus
from shore_relay.relay.store.sbd_rows import Alarm, SbdStatus


def as_document(status: RelayStatus) -> dict[str, Json]:
    """Return the status for programs."""
    return {
        "vessels": [_vessel(vessel) for vessel in status.vessels],
        "desks": [_desk(desk) for desk in status.desks],
        "refusals": dict(status.refusals),
        "alarms": [_alarm(alarm) for alarm in status.alarms],
    }


def _alarm(alarm: Alarm) -> Json:
    return {
        "code": alarm.code,
        "vessel": alarm.vessel.hex() if alarm.vessel is not None else None,
        "raised_at": alarm.raised_at,
        "advice": alarm.advice,
    }


def _messages(sbd: SbdStatus | None) -> Json:
    if sbd is None:
        return None
    document: dict[str, Json] = {
        "imei": sbd.imei or None,
        "via": sbd.via or None,
        "up": {"messages": sbd.messages_up, "credits": sbd.credits_up},
        "down": {
            "messages": sbd.messages_down,
            "credits": sbd.credits_down,
            "waiting": sbd.messages_waiting,
            "at_gateway": sbd.messages_queued,
            "refused": sbd.messages_refused,
        },
    }
    if sbd.position is not None:
        document["position"] = {
            "at": sbd.position_at,
            "latitude": sbd.position.latitude,
            "longitude": sbd.position.longitude,
            "radius_km": sbd.position.radius_km,
        }
    return document


def _vessel(vessel: VesselStatus) -> Json:
    return {
        "vessel": vessel.vessel.hex(),
        "name": vessel.name,
        "desk": vessel.desk_name,
        "last_contact_at": vessel.last_contact_at or None,
        "last_bearer": vessel.last_bearer or None,
        "revoked_at": vessel.revoked_at or None,
        "up": {
            "bundles_taken": vessel.bundles_taken,
            "bundles_held": vessel.bundles_held,
            "held_bytes": vessel.held_bytes,
            "bundles_handed_over": vessel.bundles_handed_over,
        },
        "down": {"bundles_queued": vessel.bundles_queued, "bundles_delivered": vessel.bundles_delivered},
        "duplicate_bytes": vessel.duplicate_bytes,
        "sbd": _messages(vessel.sbd),
        "bearers": {
            name: {"bytes_up": traffic.bytes_up, "bytes_down": traffic.bytes_down}
            for name, traffic in vessel.traffic.items()
        },
    }


def _desk(desk: DeskStatus) -> Json:
    return {
        "desk": desk.desk.hex(),
        "name": desk.name,
        "keys": desk.keys,
        "revoked_at": desk.revoked_at or None,
        "last_cursor": desk.last_cursor,
        "taken_through": desk.taken_through,
        "items_waiting": desk.items_waiting,
    }


def vessels_table(status: RelayStatus) -> str:
    """Return all vessels for people."""
    rows: list[tuple[str, ...]] = [
        (
            "vessel",
            "desk",
            "last contact (UTC)",
            "held",
            "handed over",
            "queued",
            "delivered",
            "bytes",
            "credits",
        )
    ]
    rows += [_row(vessel) for vessel in status.vessels]
    return "\n".join(_aligned(rows))


def desks_table(status: RelayStatus) -> str:
    """Return all desks for people."""
    return "\n".join(_aligned([("desk", "id", "waiting"), *(_desk_row(desk) for desk in status.desks)]))


def as_table(status: RelayStatus) -> str:
    """Return the status for people."""
    lines = [vessels_table(status), "", desks_table(status)]
    refusals = ", ".join(f"{code} {count}" for code, count in status.refusals.items())
    lines += ["", f"refused: {refusals or 'nothing'}"]
    names = {vessel.vessel: vessel.name for vessel in status.vessels}
    lines += [
        f"ALARM {alarm.code}{f' ({names[alarm.vessel]})' if alarm.vessel is not None else ''}: {alarm.advice}"
        for alarm in status.alarms
    ]
    return "\n".join(lines)


def _row(vessel: VesselStatus) -> tuple[str, ...]:
    at = "never"
    if vessel.last_contact_at:
        when = datetime.fromtimestamp(vessel.last_contact_at, UTC)
        at = f"{when:%Y-%m-%d %H:%M} {vessel.last_bearer}"
    if vessel.revoked_at:
        at = f"REVOKED {datetime.fromtimestamp(vessel.revoked_at, UTC):%Y-%m-%d %H:%M}"
    size_bytes = sum(traffic.bytes_up + traffic.bytes_down for traffic in vessel.traffic.values())
    return (
        vessel.name,
        vessel.desk_name,
        at,
        str(vessel.bundles_held),
        str(vessel.bundles_handed_over),
        str(vessel.bundles_queued),
        str(vessel.bundles_delivered),
        str(size_bytes),
        "-" if vessel.sbd is None else str(vessel.sbd.credits_up + vessel.sbd.credits_down),
    )


def _desk_row(desk: DeskStatus) -> tuple[str, ...]:
    return desk.name, desk.desk.hex(), f"{desk.items_waiting}{' REVOKED' if desk.revoked_at else ''}"


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
