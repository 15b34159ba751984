"""A TCP relay with a satellite in the middle."""

import asyncio
import dataclasses
import socket
import struct
from math import inf

from scripts.sky.channel import Delivery, Fate
from scripts.sky.errors import SettingError
from scripts.sky.model import CutSchedule, Direction, SkyProfile
from scripts.sky.shell import Address, Endpoint, Observer, SkyEvent, SkyShell, bind, listen_error, resolve

# The smallest piece read at a limited rate: a cut loses what is in the air and hardly anything beside it.
PIECE_BYTES_MIN = 64
# A piece lasts at least this long on the wall, or the loop's timers could not keep a fast link busy.
PIECE_WALL_S_MIN = 0.005
PIECE_BYTES_UNLIMITED = 65_536
# What one connection may have on its way in one direction, as TCP's own window would bound it.
WINDOW_BYTES = 262_144
# Small kernel buffers, so that back-pressure reaches the sender instead of a cut eating what waits here.
RECEIVE_BUFFER_BYTES = 4_096
# Loopback offers segments of 64 KiB, which such a small window would let in only after probing.
SEGMENT_BYTES = 1_400
CONNECTIONS_MAX = 256
BACKLOG = 16


@dataclasses.dataclass(eq=False, slots=True, kw_only=True)
class Lane:
    """One direction of one connection: whence, whither, and what is on its way."""

    direction: Direction
    source: socket.socket
    sink: socket.socket
    arrived: asyncio.Queue[bytes]
    room: asyncio.Event
    on_way_bytes: int = 0


