"""A fleet hands over while the store is slow, restarted, out of connections or full: nothing is lost."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from protocol.deskfeed import FeedItem
from protocol.events import CustodyAccepted, PacketRefused
from scripts.postgres_server import PostgresServer, running_server
from shore_relay.relay.app import RunningRelay, World
from shore_relay.relay.errors import StoreFailed
from tests.shore_relay.relay.box import Box, report
from tests.shore_relay.relay.shore import Desk, Shore, make_shore

FLEET = 8
EACH = 6
SIZE_BYTES = 4_000
PATIENCE_S = 60
_OF_RELAY = "FROM pg_stat_activity WHERE application_name = 'seavoice-relay' AND datname = $1"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server of this file's own: here it is restarted."""
    with running_server(durable=True) as running:
        yield running


class Crowd:
    """A fleet whose boxes come again and again until the relay has taken everything."""

    def __init__(self, boxes: Sequence[Box], desk: Desk) -> None:
        self.boxes = boxes
        self.may_dial = asyncio.Event()
        """A box that was cut off dials again only then, as one that waits longer after each failure."""
        self.may_dial.set()
        self.sent = {
            (box.provisioning.vessel, number): report(desk.key_id, SIZE_BYTES, fill=at * EACH + number)
            for at, box in enumerate(boxes)
            for number in range(1, EACH + 1)
        }

    def offer(self, *numbers: int) -> None:
        for box in self.boxes:
            for number in numbers:
                box.offer(number, self.sent[box.provisioning.vessel, number])

    async def hand_over(self, port: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(self._hand_over(box, port) for box in self.boxes))
        assert not any(box.of(PacketRefused) for box in self.boxes), "a number was used twice"

    async def _hand_over(self, box: Box, port: int) -> None:
        while box.engine.queued:
            async with box.over_tcp(port) as ended:
                await box.until(lambda: ended.done() or not box.engine.queued)
            await self.may_dial.wait()

    @property
    def accepted(self) -> set[tuple[bytes, int]]:
        return {
            (box.provisioning.vessel, event.number) for box in self.boxes for event in box.of(CustodyAccepted)
        }

    def check(self, items: Sequence[FeedItem]) -> None:
        """Every bundle was acknowledged, and is found once, as it was sent."""
        assert self.accepted == set(self.sent)
        assert Counter((item.vessel, item.number) for item in items) == dict.fromkeys(self.sent, 1)
        assert {(item.vessel, item.number): item.bundle for item in items} == self.sent


class Trouble(Counter[str]):
    """What the relay logged."""

    def log(self, event: str, /, **_facts: str | int) -> None:
        self[event] += 1


@asynccontextmanager
async def crowd_before(
    shore: Shore, trouble: Trouble, *, database_bytes_max: int = 0
) -> AsyncIterator["Scene"]:
    desk = Desk(name="Haven")
    await shore.add_desk(desk)
    boxes = [Box(await shore.add_vessel(f"Vessel {at}", desk)) for at in range(FLEET)]
    # All of them dial again at once, from one address.
    door = replace(shore.settings.door, connections_per_minute_max=100_000)
    settled = replace(shore.settings, door=door, database_bytes_max=database_bytes_max)
    async with shore.serving(settled, World(log=trouble.log)) as relay:
        yield Scene(relay, desk, Crowd(boxes, desk))


class Scene:
    """A relay, its desk, and a fleet that has handed over one bundle each and has more."""

    def __init__(self, relay: RunningRelay, desk: Desk, crowd: Crowd) -> None:
        self.relay = relay
        self.desk = desk
        self.crowd = crowd

    @asynccontextmanager
    async def under_load(self) -> AsyncIterator[None]:
        """Let the fleet hand over the rest while the block runs, and come to an end of it afterwards."""
        self.crowd.offer(1)
        await self.crowd.hand_over(self.relay.tcp_port)
        self.crowd.offer(*range(2, EACH + 1))
        handing_over = asyncio.create_task(self.crowd.hand_over(self.relay.tcp_port))
        try:
            yield
            await handing_over
        finally:
            handing_over.cancel()
            with suppress(asyncio.CancelledError):
                await handing_over

    async def check(self) -> None:
        items = await self.relay.store.feed(self.desk.card.id, 0, most_items=1_000, most_bytes=10**8)
        self.crowd.check(items)


