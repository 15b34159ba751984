"""Whose box this is: the vessel, its relay, its desk, and the desk's keys."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from protocol.deskkeys import DeskKey, desk_id
from protocol.ids import DeskId, DeskKeyId, UnixSeconds, VesselId
from protocol.origin import fingerprint, public_half
from protocol.provisioning import BearerKind, RelayAddress
from vessel_client.errors import NotInitialised
from vessel_client.store.database import Connection

DESK_KEYS_KEPT_MAX = 64
"""Expired keys are kept for answers under way, but a desk cannot fill the box with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """What `init` learned, and what the desk has sent since. Its private key is hidden from `repr`."""

    vessel: VesselId
    vessel_name: str
    issued_at: UnixSeconds
    box_private: bytes = field(repr=False)
    relay_public: bytes
    rekey_key: bytes = field(repr=False)
    addresses: tuple[RelayAddress, ...]
    desk_name: str
    desk_signing_public: bytes
    desk_keys_issued_at: UnixSeconds
    desk_keys: tuple[DeskKey, ...]
    operator_public: bytes = b""
    """Ed25519 of the relay's operator; empty where there was none at `init`."""

    @property
    def desk(self) -> DeskId:
        """The desk's 8-byte name."""
        return desk_id(self.desk_signing_public)

    @property
    def fingerprint(self) -> str:
        """What the fisher's side and the desk read to each other once."""
        return fingerprint(public_half(self.box_private))

    def desk_key(self, key_id: DeskKeyId) -> DeskKey | None:
        """Return the desk's key of this name, expired or not."""
        return next((key for key in self.desk_keys if key.id == key_id), None)


async def insert_box(connection: Connection, box: Box) -> None:
    """Write a new box; there may be only one."""
    await connection.execute(
        "INSERT INTO box (id, vessel, vessel_name, issued_at, box_private, relay_public, rekey_key,"
        " desk_name, desk_signing_public, desk_keys_issued_at, operator_public)"
        " VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            box.vessel,
            box.vessel_name,
            box.issued_at,
            box.box_private,
            box.relay_public,
            box.rekey_key,
            box.desk_name,
            box.desk_signing_public,
            box.desk_keys_issued_at,
            box.operator_public,
        ),
    )
    await connection.executemany(
        "INSERT INTO relay_address (position, kind, url) VALUES (?, ?, ?)",
        [(at, address.kind.value, address.url) for at, address in enumerate(box.addresses)],
    )
    await _insert_keys(connection, box.desk_keys)


async def has_box(connection: Connection) -> bool:
    """Return whether `init` has run."""
    async with connection.execute("SELECT 1 FROM box") as cursor:
        return await cursor.fetchone() is not None


async def load_box(connection: Connection) -> Box:
    """Read the box; raises `NotInitialised`."""
    async with connection.execute(
        "SELECT vessel, vessel_name, issued_at, box_private, relay_public, rekey_key, desk_name,"
        " desk_signing_public, desk_keys_issued_at, operator_public FROM box"
    ) as cursor:
        row = await cursor.fetchone()
    if row is None:
        raise NotInitialised("This box is not initialised yet. Run `seavoice-vessel init FILE`.")
    async with connection.execute("SELECT kind, url FROM relay_address ORDER BY position") as cursor:
        addresses = [RelayAddress(kind=BearerKind(kind), url=url) async for kind, url in cursor]
    return Box(
        vessel=VesselId(row[0]),
        vessel_name=row[1],
        issued_at=UnixSeconds(row[2]),
        box_private=row[3],
        relay_public=row[4],
        rekey_key=row[5],
        addresses=tuple(addresses),
        desk_name=row[6],
        desk_signing_public=row[7],
        desk_keys_issued_at=UnixSeconds(row[8]),
        desk_keys=await load_desk_keys(connection),
        operator_public=row[9],
    )


async def load_desk_keys(connection: Connection) -> tuple[DeskKey, ...]:
    """Return every key of the desk that the box knows, the newest first."""
    async with connection.execute(
        "SELECT public, not_before, not_after FROM desk_key ORDER BY not_before DESC"
    ) as cursor:
        return tuple(
            [
                DeskKey(public=public, not_before=UnixSeconds(start), not_after=UnixSeconds(end))
                async for public, start, end in cursor
            ]
        )


async def renew_keys(connection: Connection, issued_at: UnixSeconds, keys: tuple[DeskKey, ...]) -> None:
    """Take a newer list of desk keys. A key that the list leaves out may be sealed to no more."""
    await connection.execute(
        "UPDATE desk_key SET not_after = min(not_after, ?)",
        (issued_at,),
    )
    await _insert_keys(connection, keys)
    await connection.execute("UPDATE box SET desk_keys_issued_at = ?", (issued_at,))
    await connection.execute(
        "DELETE FROM desk_key WHERE public NOT IN"
        " (SELECT public FROM desk_key ORDER BY not_before DESC LIMIT ?)",
        (DESK_KEYS_KEPT_MAX,),
    )


async def _insert_keys(connection: Connection, keys: Iterable[DeskKey]) -> None:
    await connection.executemany(
        "INSERT OR REPLACE INTO desk_key (public, not_before, not_after) VALUES (?, ?, ?)",
        [(key.public, key.not_before, key.not_after) for key in keys],
    )
