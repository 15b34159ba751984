import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable

import pytest

from scripts.sky.datagram import DatagramSky
from scripts.sky.errors import PortInUseError
from scripts.sky.model import Count, SkyProfile
from scripts.sky.shell import Address, Endpoint


class Post(asyncio.DatagramProtocol):
    """Keeps what arrives, and answers it when told how."""

    transport: asyncio.DatagramTransport

    def __init__(self, answer: Callable[[bytes], bytes] | None = None) -> None:
        self.arrived: asyncio.Queue[tuple[bytes, Address]] = asyncio.Queue()
        self._answer = answer

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self.arrived.put_nowait((data, addr))
        if self._answer is not None:
            self.transport.sendto(self._answer(data), addr)

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(port=self.transport.get_extra_info("sockname")[1])

    def send(self, packet: bytes, sky: DatagramSky) -> None:
        self.transport.sendto(packet, ("127.0.0.1", sky.port))

    async def next_packet(self) -> bytes:
        packet, _ = await self.arrived.get()
        return packet


@contextlib.asynccontextmanager
async def posts(*answers: Callable[[bytes], bytes] | None) -> AsyncIterator[list[Post]]:
    loop = asyncio.get_running_loop()
    made: list[Post] = []
    for answer in answers:
        transport, post = await loop.create_datagram_endpoint(
            functools.partial(Post, answer), local_addr=("127.0.0.1", 0)
        )
        post.transport = transport
        made.append(post)
    try:
        yield made
    finally:
        for post in made:
            post.transport.abort()
        # The transports close their sockets in the loop's next turn.
        await asyncio.sleep(0)


async def test_each_vessel_gets_its_own_answers() -> None:
    async with (
        posts(bytes.upper, None, None) as (shore, first, second),
        DatagramSky(target=shore.endpoint) as sky,
    ):
        first.send(b"one", sky)
        second.send(b"two", sky)
        assert await first.next_packet() == b"ONE"
        assert await second.next_packet() == b"TWO"
        senders = {shore.arrived.get_nowait()[1] for _ in range(2)}
        assert len(senders) == sky.meter.connections == 2
        assert sky.meter.snapshot().both.delivered == Count(packets=4, size_bytes=12)


async def test_rate_and_delay_take_their_sky_time() -> None:
    profile = SkyProfile(rate_up_bps=2_400, rate_down_bps=2_400, delay_s=0.7, speed=20)
    async with (
        posts(bytes.upper, None) as (shore, vessel),
        DatagramSky(target=shore.endpoint, profile=profile) as sky,
    ):
        for _ in range(5):
            vessel.send(bytes(300), sky)
        for _ in range(5):
            await vessel.next_packet()
        # Six packets of 1 s follow one another: five up, and the last one's answer down.
        assert 7.4 <= sky.now_s < 20


async def test_a_cut_swallows_datagrams_silently_and_ends() -> None:
    async with (
        posts(bytes.upper, None) as (shore, vessel),
        DatagramSky(target=shore.endpoint, profile=SkyProfile(speed=20)) as sky,
    ):
        sky.cut(4)
        vessel.send(b"lost", sky)
        await sky.until(lambda: sky.is_up)
        vessel.send(b"kept", sky)
        assert await vessel.next_packet() == b"KEPT"
        reading = sky.meter.snapshot()
    assert reading.up.unsent == Count(packets=1, size_bytes=4)
    assert reading.cuts == 1


async def test_loss_and_duplication_are_those_of_the_seed() -> None:
    async def arrivals(seed: int) -> list[bytes]:
        profile = SkyProfile(loss=0.3, duplicate=0.3, reorder=0.5, speed=50)
        async with (
            posts(None, None) as (shore, vessel),
            DatagramSky(target=shore.endpoint, profile=profile, seed=seed) as sky,
        ):
            for number in range(50):
                vessel.send(bytes([number]), sky)
            await sky.until(lambda: sky.meter.snapshot().up.offered.packets == 50)
            await sky.until_settled()
            expected = sky.meter.snapshot().up.delivered.packets
            return sorted([await shore.next_packet() for _ in range(expected)])

    first, again, other = await arrivals(1), await arrivals(1), await arrivals(2)
    assert first == again != other
    assert 0 < len(set(first)) < 50
    assert len(set(first)) < len(first)


async def test_only_the_target_reaches_a_vessel() -> None:
    async with (
        posts(None, None, None) as (shore, vessel, stranger),
        DatagramSky(target=shore.endpoint) as sky,
    ):
        vessel.send(b"hello", sky)
        _, outside = await shore.arrived.get()
        stranger.transport.sendto(b"forged", outside)
        shore.transport.sendto(b"answer", outside)
        assert await vessel.next_packet() == b"answer"
        assert sky.meter.snapshot().down.offered.packets == 1


async def test_a_target_that_is_down_is_silence() -> None:
    async with posts(None) as (vessel,), DatagramSky(target=Endpoint(port=9)) as sky:
        for _ in range(2):
            vessel.send(b"anybody", sky)
        await sky.until(lambda: sky.meter.snapshot().up.delivered.packets == 2)


async def test_a_port_in_use_is_told_in_one_sentence() -> None:
    async with posts(None) as (shore,):
        with pytest.raises(PortInUseError, match="already in use; choose another port"):
            async with DatagramSky(target=shore.endpoint, listen=shore.endpoint):
                pass
