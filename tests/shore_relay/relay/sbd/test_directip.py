"""Iridium DirectIP over real sockets: the same messages, receipts and refusals as over RockBLOCK."""

import asyncio
import struct
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from protocol.events import BundleArrived
from protocol.provisioning import Provisioning
from shore_relay.relay import admin
from shore_relay.relay.app import RunningRelay, unix_time
from shore_relay.relay.bearers.sbd.directip import read_endpoint, read_networks
from shore_relay.relay.errors import SettingsInvalid
from shore_relay.relay.store.sbd_rows import Via
from tests.shore_relay.relay.box import Box, introduction, report
from tests.shore_relay.relay.sbd.elements import TAKEN, element, frame, header, location, upward
from tests.shore_relay.relay.sbd.sky import IMEI, OTHER_IMEI, RockBlock, Sky, Vessel, refused
from tests.shore_relay.relay.shore import Desk, Shore


@dataclass
class Gateway:
    """Iridium's gateway: takes messages for modems, and says what its script says."""

    statuses: deque[int] = field(default_factory=deque)
    taken: list[tuple[str, int, bytes]] = field(default_factory=list)
    """IMEI, flags and packet of each."""
    confirms: str = IMEI
    port: int = 0
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Gateway"]:
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        revision, size_bytes = struct.unpack(">BH", await reader.readexactly(3))
        body = await reader.readexactly(size_bytes)
        kind, head_bytes, message, imei, flags = struct.unpack_from(">BHI15sH", body)
        assert (revision, kind, head_bytes) == (1, 0x41, 21)
        kind, packet_bytes = struct.unpack_from(">BH", body, 24)
        assert (kind, packet_bytes) == (0x42, size_bytes - 27)
        status = self.statuses.popleft() if self.statuses else 1
        self.taken.append((imei.decode(), flags, body[27:]))
        confirmation = struct.pack(">I15sIh", message, self.confirms.encode(), 77, status)
        writer.write(frame(element(0x44, confirmation)))
        await writer.drain()
        writer.close()
        self._moved.set()

    async def asked(self, times: int) -> None:
        async with asyncio.timeout(20):
            while len(self.taken) < times:
                self._moved.clear()
                await self._moved.wait()


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    async with Gateway().serving() as gateway:
        yield gateway


@pytest.fixture
async def relay(
    shore: Shore, provisioning: Provisioning, rockblock: RockBlock, gateway: Gateway, sky: Sky
) -> AsyncIterator[RunningRelay]:
    await admin.assign_modem(shore.folder, "Mercy", IMEI, Via.DIRECTIP, unix_time())
    changes = {"directip_from": "127.0.0.0/8", "directip_gateway": f"127.0.0.1:{gateway.port}"}
    async with sky.serving(directip_port=0, **changes) as running:
        yield running


