"""The same tests on both stores."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scripts.postgres_server import PostgresServer
from shore_relay.relay.store.sql_store import SqlStore
from tests.shore_relay.relay.shore import Shore, make_shore


@pytest.fixture(params=["sqlite", "postgres"])
async def shore(request: pytest.FixtureRequest, tmp_path: Path) -> Shore:
    if request.param == "sqlite":
        return await make_shore(tmp_path)
    server: PostgresServer = request.getfixturevalue("postgres")
    return await make_shore(tmp_path, store=server.url(await server.create()))


@pytest.fixture
async def store(shore: Shore) -> AsyncIterator[SqlStore]:
    async with await shore.open() as opened:
        yield opened
