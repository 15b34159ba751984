"""The rows of the database, as data. Sealed columns stay sealed here."""

import sqlite3
from dataclasses import dataclass
from enum import IntEnum

from protocol.frames import Priority
from protocol.ids import DeskKeyId, UnixSeconds, VesselId


class Purpose(IntEnum):
    """Why something goes to a vessel."""

    ANSWER = 1
    RECEIPT = 2
    KEYS = 3


class DispatchState(IntEnum):
    """Where something that goes to a vessel is."""

    QUEUED = 0
    """Kept here, not yet taken by the relay."""
    AT_RELAY = 1
    ON_THE_BOX = 2
    REFUSED = 3
    """The relay will not take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VesselRow:
    """A vessel from which anything ever came."""

    id: VesselId
    name_sealed: bytes
    last_at: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxRow:
    """A key that a box introduced."""

    id: int
    vessel: VesselId
    public: bytes
    trusted_sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleRow:
    """A bundle that came, without its bytes and its sound."""

    id: int
    digest: bytes
    vessel: VesselId
    number: int
    priority: Priority
    bearer: str
    arrived_at: UnixSeconds
    desk_key: DeskKeyId
    entry: int | None
    box: int | None
    origin: int
    fault: str
    message_sealed: bytes
    opened_at: UnixSeconds
    """When a person first opened it; 0 before."""
    fetched_told: bool
    opened_told: bool
    fetched_at: UnixSeconds
    """When this desk kept it; 0 for one that came before that was noted."""
    opened_by: bytes
    """Id of whoever first opened it; empty where nobody did, or before that was noted."""


BUNDLE_COLUMNS = (
    "id, digest, vessel, number, priority, bearer, arrived_at, desk_key, entry, box, origin, fault,"
    " message_sealed, opened_at, fetched_told, opened_told, fetched_at, opened_by"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBundle:
    """A bundle to keep."""

    digest: bytes
    vessel: VesselId
    number: int
    priority: Priority
    bearer: str
    arrived_at: UnixSeconds
    raw: bytes
    desk_key: bytes
    entry: int | None
    box: int | None
    origin: int
    fault: str
    message_sealed: bytes
    voice_sealed: bytes
    fetched_at: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRow:
    """Something that goes to a vessel."""

    id: int
    ref: bytes
    vessel: VesselId
    purpose: Purpose
    priority: Priority
    raw: bytes
    state: DispatchState
    made_at: UnixSeconds
    changed_at: UnixSeconds
    entry: int | None
    message_sealed: bytes
    refusal: str


DISPATCH_COLUMNS = (
    "id, ref, vessel, purpose, priority, raw, state, made_at, changed_at, entry, message_sealed, refusal"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDispatch:
    """Something to send to a vessel."""

    ref: bytes
    vessel: VesselId
    purpose: Purpose
    priority: Priority
    raw: bytes
    made_at: UnixSeconds
    entry: int | None = None
    message_sealed: bytes = b""
    voice_sealed: bytes = b""


def bundle_row(row: sqlite3.Row) -> BundleRow:
    """Return a row of `BUNDLE_COLUMNS`."""
    return BundleRow(
        id=row["id"],
        digest=row["digest"],
        vessel=VesselId(row["vessel"]),
        number=row["number"],
        priority=Priority(row["priority"]),
        bearer=row["bearer"],
        arrived_at=UnixSeconds(row["arrived_at"]),
        desk_key=DeskKeyId(row["desk_key"]),
        entry=row["entry"],
        box=row["box"],
        origin=row["origin"],
        fault=row["fault"],
        message_sealed=row["message_sealed"],
        opened_at=UnixSeconds(row["opened_at"]),
        fetched_told=bool(row["fetched_told"]),
        opened_told=bool(row["opened_told"]),
        fetched_at=UnixSeconds(row["fetched_at"]),
        opened_by=row["opened_by"],
    )


def dispatch_row(row: sqlite3.Row) -> DispatchRow:
    """Return a row of `DISPATCH_COLUMNS`."""
    return DispatchRow(
        id=row["id"],
        ref=row["ref"],
        vessel=VesselId(row["vessel"]),
        purpose=Purpose(row["purpose"]),
        priority=Priority(row["priority"]),
        raw=row["raw"],
        state=DispatchState(row["state"]),
        made_at=UnixSeconds(row["made_at"]),
        changed_at=UnixSeconds(row["changed_at"]),
        entry=row["entry"],
        message_sealed=row["message_sealed"],
        refusal=row["refusal"],
    )
