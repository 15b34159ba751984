import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from scripts.sky.errors import PortInUseError, SettingError, UnknownHostError
from scripts.sky.model import Cut, ListedCuts, PeriodicCuts, SkyProfile
from scripts.sky.shell import Endpoint, SkyEvent
from scripts.sky.stream import StreamSky

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[Endpoint]:
    """Serve each connection with ``handler`` and leave nothing open."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield Endpoint(port=server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while received := await reader.read(65_536):
        writer.write(received)
        await writer.drain()
    writer.write_eof()


async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(65_536):
        pass


@contextlib.asynccontextmanager
async def calling(sky: StreamSky) -> AsyncIterator[Pair]:
    reader, writer = await asyncio.open_connection("127.0.0.1", sky.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def test_what_goes_through_comes_back_whole_and_is_metered_both_ways() -> None:
    payload = bytes(range(256)) * 16
    async with serving(echo) as target, StreamSky(target=target) as sky, calling(sky) as (reader, writer):
        writer.write(payload)
        writer.write_eof()
        assert await reader.read() == payload
        reading = sky.meter.snapshot()
        assert reading.up.air.size_bytes == reading.down.air.size_bytes == len(payload)
        assert reading.air_bytes == 2 * len(payload)
        assert reading.both.delivered.size_bytes == 2 * len(payload)
        assert reading.connections == 1


async def test_rate_delay_and_the_opening_round_trip_take_their_sky_time() -> None:
    profile = SkyProfile(rate_up_bps=2_400, rate_down_bps=2_400, delay_s=0.7, speed=40)
    async with (
        serving(echo) as target,
        StreamSky(target=target, profile=profile) as sky,
        calling(sky) as (reader, writer),
    ):
        writer.write(bytes(4_500))
        writer.write_eof()
        assert await reader.read() == bytes(4_500)
        took_s = sky.now_s
    # Opening 1.4 s, 15 s of link, a piece that must be whole before its echo leaves, and the round trip.
    least_s = 1.4 + 15 + 1.4
    assert least_s <= took_s < 2 * least_s


async def test_a_fast_link_is_kept_busy() -> None:
    profile = SkyProfile(rate_up_bps=1_000_000, rate_down_bps=1_000_000)
    async with (
        serving(echo) as target,
        StreamSky(target=target, profile=profile) as sky,
        calling(sky) as (reader, writer),
    ):
        writer.write(bytes(62_500))
        writer.write_eof()
        assert len(await reader.read()) == 62_500
        took_s = sky.now_s
    assert 0.5 <= took_s < 1.5


async def test_two_connections_share_one_radio() -> None:
    profile = SkyProfile(rate_up_bps=80_000, rate_down_bps=80_000)

    async def talk(sky: StreamSky) -> None:
        async with calling(sky) as (reader, writer):
            writer.write(bytes(2_500))
            writer.write_eof()
            await reader.read()

    async with serving(swallow) as target, StreamSky(target=target, profile=profile) as sky:
        await asyncio.gather(talk(sky), talk(sky))
        assert sky.now_s >= 0.5


async def test_back_pressure_reaches_the_sender() -> None:
    profile = SkyProfile(rate_up_bps=2_400)
    async with (
        serving(swallow) as target,
        StreamSky(target=target, profile=profile) as sky,
        calling(sky) as (_, writer),
    ):
        writer.transport.set_write_buffer_limits(high=0)
        flooding = asyncio.ensure_future(flood(writer))
        await sky.until(lambda: sky.meter.snapshot().up.air.size_bytes >= 128)
        assert not flooding.done()
        assert sky.meter.snapshot().up.offered.size_bytes <= 512
        flooding.cancel()
        await asyncio.wait([flooding])


async def flood(writer: asyncio.StreamWriter) -> None:
    # More than any kernel's send buffer takes.
    for _ in range(100):
        writer.write(bytes(1_000_000))
        await writer.drain()


async def test_a_cut_resets_connections_refuses_new_ones_and_ends_on_the_same_port() -> None:
    events: list[SkyEvent] = []
    profile = SkyProfile(rate_up_bps=2_400, rate_down_bps=2_400, delay_s=0.7, speed=20)
    async with (
        serving(echo) as target,
        StreamSky(target=target, profile=profile, observer=events.append) as sky,
    ):
        port = sky.port
        async with calling(sky) as (reader, writer):
            writer.write(bytes(3_000))
            await reader.readexactly(64)
            sky.cut(4)
            with pytest.raises(ConnectionResetError):
                await reader.readexactly(3_000)
        cut = sky.meter.snapshot()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        await sky.until(lambda: sky.is_up)
        assert sky.port == port
        async with calling(sky) as (reader, writer):
            writer.write(b"again")
            assert await reader.readexactly(5) == b"again"
    assert events == [SkyEvent.CONNECTED, SkyEvent.CUT, SkyEvent.RESTORED, SkyEvent.CONNECTED]
    assert cut.cuts == 1
    # 0.7 s at 2,400 bit/s are 210 bytes in the air each way: what left was delivered, or lost by the cut.
    assert cut.up.lost.size_bytes <= 210 + 64
    assert cut.up.lost.size_bytes + cut.down.lost.size_bytes >= 64
    assert cut.both.air == cut.both.delivered + cut.both.lost


async def test_scheduled_cuts_come_by_themselves() -> None:
    cuts = PeriodicCuts(up_s=2, down_s=1, first_s=1)
    profile = SkyProfile(speed=20)
    async with serving(echo) as target, StreamSky(target=target, profile=profile, cuts=cuts) as sky:
        await sky.until(lambda: sky.meter.cuts >= 3)
        assert 7 <= sky.now_s < 27


async def test_a_cut_during_the_opening_leaves_nothing_behind() -> None:
    profile = SkyProfile(delay_s=0.5)
    async with (
        serving(echo) as target,
        StreamSky(target=target, profile=profile) as sky,
        calling(sky) as (reader, _),
    ):
        await sky.until(lambda: True)
        sky.cut(60)
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""


async def test_a_late_look_at_a_short_cut_still_resets_the_connections() -> None:
    async with serving(echo) as target, StreamSky(target=target) as sky, calling(sky) as (reader, writer):
        writer.write(b"?")
        await reader.readexactly(1)
        sky.cut(1e-9)
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        assert sky.is_up


async def test_loss_costs_bytes_and_time_but_no_content() -> None:
    profile = SkyProfile(rate_up_bps=24_000, delay_s=0.1, loss=0.2, speed=20)
    received = bytearray()
    payload = bytes(range(250)) * 24

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.extend(await reader.read())

    async with (
        serving(keep) as target,
        StreamSky(target=target, profile=profile) as sky,
        calling(sky) as (reader, writer),
    ):
        writer.write(payload)
        writer.write_eof()
        await reader.read()
        reading = sky.meter.snapshot()
    assert bytes(received) == payload
    assert reading.up.lost.size_bytes > 0
    assert reading.up.air.size_bytes == len(payload) + reading.up.lost.size_bytes


async def test_either_end_that_dies_resets_the_other() -> None:
    async def die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        # Unread bytes at an abort make a reset.
        writer.transport.abort()

    async with serving(die) as target, StreamSky(target=target) as sky, calling(sky) as (reader, writer):
        writer.write(bytes(10))
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""


async def test_a_target_that_refuses_resets_the_caller() -> None:
    async with serving(echo) as target:
        pass
    async with StreamSky(target=target) as sky, calling(sky) as (reader, _):
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)


async def test_a_port_in_use_is_told_in_one_sentence() -> None:
    async with serving(echo) as target:
        with pytest.raises(
            PortInUseError, match=f"Port {target.port} on 127.0.0.1 is already in use; choose"
        ):
            async with StreamSky(target=target, listen=target):
                pass


async def test_an_unknown_host_is_told_in_one_sentence() -> None:
    with pytest.raises(UnknownHostError, match="no address"):
        async with StreamSky(target=Endpoint(port=1, host="nobody.invalid")):
            pass


async def test_what_no_stream_can_do_is_refused() -> None:
    for profile in (SkyProfile(duplicate=0.1), SkyProfile(reorder=0.1), SkyProfile(packet_bytes_max=100)):
        with pytest.raises(SettingError, match="use a datagram sky"):
            StreamSky(target=Endpoint(port=1), profile=profile)
    with pytest.raises(SettingError, match="loss below 1"):
        StreamSky(target=Endpoint(port=1), profile=SkyProfile(loss=1.0))


async def test_closing_during_a_cut_with_waiters_leaves_nothing_behind() -> None:
    cuts = ListedCuts(listed=(Cut(at_s=0, length_s=1_000),))
    async with serving(echo) as target:
        async with StreamSky(target=target, cuts=cuts) as sky:
            waiting = asyncio.ensure_future(sky.until(lambda: sky.is_up))
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", sky.port)
        await asyncio.wait([waiting])
        assert waiting.cancelled()
