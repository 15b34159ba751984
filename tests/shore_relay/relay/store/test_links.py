"""What the store keeps of a vessel's link, on both stores: state, numbers, and whose the link is."""

import asyncio

import pytest

from protocol.bundle import Report
from protocol.bundle import encode as encode_bundle
from protocol.deskfeed import Dispatch
from protocol.fragment import RangeSet
from protocol.frames import Priority
from protocol.ids import UnixSeconds, VesselId
from protocol.journal import (
    BundleTaken,
    FragmentHeld,
    FragmentsDropped,
    GuardChanged,
    OutgoingAcked,
    OutgoingBegun,
    OutgoingSettled,
)
from protocol.linkguard import GuardState, ReplayWindow
from protocol.provisioning import Provisioning
from shore_relay.relay.errors import LinkTakenOver, NameTaken, VesselRevoked
from shore_relay.relay.store.repository import LinkCommit, LinkState, Traffic
from shore_relay.relay.store.session import Session
from shore_relay.relay.store.sql_store import SqlStore
from tests.shore_relay.relay.shore import Desk, Shore

NOW = UnixSeconds(1_700_000_000)
FULL_WINDOW = ReplayWindow(highest=2**24 - 1, seen=2**1_024 - 1)


def taken(desk: Desk, number: int) -> BundleTaken:
    bundle = Report(desk_key=desk.key_id, origin_tag=bytes(8), sealed=bytes(60))
    return BundleTaken(number=number, priority=Priority.TEXT, bundle=bundle, data=encode_bundle(bundle))


def commit(vessel: VesselId, *changes: object, epoch: int = 0, traffic: int = 0) -> LinkCommit:
    return LinkCommit(
        vessel=vessel,
        at=NOW,
        bearer="tcp",
        changes=changes,  # type: ignore[arg-type]  # Each test gives changes.
        traffic={"tcp": Traffic(bytes_up=traffic)} if traffic else {},
        epoch=epoch,
    )


async def load(store: SqlStore, vessel: VesselId) -> LinkState:
    state = await store.load_link(vessel, queued_max=10)
    assert state is not None
    return state


async def test_commits_of_many_vessels_share_transactions(shore: Shore, desk: Desk, store: SqlStore) -> None:
    vessels = [(await shore.add_vessel(f"Vessel {at}", desk)).vessel for at in range(20)]
    await asyncio.gather(*(store.commit_link(commit(vessel, taken(desk, 1))) for vessel in vessels))
    assert store.writer.steps == 20
    assert store.writer.groups <= 3
    items = await store.feed(desk.card.id, 0, most_items=100, most_bytes=10**6)
    assert {item.vessel for item in items} == set(vessels)
    assert [item.cursor for item in items] == sorted({item.cursor for item in items})


async def test_a_refused_step_leaves_the_others_of_its_group(
    desk: Desk, provisioning: Provisioning, store: SqlStore
) -> None:
    async def refuse(session: Session) -> None:
        await session.change("UPDATE vessels SET name = 'changed'")
        raise NameTaken("no")

    outcomes = await asyncio.gather(
        store.commit_link(commit(provisioning.vessel, taken(desk, 1))),
        store.writer.run(refuse),
        store.commit_link(commit(provisioning.vessel, taken(desk, 2))),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), NameTaken, type(None)]
    assert store.writer.groups == 1
    (vessel,) = (await store.status()).vessels
    assert (vessel.name, vessel.bundles_taken, vessel.bundles_held) == ("Mercy", 2, 2)


