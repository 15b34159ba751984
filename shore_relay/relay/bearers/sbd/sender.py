"""Hands what waits to one gateway: patiently, one at a time, and without troubling it while it refuses."""

import asyncio
from typing import Protocol

from protocol.ids import Instant, VesselId
from shore_relay.relay.bearers.sbd.claims import Claims
from shore_relay.relay.bearers.sbd.gateway import Gateway, Refusal, Scope
from shore_relay.relay.errors import StoreFailed
from shore_relay.relay.settings import SbdSettings
from shore_relay.relay.store.sbd import SbdStore
from shore_relay.relay.store.sbd_rows import Alarm, OutboundMessage
from shore_relay.relay.surroundings import Clock, WallClock

_REST_S_MIN = 30.0
_REST_S_MAX = 3_600.0
_ACCOUNT_REST_S = 3_600.0
_MODEM_REST_S = 6 * 3_600.0
_OTHERS_S = 5.0
"""How long to leave a vessel alone to which another relay sees."""
_ATTEMPTS_UNTOLD = 5
"""A gateway that fails for longer than half an hour is something that the operator should know."""


class _Note(Protocol):
    def __call__(self, event: str, bearer: str, /) -> None:
        """Log what happened on a bearer."""


class Sender:
    """One gateway's queue, as the store has it."""

    def __init__(
        self,
        gateway: Gateway,
        store: SbdStore,
        settings: SbdSettings,
        claims: Claims,
        *,
        clock: Clock,
        wall: WallClock,
        note: _Note,
    ) -> None:
        self._gateway = gateway
        self._store = store
        self._settings = settings
        self._claims = claims
        self._clock = clock
        self._wall = wall
        self._note = note
        self.wake = asyncio.Event()
        """Set when something may wait."""
        self._account_rests_until = Instant(float("-inf"))
        self._vessels_rest_until: dict[VesselId, Instant] = {}

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            self.wake.clear()
            try:
                while await self._send_next():
                    pass
            except StoreFailed as reason:
                self._note(reason.code, "sbd")
            await self._rest()

    async def _rest(self) -> None:
        ends = [
            at for at in (self._account_rests_until, *self._vessels_rest_until.values()) if at > self._clock()
        ]
        wait_s = min(ends) - self._clock() if ends else None
        try:
            async with asyncio.timeout(wait_s):
                await self.wake.wait()
        except TimeoutError:
            return

    async def _send_next(self) -> bool:
        now = self._clock()
        if now < self._account_rests_until:
            return False
        self._vessels_rest_until = {
            vessel: until for vessel, until in self._vessels_rest_until.items() if now < until
        }
        message = await self._store.next_to_post(self._gateway.via, self._vessels_rest_until)
        if message is None:
            return False
        async with self._claims.of(message.vessel) as mine:
            if not mine:
                # Another relay sees to this vessel's messages, perhaps to this very one.
                self._vessels_rest_until[message.vessel] = Instant(now + _OTHERS_S)
            elif await self._store.is_waiting(message):
                await self._deliver(message)
        return True

    async def _deliver(self, message: OutboundMessage) -> None:
        refusal = await self._gateway.deliver(message)
        if refusal is None:
            spent = self._settings.credits(len(message.packet))
            await self._store.posted(message, self._wall(), credits_spent=spent)
            self._note("message-queued", "sbd")
        else:
            await self._on_refusal(message, refusal)

    async def _on_refusal(self, message: OutboundMessage, refusal: Refusal) -> None:
        self._note(refusal.code, "sbd")
        now = self._clock()
        match refusal.scope:
            case Scope.ACCOUNT:
                self._account_rests_until = Instant(now + _ACCOUNT_REST_S)
            case Scope.MODEM:
                self._vessels_rest_until[message.vessel] = Instant(now + _MODEM_REST_S)
            case Scope.PASSING:
                rest_s = min(_REST_S_MAX, _REST_S_MIN * 2 ** min(message.attempts, 16))
                self._vessels_rest_until[message.vessel] = Instant(now + rest_s)
            case Scope.MESSAGE:
                # It stays in the store as refused, so that it is not composed over and over again.
                pass
        untold = refusal.scope is Scope.PASSING and message.attempts + 1 < _ATTEMPTS_UNTOLD
        alarm = Alarm(
            code=refusal.code,
            vessel=None if refusal.scope is Scope.ACCOUNT else message.vessel,
            raised_at=self._wall(),
            advice=refusal.advice,
        )
        await self._store.not_posted(
            message,
            None if untold else alarm,
            for_good=refusal.scope is Scope.MESSAGE,
            in_doubt=refusal.in_doubt,
        )
