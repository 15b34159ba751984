"""Floods, dribbles and half-open connections: bounded, counted, and a vessel that talks gets through.

Whoever attacks comes from 127.0.0.2, the vessel and its desk from 127.0.0.1: two addresses of one machine.
"""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import psutil
import pytest

from protocol.ids import Instant
from protocol.records import frame_record
from shore_relay.relay.app import RunningRelay
from shore_relay.relay.bearers.crowd import Crowd, Proxies, group_of
from shore_relay.relay.errors import SettingsInvalid
from shore_relay.relay.operating_settings import DoorSettings
from shore_relay.relay.settings import Settings
from tests.shore_relay.relay.box import Box, introduction, report
from tests.shore_relay.relay.shore import SETTINGS, Desk, Shore

ATTACKER = ("127.0.0.2", 0)
NOISE = random.Random(8).randbytes(3_000)
GARBAGE_CONNECTIONS = 2_000
AT_ONCE = 100
HALF_OPEN = 300
DESCRIPTORS_LEAKED_MAX = 20
SOON_S = 20.0


async def end_of(reader: asyncio.StreamReader) -> bytes:
    """Return what still came until the relay ended the connection."""
    try:
        async with asyncio.timeout(SOON_S):
            return await reader.read()
    except ConnectionError:
        return b""


async def garbage(port: int, data: bytes) -> None:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=ATTACKER)
    except OSError:
        return
    try:
        writer.write(data)
        writer.write_eof()
        await end_of(reader)
    except OSError:
        # Refused while we wrote: that is what a bound looks like from here.
        return
    finally:
        writer.transport.abort()


async def flood(port: int, count: int, data: bytes) -> None:
    """Open and end connections, so many at a time."""
    for _ in range(0, count, AT_ONCE):
        await asyncio.gather(*(garbage(port, data) for _ in range(AT_ONCE)))


async def deliver(relay: RunningRelay, box: Box, desk: Desk, until: "asyncio.Task[None]") -> int:
    """Hand over reports, each over a connection of its own, until the flood is over; return how many."""
    number = 1
    box.offer(1, introduction())
    while not (until.done() and number > 1):
        async with box.over_tcp(relay.tcp_port):
            await box.custody(number)
        number += 1
        box.offer(number, report(desk.key_id, 200))
    return number - 1


@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", ["links", "requests"])
async def test_thousands_of_garbage_connections_stop_no_vessel(
    kind: str, shore: Shore, box: Box, desk: Desk
) -> None:
    settings = replace(SETTINGS, door=DoorSettings(connections_per_minute_max=600))
    async with shore.serving(settings) as relay:
        before = psutil.Process().num_fds()
        port = relay.tcp_port if kind == "links" else relay.http_port
        data = frame_record(NOISE[:300]) if kind == "links" else b"GET /nonsense HTTP/1.1\r\nHost: x\r\n\r\n"
        flooding = asyncio.create_task(flood(port, GARBAGE_CONNECTIONS, data))
        handed_over = await deliver(relay, box, desk, flooding)
        await flooding
        assert handed_over >= 1
        await relay.store_counts()
        counted = (await relay.store.status()).refusals
        assert counted["connections-too-fast"] > 0
        assert sum(counted.values()) >= GARBAGE_CONNECTIONS // 3
        assert psutil.Process().num_fds() - before < DESCRIPTORS_LEAKED_MAX
        assert (await desk.feed(relay))[0].number == 1


@asynccontextmanager
async def half_open(port: int, count: int, said: bytes) -> AsyncIterator[list[socket.socket]]:
    """Hold connections open that begin to say something and never go on."""
    held: list[socket.socket] = []
    loop = asyncio.get_running_loop()
    try:
        for _ in range(count):
            connection = socket.socket()
            connection.setblocking(False)
            connection.bind(ATTACKER)
            await loop.sock_connect(connection, ("127.0.0.1", port))
            held.append(connection)
            try:
                await loop.sock_sendall(connection, said)
            except OSError:
                # This one was over the bound.
                continue
        yield held
    finally:
        for connection in held:
            connection.close()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("links", b"\x00"),
        ("links", b""),
        ("requests", b"GET /v1/feed HTTP/1.1\r\nHost: x\r\nX-A: "),
        ("requests", b""),
    ],
    ids=["link-dribbles", "link-silent", "request-dribbles", "request-silent"],
)
async def test_half_open_connections_stop_no_vessel(
    kind: str, said: bytes, shore: Shore, box: Box, desk: Desk
) -> None:
    async with shore.serving() as relay:
        port = relay.tcp_port if kind == "links" else relay.http_port
        async with half_open(port, HALF_OPEN, said):
            box.offer(1, introduction())
            async with box.over_tcp(relay.tcp_port):
                await box.custody(1)
            (item,) = await desk.feed(relay)
            assert item.number == 1
            open_now = sum(relay.connections.values())
            assert open_now <= SETTINGS.connections_per_address_max + 8


async def test_a_request_that_dribbles_is_let_go(shore: Shore) -> None:
    async with shore.serving(replace(SETTINGS, door=DoorSettings(http_idle_s=0.3))) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.http_port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        assert await end_of(reader) == b""
        await relay.store_counts()
        assert (await relay.store.status()).refusals["http-idle"] == 1
        writer.transport.abort()


