"""Relays and their PostgreSQL are killed in the middle of bundles: what was acknowledged is found, once."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from protocol.events import CustodyAccepted, PacketRefused
from scripts.postgres_server import PostgresServer, running_server
from shore_relay.relay.app import monotonic
from tests.shore_relay.relay.box import Box, report
from tests.shore_relay.relay.shore import Desk, Shore, make_shore

PATIENCE_S = 60


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """A server that flushes its disk: here it is killed."""
    with running_server(durable=True) as server:
        yield server


@pytest.fixture
async def shore(postgres: PostgresServer, tmp_path: Path) -> Shore:
    return await make_shore(tmp_path, postgres.url(await postgres.create()))


class Program:
    """One `seavoice-relay serve`."""

    def __init__(self, process: Process, tcp_port: int) -> None:
        self.process = process
        self.tcp_port = tcp_port

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()


@asynccontextmanager
async def programs(folder: Path, store: str, count: int) -> AsyncIterator[list[Program]]:
    """Several relays, each with a folder of its own, as on several machines."""
    started = [await _start((await make_shore(folder, store, f"relay-{at}")).folder) for at in range(count)]
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield [Program(each, await _tcp_port(each)) for each in started]
    finally:
        for each in started:
            if each.returncode is None:
                each.kill()
            await each.wait()


async def _start(folder: Path) -> Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SEAVOICE_")} | {
        "SEAVOICE_RELAY_LISTEN_HOST": "127.0.0.1",
        "SEAVOICE_RELAY_HTTP_PORT": "0",
        "SEAVOICE_RELAY_TCP_PORT": "0",
        "SEAVOICE_RELAY_UDP_PORT": "0",
        "SEAVOICE_RELAY_STORE_RETRY_S": "0.2",
    }
    arguments = ("-m", "shore_relay.relay.cli", "serve", "--data", str(folder))
    return await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=environment, stdout=PIPE, stderr=asyncio.subprocess.DEVNULL
    )


async def _tcp_port(process: Process) -> int:
    assert process.stdout is not None
    ready = re.search(rb"tcp=(\d+)", await process.stdout.readline())
    assert ready is not None
    return int(ready[1])


async def _until_acked(box: Box, number: int, size_bytes: int) -> None:
    await box.until(lambda: box.acked_bytes(number) >= size_bytes)


async def _hand_over(box: Box, relay: Program, number: int) -> None:
    """Come again and again, as a box does, until the relay takes what it is given."""
    async with asyncio.timeout(PATIENCE_S):
        while not {number} & {event.number for event in box.of(CustodyAccepted)}:
            async with box.over_tcp(relay.tcp_port) as ended:
                await box.custody_or_end(number, ended)


async def test_every_acknowledged_bundle_is_found_once(
    shore: Shore, desk: Desk, box: Box, postgres: PostgresServer, tmp_path: Path
) -> None:
    sent = {number: report(desk.key_id, 30_000, fill=number) for number in range(1, 6)}
    folder = tmp_path / "machines"
    folder.mkdir()
    began = monotonic()
    async with programs(folder, shore.settings.store, 3) as (first, second, third):
        box.offer(1, sent[1])
        async with box.over_tcp(first.tcp_port):
            await box.custody(1)
            box.offer(2, sent[2])
            box.records_max = box.records_sent + 8
            await _until_acked(box, 2, 4_000)
            await first.kill()
        held = box.acked_bytes(2)
        box.records_max = box.records_sent + 8
        async with box.over_tcp(second.tcp_port):
            await _until_acked(box, 2, held + 4_000)
            postgres.stop()
            box.offer(3, sent[3])
        box.open_valve()
        postgres.start()
        for number in (2, 3):
            await _hand_over(box, second, number)
        box.offer(4, sent[4])
        box.records_max = box.records_sent + 8
        async with box.over_tcp(second.tcp_port):
            await _until_acked(box, 4, 4_000)
            await second.kill()
        box.open_valve()
        box.offer(5, sent[5])
        for number in (4, 5):
            await _hand_over(box, third, number)
    async with await shore.open() as store:
        items = await store.feed(desk.card.id, 0, most_items=200, most_bytes=10**8)
        (vessel,) = (await store.status()).vessels
    assert Counter(item.number for item in items) == dict.fromkeys(sent, 1)
    assert {item.number: item.bundle for item in items} == sent
    assert not box.of(PacketRefused), "a number was used twice"
    # Each kill costs what was on its way, and nothing that was acknowledged.
    assert vessel.duplicate_bytes < 30_000
    assert monotonic() - began < 2 * PATIENCE_S
