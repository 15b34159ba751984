"""From a box to its desk and back, over each bearer."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from protocol.bundle import Mail
from protocol.deskfeed import ItemKind
from protocol.events import BundleArrived
from protocol.frames import Priority
from shore_relay.relay.app import RunningRelay
from tests.shore_relay.relay.box import Box, introduction, report
from tests.shore_relay.relay.shore import Desk, Shore

Carry = Callable[[Box, RunningRelay], AbstractAsyncContextManager["asyncio.Task[None]"]]

BEARERS: list[tuple[str, Carry]] = [
    ("tcp", lambda box, relay: box.over_tcp(relay.tcp_port)),
    ("websocket", lambda box, relay: box.over_websocket(relay.http_port)),
    ("udp", lambda box, relay: box.over_udp(relay.udp_port)),
]
each_bearer = pytest.mark.parametrize(("name", "carry"), BEARERS, ids=[name for name, _ in BEARERS])


@each_bearer
async def test_report_reaches_the_desk_and_is_forgotten_once_taken(
    name: str, carry: Carry, relay: RunningRelay, box: Box, desk: Desk
) -> None:
    data = report(desk.key_id, 5_000)
    box.offer(1, introduction())
    box.offer(2, data, Priority.URGENT)
    async with carry(box, relay):
        await box.custody(1, 2)
    items = await desk.feed(relay)
    assert {(item.number, item.bundle) for item in items} == {(1, introduction()), (2, data)}
    urgent = next(item for item in items if item.number == 2)
    assert (urgent.kind, urgent.vessel_name, urgent.bearer) == (ItemKind.BUNDLE, "Mercy", name)
    assert urgent.priority is Priority.URGENT
    assert await desk.feed(relay) == items, "a desk may read again what it has not taken"
    assert await desk.taken(relay, items[-1].cursor) == 200
    assert await desk.feed(relay, wait_s=0) == ()


@each_bearer
async def test_answer_reaches_the_box_and_the_desk_hears_of_it(
    name: str, carry: Carry, relay: RunningRelay, box: Box, desk: Desk
) -> None:
    async with carry(box, relay):
        box.offer(1, introduction())
        await box.custody(1)
        mail = desk.mail(3_000)
        assert (await desk.dispatch(relay, box.provisioning.vessel, mail))[0] == 200
        (arrived,) = await box.arrived()
        assert isinstance(arrived.bundle, Mail)
        after = (await desk.feed(relay))[0].cursor
        (delivered,) = await desk.feed(relay, after)
    assert delivered.kind is ItemKind.DELIVERED
    assert (delivered.ref, delivered.bearer) == (mail.ref, name)


@each_bearer
async def test_answer_that_waited_goes_at_the_next_contact(
    name: str, carry: Carry, relay: RunningRelay, box: Box, desk: Desk
) -> None:
    await desk.dispatch(relay, box.provisioning.vessel, desk.mail())
    box.offer(1, introduction())
    async with carry(box, relay):
        await box.arrived()


async def test_a_waiting_desk_hears_at_once(relay: RunningRelay, box: Box, desk: Desk) -> None:
    waiting = asyncio.create_task(desk.feed(relay, wait_s=60))
    box.offer(1, introduction())
    async with box.over_tcp(relay.tcp_port):
        (item,) = await waiting
    assert item.number == 1


async def test_two_vessels_keep_apart(shore: Shore, relay: RunningRelay, box: Box, desk: Desk) -> None:
    # The second is added while the relay serves.
    second = Box(await shore.add_vessel("Hope", desk))
    box.offer(1, report(desk.key_id, 300, fill=1))
    second.offer(1, report(desk.key_id, 300, fill=2))
    async with box.over_tcp(relay.tcp_port), second.over_udp(relay.udp_port):
        await box.custody(1)
        await second.custody(1)
        await desk.dispatch(relay, second.provisioning.vessel, desk.mail())
        await second.arrived()
    assert not box.of(BundleArrived)
    items = await desk.feed(relay)
    bundles = {(item.vessel_name, item.number): item.bundle for item in items if item.bundle}
    assert bundles == {
        ("Mercy", 1): report(desk.key_id, 300, fill=1),
        ("Hope", 1): report(desk.key_id, 300, fill=2),
    }


async def test_one_vessel_on_two_bearers_at_once(relay: RunningRelay, box: Box, desk: Desk) -> None:
    async with box.over_tcp(relay.tcp_port), box.over_websocket(relay.http_port):
        for number in range(1, 9):
            box.offer(number, report(desk.key_id, 2_000, fill=number))
        await box.custody(*range(1, 9))
    items = await desk.feed(relay)
    assert sorted(item.number for item in items) == list(range(1, 9))


async def test_a_new_connection_takes_the_place_of_one_that_hangs(
    relay: RunningRelay, box: Box, desk: Desk
) -> None:
    box.offer(1, introduction())
    async with box.over_tcp(relay.tcp_port) as first:
        await box.custody(1)
        async with box.over_tcp(relay.tcp_port):
            box.offer(2, report(desk.key_id, 200))
            await box.custody(2)
            # The relay has closed the first one.
            await asyncio.wait_for(first, 10)


async def test_a_desk_added_while_serving_gets_what_is_sealed_to_it(
    shore: Shore, relay: RunningRelay, box: Box
) -> None:
    late = Desk(name="Harbour")
    await shore.add_desk(late)
    box.offer(1, report(late.key_id, 300))
    async with box.over_tcp(relay.tcp_port):
        await box.custody(1)
    (item,) = await late.feed(relay)
    assert item.number == 1
