"""A relay behind RockBLOCK, with one vessel that has a modem."""

from collections.abc import AsyncIterator

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from protocol.provisioning import Provisioning
from shore_relay.relay import admin
from shore_relay.relay.app import RunningRelay, unix_time
from shore_relay.relay.store.sbd_rows import Via
from tests.shore_relay.relay.box import Box
from tests.shore_relay.relay.sbd.sky import IMEI, RockBlock, Sky, Vessel, new_key
from tests.shore_relay.relay.shore import Shore


@pytest.fixture(scope="session")
def operator_key() -> RSAPrivateKey:
    return new_key()


@pytest.fixture
async def rockblock(operator_key: RSAPrivateKey) -> AsyncIterator[RockBlock]:
    async with RockBlock(operator_key).serving() as rockblock:
        yield rockblock


@pytest.fixture
async def sky(shore: Shore, provisioning: Provisioning, rockblock: RockBlock) -> Sky:
    sky = Sky(shore, rockblock)
    sky.prepare()
    await admin.assign_modem(shore.folder, "Mercy", IMEI, Via.ROCKBLOCK, unix_time())
    return sky


@pytest.fixture
async def vessel(box: Box, sky: Sky) -> Vessel:
    return Vessel(box, sky)


@pytest.fixture
async def relay(sky: Sky) -> AsyncIterator[RunningRelay]:
    async with sky.serving() as running:
        yield running
