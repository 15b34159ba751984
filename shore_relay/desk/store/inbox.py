"""SQL for what came: vessels, their boxes, bundles, entries, and how far the feed was read."""

import sqlite3

from aiosqlite import Connection

from protocol.ids import UnixSeconds, VesselId
from shore_relay.desk.store.records import (
    BUNDLE_COLUMNS,
    BoxRow,
    BundleRow,
    NewBundle,
    VesselRow,
    bundle_row,
)


async def feed_position(connection: Connection) -> tuple[int, int]:
    """Return the cursor up to which everything is kept, and the one that the relay was told."""
    row = await _one(connection, "SELECT cursor, taken FROM feed")
    assert row is not None
    return row["cursor"], row["taken"]


async def set_cursor(connection: Connection, cursor: int) -> None:
    """Remember that everything up to `cursor` is kept, in the transaction that keeps it."""
    await connection.execute("UPDATE feed SET cursor = ?", (cursor,))


async def set_taken(connection: Connection, taken: int) -> None:
    """Remember that the relay was told so."""
    await connection.execute("UPDATE feed SET taken = max(taken, ?)", (taken,))


async def note_vessel(connection: Connection, vessel: VesselId, name_sealed: bytes, at: UnixSeconds) -> bool:
    """Remember a vessel, its present name and when something last came; return whether it is a new one."""
    is_new = await _one(connection, "SELECT 1 FROM vessel WHERE id = ?", (vessel,)) is None
    await connection.execute(
        "INSERT INTO vessel (id, name_sealed, last_at) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE"
        " SET name_sealed = excluded.name_sealed, last_at = max(last_at, excluded.last_at)",
        (vessel, name_sealed, at),
    )
    return is_new


async def vessels(connection: Connection) -> list[VesselRow]:
    """Return every vessel."""
    rows = await connection.execute_fetchall("SELECT id, name_sealed, last_at FROM vessel ORDER BY id")
    return [
        VesselRow(id=VesselId(row["id"]), name_sealed=row["name_sealed"], last_at=UnixSeconds(row["last_at"]))
        for row in rows
    ]


async def contacts(connection: Connection) -> dict[VesselId, UnixSeconds]:
    """Return when each vessel was last heard, whatever it brought: messages, receipts, a word of its box."""
    rows = await connection.execute_fetchall(
        "SELECT id, max(last_at, coalesce(contact.at, 0)) AS heard_at FROM vessel"
        " LEFT JOIN contact ON contact.vessel = vessel.id"
    )
    return {VesselId(row["id"]): UnixSeconds(row["heard_at"]) for row in rows}


async def contacts_sealed(connection: Connection) -> dict[VesselId, bytes]:
    """Return what the relay last said of each vessel, encrypted."""
    rows = await connection.execute_fetchall("SELECT vessel, contact_sealed FROM contact")
    return {VesselId(row["vessel"]): row["contact_sealed"] for row in rows}


async def note_contact(connection: Connection, vessel: VesselId, at: UnixSeconds, sealed: bytes) -> None:
    """Remember what the relay says of a vessel that this desk knows."""
    await connection.execute(
        "INSERT INTO contact (vessel, at, contact_sealed) VALUES (?, ?, ?) ON CONFLICT (vessel) DO UPDATE"
        " SET at = excluded.at, contact_sealed = excluded.contact_sealed",
        (vessel, at, sealed),
    )


async def add_box(connection: Connection, vessel: VesselId, public: bytes, at: UnixSeconds) -> None:
    """Remember a key that a box introduced; the same again changes nothing."""
    await connection.execute(
        "INSERT INTO box (vessel, public, announced_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (vessel, public, at),
    )


async def trust_box(connection: Connection, box: int, trusted_sealed: bytes) -> None:
    """Remember that a person confirmed the fingerprint of this box."""
    await connection.execute("UPDATE box SET trusted_sealed = ? WHERE id = ?", (trusted_sealed, box))


async def boxes(connection: Connection, vessel: VesselId | None = None) -> list[BoxRow]:
    """Return every box of one vessel or of all, oldest first."""
    columns = "SELECT id, vessel, public, trusted_sealed FROM box"
    if vessel is None:
        rows = await connection.execute_fetchall(f"{columns} ORDER BY id")
    else:
        rows = await connection.execute_fetchall(f"{columns} WHERE vessel = ? ORDER BY id", (vessel,))
    return [
        BoxRow(
            id=row["id"],
            vessel=VesselId(row["vessel"]),
            public=row["public"],
            trusted_sealed=row["trusted_sealed"],
        )
        for row in rows
    ]