async def test_a_link_comes_back_as_it_was_committed(provisioning: Provisioning, store: SqlStore) -> None:
    state = GuardState(
        secret=bytes(32),
        previous_secret=bytes([1]) * 32,
        pending_secret=bytes([2]) * 32,
        generation=7,
        confirmed=True,
        counter_reserved=512,
        window=FULL_WINDOW,
        previous_window=ReplayWindow(),
    )
    pieces = [
        FragmentHeld(number=9, total_bytes=500, priority=Priority.URGENT, offset=0, data=bytes(100)),
        FragmentHeld(number=9, total_bytes=500, priority=Priority.URGENT, offset=100, data=bytes(50)),
        FragmentHeld(number=9, total_bytes=500, priority=Priority.URGENT, offset=100, data=bytes(80)),
        FragmentHeld(number=8, total_bytes=0, priority=Priority.TEXT, offset=5, data=bytes(5)),
    ]
    changes = [GuardChanged(state=GuardState(secret=bytes(32))), *pieces, GuardChanged(state=state)]
    await store.commit_link(commit(provisioning.vessel, *changes, FragmentsDropped(number=8)))
    loaded = await load(store, provisioning.vessel)
    assert loaded.snapshot.guard == state == await store.guard(provisioning.vessel)
    assert [(f.number, f.offset, len(f.data)) for f in loaded.snapshot.fragments] == [
        (9, 0, 100),
        (9, 100, 80),
    ]


async def test_taken_numbers_are_kept_as_ranges_that_never_touch(
    desk: Desk, provisioning: Provisioning, store: SqlStore
) -> None:
    numbers = [5, 1, 3, 2, 9, 8, 4, 20]
    for number in numbers:
        await store.commit_link(commit(provisioning.vessel, taken(desk, number)))
    loaded = await load(store, provisioning.vessel)
    assert loaded.snapshot.taken == tuple(RangeSet((number, number + 1) for number in numbers))
    assert loaded.held_bytes == await store.held_bytes(provisioning.vessel) > 0


async def test_key_ids_say_who_may_come(provisioning: Provisioning, store: SqlStore) -> None:
    vessel = provisioning.vessel
    assert {each for _, each in await store.key_index()} == {vessel}
    fresh = LinkCommit(vessel=vessel, at=NOW, bearer="tcp", key_ids=(b"aaaa", b"bbbb", b"aaaa"))
    await store.commit_link(fresh)
    assert sorted(await store.key_index()) == [(b"aaaa", vessel), (b"bbbb", vessel)]
    assert await store.vessels_with_key(b"bbbb") == (vessel,)
    assert await store.vessels_with_key(b"cccc") == ()


# --- what goes down ---


def letter(at: int, priority: Priority = Priority.TEXT) -> Dispatch:
    return Dispatch(ref=bytes([at]) * 16, priority=priority, bundle=bytes([at]) * 50)


async def queue(store: SqlStore, desk: Desk, vessel: VesselId, *letters: Dispatch) -> None:
    for each in letters:
        assert await store.dispatch(desk.card.id, vessel, each, NOW, keys=None, most_bytes=10**6)


async def test_what_waits_goes_by_priority_and_keeps_how_far_it_came(
    desk: Desk, provisioning: Provisioning, store: SqlStore
) -> None:
    vessel = provisioning.vessel
    assert await store.waiting([vessel]) == ()
    await queue(store, desk, vessel, letter(1), letter(2, Priority.URGENT), letter(3))
    assert await store.waiting([VesselId(bytes(8)), vessel]) == (vessel,)
    await store.commit_link(
        commit(vessel, OutgoingBegun(number=1), OutgoingAcked(number=1, ranges=((0, 10), (20, 30))))
    )
    state = await load(store, vessel)
    first, second, third = state.queued
    # By priority, then by number.
    assert (first.number, second.number, third.number) == (2, 1, 3)
    assert (first.priority, first.begun, first.acked) == (Priority.URGENT, False, ())
    assert (second.begun, second.acked) == (True, ((0, 10), (20, 30)))
    await store.renumber(vessel, 1, above=40)
    assert [each.number for each in await store.queued(vessel, most=2)] == [2, third.number]
    (late,) = [each for each in await store.queued(vessel, most=9) if each.data == letter(1).bundle]
    assert (late.number, late.begun, late.acked) == (41, False, ())
    for number in (2, 3, 41, 41):
        await store.commit_link(commit(vessel, OutgoingSettled(number=number), epoch=state.epoch))
    assert await store.queued(vessel, most=9) == ()
    told = await store.feed(desk.card.id, 0, most_items=10, most_bytes=100)
    assert [item.ref[0] for item in told] == [2, 3, 1], "the desk hears of each delivery once"


