"""The sky between a vessel and its relay: streams that are cut, datagrams lost, each packet with its fate."""

import random
from typing import Protocol

from protocol.errors import MalformedPacket
from protocol.ids import VesselId
from protocol.links import LinkProfile, Side
from protocol.records import RecordReader, frame_record
from tests.simulation.faults import Faults
from tests.simulation.world import World

OTHER = {Side.VESSEL: Side.RELAY, Side.RELAY: Side.VESSEL}


class End(Protocol):
    """One side, as the sky sees it."""

    def on_packet(self, bearer: "Bearer", packet: bytes) -> None:
        """Take a packet that came without a connection."""

    def on_record(self, connection: "Connection", record: bytes) -> None:
        """Take a whole record of a connection."""

    def on_closed(self, connection: "Connection") -> None:
        """Learn that a connection is gone."""

    def on_opened(self, connection: "Connection") -> None:
        """Vessel: learn that a connection is there."""


class Bearer:
    """What every bearer of one vessel has: it is up or down."""

    def __init__(self, vessel: VesselId, link: LinkProfile, world: World, faults: Faults) -> None:
        self.vessel = vessel
        self.link = link
        self.world = world
        self.faults = faults
        self.is_up = True
        self.ends: dict[Side, End] = {}
        self._free_at_s = {Side.VESSEL: 0.0, Side.RELAY: 0.0}

    @property
    def source(self) -> random.Random:
        """The fleet's random source."""
        return self.faults.source

    def carry(self, side: Side, packet: bytes) -> None:
        """Take a datagram from one side."""
        plan, faults, source = self.faults.plan, self.faults, self.source
        delay_s = self._airtime_end_s(side, len(packet)) - self.world.now_s + self.link.round_trip_s / 2
        if not self.is_up or faults.strikes("loss", plan.loss):
            return
        copies = 2 if faults.strikes("duplicate", plan.duplicate) else 1
        for _ in range(copies):
            late = faults.strikes("reorder", plan.reorder)
            late_s = source.uniform(0, 10 * self.link.round_trip_s) if late else 0.0
            changed = faults.corrupted(packet) if faults.strikes("corrupt", plan.corrupt) else packet
            self.world.after(delay_s + late_s, lambda sent=changed: self._land(side, sent))

    def _airtime_end_s(self, side: Side, size_bytes: int) -> float:
        rate_bps = self.link.rate_bps(side)
        airtime_s = 0.0 if rate_bps is None else size_bytes * 8 / rate_bps
        self._free_at_s[side] = max(self._free_at_s[side], self.world.now_s) + airtime_s
        return self._free_at_s[side]

    def _land(self, side: Side, packet: bytes) -> None:
        self.ends[OTHER[side]].on_packet(self, packet)

    def go_down(self) -> None:
        """Begin a cut; what is in the air may still land."""
        self.is_up = False

    def come_up(self) -> None:
        """End a cut."""
        self.is_up = True


class StreamBearer(Bearer):
    """A network over which the vessel connects, and connects again."""

    def __init__(self, vessel: VesselId, link: LinkProfile, world: World, faults: Faults) -> None:
        super().__init__(vessel, link, world, faults)
        self.connection: Connection | None = None
        self._dialling = False
        self._waiting = False

    def dial(self) -> None:
        """Vessel: connect soon, if there is no connection and none on its way."""
        if not self._dialling and (self.connection is None or self.connection.is_closed(Side.VESSEL)):
            self._dialling = True
            self.world.after(self.source.uniform(0.5, 10) + self.link.round_trip_s, self._answered)

    def _answered(self) -> None:
        self._dialling = False
        if not self.is_up:
            # Tries without an answer need no events of their own: the next one after the cut counts.
            self._waiting = True
            return
        self.connection = Connection(self)
        self.ends[Side.VESSEL].on_opened(self.connection)

    def go_down(self) -> None:
        """Begin a cut."""
        self.is_up = False
        if self.connection is not None:
            self.connection.cut()

    def come_up(self) -> None:
        """End a cut."""
        self.is_up = True
        if self._waiting:
            self._waiting = False
            self.dial()


