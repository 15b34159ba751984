"""Random bytes, slow clients and crowds on each port: counted, cheap, and no harm to anybody else."""

import asyncio
import random
from dataclasses import replace

import aiohttp
import pytest

from protocol.linkguard import unknown_key_hint
from protocol.records import frame_record
from shore_relay.relay.app import RunningRelay
from tests.shore_relay.relay.box import Box, Datagrams, introduction, report
from tests.shore_relay.relay.shore import SETTINGS, Desk, Shore

NOISE = random.Random(1).randbytes(4_000)


async def still_serves(relay: RunningRelay, box: Box) -> None:
    box.offer(1, introduction())
    # A relay that waits very briefly may cut a vessel off, too, on a busy machine; the vessel comes again.
    while box.engine.queued:
        async with box.over_tcp(relay.tcp_port) as ended:
            await box.custody_or_end(1, ended)


def refused(relay: RunningRelay, bearer: str) -> int:
    return sum(count for code, count in relay.refusals.items() if code.startswith(f"{bearer}-"))


@pytest.mark.parametrize(
    "data",
    [
        frame_record(NOISE[:200]),
        frame_record(bytes([0x20]) + NOISE[:60]),
        frame_record(bytes([0x23]) + NOISE[:104]),
        frame_record(bytes([0xE0]) + NOISE[:60]),
        b"\0\0",
    ],
    ids=["noise", "unknown-key", "no-rekey", "future-version", "empty-record"],
)
async def test_garbage_over_tcp_is_counted(data: bytes, relay: RunningRelay, box: Box) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.tcp_port)
    writer.write(data)
    writer.write_eof()
    await reader_ends(reader)
    writer.close()
    assert refused(relay, "tcp") == 1
    await still_serves(relay, box)


async def reader_ends(reader: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionError:
        return b""


async def test_an_unknown_key_is_answered_with_a_hint(relay: RunningRelay) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.tcp_port)
    writer.write(frame_record(bytes([0x20]) + b"none" + NOISE[:60]))
    hint = frame_record(unknown_key_hint(b"none"))
    assert await reader.readexactly(len(hint)) == hint
    writer.close()


async def test_garbage_over_websocket_is_counted(relay: RunningRelay, box: Box) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"ws://127.0.0.1:{relay.http_port}/v1/link") as socket,
    ):
        await socket.send_bytes(NOISE[:500])
        assert (await socket.receive()).type is not aiohttp.WSMsgType.BINARY
    assert refused(relay, "websocket") == 1
    await still_serves(relay, box)


async def test_garbage_over_udp_is_counted(relay: RunningRelay, box: Box) -> None:
    endpoint = Datagrams()
    await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: endpoint, remote_addr=("127.0.0.1", relay.udp_port)
    )
    packets = [NOISE[at : at + 40] for at in range(0, 2_000, 40)]
    packets += [bytes([0x23]) + NOISE[:104], NOISE[:2_000], b"\x20", b"\x20none" + NOISE[:40]]
    for packet in packets:
        await endpoint.write(packet)
    # The last one is answered, and by then all before it were judged.
    while unknown_key_hint(b"none") not in await endpoint.read():
        pass
    assert refused(relay, "udp") == len(packets)
    endpoint.transport.close()
    await still_serves(relay, box)


async def test_a_stranger_who_repeats_a_key_id_disturbs_nobody(
    relay: RunningRelay, box: Box, desk: Desk
) -> None:
    box.offer(1, introduction())
    async with box.over_tcp(relay.tcp_port) as ended:
        await box.custody(1)
        key_id = box.engine.key_ids()[0]
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.tcp_port)
        writer.write(frame_record(bytes([0x20]) + key_id + NOISE[:60]))
        assert await reader_ends(reader) == b""
        writer.close()
        assert relay.refusals["tcp-not-authentic"] == 1
        box.offer(2, report(desk.key_id, 100))
        await box.custody(2)
        assert not ended.done()


async def test_a_slow_client_is_cut_off(shore: Shore, box: Box) -> None:
    async with shore.serving(replace(SETTINGS, first_record_s=0.2)) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.tcp_port)
        writer.write(b"\x00")
        assert await reader_ends(reader) == b""
        writer.close()
        await still_serves(relay, box)


async def test_one_address_gets_so_many_connections_and_no_more(shore: Shore, box: Box) -> None:
    async with shore.serving(replace(SETTINGS, connections_per_address_max=2)) as relay:
        crowd = [await asyncio.open_connection("127.0.0.1", relay.tcp_port) for _ in range(3)]
        assert await reader_ends(crowd[2][0]) == b""
        assert relay.refusals["too-many-connections"] == 1
        for _, writer in crowd:
            writer.transport.abort()
        for reader, _ in crowd:
            await reader_ends(reader)
        box.offer(1, introduction())
        while box.engine.queued:
            async with box.over_tcp(relay.tcp_port) as ended:
                await box.custody_or_end(1, ended)


async def test_refusals_are_stored_for_the_operator(shore: Shore, relay: RunningRelay) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.tcp_port)
    writer.write(frame_record(bytes([0xE0]) + NOISE[:60]))
    await reader_ends(reader)
    writer.close()
    await relay.store_counts()
    assert (await relay.store.status()).refusals == {"tcp-unknown-version": 1}
