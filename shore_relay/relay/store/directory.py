"""The SQL of desks, their keys, and the vessels that belong to them."""

from collections.abc import Iterable

from protocol.deskkeys import DeskKey
from protocol.ids import DeskId, DeskKeyId, UnixSeconds
from protocol.provisioning import DeskCard
from shore_relay.relay.errors import NameTaken
from shore_relay.relay.store.repository import Desk, Directory, NewVessel
from shore_relay.relay.store.session import Session, only_row


async def add_desk(session: Session, card: DeskCard, at: UnixSeconds) -> bool:
    """Add a desk, or new keys of a known one; return whether it is new."""
    other = await session.row("SELECT desk FROM desks WHERE name = ? AND desk <> ?", (card.name, card.id))
    if other is not None:
        raise NameTaken(
            f"Another desk is named {card.name}; have one of them change its name and write a new card."
        )
    new = await session.change(
        "INSERT INTO desks (desk, name, signing_public, added_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (card.id, card.name, card.signing_public, at),
    )
    await session.change("UPDATE desks SET name = ? WHERE desk = ?", (card.name, card.id))
    await add_keys(session, card.id, card.keys, at)
    return new > 0


async def add_keys(session: Session, desk: DeskId, keys: Iterable[DeskKey], at: UnixSeconds) -> None:
    """Make a desk's keys routable, and let every running server notice."""
    session.desk_of_key.clear()
    await session.change_many(
        "INSERT INTO desk_keys (key_id, desk, public, not_before, not_after, added_at) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key_id, desk) DO UPDATE SET "
        "not_before = excluded.not_before, not_after = excluded.not_after",
        [(key.id, desk, key.public, key.not_before, key.not_after, at) for key in keys],
    )
    await session.change("UPDATE relay SET directory_revision = directory_revision + 1")


async def add_vessel(session: Session, vessel: NewVessel, at: UnixSeconds) -> None:
    """Add a vessel without its keys; raises `NameTaken`."""
    added = await session.change(
        "INSERT INTO vessels (vessel, name, desk, rekey_key, added_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (name) DO NOTHING",
        (vessel.vessel, vessel.name, vessel.desk, vessel.rekey_key, at),
    )
    if not added:
        raise NameTaken(f"Another vessel is named {vessel.name}; choose another name.")


async def read_revision(session: Session) -> int:
    """Return the directory's revision."""
    (revision,) = await only_row(session, "SELECT directory_revision FROM relay")
    return int(revision)


async def read_directory(session: Session) -> Directory:
    """Return all desks that are served, and their key ids."""
    # The revision is read first: a change in between is then noticed at the next look.
    revision = await read_revision(session)
    desks = await session.rows("SELECT desk, name, signing_public FROM desks WHERE ended_at = 0")
    keys = await session.rows("SELECT key_id FROM desk_keys JOIN desks USING (desk) WHERE ended_at = 0")
    return Directory(
        revision=revision,
        desks={
            DeskId(desk): Desk(id=DeskId(desk), name=name, signing_public=signing_public)
            for desk, name, signing_public in desks
        },
        key_ids=frozenset(DeskKeyId(row[0]) for row in keys),
    )


async def read_cards(session: Session) -> tuple[DeskCard, ...]:
    """Return all desks with their keys."""
    cards: list[DeskCard] = []
    for desk, name, signing_public in await session.rows(
        "SELECT desk, name, signing_public FROM desks ORDER BY name"
    ):
        rows = await session.rows(
            "SELECT public, not_before, not_after FROM desk_keys WHERE desk = ? ORDER BY not_before", (desk,)
        )
        keys = tuple(
            DeskKey(public=public, not_before=UnixSeconds(start), not_after=UnixSeconds(end))
            for public, start, end in rows
        )
        cards.append(DeskCard(name=name, signing_public=signing_public, keys=keys))
    return tuple(cards)
