"""Drives the engine over a satellite modem: one message up and one down in each session.

The engine's contact stays open while the modem is gone: a message that the gateway took is on its way
whatever becomes of the modem, and asking about it would cost another.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from protocol.errors import LocalError
from protocol.ids import Instant
from protocol.links import LinkProfile
from vessel_client.bearers.pump import LinkState
from vessel_client.bearers.sbd.answers import REFUSALS, Outcome
from vessel_client.bearers.sbd.dialogue import (
    MailFetched,
    ModemEvent,
    ModemLimits,
    Rang,
    Ready,
    SessionEnded,
    SignalMeasured,
    State,
    Unwell,
)
from vessel_client.bearers.sbd.modem import Modem
from vessel_client.bearers.sbd.policy import NEVER, Reason, SessionPolicy, SessionRules, credits_of
from vessel_client.bearers.sbd.port import Port
from vessel_client.errors import StoreFailed
from vessel_client.log import log_event
from vessel_client.sync_service import ContactLost, OpenContact, SyncService

OpenPort = Callable[[], Awaitable[Port]]


class ModemLost(OSError):
    """The dialogue is over: close the port, wait, and begin anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SbdPlan:
    """What a modem may do and what it costs, from the settings."""

    limits: ModemLimits
    rules: SessionRules
    credit_step_bytes: int


@dataclass(frozen=True, slots=True)
class _Held:
    """A packet that has not surely left, and the bundles in it."""

    packet: bytes
    numbers: frozenset[int]


