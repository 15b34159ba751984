"""A satellite modem and its gateway: sessions that fail, duplicates, ambiguous ends, ringing, latency."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from protocol.ids import Instant, UnixSeconds
from protocol.links import LinkProfile
from shore_relay.relay.bearers.sbd.gateway import Refusal, Scope
from shore_relay.relay.store.sbd_rows import MobileOriginated, OutboundMessage, Via
from tests.simulation.faults import Faults
from tests.simulation.inline import run
from tests.simulation.sky import Bearer
from tests.simulation.world import World
from vessel_client.bearers.sbd.answers import Outcome
from vessel_client.bearers.sbd.policy import NEVER, Reason, SessionPolicy, SessionRules, credits_of
from vessel_client.sync_service import OpenContact, SyncService

STEP_BYTES = 50
GATEWAY_QUEUE_MAX = 50
RULES = SessionRules(
    signal_min=2,
    signal_interval_s=20.0,
    signal_wait_s=300.0,
    mailbox_interval_s=43_200.0,
    retry_delay_s_min=20.0,
    retry_delay_s_max=300.0,
)


class Ashore(Protocol):
    """Whoever takes what the gateway hands over."""

    def on_message(self, message: MobileOriginated) -> None:
        """Take a webhook's message."""


class Afloat(Protocol):
    """The box that has the modem."""

    def enter(self, act: Callable[[], None]) -> None:
        """Run a step of the box."""

    def put(self, link: LinkProfile, packet: bytes) -> None:
        """Let the rules see a packet that leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    packet: bytes
    numbers: frozenset[int]


class Gateway:
    """What the satellite company keeps for one modem."""

    via = Via.ROCKBLOCK

    def __init__(self, imei: str, bearer: Bearer, world: World, faults: Faults) -> None:
        self.imei = imei
        self.mailbox: deque[bytes] = deque()
        self.ashore: Ashore | None = None
        self.ring: Callable[[], None] = lambda: None
        self._bearer = bearer
        self._world = world
        self._faults = faults
        self._momsn = 0

    async def deliver(self, message: OutboundMessage) -> Refusal | None:
        """Take a message for the modem."""
        if self._faults.strikes("gateway-fails", self._faults.plan.session_fails / 4):
            in_doubt = self._faults.source.random() < 0.5
            if in_doubt:
                self._keep(message)
            return Refusal(code="passing", scope=Scope.PASSING, advice="Wait.", in_doubt=in_doubt)
        self._keep(message)
        return None

    def _keep(self, message: OutboundMessage) -> None:
        if message.flush:
            self.mailbox.clear()
        if len(self.mailbox) < GATEWAY_QUEUE_MAX:
            self.mailbox.append(message.packet)
        if not self._faults.strikes("ring-lost", self._faults.plan.loss):
            self._world.after(self._faults.source.uniform(2, 30), self.ring)

    def take_up(self, data: bytes) -> None:
        """Take what a modem sent, and hand it over some time later, perhaps again and again."""
        self._momsn = (self._momsn + 1) % 65_536
        message = MobileOriginated(
            imei=self.imei,
            momsn=self._momsn,
            transmitted_at=UnixSeconds(int(self._world.now_s) + 1_700_000_000),
            data=data,
        )
        source, plan = self._faults.source, self._faults.plan
        copies = source.randint(2, 4) if self._faults.strikes("webhook-repeats", plan.duplicate) else 1
        for _ in range(copies):
            delay_s = source.uniform(2, 60)
            if self._faults.strikes("webhook-late", plan.reorder):
                delay_s += source.uniform(0, 3_600)
            self._world.after(delay_s, lambda: self._hand_over(message))

    def _hand_over(self, message: MobileOriginated) -> None:
        if self.ashore is not None:
            self.ashore.on_message(message)


class ModemPort:
    """The box's side of its modem, with the program's own rules for sessions."""

    def __init__(self, box: Afloat, bearer: Bearer, gateway: Gateway, world: World, faults: Faults) -> None:
        self._box = box
        self._bearer = bearer
        self._gateway = gateway
        self._world = world
        self._faults = faults
        self._policy = SessionPolicy(RULES, Instant(0.0), faults.source.random, mailbox_age_s=0.0)
        self._contact: OpenContact | None = None
        self._held: _Held | None = None
        self._session = 0
        self._in_session = False
        gateway.ring = self._rung

    def begin(self, contact: OpenContact) -> None:
        """Begin to use the modem, within this contact."""
        self._contact = contact
        self._held = None
        self._in_session = False
        self._session += 1
        self._policy = SessionPolicy(
            RULES, contact.engine._now, self._faults.source.random, mailbox_age_s=None
        )

    def lose_contact(self) -> None:
        """The box threw its engine away."""
        self._contact = None
        self._session += 1

    lose_power = lose_contact

    def _rung(self) -> None:
        def heard() -> None:
            self._policy.on_ring()
            self._wake()

        self._box.enter(heard)

    def _wake(self) -> None:
        """Let the box look again whether a session is due."""
        if self._contact is not None:
            self._contact.woken.set()

    def wake_at(self, service: SyncService) -> Instant | None:
        """Return when to look again whether a session is due."""
        if self._contact is None or self._in_session:
            return None
        now = service.clock.now()
        policy_at = self._policy.next_at(now)
        due_at = service.deadline(self._contact)
        if due_at is None:
            return None if policy_at == NEVER else policy_at
        return max(due_at, policy_at) if due_at <= now else min(due_at, policy_at)

    def advance(self, service: SyncService) -> bool:
        """Open a session where one is due."""
        if self._contact is None or self._in_session:
            return False
        now = service.clock.now()
        held = self._held
        if held is not None and held.numbers and not service.holds_any(held.numbers):
            self._held = None
        due_at = service.deadline(self._contact)
        due = due_at is not None and due_at <= now
        reason = self._policy.reason(holding=self._held is not None, data_due=due, now=now)
        if reason is None:
            return False
        if self._held is None:
            packet = run(service.transmit(self._contact, going=reason is not Reason.DATA))
            if packet is not None:
                self._held = _Held(packet=packet, numbers=service.carried(self._contact))
        if self._policy.reason(holding=self._held is not None, data_due=False, now=now) is None:
            self._policy.on_nothing(now)
            return False
        self._hold_session()
        return True

    def _hold_session(self) -> None:
        faults, plan = self._faults, self._faults.plan
        packet = self._held.packet if self._held is not None else b""
        if not self._bearer.is_up or faults.strikes("session-fails", plan.session_fails):
            outcome = faults.source.choice((Outcome.NO_NETWORK, Outcome.BUSY, Outcome.TOO_SOON))
        else:
            outcome = Outcome.MAYBE if faults.strikes("session-ambiguous", plan.ambiguous) else Outcome.SENT
        arrives = outcome is Outcome.SENT or (outcome is Outcome.MAYBE and faults.source.random() < 0.5)
        if arrives:
            if packet:
                self._box.put(self._bearer.link, packet)
            self._gateway.take_up(packet)
        self._in_session = True
        self._session += 1
        session = self._session
        self._world.after(faults.source.uniform(10, 45), lambda: self._end(session, outcome, len(packet)))

    def _end(self, session: int, outcome: Outcome, up_bytes: int) -> None:
        if session != self._session:
            return
        self._in_session = False
        self._box.enter(lambda: self._ended(outcome, up_bytes))

    def _ended(self, outcome: Outcome, up_bytes: int) -> None:
        contact = self._contact
        if contact is None:
            return
        self._wake()
        service = self._box.service  # type: ignore[attr-defined]  # The box's own.
        now = service.clock.now()
        mail = self._gateway.mailbox.popleft() if outcome is Outcome.SENT and self._gateway.mailbox else b""
        self._policy.on_session(outcome, len(self._gateway.mailbox), now)
        if outcome is Outcome.SENT:
            self._held = None
            spent = credits_of(up_bytes, len(mail), STEP_BYTES)
            run(service.session_held(contact, spent, sure=True))
            if mail and not self._faults.strikes("mail-lost", self._faults.plan.loss / 4):
                run(service.receive(contact, mail))
            return
        spent = credits_of(up_bytes, 0, STEP_BYTES) if outcome is Outcome.MAYBE else 0
        run(service.session_held(contact, spent, sure=False))
