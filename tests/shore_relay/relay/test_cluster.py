"""Two relays on one PostgreSQL: a vessel may come to either at any time, and a desk may ask either."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from protocol.errors import Replayed
from protocol.events import BundleRefused, PacketRefused
from protocol.frames import Priority, Refusal
from protocol.ids import VesselId
from scripts.postgres_server import PostgresServer
from shore_relay.relay.app import RunningRelay, monotonic, unix_time
from shore_relay.relay.errors import ContactEnded
from shore_relay.relay.store.feed import DispatchOrder, queue_dispatch
from shore_relay.relay.vessels import Contact
from tests.shore_relay.relay.box import Box, introduction, report, stream
from tests.shore_relay.relay.shore import SETTINGS, Desk, Shore, make_shore

Relays = tuple[RunningRelay, RunningRelay]


@pytest.fixture
async def shores(postgres: PostgresServer, tmp_path: Path) -> tuple[Shore, Shore]:
    url = postgres.url(await postgres.create())
    return await make_shore(tmp_path, url, "first"), await make_shore(tmp_path, url, "second")


@pytest.fixture
async def shore(shores: tuple[Shore, Shore]) -> Shore:
    return shores[0]


@asynccontextmanager
async def serving(shores: tuple[Shore, Shore], **changes: int) -> AsyncIterator[Relays]:
    first, second = shores
    settings = replace(SETTINGS, store=first.settings.store, **changes)  # type: ignore[arg-type]  # Only numbers.
    async with first.serving(settings) as one, second.serving(settings) as two:
        yield one, two


@pytest.fixture
async def relays(shores: tuple[Shore, Shore], box: Box) -> AsyncIterator[Relays]:
    async with serving(shores) as pair:
        yield pair


def nothing_was_repeated(box: Box) -> bool:
    """A number used twice under one key would have been refused as a replay, or as not authentic."""
    return not box.of(PacketRefused)


async def test_a_vessel_goes_on_at_another_relay_in_the_middle_of_a_bundle(
    relays: Relays, box: Box, desk: Desk
) -> None:
    data = report(desk.key_id, 60_000)
    box.offer(1, data)
    sent = 0
    for relay in (*relays, *relays):
        box.records_max = box.records_sent + 8
        sent += 5_000
        async with box.over_tcp(relay.tcp_port):
            await box.until(lambda least=sent: box.acked_bytes(1) > least)  # type: ignore[misc]  # Bound at once.
    box.open_valve()
    async with box.over_udp(relays[1].udp_port):
        await box.custody(1)
    (item,) = await desk.feed(relays[0])
    assert item.bundle == data
    await relays[1].store_counts()
    (vessel,) = (await relays[0].store.status()).vessels
    assert vessel.duplicate_bytes == 0
    assert nothing_was_repeated(box)


async def test_a_desk_may_ask_any_relay_and_gets_each_bundle_once(
    relays: Relays, box: Box, desk: Desk
) -> None:
    first, second = relays
    cursor = 0
    async with box.over_tcp(first.tcp_port):
        for number in range(1, 5):
            box.offer(number, report(desk.key_id, 300, fill=number))
            # It waits at the relay that the vessel is not at.
            (item,) = await desk.feed(second, after=cursor)
            assert item.number == number
            cursor = item.cursor
        assert await desk.taken(second, cursor) == 200
        assert await desk.feed(first, wait_s=0) == ()
        # And its answer reaches the vessel through the other one.
        assert (await desk.dispatch(second, box.provisioning.vessel, desk.mail()))[0] == 200
        await box.arrived()
    assert nothing_was_repeated(box)


async def test_what_no_hint_told_of_is_found_by_looking(relays: Relays, box: Box, desk: Desk) -> None:
    first, _ = relays
    box.offer(1, introduction())
    async with box.over_tcp(first.tcp_port):
        await box.custody(1)
        order = DispatchOrder(
            desk=desk.card.id,
            vessel=box.provisioning.vessel,
            dispatch=desk.mail(),
            at=unix_time(),
            keys=None,
            most_bytes=10**6,
        )
        await first.store.writer.run(partial(queue_dispatch, order=order))
        await first.fleet.catch_up()
        await box.arrived()


async def opened_at(relay: RunningRelay, box: Box, packets: list[bytes] | None = None) -> Contact:
    """Let a relay believe that the vessel is connected, by one packet with an introduction and no more."""
    tcp = stream("tcp")
    contact = await (await relay.fleet.link(box.provisioning.vessel)).open_contact(tcp)
    box.offer(1, introduction())
    box.engine.contact_opened(tcp, monotonic())
    packet = box.engine.transmit(tcp, monotonic())
    box.engine.contact_closed(tcp, monotonic())
    assert packet is not None
    assert await contact.receive([packet], [len(packet)]) == []
    if packets is not None:
        packets.append(packet)
    return contact


async def test_a_relay_that_lost_a_link_sends_and_stores_nothing_more(
    relays: Relays, box: Box, desk: Desk
) -> None:
    first, second = relays
    vessel = box.provisioning.vessel
    stale = await opened_at(first, box)
    assert (await desk.dispatch(first, vessel, desk.mail()))[0] == 200
    async with box.over_tcp(second.tcp_port):
        await box.custody(1)
        await box.arrived()
    with pytest.raises(ContactEnded):
        await stale.transmit()
    assert stale.ended
    await stale.close()
    # It comes back to the first, which knows all that the second did.
    async with box.over_tcp(first.tcp_port):
        box.offer(2, introduction())
        await box.custody(2)
    items = await desk.feed(first)
    assert [(each.kind.value, each.number) for each in items] == [
        ("bundle", 1),
        ("delivered", 1),
        ("bundle", 2),
    ]
    assert nothing_was_repeated(box)


async def test_a_stranger_with_an_old_packet_takes_no_link_away(relays: Relays, box: Box) -> None:
    first, second = relays
    vessel = box.provisioning.vessel
    packets: list[bytes] = []
    contact = await opened_at(first, box, packets)
    epoch = await first.store.epoch(vessel)
    with pytest.raises(Replayed):
        await second.fleet.recognise(packets[0])
    assert await first.store.epoch(vessel) == epoch
    assert not contact.ended
    await contact.close()


async def test_room_that_a_desk_made_at_one_relay_is_room_at_the_other(
    shores: tuple[Shore, Shore], box: Box, desk: Desk
) -> None:
    async with serving(shores, held_bytes_per_vessel_max=1_000) as (first, second):
        box.offer(1, report(desk.key_id, 1_000))
        async with box.over_tcp(first.tcp_port):
            await box.custody(1)
            box.offer(2, report(desk.key_id, 900))
            await box.until(lambda: bool(box.of(BundleRefused)))
            assert box.of(BundleRefused)[0].reason is Refusal.BUSY
            (item,) = await desk.feed(second)
            assert await desk.taken(second, item.cursor) == 200
            await first.fleet.catch_up()
            box.offer(3, report(desk.key_id, 100), Priority.URGENT)
            await box.custody(3)


async def test_a_vessel_revoked_at_one_relay_is_refused_at_all(
    shores: tuple[Shore, Shore], relays: Relays, box: Box
) -> None:
    first, second = relays
    box.offer(1, introduction())
    async with box.over_tcp(second.tcp_port) as ended:
        await box.custody(1)
        await first.store.set_revoked(VesselId(box.provisioning.vessel), unix_time())
        box.offer(2, introduction())
        await box.custody_or_end(2, ended)
    (vessel,) = (await first.store.status()).vessels
    assert vessel.bundles_taken == 1
