"""Vessels over UDP: one packet in each datagram, answers to wherever the vessel was last heard from."""

import asyncio
from collections import deque

from protocol.errors import CountersSpent, MalformedPacket, RemoteError, UnknownKey
from protocol.ids import VesselId
from protocol.linkguard import Form, read_flags, read_key_id, unknown_key_hint
from protocol.links import LinkProfile
from shore_relay.relay.bearers.gate import Gate
from shore_relay.relay.errors import ContactEnded, FleetFull, StoreFailed, UnknownVessel, VesselRevoked
from shore_relay.relay.surroundings import Clock
from shore_relay.relay.vessels import Contact, is_authentic

Address = tuple[str, int]

_WAITING_PACKETS_MAX = 256
_STRANGERS_MAX = 64
"""Datagrams of unknown vessels that may wait to be looked at; more are dropped, as the network may."""
_WAIT_S_MIN = 0.005


class UdpBearer(asyncio.DatagramProtocol):
    """Listens for vessels on one UDP port."""

    def __init__(self, gate: Gate, profile: LinkProfile, clock: Clock) -> None:
        self._gate = gate
        self._profile = profile
        self._clock = clock
        self._transport: asyncio.DatagramTransport | None = None
        self._sessions: dict[VesselId, _Session] = {}
        self._strangers: asyncio.Queue[tuple[bytes, Address]] = asyncio.Queue(_STRANGERS_MAX)
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port; raises `OSError` where it cannot be had."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))
        self._keep(asyncio.create_task(self._meet_strangers(), name="udp strangers"))
        return int(self._transport.get_extra_info("sockname")[1])

    async def stop(self) -> None:
        """End all contacts and listen no more."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        if self._transport is not None:
            self._transport.close()

    def _keep(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def send(self, packet: bytes, address: Address) -> None:
        """Put one packet on the network."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(packet, address)

    # --- incoming -------------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Hand a packet to its vessel's session; garbage costs a look at its first bytes."""
        try:
            form, _ = read_flags(data)
            if len(data) > self._profile.mtu_up_bytes:
                raise MalformedPacket("a datagram of ours is smaller")
            if form is Form.REKEY_REQUEST:
                self._queue_stranger(data, addr)
                return
            known = self._gate.fleet.known(read_key_id(data))
        except RemoteError as refused:
            self._gate.refuse(refused.code, self._profile.name)
            return
        if not known:
            self._queue_stranger(data, addr)
        for vessel in known:
            self._hand_over(vessel, data, addr)

    def error_received(self, _exc: Exception) -> None:  # The vessel's address is what it hides.
        """Note that a packet could not be delivered; datagrams may be lost."""
        self._gate.note("datagram-undeliverable", self._profile.name)

    def _queue_stranger(self, packet: bytes, address: Address) -> None:
        try:
            self._strangers.put_nowait((packet, address))
        except asyncio.QueueFull:
            self._gate.refuse("busy", self._profile.name)

    def _hand_over(self, vessel: VesselId, packet: bytes, address: Address) -> None:
        session = self._sessions.get(vessel)
        if session is None:
            session = self._sessions[vessel] = _Session(self, self._gate, self._profile, self._clock)
            self._keep(asyncio.create_task(self._run(vessel, session), name="udp session"))
        session.put(packet, address)

    async def _run(self, vessel: VesselId, session: "_Session") -> None:
        try:
            await session.run(vessel)
        except VesselRevoked as refused:
            self._gate.refuse(refused.code, self._profile.name)
        except (ContactEnded, StoreFailed, FleetFull, UnknownVessel, CountersSpent) as reason:
            self._gate.note(reason.code, self._profile.name)
        finally:
            del self._sessions[vessel]

    # --- strangers ------------------------------------------------------------------------------------------

    async def _meet_strangers(self) -> None:
        while True:
            packet, address = await self._strangers.get()
            try:
                await self._meet(packet, address)
            except RemoteError as refused:
                self._gate.refuse(refused.code, self._profile.name)
            except (StoreFailed, FleetFull) as reason:
                self._gate.note(reason.code, self._profile.name)

    async def _meet(self, packet: bytes, address: Address) -> None:
        form, _ = read_flags(packet)
        if form is Form.REKEY_REQUEST:
            self.send(await self._gate.fleet.answer_rekey(packet, self._profile), address)
            return
        key_id = read_key_id(packet)
        vessels = await self._gate.fleet.candidates(key_id)
        for vessel in vessels:
            self._hand_over(vessel, packet, address)
        if not vessels:
            if self._gate.may_hint():
                self.send(unknown_key_hint(key_id), address)
            raise UnknownKey("no vessel here has this key id")


class _Session:
    """One vessel's contact over UDP, from its first authentic packet until it has been quiet for long."""

    def __init__(self, bearer: UdpBearer, gate: Gate, profile: LinkProfile, clock: Clock) -> None:
        self._bearer = bearer
        self._gate = gate
        self._profile = profile
        self._clock = clock
        self._waiting: deque[tuple[bytes, Address]] = deque()
        self._wake = asyncio.Event()

    def put(self, packet: bytes, address: Address) -> None:
        """Queue one packet; past the bound it is lost, as the network may lose it."""
        if len(self._waiting) >= _WAITING_PACKETS_MAX:
            self._gate.refuse("busy", self._profile.name)
            return
        self._waiting.append((packet, address))
        self._wake.set()

    async def run(self, vessel: VesselId) -> None:
        """Serve the vessel until it falls silent; raises what its link raises."""
        contact = await self._begin(vessel)
        if contact is None:
            return
        self._gate.note("contact-opened", self._profile.name, contact)
        try:
            await self._carry(contact)
        finally:
            self._gate.note("contact-closed", self._profile.name, contact)
            await contact.close()

    async def _begin(self, vessel: VesselId) -> Contact | None:
        """Open the contact at the first packet that the vessel made; None where there is none."""
        link = await self._gate.fleet.link(vessel)
        while self._waiting:
            try:
                await self._gate.fleet.check(link, self._waiting[0][0])
            except RemoteError as refused:
                self._gate.refuse(refused.code, self._profile.name)
                self._waiting.popleft()
                continue
            return await link.open_contact(self._profile, self._wake)
        return None

    async def _carry(self, contact: Contact) -> None:
        heard_at = self._clock()
        address = self._waiting[0][1]
        while self._clock() - heard_at < self._gate.settings.udp_idle_s:
            self._wake.clear()
            while self._waiting:
                packet, source = self._waiting.popleft()
                if is_authentic(await contact.receive([packet], [len(packet)])):
                    # Only the vessel itself may say that it is somewhere else now.
                    address, heard_at = source, self._clock()
                    if rest_s := self._gate.rest_s(contact.vessel):
                        await asyncio.sleep(rest_s)
            while (answer := await contact.transmit()) is not None:
                self._bearer.send(answer, address)
                contact.sent(len(answer))
            if not self._waiting:
                await self._rest(contact, heard_at)

    async def _rest(self, contact: Contact, heard_at: float) -> None:
        idle_s = heard_at + self._gate.settings.udp_idle_s - self._clock()
        wait_s = contact.wait_s()
        until_s = idle_s if wait_s is None else min(idle_s, wait_s)
        try:
            async with asyncio.timeout(max(until_s, _WAIT_S_MIN)):
                await self._wake.wait()
        except TimeoutError:
            return