async def deliver(relay: RunningRelay, data: bytes) -> bytes:
    """Connect as the gateway does, and return what comes back until the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.directip_port)
    try:
        writer.write(data)
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_a_report_reaches_the_desk_however_often_it_comes(
    relay: RunningRelay, vessel: Vessel, desk: Desk
) -> None:
    vessel.box.offer(1, report(desk.key_id, 200))
    message = frame(header(), element(2, vessel.packet()), location())
    for _ in range(7):
        assert await deliver(relay, message) == TAKEN
    (item,) = await desk.feed(relay)
    assert item.bundle == report(desk.key_id, 200)
    assert await refused(relay, "sbd-repetition") == 6


async def test_an_answer_goes_to_the_modem(
    relay: RunningRelay, vessel: Vessel, desk: Desk, gateway: Gateway
) -> None:
    await desk.dispatch(relay, vessel.box.provisioning.vessel, desk.mail(100))
    await gateway.asked(1)
    ((imei, flags, packet),) = gateway.taken
    assert (imei, flags) == (IMEI, 0)
    assert [type(event) for event in vessel.take(packet)] == [BundleArrived]


@pytest.mark.parametrize(
    ("status", "alarm", "waiting", "refusals"),
    [
        (-1, "directip-1", 1, 0),
        (-2, "directip-2", 1, 0),
        (-3, "directip-3", 0, 1),
        (-4, "directip-4", 0, 1),
        (-5, None, 1, 0),
        (-6, None, 1, 0),
        (-7, "directip-7", 0, 1),
        (-8, "directip-8", 1, 0),
        (-9, "directip-9", 1, 0),
        (-99, None, 1, 0),
    ],
)
async def test_each_refusal_alarms_whom_it_concerns(
    status: int,
    alarm: str | None,
    waiting: int,
    refusals: int,
    relay: RunningRelay,
    vessel: Vessel,
    desk: Desk,
    gateway: Gateway,
    sky: Sky,
) -> None:
    gateway.statuses.append(status)
    await desk.dispatch(relay, vessel.box.provisioning.vessel, desk.mail(60))
    await sky.logged(f"directip{status}")
    # The note comes first; a write of our own comes behind the one that it announces.
    await relay.store.check_writable()
    state = await relay.store.status()
    assert [each.code for each in state.alarms] == ([] if alarm is None else [alarm])
    assert state.vessels[0].sbd is not None
    assert (state.vessels[0].sbd.messages_waiting, state.vessels[0].sbd.messages_refused) == (
        waiting,
        refusals,
    )


async def test_a_confirmation_of_another_message_leaves_it_waiting(
    relay: RunningRelay, vessel: Vessel, desk: Desk, gateway: Gateway, sky: Sky
) -> None:
    gateway.confirms = OTHER_IMEI
    await desk.dispatch(relay, vessel.box.provisioning.vessel, desk.mail(60))
    await sky.logged("directip-unreachable")
    await relay.store.check_writable()
    (seen,) = (await relay.store.status()).vessels
    assert seen.sbd is not None
    assert (seen.sbd.messages_waiting, seen.sbd.credits_down) == (1, 0)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x02\x00\x05hello", "malformed-message"),
        (b"\x01\xff\xff", "message-too-long"),
        (frame(element(2, b"no header")), "malformed-message"),
        (frame(header(), header()), "malformed-message"),
        (frame(header(), element(2, bytes(341))), "message-too-long"),
        (frame(header(imei="30023401075337x")), "malformed-message"),
        (frame(header(imei=OTHER_IMEI), element(2, b"\x21")), "unknown-modem"),
        (frame(header(), location(latitude=91)), "malformed-message"),
        (frame(header(), *[element(kind, b"") for kind in range(10, 20)]), "malformed-message"),
    ],
)
async def test_garbage_is_counted_and_not_taken(
    data: bytes, code: str, relay: RunningRelay, vessel: Vessel, desk: Desk
) -> None:
    assert await deliver(relay, data) == frame(element(5, b"\0"))
    assert await refused(relay, f"sbd-{code}") == 1
    vessel.box.offer(1, introduction())
    assert await deliver(relay, upward(vessel.packet())) == TAKEN
    assert len(await desk.feed(relay)) == 1


async def test_a_message_that_breaks_off_is_not_confirmed(relay: RunningRelay) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.directip_port)
    writer.write(upward(b"\x21")[:-1])
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    assert await refused(relay, "sbd-directip-broken-off") == 1


async def test_a_failed_session_brings_nothing_and_a_look_for_messages_costs_a_credit(
    relay: RunningRelay, vessel: Vessel, desk: Desk
) -> None:
    assert await deliver(relay, frame(header(status=13, momsn=1))) == TAKEN
    assert await deliver(relay, frame(header(momsn=2))) == TAKEN
    (seen,) = (await relay.store.status()).vessels
    assert seen.sbd is not None
    assert (seen.sbd.messages_up, seen.sbd.credits_up) == (1, 1)


async def test_only_addresses_that_the_operator_named_may_speak(
    sky: Sky, vessel: Vessel, shore: Shore, desk: Desk
) -> None:
    await admin.assign_modem(shore.folder, "Mercy", IMEI, Via.DIRECTIP, unix_time())
    vessel.box.offer(1, introduction())
    async with sky.serving(directip_port=0, directip_from="192.0.2.7") as relay:
        assert await deliver(relay, upward(vessel.packet())) == b""
        assert await refused(relay, "sbd-directip-stranger") == 1


async def test_a_modem_at_the_other_gateway_is_unknown_here(
    relay: RunningRelay, shore: Shore, vessel: Vessel, desk: Desk, sky: Sky
) -> None:
    hope = Box(await shore.add_vessel("Hope", desk))
    await admin.assign_modem(shore.folder, "Hope", OTHER_IMEI, Via.ROCKBLOCK, unix_time())
    hope.offer(1, introduction())
    packet = Vessel(hope, sky, imei=OTHER_IMEI).packet()
    assert await deliver(relay, frame(header(imei=OTHER_IMEI), element(2, packet))) != TAKEN


@pytest.mark.parametrize("text", ["here", "10.0.0.0/33", "10.0.0.1/8"])
def test_networks_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(SettingsInvalid, match="directip_from"):
        read_networks(text)


@pytest.mark.parametrize("text", ["gateway", "gateway:0", "gateway:70000", ":800", "gateway:x"])
def test_an_endpoint_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsInvalid, match="directip_gateway"):
        read_endpoint(text)
