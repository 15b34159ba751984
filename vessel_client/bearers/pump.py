"""What every bearer does: dial, pump packets both ways until the connection ends, wait, dial again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from protocol.errors import LocalError
from protocol.links import LinkKind, LinkProfile
from vessel_client.errors import StoreFailed
from vessel_client.log import log_event
from vessel_client.sync_service import ContactLost, OpenContact, SyncService

_IDLE_TICK_S_MIN = 0.01
_IDLE_TICK_S_MAX = 1.0
"""How long to wait, at least, where a deadline has passed but another link has to act on it."""


class Connection(Protocol):
    """One connection of a bearer. Its methods raise `OSError` when it has ended badly."""

    async def send(self, packet: bytes) -> None:
        """Hand over one packet, and wait until there is room for the next."""

    async def receive(self) -> bytes | None:
        """Return the next packet, or None when the other side has closed."""

    async def close(self) -> None:
        """Close at once; a second time does nothing."""


Dial = Callable[[], Awaitable[Connection]]


class LinkState(Enum):
    """What a bearer is doing."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackOff:
    """Seconds of the link between one try and the next; they double up to the bound."""

    delay_s_min: float
    delay_s_max: float

    def delay_s(self, failures: int) -> float:
        """Return the wait after so many failures in a row, of which there is at least one."""
        return min(self.delay_s_max, self.delay_s_min * 2.0 ** min(failures - 1, 30))


class RunningBearer(Protocol):
    """What every bearer shows of itself."""

    link: LinkProfile
    url: str
    state: LinkState
    problem: str

    async def run(self) -> None:
        """Keep the link going until cancelled."""


class Bearer:
    """Keeps one link up for as long as `run` is running."""

    def __init__(
        self,
        *,
        link: LinkProfile,
        url: str,
        dial: Dial,
        service: SyncService,
        back_off: BackOff,
        connect_timeout_s: float,
    ) -> None:
        self.link = link
        self.url = url
        self.state = LinkState.CONNECTING
        self.problem = ""
        """Why the last try or connection ended; empty while all is well."""
        self._dial = dial
        self._service = service
        self._back_off = back_off
        self._connect_timeout_s = connect_timeout_s
        self._heard = False

    async def run(self) -> None:
        """Dial again and again until cancelled."""
        failures = 0
        while True:
            self._heard = False
            await self._attempt()
            failures = 1 if self._heard else failures + 1
            self.state = LinkState.WAITING
            delay_s = self._back_off.delay_s(failures)
            log_event("link-down", link=self.link.name, problem=self.problem or "closed", retry_s=delay_s)
            await asyncio.sleep(self._service.clock.machine_s(delay_s))

    async def _attempt(self) -> None:
        self.state = LinkState.CONNECTING
        try:
            async with asyncio.timeout(self._service.clock.machine_s(self._connect_timeout_s)):
                connection = await self._dial()
        except OSError as reason:  # A time-out is one.
            self.problem = reason.strerror or str(reason) or "no answer in time"
            return
        try:
            await self._converse(connection)
        except OSError as reason:
            self.problem = reason.strerror or str(reason) or "the connection broke"
        except ContactLost:
            self.problem = "the store failed"
        except StoreFailed as reason:
            self.problem = reason.code
        except LocalError as reason:
            self.problem = str(reason)
        finally:
            await connection.close()

    async def _converse(self, connection: Connection) -> None:
        contact = await self._service.open_contact(self.link)
        self.state = LinkState.CONNECTED
        self.problem = ""
        log_event("link-up", link=self.link.name)
        sender = asyncio.create_task(self._send_all(contact, connection))
        receiver = asyncio.create_task(self._receive_all(contact, connection))
        try:
            done, _ = await asyncio.wait((sender, receiver), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sender, receiver):
                task.cancel()
            await asyncio.gather(sender, receiver, return_exceptions=True)
            await self._service.close_contact(contact)
        for task in done:
            task.result()

    async def _send_all(self, contact: OpenContact, connection: Connection) -> None:
        tick_s = _IDLE_TICK_S_MIN
        while True:
            contact.woken.clear()
            packet = await self._service.transmit(contact)
            if packet is not None:
                await connection.send(packet)
                tick_s = _IDLE_TICK_S_MIN
                continue
            if self._service.is_stalled(contact):
                self.problem = "the connection went quiet"
                return
            wait_s = self._wait_s(contact)
            if wait_s is not None and wait_s < tick_s:
                wait_s, tick_s = tick_s, min(2 * tick_s, _IDLE_TICK_S_MAX)
            else:
                tick_s = _IDLE_TICK_S_MIN
            await _wait(contact.woken, wait_s)

    def _wait_s(self, contact: OpenContact) -> float | None:
        deadline = self._service.deadline(contact)
        if deadline is None:
            return None
        return self._service.clock.machine_s(deadline - self._service.clock.now())

    async def _receive_all(self, contact: OpenContact, connection: Connection) -> None:
        while (packet := await connection.receive()) is not None:
            refused = await self._service.receive(contact, packet)
            self._heard = self._heard or not refused
            if refused and self.link.kind is LinkKind.STREAM:
                # Records depend on the ones before them: after a wrong one, the stream is worth nothing.
                self.problem = "the relay's bytes were refused"
                return


async def _wait(event: asyncio.Event, timeout_s: float | None) -> None:
    # Not `wait_for`: on Python 3.11 it loses a cancellation that comes together with the event.
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
