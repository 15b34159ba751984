"""What the store does for desks and for the operator, on both stores."""

from dataclasses import replace

import pytest

from protocol.deskfeed import Dispatch, ItemKind
from protocol.deskkeys import DeskKey
from protocol.frames import Priority
from protocol.ids import DeskId, UnixSeconds, VesselId
from protocol.provisioning import Provisioning
from shore_relay.relay.errors import NameTaken, QueueOverfull, RefTaken, RequestRefused, UnknownVessel
from shore_relay.relay.store.new_item import NewItem
from shore_relay.relay.store.repository import LearnedKeys
from shore_relay.relay.store.session import Session
from shore_relay.relay.store.sql_store import SqlStore
from tests.shore_relay.relay.shore import Desk, Shore

NOW = UnixSeconds(1_700_000_000)


def item(desk: Desk, vessel: VesselId, at: int, bundle: bytes = b"") -> NewItem:
    return NewItem(
        desk=desk.card.id,
        kind=ItemKind.BUNDLE,
        vessel=vessel,
        at=UnixSeconds(at),
        number=at,
        priority=Priority.TEXT,
        bearer="tcp",
        bundle=bundle,
    )


async def put(store: SqlStore, *items: NewItem) -> None:
    async def add(session: Session) -> None:
        session.items.extend(items)

    await store.writer.run(add)


async def test_cursors_ascend_whatever_the_clock_says(
    desk: Desk, provisioning: Provisioning, store: SqlStore
) -> None:
    await put(store, *(item(desk, provisioning.vessel, at) for at in (1_000, 50, 2_000, 2_000)))
    items = await store.feed(desk.card.id, 0, most_items=10, most_bytes=10)
    cursors = [each.cursor for each in items]
    assert [each.at for each in items] == [1_000, 50, 2_000, 2_000]
    assert cursors == sorted(set(cursors))
    assert await store.feed(desk.card.id, cursors[-1], most_items=10, most_bytes=10) == []
    assert await store.feed(DeskId(bytes(8)), 0, most_items=10, most_bytes=10) == []


async def test_a_cursor_of_another_life_of_this_store_brings_everything_and_forgets_nothing(
    desk: Desk, provisioning: Provisioning, store: SqlStore
) -> None:
    # Where the clock was wrong too, a restored relay once gave a new report the cursor of a forgotten one.
    await put(store, *(item(desk, provisioning.vessel, at) for at in (1, 2, 3)))
    items = await store.feed(desk.card.id, 0, most_items=10, most_bytes=10)
    for cursor in (items[0].cursor - 1, items[-1].cursor - 1, items[-1].cursor + 1):
        assert cursor not in [each.cursor for each in items]
        assert await store.feed(desk.card.id, cursor, most_items=10, most_bytes=10) == items
        with pytest.raises(RequestRefused):
            await store.taken(desk.card.id, cursor)


async def test_a_page_is_bounded_and_its_first_item_comes_however_large(
    desk: Desk, provisioning: Provisioning, store: SqlStore
) -> None:
    sizes = (500, 10, 10, 10)
    await put(store, *(item(desk, provisioning.vessel, 7, bytes(size)) for size in sizes))

    async def page(after: int, most_bytes: int, most_items: int = 10) -> list[int]:
        found = await store.feed(desk.card.id, after, most_items=most_items, most_bytes=most_bytes)
        return [each.cursor for each in found]

    every = await page(0, 10**6)
    assert len(every) == 4
    assert await page(0, 100) == every[:1]
    assert await page(every[0], 20) == every[1:3]
    assert await page(0, 10**6, most_items=3) == every[:3]