class Connection:
    """One TCP connection: ordered bytes each way, until it is cut or closed."""

    def __init__(self, bearer: StreamBearer) -> None:
        self.bearer = bearer
        self._reader = {side: RecordReader() for side in Side}
        self._closed = dict.fromkeys(Side, False)
        self._arrives_s = dict.fromkeys(Side, 0.0)
        self._torn = dict.fromkeys(Side, False)
        self._is_cut = False
        self.asked_again = False
        """Relay: whether this vessel was told that its key is unknown, or asked for new ones."""

    @property
    def link(self) -> LinkProfile:
        """The link this connection runs on."""
        return self.bearer.link

    def is_closed(self, side: Side) -> bool:
        """Return whether this side knows that the connection is gone."""
        return self._closed[side]

    def write(self, side: Side, record: bytes) -> None:
        """Put one record on the stream; after a silent cut nobody tells the writer."""
        data, faults = frame_record(record), self.bearer.faults
        if faults.strikes("corrupt-stream", faults.plan.corrupt / 4):
            data = faults.corrupted(data)
        if self.bearer.source.random() < 0.25:
            split = self.bearer.source.randrange(1, len(data))
            self._fly(side, data[:split])
            data = data[split:]
        self._fly(side, data)

    def _fly(self, side: Side, chunk: bytes) -> None:
        world, rate_bps = self.bearer.world, self.link.rate_bps(side)
        earliest_s = max(self._arrives_s[side], world.now_s + self.link.round_trip_s / 2)
        self._arrives_s[side] = earliest_s + (0.0 if rate_bps is None else len(chunk) * 8 / rate_bps)
        world.at(self._arrives_s[side], lambda: self._land(side, chunk))

    def _land(self, side: Side, chunk: bytes) -> None:
        to = OTHER[side]
        if self._closed[to] or self._torn[to]:
            return
        if self._is_cut:
            # The network stopped in the middle: half a record may have come.
            self._torn[to] = True
            chunk = chunk[: self.bearer.source.randrange(len(chunk))]
        end = self.bearer.ends[to]
        try:
            records = self._reader[to].feed(chunk)
        except MalformedPacket:
            self.close(to)
            return
        for record in records:
            if not self._closed[to]:
                end.on_record(self, record)

    def cut(self) -> None:
        """Lose the connection; each side learns of it soon, or only when a keepalive fails."""
        if self._is_cut:
            return
        self._is_cut = True
        for side in Side:
            quiet = self.bearer.source.random() < 0.3
            delay_s = self.bearer.source.uniform(60, 180) if quiet else self.bearer.source.uniform(0, 2)
            self.bearer.world.after(delay_s, lambda side=side: self._noticed(side))

    def close(self, side: Side) -> None:
        """Close one end; the other learns of it behind the bytes that are on their way."""
        if self._closed[side]:
            return
        self._closed[side] = True
        self._is_reset(side)
        self.bearer.world.after(0.0, lambda: self.bearer.ends[side].on_closed(self))

    def abandon(self, side: Side) -> None:
        """Close one end because its process is gone; nobody is told at this end."""
        if not self._closed[side]:
            self._closed[side] = True
            self._is_reset(side)

    def _is_reset(self, side: Side) -> None:
        other = OTHER[side]
        if not self._is_cut:
            self._arrives_s[side] = max(
                self._arrives_s[side], self.bearer.world.now_s + self.link.round_trip_s / 2
            )
            self.bearer.world.at(self._arrives_s[side], lambda: self._noticed(other))

    def _noticed(self, side: Side) -> None:
        if not self._closed[side]:
            self._closed[side] = True
            self.bearer.ends[side].on_closed(self)
