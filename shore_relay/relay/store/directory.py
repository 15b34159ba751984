"""The SQL of desks, their keys, and the vessels that belong to them."""

from collections.abc import Iterable

import aiosqlite

from protocol.deskkeys import DeskKey
from protocol.ids import DeskId, DeskKeyId, UnixSeconds
from protocol.provisioning import DeskCard
from shore_relay.relay.errors import NameTaken
from shore_relay.relay.store.repository import Desk, Directory, NewVessel


async def add_desk(connection: aiosqlite.Connection, card: DeskCard, at: UnixSeconds) -> bool:
    """Add a desk, or new keys of a known one; return whether it is new."""
    async with connection.execute(
        "SELECT desk FROM desks WHERE name = ? AND desk <> ?", (card.name, card.id)
    ) as cursor:
        if await cursor.fetchone() is not None:
            raise NameTaken(
                f"Another desk is named {card.name}; have one of them change its name and write a new card."
            )
    async with connection.execute(
        "INSERT INTO desks (desk, name, signing_public, added_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (card.id, card.name, card.signing_public, at),
    ) as cursor:
        new = cursor.rowcount > 0
    await connection.execute("UPDATE desks SET name = ? WHERE desk = ?", (card.name, card.id))
    await add_keys(connection, card.id, card.keys, at)
    return new


async def add_keys(
    connection: aiosqlite.Connection, desk: DeskId, keys: Iterable[DeskKey], at: UnixSeconds
) -> None:
    """Make a desk's keys routable, and let every running server notice."""
    await connection.executemany(
        "INSERT INTO desk_keys (key_id, desk, public, not_before, not_after, added_at) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key_id, desk) DO UPDATE SET "
        "not_before = excluded.not_before, not_after = excluded.not_after",
        [(key.id, desk, key.public, key.not_before, key.not_after, at) for key in keys],
    )
    await connection.execute("UPDATE relay SET directory_revision = directory_revision + 1")


async def add_vessel(connection: aiosqlite.Connection, vessel: NewVessel, at: UnixSeconds) -> None:
    """Add a vessel without its keys; raises `NameTaken`."""
    async with connection.execute(
        "INSERT INTO vessels (vessel, name, desk, rekey_key, added_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (name) DO NOTHING",
        (vessel.vessel, vessel.name, vessel.desk, vessel.rekey_key, at),
    ) as cursor:
        if cursor.rowcount == 0:
            raise NameTaken(f"Another vessel is named {vessel.name}; choose another name.")


async def read_revision(connection: aiosqlite.Connection) -> int:
    """Return the directory's revision."""
    async with connection.execute("SELECT directory_revision FROM relay") as cursor:
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def read_directory(connection: aiosqlite.Connection) -> Directory:
    """Return all desks that are served, and their key ids."""
    # The revision is read first: a change in between is then noticed at the next look.
    revision = await read_revision(connection)
    desks = await connection.execute_fetchall(
        "SELECT desk, name, signing_public FROM desks WHERE ended_at = 0"
    )
    keys = await connection.execute_fetchall(
        "SELECT key_id FROM desk_keys JOIN desks USING (desk) WHERE ended_at = 0"
    )
    return Directory(
        revision=revision,
        desks={
            DeskId(desk): Desk(id=DeskId(desk), name=name, signing_public=signing_public)
            for desk, name, signing_public in desks
        },
        key_ids=frozenset(DeskKeyId(row[0]) for row in keys),
    )


async def read_cards(connection: aiosqlite.Connection) -> tuple[DeskCard, ...]:
    """Return all desks with their keys."""
    cards: list[DeskCard] = []
    for desk, name, signing_public in await connection.execute_fetchall(
        "SELECT desk, name, signing_public FROM desks ORDER BY name"
    ):
        rows = await connection.execute_fetchall(
            "SELECT public, not_before, not_after FROM desk_keys WHERE desk = ? ORDER BY not_before", (desk,)
        )
        keys = tuple(
            DeskKey(public=public, not_before=UnixSeconds(start), not_after=UnixSeconds(end))
            for public, start, end in rows
        )
        cards.append(DeskCard(name=name, signing_public=signing_public, keys=keys))
    return tuple(cards)