class StreamSky(SkyShell[Lane]):
    """Listens, connects each caller to ``target``, and carries both directions over one shared radio.

    A cut resets every connection and closes the listener until the link is back. A new connection costs one
    round trip before data flows. A lost piece is sent again one round trip later, at the cost of its bytes,
    and that connection's direction waits for it. Air counts stream payload; its "packets" are pieces of at
    least 64 bytes, or whatever the sender wrote when that is less.

    Raises, on entry: ListenError, PortInUseError, UnknownHostError. Raises: SettingError.
    """

    _family: int
    _address: Address
    _target_family: int
    _target_address: Address
    _reservation: socket.socket

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
        profile = _checked(SkyProfile() if profile is None else profile)
        super().__init__(
            target=target,
            listen=Endpoint(port=0) if listen is None else listen,
            profile=profile,
            cuts=cuts,
            seed=seed,
            observer=observer,
        )
        self._listener: socket.socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def _open(self) -> None:
        self._target_family, self._target_address = await resolve(self._target, socket.SOCK_STREAM)
        family, address = await resolve(self._listen, socket.SOCK_STREAM)
        # Held without listening for as long as the sky exists: during a cut callers are refused, yet no
        # other program can take the port.
        self._reservation = bind(family, socket.SOCK_STREAM, address)
        self._family, self._address = family, self._reservation.getsockname()
        self._port = self._address[1]
        try:
            self._start_listening()
        except BaseException:
            self._reservation.close()
            raise

    async def _close(self) -> None:
        self._stop_listening()
        self._reservation.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _deliver(self, delivery: Delivery[Lane]) -> None:
        delivery.route.arrived.put_nowait(delivery.packet)

    def _went_down(self) -> None:
        self._stop_listening()
        for task in self._tasks:
            task.cancel()

    def _came_up(self) -> None:
        self._start_listening()

    def _start_listening(self) -> None:
        listener = bind(self._family, socket.SOCK_STREAM, self._address)
        try:
            if self._is_paced:
                # Accepted connections inherit both.
                _make_small(listener)
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            raise listen_error(self._address, error) from error
        self._listener = listener
        self._loop.add_reader(listener, self._accept, listener)

    def _stop_listening(self) -> None:
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
            self._listener.close()
            self._listener = None

    def _accept(self, listener: socket.socket) -> None:
        try:
            caller, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            # The caller gave up between its knock and our answer.
            return
        if len(self._tasks) >= CONNECTIONS_MAX or not self.is_up:
            _reset(caller)
            return
        caller.setblocking(False)
        answerer = socket.socket(self._target_family, socket.SOCK_STREAM)
        answerer.setblocking(False)
        self._radio.meter.connections += 1
        task = self._loop.create_task(self._serve(caller, answerer))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._end(done, caller, answerer))
        self._tell(SkyEvent.CONNECTED)

    def _end(self, task: asyncio.Task[None], *ends: socket.socket) -> None:
        """Free both sockets, also those of a task that was cancelled before it ever ran."""
        self._tasks.discard(task)
        for end in ends:
            # After an orderly end nothing is left to reset, and closing twice is harmless.
            _reset(end)

    async def _serve(self, caller: socket.socket, answerer: socket.socket) -> None:
        for end in (caller, answerer):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened_s = self.now_s
        is_orderly = True
        try:
            if self._is_paced:
                _make_small(answerer)
            await self._loop.sock_connect(answerer, self._target_address)
            await self._clock.wait_until(opened_s + 2 * self.profile.delay_s)
            async with asyncio.TaskGroup() as group:
                for lane in (
                    self._lane(Direction.UP, caller, answerer),
                    self._lane(Direction.DOWN, answerer, caller),
                ):
                    group.create_task(self._pump(lane))
                    group.create_task(self._pour(lane))
        except* OSError:
            # Either end refused or vanished; both ends are reset when this task is done.
            is_orderly = False
        if is_orderly:
            caller.close()
            answerer.close()

    def _lane(self, direction: Direction, source: socket.socket, sink: socket.socket) -> Lane:
        return Lane(
            direction=direction, source=source, sink=sink, arrived=asyncio.Queue(), room=asyncio.Event()
        )

    async def _pump(self, lane: Lane) -> None:
        """Read pieces and offer them to the radio until the source ends; an empty piece carries the end."""
        size_bytes = self._piece_bytes(lane.direction)
        left_s = -inf
        piece = b"more"
        while piece:
            while lane.on_way_bytes >= WINDOW_BYTES:
                lane.room.clear()
                await lane.room.wait()
            try:
                piece = await self._loop.sock_recv(lane.source, size_bytes)
            except OSError:
                await self._let_news_travel()
                raise
            lane.on_way_bytes += len(piece)
            left_s = await self._offer(lane, piece, left_s)

    async def _offer(self, lane: Lane, piece: bytes, earlier_left_s: float) -> float:
        """Offer one piece until it is not lost; return when it leaves, but not before the one ahead has left.

        One piece waits at the pacer while another leaves, so that a late timer costs no airtime.
        """
        passage = self._send(lane.direction, piece, lane)
        while passage.fate is Fate.LOST:
            await self._clock.wait_until(passage.left_s + 2 * self.profile.delay_s)
            passage = self._send(lane.direction, piece, lane)
        await self._clock.wait_until(earlier_left_s)
        return passage.left_s

    async def _pour(self, lane: Lane) -> None:
        """Write what arrived; end the sink when the end arrives."""
        try:
            while piece := await lane.arrived.get():
                await self._loop.sock_sendall(lane.sink, piece)
                lane.on_way_bytes -= len(piece)
                lane.room.set()
            lane.sink.shutdown(socket.SHUT_WR)
        except OSError:
            await self._let_news_travel()
            raise

    async def _let_news_travel(self) -> None:
        """Wait as long as the far end stays ignorant of a connection that broke at this end."""
        await self._clock.wait_until(self.now_s + self.profile.delay_s)

    @property
    def _is_paced(self) -> bool:
        return any(self.profile.rate_bps(direction) is not None for direction in Direction)

    def _piece_bytes(self, direction: Direction) -> int:
        rate_bps = self.profile.rate_bps(direction)
        if rate_bps is None:
            return PIECE_BYTES_UNLIMITED
        lasting_bytes = int(rate_bps * self.profile.speed / 8 * PIECE_WALL_S_MIN)
        return min(max(PIECE_BYTES_MIN, lasting_bytes), PIECE_BYTES_UNLIMITED)


def _checked(profile: SkyProfile) -> SkyProfile:
    """Return the profile as a stream lives it: an endless queue, since pumps wait for the pacer anyway."""
    if profile.duplicate or profile.reorder or profile.packet_bytes_max is not None:
        raise SettingError(
            "A stream cannot duplicate, reorder or limit packets; leave those out or use a datagram sky."
        )
    if profile.loss >= 1:
        raise SettingError("A stream that loses everything never ends; give a loss below 1 or a cut.")
    return dataclasses.replace(profile, queue_bytes_max=None)


def _make_small(end: socket.socket) -> None:
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)


def _reset(end: socket.socket) -> None:
    """Close at once and drop what was not yet read, as a dead link does."""
    if end.fileno() != -1:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.close()