async def test_new_keys_after_a_rekey_leap_over_numbers_that_may_be_in_use(
    desk: Desk, provisioning: Provisioning, store: SqlStore
) -> None:
    await store.commit_link(LinkCommit(vessel=provisioning.vessel, at=NOW, bearer="tcp", rekeyed=True))
    await queue(store, desk, provisioning.vessel, letter(1))
    assert [each.number for each in await store.queued(provisioning.vessel, most=9)] == [10_001]


async def test_traffic_and_contacts_are_counted(provisioning: Provisioning, store: SqlStore) -> None:
    for _ in range(2):
        await store.commit_link(commit(provisioning.vessel, traffic=70))
    unheard = LinkCommit(
        vessel=provisioning.vessel,
        at=UnixSeconds(NOW + 9),
        bearer="udp",
        traffic={"udp": Traffic(bytes_down=5)},
        duplicate_bytes=3,
    )
    await store.commit_link(unheard)
    (vessel,) = (await store.status()).vessels
    assert vessel.traffic == {"tcp": Traffic(bytes_up=140), "udp": Traffic(bytes_down=5)}
    assert (vessel.last_contact_at, vessel.last_bearer, vessel.duplicate_bytes) == (NOW, "tcp", 3)


# --- whose the link is ---


async def test_only_the_last_that_loaded_a_link_may_commit(
    desk: Desk, provisioning: Provisioning, store: SqlStore
) -> None:
    vessel = provisioning.vessel
    first = await load(store, vessel)
    second = await load(store, vessel)
    assert second.epoch == first.epoch + 1 == await store.epoch(vessel)
    with pytest.raises(LinkTakenOver):
        await store.commit_link(commit(vessel, taken(desk, 1), epoch=first.epoch, traffic=9))
    guard = GuardChanged(state=GuardState(secret=bytes(32)))
    with pytest.raises(LinkTakenOver):
        await store.commit_link(commit(vessel, guard, epoch=first.epoch))
    (seen,) = (await store.status()).vessels
    assert (seen.bundles_taken, seen.traffic) == (0, {})
    assert await store.guard(vessel) == second.snapshot.guard
    await store.commit_link(commit(vessel, taken(desk, 1), epoch=second.epoch))
    assert len(await store.feed(desk.card.id, 0, most_items=10, most_bytes=10**6)) == 1


async def test_a_revoked_vessel_can_neither_commit_nor_be_loaded(
    desk: Desk, provisioning: Provisioning, store: SqlStore
) -> None:
    vessel = provisioning.vessel
    state = await load(store, vessel)
    await store.set_revoked(vessel, NOW)
    assert await store.is_revoked(vessel)
    with pytest.raises(LinkTakenOver):
        await store.commit_link(commit(vessel, taken(desk, 1), epoch=state.epoch))
    with pytest.raises(VesselRevoked):
        await store.load_link(vessel, queued_max=1)
    with pytest.raises(VesselRevoked):
        await store.guard(vessel)
    await store.set_revoked(vessel, UnixSeconds(0))
    assert await store.is_revoked(vessel) is False
    assert (await load(store, vessel)).epoch > state.epoch


async def test_a_vessel_that_was_never_added_has_no_link(store: SqlStore) -> None:
    stranger = VesselId(bytes(8))
    assert await store.load_link(stranger, queued_max=1) is None
    assert await store.guard(stranger) is None
    assert await store.epoch(stranger) is None
    assert await store.is_revoked(stranger) is None