async def test_what_a_desk_has_taken_is_forgotten_and_counted_once(
    shore: Shore, desk: Desk, provisioning: Provisioning, store: SqlStore
) -> None:
    other = (await shore.add_vessel("Hope", desk)).vessel
    await put(store, item(desk, provisioning.vessel, 1, bytes(30)), item(desk, other, 2, bytes(5)))
    await put(store, item(desk, other, 3, bytes(7)))
    first, second, third = await store.feed(desk.card.id, 0, most_items=10, most_bytes=10**6)
    with pytest.raises(RequestRefused):
        await store.taken(desk.card.id, third.cursor + 1)
    assert await store.taken(desk.card.id, second.cursor) == {provisioning.vessel: 30, other: 5}
    assert await store.taken(desk.card.id, second.cursor) == {}
    assert await store.taken(desk.card.id, first.cursor) == {}
    assert await store.feed(desk.card.id, first.cursor, most_items=10, most_bytes=10**6) == [third]
    status = await store.status()
    assert {each.name: each.bundles_handed_over for each in status.vessels} == {"Mercy": 1, "Hope": 1}
    assert [(each.taken_through, each.items_waiting) for each in status.desks] == [(second.cursor, 1)]


async def test_a_dispatch_counts_once_and_has_bounds(
    desk: Desk, provisioning: Provisioning, store: SqlStore
) -> None:
    letter = Dispatch(ref=b"r" * 16, priority=Priority.TEXT, bundle=bytes(60))

    async def send(dispatch: Dispatch, vessel: VesselId = provisioning.vessel) -> bool:
        return await store.dispatch(desk.card.id, vessel, dispatch, NOW, keys=None, most_bytes=100)

    assert await send(letter)
    assert not await send(letter)
    with pytest.raises(RefTaken):
        await send(replace(letter, priority=Priority.URGENT))
    with pytest.raises(QueueOverfull):
        await send(replace(letter, ref=b"s" * 16))
    with pytest.raises(UnknownVessel):
        await send(letter, VesselId(bytes(8)))
    assert len(await store.queued(provisioning.vessel, most=9)) == 1


async def test_desks_keys_and_names(
    shore: Shore, desk: Desk, provisioning: Provisioning, store: SqlStore
) -> None:
    before = await store.directory()
    assert before.desks[desk.card.id].name == "Haven"
    with pytest.raises(NameTaken):
        await store.add_desk(Desk(name="Haven").card, NOW)
    key = DeskKey(public=bytes([9]) * 32, not_before=UnixSeconds(5), not_after=UnixSeconds(2**33))
    for issued_at, ref in ((10, b"a" * 16), (9, b"b" * 16)):
        await store.dispatch(
            desk.card.id,
            provisioning.vessel,
            Dispatch(ref=ref, priority=Priority.TEXT, bundle=b"keys"),
            NOW,
            keys=LearnedKeys(issued_at=UnixSeconds(issued_at), keys=(key,)),
            most_bytes=1_000,
        )
    after = await store.directory()
    assert after.key_ids == before.key_ids | {key.id}
    assert after.revision == await store.directory_revision() == before.revision + 1, "old keys are no news"
    (card,) = await store.desk_cards()
    assert set(card.keys) == {*desk.card.keys, key}
    assert not await store.add_desk(replace(desk.card, name="Haven of the sea"), NOW)
    assert [each.name for each in await store.desk_cards()] == ["Haven of the sea"]


async def test_a_vessel_is_found_by_name_or_id(
    desk: Desk, provisioning: Provisioning, store: SqlStore
) -> None:
    found = (provisioning.vessel, desk.card.id)
    for name in ("Mercy", provisioning.vessel.hex(), provisioning.vessel.hex().upper()):
        assert await store.find_vessel(name) == found
    for name in ("mercy", "", "00" * 8, "Mercy' OR 1 = 1 --"):
        assert await store.find_vessel(name) is None


async def test_the_relays_own_keys_stay(store: SqlStore) -> None:
    assert len(await store.rekey_private()) == 32
    kept = await store.operator_private(bytes(32))
    assert kept != bytes(32)
    assert await store.operator_private(bytes([1]) * 32) == kept


async def test_refusals_add_up(store: SqlStore) -> None:
    await store.count_refusals({"busy": 2, "replayed": 1})
    await store.count_refusals({"busy": 3})
    await store.check_writable()
    assert (await store.status()).refusals == {"busy": 5, "replayed": 1}