@pytest.fixture
async def shore(server: PostgresServer, tmp_path: Path) -> Shore:
    return await make_shore(tmp_path, server.url(await server.create()))


async def test_a_slow_database_only_takes_longer(shore: Shore) -> None:
    async with crowd_before(shore, Trouble()) as scene:
        await _run_on(
            shore,
            "CREATE FUNCTION drag() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END $$;"
            "CREATE TRIGGER drag BEFORE INSERT ON feed FOR EACH ROW EXECUTE FUNCTION drag()",
        )
        async with scene.under_load():
            pass
        await scene.check()


async def test_a_database_that_is_restarted_under_load_loses_nothing(
    shore: Shore, server: PostgresServer
) -> None:
    async with crowd_before(shore, Trouble()) as scene:
        async with scene.under_load():
            server.stop(signal.SIGINT)
            await _until_failed(scene)
            server.start()
            scene.crowd.may_dial.set()
        await scene.check()


async def test_a_database_without_a_connection_left_loses_nothing(
    shore: Shore, server: PostgresServer
) -> None:
    async with crowd_before(shore, Trouble()) as scene:
        async with scene.under_load(), AsyncExitStack() as taken:
            database = shore.settings.store.rpartition("/")[2]
            await _take_all_connections(server, database, taken)
            await _until_failed(scene)
            await taken.aclose()
            scene.crowd.may_dial.set()
        await scene.check()


async def test_a_database_whose_disk_is_full_under_load_loses_nothing(shore: Shore) -> None:
    trouble = Trouble()
    async with crowd_before(shore, trouble) as scene:
        async with scene.under_load():
            await _run_on(
                shore,
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$;"
                "CREATE TRIGGER full_disk BEFORE INSERT ON feed FOR EACH ROW EXECUTE FUNCTION full_disk();"
                "CREATE TRIGGER full_relay BEFORE UPDATE ON relay FOR EACH ROW EXECUTE FUNCTION full_disk()",
            )
            await _until_failed(scene)
            await _run_on(shore, "DROP TRIGGER full_disk ON feed; DROP TRIGGER full_relay ON relay")
            scene.crowd.may_dial.set()
        await scene.check()


async def test_a_file_whose_disk_is_full_under_load_loses_nothing(tmp_path: Path) -> None:
    trouble = Trouble()
    got: list[FeedItem] = []
    async with crowd_before(await make_shore(tmp_path), trouble, database_bytes_max=200_000) as scene:
        async with scene.under_load():
            await _until_failed(scene)
            # The desk makes room, a page at a time.
            while len(got) < len(scene.crowd.sent):
                page = await scene.desk.feed(scene.relay, after=got[-1].cursor if got else 0)
                got += page
                assert await scene.desk.taken(scene.relay, got[-1].cursor) == 200
                scene.crowd.may_dial.set()
        scene.crowd.check(got)
    assert trouble[StoreFailed.code]


async def _until_failed(scene: Scene) -> None:
    """Wait until the relay itself finds that it can store nothing; no box dials before that is over."""
    scene.crowd.may_dial.clear()
    async with asyncio.timeout(PATIENCE_S):
        while await _is_writable(scene):
            continue


async def _is_writable(scene: Scene) -> bool:
    try:
        await scene.relay.store.check_writable()
    except StoreFailed:
        return False
    return True


async def _take_all_connections(server: PostgresServer, database: str, taken: AsyncExitStack) -> None:
    """Hang up on the relay, and have every connection that the server allows."""
    first = await server.connect()
    taken.push_async_callback(first.close)
    while True:
        await first.execute(f"SELECT pg_terminate_backend(pid) {_OF_RELAY}", database)
        try:
            connection = await server.connect()
        except asyncpg.TooManyConnectionsError:
            # The relay may have been quicker: only when it has none are all taken.
            if not await first.fetchval(f"SELECT count(*) {_OF_RELAY}", database):
                return
            continue
        taken.push_async_callback(connection.close)


async def _run_on(shore: Shore, sql: str) -> None:
    connection = await asyncpg.connect(shore.settings.store)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
