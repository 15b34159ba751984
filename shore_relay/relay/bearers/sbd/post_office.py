"""The work between gateways and engines: what came in is opened, what is worth a message goes out."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from protocol.engine import SyncEngine
from protocol.errors import CountersSpent, RemoteError
from protocol.events import BundleArrived, PacketRefused
from protocol.frames import Priority
from protocol.ids import Instant, UnixSeconds, VesselId
from protocol.linkguard import Form, read_flags
from shore_relay.relay.bearers.gate import Gate
from shore_relay.relay.bearers.sbd.claims import Claims
from shore_relay.relay.bearers.sbd.gateway import Gateway
from shore_relay.relay.bearers.sbd.policy import Order, compose, decide
from shore_relay.relay.bearers.sbd.sender import Sender
from shore_relay.relay.errors import ContactEnded, FleetFull, StoreFailed, UnknownVessel, VesselRevoked
from shore_relay.relay.store.sbd import SbdStore
from shore_relay.relay.store.sbd_rows import (
    Alarm,
    InboundMessage,
    MobileOriginated,
    Modem,
    Outcome,
    SatelliteStep,
    Via,
)
from shore_relay.relay.surroundings import Clock, WallClock
from shore_relay.relay.vessels import Visit, is_authentic

_BATCH = 64
_SWEEP_S = 20.0
"""How often to look whether something has waited long enough; news is looked at when it comes."""
_OTHERS_S = 1.0
"""How soon to look again at what another relay is busy with."""
_RETRY_S_MIN = 0.05
_HOUR_S = 3_600


class PostOffice:
    """Works messages off, one after the other, and decides what goes out."""

    def __init__(
        self, gate: Gate, store: SbdStore, gateways: Mapping[Via, Gateway], clock: Clock, wall: WallClock
    ) -> None:
        self._gate = gate
        self._store = store
        self._settings = gate.settings.sbd
        self._profile = self._settings.profile()
        self._clock = clock
        self._wall = wall
        self._claims = Claims(store, wall)
        self._wake = asyncio.Event()
        self._touched: set[VesselId] = set()
        self._sweep_at = Instant(float("-inf"))
        self._senders = {
            via: Sender(gateway, store, self._settings, self._claims, clock=clock, wall=wall, note=gate.note)
            for via, gateway in gateways.items()
        }

    # --- what others call ---------------------------------------------------------------------------------

    async def accept(self, via: Via, message: MobileOriginated) -> None:
        """Take a message up, durably, to be worked off soon. Raises `MessageRefused` or `StoreFailed`."""
        new = await self._store.receive(
            via,
            message,
            self._wall(),
            credits_spent=self._settings.credits(len(message.data)),
            keep_position=self._settings.keep_positions,
        )
        if new:
            self._wake.set()
        else:
            self._gate.refuse("repetition", "sbd")

    def dispatched(self, vessel: VesselId) -> None:
        """Note that a desk has something for a vessel."""
        self._touched.add(vessel)
        self._wake.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work until the block ends; raises `StoreFailed` where not even the beginning can be stored."""
        await self._store.try_again()
        tasks = [asyncio.create_task(self._work(), name="sbd post office")]
        tasks += [
            asyncio.create_task(sender.run(), name=f"sbd {via.value}")
            for via, sender in self._senders.items()
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    # --- the worker ---------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            try:
                left = await self._work_off()
                await self._look_at(await self._take_due())
            except (StoreFailed, FleetFull, ContactEnded) as reason:
                # Nothing is lost: it is all in the store, and worked off once that takes something again.
                self._gate.note(reason.code, "sbd")
                await asyncio.sleep(max(_RETRY_S_MIN, self._gate.settings.store_retry_s))
            else:
                await self._rest(_OTHERS_S if left else _SWEEP_S)

    async def _rest(self, most_s: float) -> None:
        try:
            async with asyncio.timeout(most_s):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _take_due(self) -> set[VesselId]:
        due, self._touched = self._touched, set()
        if self._clock() >= self._sweep_at:
            # Also those that a failure of the store, or a restart, made us forget.
            due |= set(await self._store.vessels_to_look_at())
            self._sweep_at = Instant(self._clock() + _SWEEP_S)
        return due

    # --- up -----------------------------------------------------------------------------------------------

    async def _work_off(self) -> bool:
        """Work off what came in; return whether something is left that is another relay's turn."""
        while batch := await self._store.inbound(most=_BATCH):
            moved = [await self._open(message) for message in batch]
            if not any(moved):
                return True
        return False

    async def _open(self, message: InboundMessage) -> bool:
        """Work a message off; return False where that is another relay's turn."""
        modem = await self._store.modem(message.imei)
        if modem is None:
            # The operator took the modem away between the commit and now.
            self._gate.refuse("unknown-modem", "sbd")
            await self._store.finish(message, None, Outcome(at=self._wall()))
            return True
        async with self._claims.of(modem.vessel) as mine:
            if mine and await self._store.is_unfinished(message):
                await self._open_from(modem, message)
        return mine

    async def _open_from(self, modem: Modem, message: InboundMessage) -> None:
        self._touched.add(modem.vessel)
        try:
            # An empty message is a look for others: it says nothing, and it was a session.
            form = read_flags(message.data)[0] if message.data else Form.REKEY_ANSWER
        except RemoteError as refused:
            self._gate.refuse(refused.code, "sbd")
            form = Form.REKEY_ANSWER
        if form in (Form.NAMED, Form.UNNAMED):
            try:
                await self._open_packet(modem, message)
            except VesselRevoked as refused:
                self._gate.refuse(refused.code, "sbd")
            else:
                return
        if form is Form.REKEY_REQUEST:
            await self._answer_rekey(modem, message.data)
        await self._store.finish(message, modem.vessel, Outcome(at=self._wall()))

    async def _open_packet(self, modem: Modem, message: InboundMessage) -> None:
        link = await self._gate.fleet.link(modem.vessel)

        def act(engine: SyncEngine, now: Instant) -> Visit:
            events = tuple(engine.receive(message.data, self._profile, now))
            authentic = is_authentic(event for event in events if isinstance(event, PacketRefused))
            # A vessel that is there over another bearer hears it at once.
            owes = authentic and engine.owes_answer(self._profile) and not link.connected
            arrived = [event for event in events if isinstance(event, BundleArrived)]
            urgent = any(event.priority is Priority.URGENT for event in arrived)
            outcome = Outcome(at=self._wall(), authentic=authentic, owes_answer=owes, urgent=urgent)
            return Visit(
                step=SatelliteStep(finished=message, outcome=outcome),
                events=events,
                bytes_up=len(message.data) if authentic else 0,
            )

        visit = await link.visit(self._profile, act)
        for event in visit.events:
            if isinstance(event, PacketRefused):
                self._gate.refuse(event.code, "sbd")

    async def _answer_rekey(self, modem: Modem, packet: bytes) -> None:
        try:
            answer = await self._gate.fleet.answer_rekey(packet, self._profile, only=modem.vessel)
        except RemoteError as refused:
            self._gate.refuse(refused.code, "sbd")
            return
        await self._store.add_message(modem.vessel, answer, self._wall())

    # --- down ---------------------------------------------------------------------------------------------

    async def _look_at(self, vessels: set[VesselId]) -> None:
        for vessel in sorted(vessels):
            try:
                await self._consider(vessel)
            except VesselRevoked:
                # What waits for it here stays; the gateway is paid nothing for a box in the wrong hands.
                continue
            except (FleetFull, UnknownVessel, CountersSpent, ContactEnded) as reason:
                self._gate.note(reason.code, "sbd")
        for sender in self._senders.values():
            sender.wake.set()

    async def _consider(self, vessel: VesselId) -> None:
        if await self._order(vessel) is None:
            return
        async with self._claims.of(vessel) as mine:
            # What was decided before the claim may have been composed by another relay meanwhile.
            order = await self._order(vessel) if mine else None
            if order is not None:
                await self._compose(vessel, order)

    async def _order(self, vessel: VesselId) -> Order | None:
        """Return what a vessel's messages should say now, or None where none is worth it."""
        now = self._wall()
        outlook = await self._store.outlook(
            vessel, now, queued_s_max=self._settings.queued_hours_max * _HOUR_S
        )
        order = None if outlook is None else decide(outlook, self._settings, now)
        if outlook is not None and order is not None and outlook.modem.via not in self._senders:
            await self._store.raise_alarm(_no_gateway(outlook.modem, now))
            return None
        return order

    async def _compose(self, vessel: VesselId, order: Order) -> None:
        link = await self._gate.fleet.link(vessel)
        if link.connected:
            # What answers at once is faster and costs less.
            return

        def act(engine: SyncEngine, at: Instant) -> Visit:
            return Visit(step=SatelliteStep(composed=compose(engine, order, self._profile, at)))

        visit = await link.visit(self._profile, act)
        if visit.step.composed:
            self._gate.note("messages-composed", "sbd")


def _no_gateway(modem: Modem, now: UnixSeconds) -> Alarm:
    wanted = {
        Via.ROCKBLOCK: "write rockblock_secret_file with the account's username and password",
        Via.DIRECTIP: "set sbd.directip_gateway",
    }[modem.via]
    return Alarm(
        code=f"{modem.via.value}-off",
        vessel=modem.vessel,
        raised_at=now,
        advice=f"Messages for this vessel cannot leave: {wanted}, and start the relay again.",
    )
