"""Relays as programs for a fleet to be measured against, on a file or on a PostgreSQL, with many vessels."""

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from protocol.ids import DeskId, UnixSeconds
from protocol.linkguard import GuardState, LinkGuard, rekey_secret
from protocol.links import Side
from scripts.benchmarks.cargo import Desk
from scripts.benchmarks.relay_boat import link_secret, vessel_id
from scripts.postgres_server import PostgresServer, running_server
from scripts.voyage.programs import Program
from shore_relay.relay import admin
from shore_relay.relay.data_folder import write_settings
from shore_relay.relay.settings import load_settings
from shore_relay.relay.store.opening import open_store
from shore_relay.relay.store.repository import NewVessel
from shore_relay.relay.store.sql_store import SqlStore

SQLITE = "SQLite"
POSTGRES = "PostgreSQL"
STORES = (SQLITE, POSTGRES)
_ADDED_AT_ONCE = 500
_METRICS_FRESH_S = 5.5
"""A relay tells again what it gathered so lately."""
_ENVIRONMENT = {
    "SEAVOICE_RELAY_LISTEN_HOST": "127.0.0.1",
    "SEAVOICE_RELAY_HTTP_PORT": "0",
    "SEAVOICE_RELAY_TCP_PORT": "0",
    "SEAVOICE_RELAY_UDP_PORT": "0",
    # The whole fleet has one address here, and comes at once.
    "SEAVOICE_RELAY_CONNECTIONS_PER_ADDRESS_MAX": "1000000",
    "SEAVOICE_RELAY_DOOR_CONNECTIONS_PER_MINUTE_MAX": "1000000",
    "SEAVOICE_RELAY_VESSELS_IN_MEMORY_MAX": "20000",
}


@dataclass(slots=True, kw_only=True)
class Serving:
    """One relay that serves."""

    program: Program
    process: psutil.Process
    tcp_port: int
    started_s: float
    """How long it took from starting the program until it was ready."""
    starting_s: float
    """How much processor time of its own that took."""

    async def commits(self) -> int:
        """Return how many durable transactions it has done, as its metrics say."""
        await asyncio.sleep(_METRICS_FRESH_S)
        metrics = await self.program.run("metrics")
        found = re.search(r"^seavoice_relay_store_commits_total (\S+)$", metrics, re.MULTILINE)
        assert found is not None, "a serving relay counts its commits"
        return int(float(found[1]))

    def processor_s(self) -> float:
        """Return the processor time that it has used so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@dataclass(slots=True, kw_only=True)
class Shore:
    """A store with a desk, and relays on it."""

    folder: Path
    desk: Desk
    address: str
    """Of its database; empty for a file."""
    postgres: PostgresServer | None

    async def open(self) -> SqlStore:
        """Open the store beside whoever serves."""
        return await open_store(self.data(0), load_settings(self.data(0)))

    def data(self, at: int) -> Path:
        """Return the data folder of one of the relays."""
        return self.folder / f"relay-{at}"

    @property
    def database(self) -> str:
        """The database's name on its server."""
        return self.address.rpartition("/")[2]

    async def make(self) -> None:
        """Make the first relay's folder and its store with the desk."""
        await self._make_folder(0)
        async with await self.open() as store:
            await store.add_desk(self.desk.card("Haven"), UnixSeconds(int(time.time())))

    async def _make_folder(self, at: int) -> None:
        self.data(at).mkdir(mode=0o700)
        if self.address:
            write_settings(self.data(at), f"store = {json.dumps(self.address)}\n")
        await admin.init(self.data(at), "localhost", secrets.token_bytes, UnixSeconds(int(time.time())))

    async def add_vessels(self, numbers: range) -> None:
        """Add the fleet's vessels of these numbers."""
        desk = self.desk.card("Haven").id
        async with await self.open() as store:
            for start in range(numbers.start, numbers.stop, _ADDED_AT_ONCE):
                some = range(start, min(start + _ADDED_AT_ONCE, numbers.stop))
                vessels = [_new_vessel(number, desk) for number in some]
                await asyncio.gather(*(store.add_vessel(each, UnixSeconds(0)) for each in vessels))

    @asynccontextmanager
    async def serving(self, count: int = 1) -> AsyncIterator[Sequence[Serving]]:
        """Run so many relays on the store until the block ends."""
        async with AsyncExitStack() as stack:
            yield [await stack.enter_async_context(self._one(at)) for at in range(count)]

    @asynccontextmanager
    async def _one(self, at: int) -> AsyncIterator[Serving]:
        if not self.data(at).exists():
            await self._make_folder(at)
        program = Program(name="relay", data=self.data(at), environment=_ENVIRONMENT)
        began_s = time.monotonic()
        ready = await program.start()
        started_s = time.monotonic() - began_s
        port = re.search(r"tcp=(\d+)", ready)
        assert port is not None, "the relay's first line names its ports"
        process = next(
            child for child in psutil.Process().children() if str(self.data(at)) in child.cmdline()
        )
        try:
            times = process.cpu_times()
            yield Serving(
                program=program,
                process=process,
                tcp_port=int(port[1]),
                started_s=started_s,
                starting_s=times.user + times.system,
            )
        finally:
            await program.stop()

    def database_processor_s(self) -> float:
        """Return the processor time of PostgreSQL's processes that run now; 0 for a file."""
        if self.postgres is None:
            return 0.0
        processes = [
            each
            for each in psutil.process_iter(["cmdline"])
            if str(self.postgres.port) in " ".join(each.info["cmdline"] or ())
        ]
        family = {child for each in processes for child in (each, *each.children(recursive=True))}
        return float(sum(each.cpu_times().user + each.cpu_times().system for each in family))


def _new_vessel(number: int, desk: DeskId) -> NewVessel:
    secret = link_secret(number)
    guard = GuardState(secret=secret)
    return NewVessel(
        vessel=vessel_id(number),
        name=f"Vessel {number}",
        desk=desk,
        guard=guard,
        rekey_key=rekey_secret(secret),
        key_ids=LinkGuard(guard, Side.RELAY, lambda _state: None).key_ids(),
    )


@asynccontextmanager
async def shore_on(store: str, folder: Path) -> AsyncIterator[Shore]:
    """Make a relay on a file, or on a PostgreSQL of its own that flushes its disk, until the block ends."""
    await asyncio.to_thread(folder.mkdir, parents=True)
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(running_server(durable=True)) if store == POSTGRES else None
        address = postgres.url(await postgres.create()) if postgres is not None else ""
        shore = Shore(folder=folder, desk=Desk(), address=address, postgres=postgres)
        await shore.make()
        yield shore