async def test_a_body_that_dribbles_is_refused_in_time(shore: Shore) -> None:
    async with shore.serving(replace(SETTINGS, door=DoorSettings(http_body_s=0.3))) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.http_port)
        writer.write(b"POST /v1/feed/taken HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        answer = await end_of(reader)
        assert b" 408 " in answer.splitlines()[0]
        assert b"request-too-slow" in answer
        writer.transport.abort()


async def test_requests_of_one_address_are_bounded_and_of_another_served(shore: Shore, desk: Desk) -> None:
    settings = replace(SETTINGS, door=DoorSettings(requests_per_minute_max=5))
    async with shore.serving(settings) as relay:
        seen: list[bytes] = []
        for _ in range(7):
            reader, writer = await asyncio.open_connection("127.0.0.1", relay.http_port, local_addr=ATTACKER)
            writer.write(b"GET /healthz HTTP/1.0\r\nHost: x\r\n\r\n")
            seen.append((await end_of(reader)).splitlines()[0])
            writer.transport.abort()
        assert [b" 429 " in line for line in seen].count(True) >= 1
        assert (await desk.ask(relay, "GET", "/healthz"))[0] == 200


async def test_connections_in_all_are_bounded(shore: Shore) -> None:
    async with shore.serving(replace(SETTINGS, door=DoorSettings(connections_max=2))) as relay:
        crowd = [await asyncio.open_connection("127.0.0.1", relay.tcp_port) for _ in range(3)]
        assert await end_of(crowd[2][0]) == b""
        await relay.store_counts()
        assert (await relay.store.status()).refusals["too-many-connections-in-all"] == 1
        for _, writer in crowd:
            writer.transport.abort()


async def test_a_vessel_that_sends_too_fast_is_read_more_slowly_and_loses_nothing(
    shore: Shore, box: Box, desk: Desk
) -> None:
    settings = replace(SETTINGS, door=DoorSettings(packets_per_vessel_s_max=20))
    async with shore.serving(settings) as relay:
        box.offer(1, introduction())
        for number in range(2, 32):
            box.offer(number, report(desk.key_id, 3_000))
        started = asyncio.get_running_loop().time()
        async with box.over_tcp(relay.tcp_port):
            await box.custody(*range(1, 32))
        took_s = asyncio.get_running_loop().time() - started
        assert box.records_sent > 25
        assert took_s > (box.records_sent - 25) / 20 / 2
        assert len(await desk.feed(relay)) == 31


# --- addresses ----------------------------------------------------------------------------------------------


def test_one_customer_of_an_ipv6_network_is_one_address() -> None:
    assert group_of("2001:db8:1:2::5") == group_of("2001:db8:1:2:ffff::1")
    assert group_of("2001:db8:1:2::5") != group_of("2001:db8:1:3::5")
    assert group_of("::ffff:192.0.2.7") == group_of("192.0.2.7")
    assert group_of("fe80::1%eth0") == "fe80::/64"
    assert group_of("unknown") == "unknown"


def test_a_crowd_counts_nothing_that_it_refuses() -> None:
    crowd = Crowd(most=10, most_per_address=1, per_minute=60)
    assert crowd.refusal("192.0.2.1", "tcp", Instant(0.0)) is None
    assert crowd.refusal("192.0.2.1", "tcp", Instant(0.0)) == "too-many-connections"
    crowd.leave("192.0.2.1", "tcp")
    assert crowd.by_bearer["tcp"] == 0
    assert crowd.refusal("192.0.2.1", "tcp", Instant(0.0)) is None


def test_only_a_proxy_of_ours_is_believed() -> None:
    proxies = Proxies("127.0.0.1, 10.0.0.0/8")
    assert proxies.trusts("10.1.2.3")
    assert not proxies.trusts("192.0.2.1")
    assert not proxies.trusts("unix")
    with pytest.raises(SettingsInvalid, match="trusted_proxies"):
        Proxies("nonsense")


async def test_whom_a_proxy_speaks_for_is_counted_in_its_place(shore: Shore) -> None:
    settings: Settings = replace(SETTINGS, door=DoorSettings(requests_per_minute_max=2))
    async with shore.serving(settings) as relay:

        async def ask(speaks_for: str) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", relay.http_port)
            head = f"GET /healthz HTTP/1.0\r\nHost: x\r\nX-Forwarded-For: {speaks_for}\r\n\r\n"
            writer.write(head.encode())
            answer = (await end_of(reader)).splitlines()[0]
            writer.transport.abort()
            return answer

        # What stands before the last hop is the client's own word, and changes nothing.
        flooding = [await ask(f"203.0.113.{at}, 192.0.2.9") for at in range(4)]
        assert b" 429 " in flooding[-1]
        assert b" 200 " in await ask("192.0.2.10")


@pytest.fixture(autouse=True)
def _enough_descriptors() -> None:
    """A machine where hardly a file may be open cannot be flooded from the same process."""
    assert os.sysconf("SC_OPEN_MAX") >= 1_000
