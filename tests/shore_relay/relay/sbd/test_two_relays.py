"""Two relays behind one satellite account: what costs money is done by one of them."""

from pathlib import Path

import pytest

from protocol.events import BundleArrived
from protocol.provisioning import Provisioning
from scripts.postgres_server import PostgresServer
from shore_relay.relay import admin
from shore_relay.relay.app import unix_time
from shore_relay.relay.store.sbd_rows import Via
from tests.shore_relay.relay.box import Box, introduction
from tests.shore_relay.relay.sbd.sky import IMEI, RockBlock, Sky, Vessel
from tests.shore_relay.relay.shore import Desk, Shore, make_shore


@pytest.fixture
async def shores(postgres: PostgresServer, tmp_path: Path) -> tuple[Shore, Shore]:
    url = postgres.url(await postgres.create())
    return await make_shore(tmp_path, url, "first"), await make_shore(tmp_path, url, "second")


@pytest.fixture
async def shore(shores: tuple[Shore, Shore]) -> Shore:
    return shores[0]


async def test_each_message_goes_out_once_and_what_came_to_one_relay_is_told_at_the_other(
    shores: tuple[Shore, Shore], rockblock: RockBlock, desk: Desk, provisioning: Provisioning, box: Box
) -> None:
    skies = [Sky(shore, rockblock) for shore in shores]
    for sky in skies:
        sky.prepare()
    await admin.assign_modem(shores[0].folder, "Mercy", IMEI, Via.ROCKBLOCK, unix_time())
    store = shores[0].settings.store
    async with skies[0].serving(store=store) as first, skies[1].serving(store=store) as second:
        vessel = Vessel(box, skies[0])
        box.offer(1, introduction())
        message = await vessel.send(first)
        # The gateway repeats itself, and the balancer gives that to another relay.
        assert (await skies[1].post(second, message))[0] == 200
        (item,) = await desk.feed(second)
        assert item.number == 1
        cursor = item.cursor
        for number in range(1, 4):
            relay = (first, second)[number % 2]
            letter = desk.mail(60, ref=bytes([number]) * 16)
            assert (await desk.dispatch(relay, provisioning.vessel, letter))[0] == 200
            # Both relays hear of it, and both look.
            for each in (first, second):
                await each.fleet.dispatched(provisioning.vessel)
            await rockblock.asked(number)
            while rockblock.queues[IMEI]:
                vessel.fetch()
            vessel.box.offer(number + 1, introduction())
            await vessel.send(second)
            cursor = (await desk.feed(first, after=cursor))[-1].cursor
        (seen,) = (await second.store.status()).vessels
    assert len(box.of(BundleArrived)) == 3
    assert len(rockblock.requests) == 3, "each message was composed and handed over by one relay"
    assert seen.sbd is not None
    assert seen.sbd.messages_up == 4
