"""A UDP relay with a satellite in the middle."""

import socket
from collections import OrderedDict

from scripts.sky.channel import Delivery
from scripts.sky.model import CutSchedule, Direction, SkyProfile
from scripts.sky.shell import Address, Endpoint, Observer, SkyEvent, SkyShell, bind, resolve

# The longest UDP payload, and so the longest read.
DATAGRAM_BYTES_MAX = 65_507
# How many vessels' addresses the table holds; the one silent for longest makes room.
VESSELS_MAX = 256


class DatagramSky(SkyShell[Address]):
    """Listens for vessels' datagrams and relays them to ``target`` and back over one shared radio.

    Like a ship's NAT, each vessel address gets its own socket toward the target (counted as a connection),
    made when its first datagram arrives. During a cut datagrams vanish and nobody is told.

    Raises, on entry: ListenError, PortInUseError, UnknownHostError.
    """

    _target_family: int
    _target_address: Address
    _listener: socket.socket

    def __init__(
        self,
        *,
        target: Endpoint,
        listen: Endpoint | None = None,
        profile: SkyProfile | None = None,
        cuts: CutSchedule | None = None,
        seed: int = 0,
        observer: Observer | None = None,
    ) -> None:
        super().__init__(
            target=target,
            listen=Endpoint(port=0) if listen is None else listen,
            profile=SkyProfile() if profile is None else profile,
            cuts=cuts,
            seed=seed,
            observer=observer,
        )
        self._vessels: OrderedDict[Address, socket.socket] = OrderedDict()

    async def _open(self) -> None:
        self._target_family, self._target_address = await resolve(self._target, socket.SOCK_DGRAM)
        family, address = await resolve(self._listen, socket.SOCK_DGRAM)
        self._listener = bind(family, socket.SOCK_DGRAM, address)
        self._port = self._listener.getsockname()[1]
        self._loop.add_reader(self._listener, self._read_vessel)

    async def _close(self) -> None:
        self._loop.remove_reader(self._listener)
        self._listener.close()
        while self._vessels:
            self._forget_oldest()

    def _deliver(self, delivery: Delivery[Address]) -> None:
        if delivery.direction is Direction.UP:
            _send(self._shoreward(delivery.route), delivery.packet, self._target_address)
        else:
            _send(self._listener, delivery.packet, delivery.route)

    def _went_down(self) -> None:
        """Nothing to close: the radio itself loses the datagrams."""

    def _came_up(self) -> None:
        """Nothing to open."""

    def _read_vessel(self) -> None:
        read = _read(self._listener)
        if read is not None:
            packet, vessel = read
            self._send(Direction.UP, packet, vessel)

    def _read_target(self, shoreward: socket.socket, vessel: Address) -> None:
        read = _read(shoreward)
        # As behind a NAT, only the target can reach the vessel.
        if read is not None and read[1][:2] == self._target_address[:2]:
            self._send(Direction.DOWN, read[0], vessel)

    def _shoreward(self, vessel: Address) -> socket.socket:
        """Return the vessel's own socket toward the target; make one for a new vessel."""
        known = self._vessels.get(vessel)
        if known is not None:
            self._vessels.move_to_end(vessel)
            return known
        if len(self._vessels) >= VESSELS_MAX:
            self._forget_oldest()
        # Not connected, so that a target that is down is silence, as over a real link, and not an error.
        made = socket.socket(self._target_family, socket.SOCK_DGRAM)
        made.setblocking(False)
        self._vessels[vessel] = made
        self._radio.meter.connections += 1
        self._loop.add_reader(made, self._read_target, made, vessel)
        self._tell(SkyEvent.CONNECTED)
        return made

    def _forget_oldest(self) -> None:
        _, oldest = self._vessels.popitem(last=False)
        self._loop.remove_reader(oldest)
        oldest.close()


def _read(reader: socket.socket) -> tuple[bytes, Address] | None:
    try:
        return reader.recvfrom(DATAGRAM_BYTES_MAX)
    except BlockingIOError:
        # The kernel announced a datagram and then found its checksum wrong.
        return None


def _send(sender: socket.socket, packet: bytes, address: Address) -> None:
    try:
        sender.sendto(packet, address)
    except BlockingIOError:
        # The kernel's own queue is full: a datagram has no claim to more.
        return
