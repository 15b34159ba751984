"""A new sealing key for the desk, and the signed list that takes it to every vessel."""

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import replace

from aiosqlite import Connection

from protocol import bundle as bundles
from protocol.deskfeed import REF_BYTES
from protocol.deskkeys import sign_keys
from protocol.frames import Priority
from protocol.ids import VesselId
from shore_relay.desk.app import Desk
from shore_relay.desk.people.keys import DAY_S, Epoch
from shore_relay.desk.store import inbox, outbox
from shore_relay.desk.store import people as stored
from shore_relay.desk.store.records import NewDispatch, Purpose

KEY_VALID_S = 365 * DAY_S
"""How long vessels may seal to a key, unless something newer reaches them: longer than any of them is at sea
without a contact (people.md: 22 months with one)."""


async def roll_keys(desk: Desk, valid_s: int = KEY_VALID_S) -> tuple[Epoch, int]:
    """Make a new sealing key; old ones go on opening. Return it and to how many vessels it goes.

    The keyring is written first: a key that vessels learn of must be one that this desk holds.
    Raises: KeysMoved, UnreadableFile, StoreFailed.
    """
    ring = await asyncio.to_thread(
        desk.keyring.change, lambda ring: replace(ring, keys=ring.keys.with_new_epoch(desk.now(), valid_s))
    )
    return ring.keys.epochs[-1], await announce_keys(desk)


async def roll_if_due(desk: Desk) -> bool:
    """Make a new sealing key if the newest is too old; return whether there is anything new to send.

    Raises as `roll_keys`.
    """
    days = desk.settings.key_roll_days
    newest = desk.keyring.keys.epochs[-1]
    if days and desk.now() - newest.not_before >= days * DAY_S:
        await roll_keys(desk)
        return True
    # A crash between the keyring and the outbox is made good here.
    return await announce_keys(desk) > 0


async def announce_keys(desk: Desk) -> int:
    """Queue the list of sealing keys for every vessel unless that was done; return for how many."""
    newest = desk.keyring.keys.epochs[-1].id
    async with desk.database.transaction() as connection:
        if await stored.announced_key(connection) == newest:
            return 0
        vessels = [row.id for row in await inbox.vessels(connection)]
        await queue_keys(connection, desk, vessels)
        await stored.set_announced_key(connection, newest)
    return len(vessels)


async def queue_keys(connection: Connection, desk: Desk, vessels: Iterable[VesselId]) -> None:
    """Queue the list of sealing keys for vessels, if it says more than the one key every card began with."""
    keys, now = desk.keyring.keys, desk.now()
    if len(keys.epochs) == 1:
        return
    raw = bundles.encode(sign_keys(keys.published, keys.signing_private, now))
    for vessel in vessels:
        dispatch = NewDispatch(
            ref=secrets.token_bytes(REF_BYTES),
            vessel=vessel,
            purpose=Purpose.KEYS,
            priority=Priority.TEXT,
            raw=raw,
            made_at=now,
        )
        await outbox.add(connection, dispatch)
