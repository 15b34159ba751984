"""What the stream sky and the datagram sky share: a pure radio driven by the event loop's clock."""

import asyncio
import dataclasses
import errno
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import Enum
from typing import Any, Generic, Self

from scripts.sky.channel import Delivery, Passage, Radio, Route
from scripts.sky.errors import ListenError, PortInUseError, UnknownHostError
from scripts.sky.model import CutSchedule, Direction, Meter, SkyProfile

# What a socket calls an address: (host, port) for IPv4, four parts for IPv6.
Address = tuple[Any, ...]


class SkyEvent(Enum):
    """What an observer is told about, as it happens."""

    CONNECTED = "connected"
    CUT = "cut"
    RESTORED = "restored"


Observer = Callable[[SkyEvent], None]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A host and a port; port 0 asks the system for a free one."""

    port: int
    host: str = "127.0.0.1"


class SkyClock:
    """Sky seconds from the event loop's clock: ``speed`` of them pass in one wall second."""

    def __init__(self, speed: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._speed = speed
        self._started_wall_s = self._loop.time()

    def now_s(self) -> float:
        """Return the sky seconds since the sky opened."""
        return (self._loop.time() - self._started_wall_s) * self._speed

    def wall_s(self, sky_s: float) -> float:
        """Return the event loop's time at an instant of the sky."""
        return self._started_wall_s + sky_s / self._speed

    async def wait_until(self, sky_s: float) -> None:
        """Return at that instant of the sky, or in the loop's next turn when it has passed."""
        await asyncio.sleep(self.wall_s(sky_s) - self._loop.time())


class SkyShell(ABC, Generic[Route]):
    """A radio that runs by itself in an event loop; use with ``async with``.

    A timer wakes at the radio's next instant: everything here runs in the loop, nothing needs a lock.
    """

    _port: int
    _loop: asyncio.AbstractEventLoop
    _clock: SkyClock

    def __init__(
        self,
        *,
        target: Endpoint,
        listen: Endpoint,
        profile: SkyProfile,
        cuts: CutSchedule | None,
        seed: int,
        observer: Observer | None,
    ) -> None:
        self.profile = profile
        self._target = target
        self._listen = listen
        self._radio: Radio[Route] = Radio(profile, cuts=cuts, seed=seed)
        self._observer = observer
        self._cuts_seen = 0
        self._was_up = True
        self._timer: asyncio.TimerHandle | None = None
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        await self._open()
        self._clock = SkyClock(self.profile.speed)
        self._catch_up()
        return self

    async def __aexit__(self, *_exception: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for _, waiter in self._waiters:
            waiter.cancel()
        await self._close()

    @property
    def port(self) -> int:
        """The port that listens."""
        return self._port

    @property
    def now_s(self) -> float:
        """Sky seconds since the sky opened."""
        return self._clock.now_s()

    @property
    def meter(self) -> Meter:
        """The meter, brought up to this instant."""
        self._radio.advance(self.now_s)
        return self._radio.meter

    @property
    def is_up(self) -> bool:
        """Whether the link carries anything now."""
        return self._radio.is_up(self.now_s)

    def cut(self, length_s: float) -> None:
        """Cut the link now for ``length_s`` sky seconds; returns at once.

        Raises: SettingError.
        """
        self._radio.cut(self.now_s, length_s)
        self._catch_up()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when ``condition`` holds; it is asked whenever the radio moved, so it must be cheap."""
        if condition():
            return
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append((condition, waiter))
        await waiter

    async def until_settled(self) -> None:
        """Return when nothing waits for the pacer and nothing is on its way."""
        await self.until(lambda: self.meter.snapshot().is_settled)

    def _send(self, direction: Direction, packet: bytes, route: Route) -> Passage[Route]:
        passage = self._radio.send(direction, packet, self.now_s, route)
        self._catch_up()
        return passage

    def _tell(self, event: SkyEvent) -> None:
        if self._observer is not None:
            self._observer(event)

    def _catch_up(self) -> None:
        """Do what the radio's time has brought, then sleep until its next instant."""
        for delivery in self._radio.due(self.now_s):
            self._deliver(delivery)
        # The count, not the state: a late timer may find a short cut already over.
        if self._radio.meter.cuts != self._cuts_seen:
            self._cuts_seen = self._radio.meter.cuts
            self._was_up = False
            self._went_down()
            self._tell(SkyEvent.CUT)
        if not self._was_up and self.is_up:
            self._was_up = True
            self._came_up()
            self._tell(SkyEvent.RESTORED)
        self._wake_waiters()
        self._set_timer()

    def _wake_waiters(self) -> None:
        for entry in list(self._waiters):
            condition, waiter = entry
            if waiter.done() or condition():
                self._waiters.remove(entry)
                if not waiter.done():
                    waiter.set_result(None)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        # Observers and waiters read the meter, which moves the radio: it may have passed an instant just now.
        is_up = self.is_up
        is_behind = is_up is not self._was_up or self._radio.meter.cuts != self._cuts_seen
        next_s = self.now_s if is_behind else self._radio.next_s()
        if next_s is not None:
            self._timer = self._loop.call_at(self._clock.wall_s(next_s), self._catch_up)

    @abstractmethod
    async def _open(self) -> None:
        """Listen; set ``_port``. Raises: ListenError, UnknownHostError."""

    @abstractmethod
    async def _close(self) -> None:
        """Give back every socket and task."""

    @abstractmethod
    def _deliver(self, delivery: Delivery[Route]) -> None:
        """Hand one packet to the far end."""

    @abstractmethod
    def _went_down(self) -> None:
        """The link was cut just now."""

    @abstractmethod
    def _came_up(self) -> None:
        """The link is back."""


async def resolve(endpoint: Endpoint, kind: socket.SocketKind) -> tuple[int, Address]:
    """Return the address family and the numeric address of an endpoint.

    Raises: UnknownHostError.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(endpoint.host, endpoint.port, type=kind)
    except socket.gaierror as error:
        raise UnknownHostError(
            f"The host {endpoint.host} has no address ({error.strerror}); give a name this machine knows."
        ) from error
    return found[0][0], found[0][4]


def bind(family: int, kind: socket.SocketKind, address: Address) -> socket.socket:
    """Return a non-blocking socket bound to ``address``; the caller closes it.

    Raises: ListenError, PortInUseError.
    """
    bound = socket.socket(family, kind)
    bound.setblocking(False)
    try:
        if kind is socket.SOCK_STREAM:
            # A port whose old connections still fade away is free for a new listener.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise listen_error(address, error) from error
    return bound


def listen_error(address: Address, error: OSError) -> ListenError:
    """Return the sentence for a port that cannot be had."""
    host, port = address[0], address[1]
    if error.errno == errno.EADDRINUSE:
        return PortInUseError(
            f"Port {port} on {host} is already in use; choose another port or stop the program that holds it."
        )
    return ListenError(
        f"Cannot listen on {host} port {port} ({error.strerror}); choose another host or port."
    )