async def entry_for(connection: Connection, vessel: VesselId, notes: tuple[bytes, ...]) -> int:
    """Return a new entry, or the one that already holds another form of the same voice note.

    `notes` are the indexes under which that other form may stand; the first is kept with a new entry.
    """
    for note in notes:
        row = await _one(connection, "SELECT id FROM entry WHERE vessel = ? AND note = ?", (vessel, note))
        if row is not None:
            return int(row["id"])
    note = notes[0] if notes else b""
    cursor = await connection.execute("INSERT INTO entry (vessel, note) VALUES (?, ?)", (vessel, note))
    assert cursor.lastrowid is not None
    return cursor.lastrowid


async def has_bundle(connection: Connection, digest: bytes) -> bool:
    """Return whether exactly this bundle came before."""
    return await _one(connection, "SELECT 1 FROM bundle WHERE digest = ?", (digest,)) is not None


async def add_bundle(connection: Connection, bundle: NewBundle) -> None:
    """Keep a bundle."""
    await connection.execute(
        "INSERT INTO bundle (digest, vessel, number, priority, bearer, arrived_at, raw, desk_key, entry, box,"
        " origin, fault, message_sealed, voice_sealed, fetched_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            bundle.digest,
            bundle.vessel,
            bundle.number,
            int(bundle.priority),
            bundle.bearer,
            bundle.arrived_at,
            bundle.raw,
            bundle.desk_key,
            bundle.entry,
            bundle.box,
            bundle.origin,
            bundle.fault,
            bundle.message_sealed,
            bundle.voice_sealed,
            bundle.fetched_at,
        ),
    )


async def bundles(
    connection: Connection,
    *,
    entry: int | None = None,
    vessel: VesselId | None = None,
    after: int | None = None,
) -> list[BundleRow]:
    """Return bundles in the order in which they came: of one entry, of one vessel, behind a row, or all."""
    # Each condition is there only where it is asked for: so both indexes are used.
    asked = {"entry = ?": entry, "vessel = ?": vessel, "id > ?": after}
    given = {condition: value for condition, value in asked.items() if value is not None}
    where = " AND ".join(given) or "TRUE"
    rows = await connection.execute_fetchall(
        f"SELECT {BUNDLE_COLUMNS} FROM bundle WHERE {where} ORDER BY id",  # noqa: S608  # Our own words.
        tuple(given.values()),
    )
    return [bundle_row(row) for row in rows]


async def raw_bundle(connection: Connection, bundle: int) -> bytes:
    """Return a bundle's bytes as they came."""
    return await _blob(connection, "SELECT raw FROM bundle WHERE id = ?", bundle)


async def voice_sealed(connection: Connection, bundle: int) -> bytes:
    """Return a bundle's sound, encrypted; empty where it has none."""
    return await _blob(connection, "SELECT voice_sealed FROM bundle WHERE id = ?", bundle)


async def set_origin(connection: Connection, bundle: int, origin: int, box: int | None) -> None:
    """Remember where a bundle comes from."""
    await connection.execute("UPDATE bundle SET origin = ?, box = ? WHERE id = ?", (origin, box, bundle))


async def mark_opened(connection: Connection, entry: int, at: UnixSeconds, by: bytes) -> int:
    """Remember that a person opened an entry; return how many of its bundles were new to them."""
    cursor = await connection.execute(
        "UPDATE bundle SET opened_at = ?, opened_by = ? WHERE entry = ? AND opened_at = 0", (at, by, entry)
    )
    return cursor.rowcount


async def bundles_to_tell(connection: Connection, vessel: VesselId, origin: int) -> list[BundleRow]:
    """Return the vessel's bundles of this origin about which its box has yet to hear something."""
    rows = await connection.execute_fetchall(
        f"SELECT {BUNDLE_COLUMNS} FROM bundle WHERE vessel = ? AND origin = ? AND box IS NOT NULL"  # noqa: S608  # Our own constant.
        " AND (fetched_told = 0 OR (opened_at > 0 AND opened_told = 0)) ORDER BY number",
        (vessel, origin),
    )
    return [bundle_row(row) for row in rows]


async def mark_told(connection: Connection, bundle: int, *, opened: bool) -> None:
    """Remember that a receipt for this bundle is queued; one for opening includes fetching."""
    await connection.execute(
        "UPDATE bundle SET fetched_told = 1, opened_told = max(opened_told, ?) WHERE id = ?",
        (int(opened), bundle),
    )


async def _one(connection: Connection, sql: str, values: tuple[int | bytes, ...] = ()) -> sqlite3.Row | None:
    cursor = await connection.execute(sql, values)
    row: sqlite3.Row | None = await cursor.fetchone()
    await cursor.close()
    return row


async def _blob(connection: Connection, sql: str, row: int) -> bytes:
    found = await _one(connection, sql, (row,))
    return found[0] if found is not None else b""