class SbdBearer:
    """Keeps one modem going for as long as `run` is running."""

    def __init__(
        self,
        *,
        link: LinkProfile,
        device: str,
        open_port: OpenPort,
        service: SyncService,
        plan: SbdPlan,
        draw: Callable[[], float],
    ) -> None:
        """`draw` returns numbers from 0 to 1 and spreads the tries of a fleet."""
        self.link = link
        self.url = device
        self.state = LinkState.CONNECTING
        self.problem = ""
        """Why nothing goes; empty while all is well."""
        self._open_port = open_port
        self._service = service
        self._plan = plan
        self._draw = draw
        self._modem = Modem(plan.limits)
        self._policy = SessionPolicy(plan.rules, service.clock.now(), draw, mailbox_age_s=0.0)
        self._contact: OpenContact | None = None
        self._held: _Held | None = None
        self._up_bytes = 0
        """Size of the message in the session under way."""
        self._bars: int | None = None

    async def run(self) -> None:
        """Look for the modem again and again until cancelled."""
        try:
            while True:
                await self._attempt()
                self.state = LinkState.WAITING
                delay_s = self._plan.rules.retry_delay_s_min * (0.75 + 0.5 * self._draw())
                log_event("link-down", link=self.link.name, problem=self.problem, retry_s=round(delay_s, 1))
                await asyncio.sleep(self._service.clock.machine_s(delay_s))
        finally:
            await self._end_contact()

    async def _attempt(self) -> None:
        self.state = LinkState.CONNECTING
        port: Port | None = None
        try:
            await self._begin_contact()
            port = await self._open_port()
            await self._converse(port)
        except OSError as reason:
            self.problem = reason.strerror or str(reason) or "the modem's port broke"
        except ContactLost:
            self._contact = None
            self.problem = "the store failed"
        except StoreFailed as reason:
            self.problem = reason.code
        except LocalError as reason:
            self.problem = str(reason)
        finally:
            if port is not None:
                await port.close()
            await self._give_back()

    async def _give_back(self) -> None:
        """The modem is gone: a session under way has an end that nobody knows."""
        try:
            for event in self._modem.lost():
                await self._on_event(event)
        except (ContactLost, StoreFailed, LocalError) as reason:
            log_event("session-not-counted", link=self.link.name, reason=type(reason).__name__)

    async def _begin_contact(self) -> None:
        if self._contact is None:
            self._contact = await self._service.open_contact(self.link)
            self._held = None
            age_s = await self._service.mail_age_s(self.link.name)
            now = self._service.clock.now()
            self._policy = SessionPolicy(self._plan.rules, now, self._draw, mailbox_age_s=age_s)

    async def _end_contact(self) -> None:
        if self._contact is not None:
            await self._service.close_contact(self._contact)

    # --- one modem, from its greeting to its end ---

    async def _converse(self, port: Port) -> None:
        modem, clock = self._modem, self._service.clock
        modem.start(clock.now())
        reading = asyncio.ensure_future(port.read())
        try:
            while True:
                await self._advance()
                await self._write(port)
                if await self._wait(reading):
                    events = modem.receive(reading.result(), clock.now())
                    reading = asyncio.ensure_future(port.read())
                else:
                    events = modem.tick(clock.now())
                for event in events:
                    await self._on_event(event)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _write(self, port: Port) -> None:
        outgoing = self._modem.take_outgoing()
        if outgoing:
            await port.write(outgoing)

    async def _wait(self, reading: "asyncio.Future[bytes]") -> bool:
        """Wait for bytes, for news or for a deadline; return whether there are bytes."""
        contact = self._open_contact()
        woken = asyncio.ensure_future(contact.woken.wait())
        clock = self._service.clock
        wake_at = self._wake_at(contact)
        wait_s = None if wake_at == NEVER else max(0.0, clock.machine_s(wake_at - clock.now()))
        try:
            await asyncio.wait((reading, woken), timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            await asyncio.gather(woken, return_exceptions=True)
        return reading.done()

    def _wake_at(self, contact: OpenContact) -> Instant:
        if self._modem.state is not State.IDLE:
            # What the engine wants has to wait for the modem, which has its own deadlines.
            contact.woken.clear()
            return self._modem.deadline() or NEVER
        now = self._service.clock.now()
        policy_at = self._policy.next_at(now)
        due_at = self._service.deadline(contact)
        if due_at is None:
            return policy_at
        return min(NEVER, max(due_at, policy_at) if due_at <= now else min(due_at, policy_at))

    def _open_contact(self) -> OpenContact:
        if self._contact is None:
            raise ContactLost
        return self._contact

    # --- sessions ---

    async def _advance(self) -> None:
        """Open a session where one is due and the sky allows it."""
        contact = self._open_contact()
        contact.woken.clear()
        if self._modem.state is not State.IDLE:
            return
        now = self._service.clock.now()
        self._let_go()
        due_at = self._service.deadline(contact)
        reason = self._policy.reason(
            holding=self._held is not None, data_due=due_at is not None and due_at <= now, now=now
        )
        if reason is None:
            return
        if self._bars is None:
            self._modem.measure(now)
            return
        bars, self._bars = self._bars, None
        if not self._policy.signal_suffices(bars, now):
            self.problem = f"the satellites are hidden: signal {bars} of 5"
            return
        await self._begin_session(contact, reason)

    def _let_go(self) -> None:
        """Drop a packet whose bundles have all arrived by another bearer meanwhile."""
        if self.link.shape is not None:
            # A session that is left out would tell that there was something in it.
            return
        held = self._held
        if held is not None and held.numbers and not self._service.holds_any(held.numbers):
            self._held = None

    async def _begin_session(self, contact: OpenContact, reason: Reason) -> None:
        if self._held is None:
            # A session for mail costs a credit even if it is empty: what is owed travels in it for nothing,
            # and the relay learns what has come instead of sending it again.
            packet = await self._service.transmit(contact, going=reason is not Reason.DATA)
            if packet is not None:
                self._held = _Held(packet, self._service.carried(contact))
        now = self._service.clock.now()
        still = self._policy.reason(holding=self._held is not None, data_due=False, now=now)
        if still is None:
            # The engine only took note of a silence; that is no reason to pay for a session.
            self._policy.on_nothing(now)
            return
        message = self._held.packet if self._held is not None else None
        self._up_bytes = len(message or b"")
        log_event("session", link=self.link.name, reason=still.value, up_bytes=self._up_bytes)
        self._modem.begin_session(message, now, answers_ring=self._policy.rang)

    async def _on_event(self, event: ModemEvent) -> None:
        match event:
            case Ready(imei=imei):
                self.state = LinkState.CONNECTED
                self.problem = ""
                self._bars = None
                log_event("modem-ready", link=self.link.name, imei=imei or "unknown")
            case SignalMeasured(bars=bars):
                self._bars = bars
            case Rang():
                self._policy.on_ring()
            case SessionEnded():
                await self._on_session(event)
            case MailFetched(message=message):
                await self._service.receive(self._open_contact(), message)
                self._modem.mail_kept(self._service.clock.now())
            case Unwell(problem=problem):
                raise ModemLost(problem.value)

    async def _on_session(self, ended: SessionEnded) -> None:
        report, outcome = ended.report, ended.outcome
        status = report.status if report is not None else -1
        log_event("session-ended", link=self.link.name, outcome=outcome.value, status=status)
        now = self._service.clock.now()
        self._policy.on_session(outcome, report.down_queued if report is not None else 0, now)
        self._bars = None
        if outcome is Outcome.SENT:
            assert report is not None
            self.problem = ""
            self._held = None
            spent = credits_of(self._up_bytes, report.down_bytes, self._plan.credit_step_bytes)
            await self._service.session_held(self._open_contact(), spent, sure=True)
            return
        self.problem = _problem(outcome, status)
        in_doubt = outcome is Outcome.MAYBE
        spent = credits_of(self._up_bytes, 0, self._plan.credit_step_bytes) if in_doubt else 0
        await self._service.session_held(self._open_contact(), spent, sure=False)


def _problem(outcome: Outcome, status: int) -> str:
    if outcome is Outcome.REFUSED:
        return REFUSALS.get(status, "the modem refuses the message: look at its size in the settings")
    if outcome is Outcome.MAYBE:
        return f"the last session broke off (status {status}); its message will be sent again"
    return f"the last session did not begin: {outcome.value}"
