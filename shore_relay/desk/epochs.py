"""A new sealing key for the desk, and the signed list that takes it to every vessel."""

import asyncio
import secrets
from collections.abc import Iterable

from aiosqlite import Connection

from protocol import bundle as bundles
from protocol.deskfeed import REF_BYTES
from protocol.deskkeys import sign_keys
from protocol.frames import Priority
from protocol.ids import VesselId
from shore_relay.desk.app import Desk
from shore_relay.desk.keyring import Epoch
from shore_relay.desk.store import inbox, outbox
from shore_relay.desk.store.records import NewDispatch, Purpose


async def roll_keys(desk: Desk, valid_s: int) -> tuple[Epoch, int]:
    """Make a new sealing key; old ones go on opening. Return it and to how many vessels it goes.

    The keyring is written first: a key that vessels learn of must be one that this desk holds. Should the
    second step fail, the next roll sends both keys.
    Raises: UnreadableFile, StoreFailed.
    """
    keys = desk.keyring.keys.with_new_epoch(desk.now(), valid_s)
    await asyncio.to_thread(desk.keyring.replace, keys)
    async with desk.database.transaction() as connection:
        vessels = [row.id for row in await inbox.vessels(connection)]
        await queue_keys(connection, desk, vessels)
    return keys.epochs[-1], len(vessels)


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
