"""From the relay's feed into the desk's store: open, commit durably, and only then say "taken".

A crash at any point repeats work and loses none: the relay hands over again whatever it was not told about,
and the store knows each bundle by its digest.
"""

import asyncio
from dataclasses import dataclass

from aiosqlite import Connection

from protocol.bundle import Introduction, Report
from protocol.deskfeed import FeedItem, FeedPage, ItemKind
from protocol.ids import BundleNumber, VesselId
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.filing import file_arrivals
from shore_relay.desk.epochs import queue_keys
from shore_relay.desk.errors import RelayRefused
from shore_relay.desk.opening import Arrival, open_arrival
from shore_relay.desk.people.keys import DeskKeys
from shore_relay.desk.receipts import queue_receipts
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.sealed import note_indexes, seal_message, seal_name, seal_voice
from shore_relay.desk.store import inbox, outbox
from shore_relay.desk.store.records import DispatchState, NewBundle
from shore_relay.desk.trust import Judge, Origin
from shore_relay.desk.vessels import judge_again, judge_for


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    item: FeedItem
    arrival: Arrival | None
    """None for an item that carries no bundle."""


async def fetch(desk: Desk, client: RelayClient, wait_s: int) -> int:
    """Take over what the relay holds, one page; return how many items it had.

    Raises: RelayUnreachable, RelayRefused, MalformedDocument, StoreFailed.
    """
    async with desk.database.reading() as connection:
        cursor, taken = await inbox.feed_position(connection)
    if cursor > taken:
        await _say_taken_again(desk, client, cursor)
    page = await client.feed(cursor, wait_s)
    if page.items:
        await keep(desk, page)
        await _say_taken(desk, client, page.items[-1].cursor)
    return len(page.items)


async def fetch_all(desk: Desk, client: RelayClient) -> None:
    """Take over everything that the relay holds now, without waiting for more; raises as `fetch`."""
    while await fetch(desk, client, 0):
        pass


async def keep(desk: Desk, page: FeedPage) -> None:
    """Store a page, what follows from it, and the new cursor: all together or not at all."""
    opened = await asyncio.to_thread(_open_page, page, desk.keyring.keys)
    async with desk.database.transaction() as connection:
        introduced: set[VesselId] = set()
        judges: dict[VesselId, Judge] = {}
        for one in opened:
            name_sealed = seal_name(desk.vault, one.item.vessel, one.item.vessel_name)
            if await inbox.note_vessel(connection, one.item.vessel, name_sealed, one.item.at):
                # It may have been provisioned before the newest key was made.
                await queue_keys(connection, desk, (one.item.vessel,))
            if one.arrival is None:
                await outbox.move(connection, one.item.ref, DispatchState.ON_THE_BOX, desk.now())
            elif await _keep_arrival(connection, desk, one.arrival, judges):
                introduced.add(one.item.vessel)
        for vessel in introduced:
            await judge_again(connection, desk, vessel)
        for vessel in {one.item.vessel for one in opened}:
            await queue_receipts(connection, desk, vessel)
        await file_arrivals(connection, desk)
        await inbox.set_cursor(connection, page.items[-1].cursor)


async def _say_taken(desk: Desk, client: RelayClient, cursor: int) -> None:
    await client.taken(cursor)
    async with desk.database.transaction() as connection:
        await inbox.set_taken(connection, cursor)


async def _say_taken_again(desk: Desk, client: RelayClient, cursor: int) -> None:
    """Say what the last run committed and could not say."""
    try:
        await _say_taken(desk, client, cursor)
    except RelayRefused:
        # A relay that was restored never gave out this cursor; the feed begins anew there, and whatever else
        # was wrong with the request is wrong with the next one, too.
        return


def _open_page(page: FeedPage, keys: DeskKeys) -> list[_Opened]:
    return [
        _Opened(item=item, arrival=open_arrival(item, keys) if item.kind is ItemKind.BUNDLE else None)
        for item in page.items
    ]


async def _keep_arrival(
    connection: Connection, desk: Desk, arrival: Arrival, judges: dict[VesselId, Judge]
) -> bool:
    """Keep one bundle unless it came before; return whether a box introduced itself with it."""
    if await inbox.has_bundle(connection, arrival.digest):
        return False
    item, vault = arrival.item, desk.vault
    is_introduction = isinstance(arrival.bundle, Introduction)
    if isinstance(arrival.bundle, Introduction):
        await inbox.add_box(connection, item.vessel, arrival.bundle.box_public, item.at)
    if is_introduction or item.vessel not in judges:
        judges[item.vessel] = await judge_for(connection, desk, item.vessel)
    origin, box = _origin(arrival, judges[item.vessel])
    notes = note_indexes(vault, item.vessel, arrival.note_id)
    await inbox.add_bundle(
        connection,
        NewBundle(
            digest=arrival.digest,
            vessel=item.vessel,
            number=item.number,
            priority=item.priority,
            bearer=item.bearer,
            arrived_at=item.at,
            raw=item.bundle,
            desk_key=arrival.bundle.desk_key if isinstance(arrival.bundle, Report) else b"",
            entry=None if is_introduction else await inbox.entry_for(connection, item.vessel, notes),
            box=box,
            origin=origin,
            fault=arrival.fault,
            message_sealed=seal_message(vault, arrival.digest, arrival.content),
            voice_sealed=seal_voice(vault, arrival.digest, arrival.kept_voice),
            fetched_at=desk.now(),
        ),
    )
    return is_introduction


def _origin(arrival: Arrival, judge: Judge) -> tuple[Origin, int | None]:
    match arrival.bundle:
        case Report() as report:
            return judge.report(BundleNumber(arrival.item.number), report)
        case Introduction(box_public=public):
            return judge.introduced(public)
        case _:
            return Origin.UNCHECKABLE, None
