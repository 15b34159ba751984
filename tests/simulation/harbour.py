"""Where stores come from: files made once by the programs themselves, then copied for each voyage."""

import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from protocol.deskkeys import DeskKey
from protocol.ids import UnixSeconds, VesselId
from protocol.linkguard import GuardState, LinkGuard, rekey_secret
from protocol.links import Side
from protocol.origin import public_half
from protocol.provisioning import DeskCard
from shore_relay.relay.store.repository import NewVessel
from shore_relay.relay.store.sbd import SbdStore
from shore_relay.relay.store.sbd_rows import Via
from shore_relay.relay.store.sqlite import SqliteStore, create
from tests.simulation.disk import Disk
from tests.simulation.faults import Faults
from tests.simulation.inline import inline_stores, run
from vessel_client.store import guard
from vessel_client.store.box import Box, insert_box
from vessel_client.store.database import Database, create_file, open_database

MAILBOX = bytes(16)
RELAY_PRIVATE = bytes([7]) * 32
RELAY_FILE = "relay.sqlite3"
DESKS_MAX = 2
FOREVER = UnixSeconds(2**40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Berth:
    """A folder and the disk that it lies on."""

    folder: Path
    disk: Disk


@cache
def relay_public() -> bytes:
    """Return the public half of the relay's key for rekeys."""
    return public_half(RELAY_PRIVATE)


@cache
def desk_key(desk: int) -> DeskKey:
    """Return one desk's key to seal to."""
    private = bytes([9 + desk]) * 32
    return DeskKey(public=public_half(private), not_before=UnixSeconds(0), not_after=FOREVER)


@cache
def desk_card(desk: int) -> DeskCard:
    """Return one desk's card."""
    return DeskCard(name=f"Desk {desk}", signing_public=bytes([desk]) * 32, keys=(desk_key(desk),))


@cache
def templates() -> Path:
    """Make an empty file of each program, once in a process, and return their folder."""
    memory = Path("/dev/shm")
    holder = tempfile.TemporaryDirectory(prefix="fleet-", dir=memory if memory.is_dir() else None)
    _KEPT.append(holder)
    folder = Path(holder.name)
    disk = Disk("template", Faults.none())
    with inline_stores({folder: disk}):
        create_file(folder)
        run(run(open_database(folder)).close())
        run(create(folder / RELAY_FILE, RELAY_PRIVATE, UnixSeconds(0)))
        store = run(SqliteStore.open(folder / RELAY_FILE))
        for desk in range(DESKS_MAX):
            run(store.add_desk(desk_card(desk), UnixSeconds(0)))
        run(store.close())
    return folder


_KEPT: list[tempfile.TemporaryDirectory[str]] = []
"""Folders that go when the process does."""


def lay_down(folder: Path, name: str) -> None:
    """Put a fresh copy of a program's file into a folder."""
    folder.mkdir()
    shutil.copyfile(templates() / name, folder / name)


def provision(store: SqliteStore, vessel: VesselId, secret: bytes, desk: int, imei: str) -> None:
    """Do what an operator does for a new vessel."""
    state = GuardState(secret=secret)
    added = NewVessel(
        vessel=vessel,
        name=vessel.hex(),
        desk=desk_card(desk).id,
        guard=state,
        rekey_key=rekey_secret(secret),
        key_ids=key_ids(state),
    )
    run(store.add_vessel(added, UnixSeconds(0)))
    if imei:
        run(SbdStore(store).assign_modem(vessel.hex(), imei, Via.ROCKBLOCK, UnixSeconds(0)))


def key_ids(state: GuardState) -> tuple[bytes, ...]:
    """Return under which ids a relay finds a vessel with these keys."""
    return LinkGuard(state, Side.RELAY, lambda _state: None).key_ids()


def initialise(berth: Berth, vessel: VesselId, secret: bytes, desk: int) -> Database:
    """Do what `seavoice-vessel init` does with a provisioning file, and return the open store."""
    box = Box(
        vessel=vessel,
        vessel_name=vessel.hex(),
        issued_at=UnixSeconds(0),
        box_private=vessel * 4,
        relay_public=relay_public(),
        rekey_key=rekey_secret(secret),
        addresses=(),
        desk_name="Desk",
        desk_signing_public=desk_card(desk).signing_public,
        desk_keys_issued_at=UnixSeconds(0),
        desk_keys=(desk_key(desk),),
    )

    async def write() -> Database:
        database = await open_database(berth.folder)
        async with database.transaction() as connection:
            await insert_box(connection, box)
            await guard.save_guard(connection, GuardState(secret=secret))
        return database

    return run(write())
