"""A relay with one desk and one vessel, on real files and real sockets."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from protocol.provisioning import Provisioning
from scripts.postgres_server import PostgresServer, running_server
from shore_relay.relay.app import RunningRelay
from tests.shore_relay.relay.box import Box
from tests.shore_relay.relay.shore import Desk, Shore, make_shore


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for everything that one process of the tests does; it flushes nothing."""
    with running_server() as server:
        yield server


@pytest.fixture
async def shore(tmp_path: Path) -> Shore:
    return await make_shore(tmp_path)


@pytest.fixture
async def desk(shore: Shore) -> Desk:
    desk = Desk(name="Haven")
    await shore.add_desk(desk)
    return desk


@pytest.fixture
async def provisioning(shore: Shore, desk: Desk) -> Provisioning:
    return await shore.add_vessel("Mercy", desk)


@pytest.fixture
async def box(provisioning: Provisioning) -> Box:
    return Box(provisioning)


@pytest.fixture
async def relay(shore: Shore, provisioning: Provisioning) -> AsyncIterator[RunningRelay]:
    async with shore.serving() as running:
        yield running
