"""One side of the voyage: a real engine and a real store, in the shell's order (call, commit, act)."""

from collections.abc import Callable
from dataclasses import replace

from protocol import linkguard, rekey
from protocol.errors import QueueFull, RemoteError
from protocol.events import (
    BundleArrived,
    BundleRefused,
    CustodyAccepted,
    Event,
    LinkRekeyed,
    NumberTaken,
    PacketRefused,
)
from protocol.frames import Priority
from protocol.linkguard import Form, LinkGuard
from protocol.links import LinkKind, LinkProfile, Side
from tests.simulation.faults import BrokenRule
from tests.simulation.life import Life
from tests.simulation.sky import Bearer, Connection, StreamBearer
from tests.simulation.store import RELAY_PRIVATE

HINT_INTERVAL_S = 10.0
REKEY_WAIT_S = 30.0
PACKETS_AT_ONCE_MAX = 20_000


class Node(Life):
    """The shell of one side, in the order that the two programs keep."""

    _hinted_s = -1e9

    def open_contacts(self) -> None:
        """Offer what waits, and begin to talk over every bearer."""
        self._offer_all()
        for bearer in self.bearers:
            if isinstance(bearer, StreamBearer):
                if self.side is Side.VESSEL:
                    bearer.dial()
            elif self.side is Side.VESSEL or bearer.link.kind is LinkKind.MESSAGE:
                self._engine.contact_opened(bearer.link, self.now())
                self._heard.add(bearer.link.name)
        self._commit()

    # --- bundles ------------------------------------------------------------------------------------------

    def submit(self, priority: Priority, data: bytes) -> None:
        """A person hands in a bundle; while the box is off or full they try again."""
        taken = False

        def keep() -> None:
            nonlocal taken
            number = self._store.enqueue(priority, data)
            taken = True
            self.rules.promised(self.side, number, data)
            self.world.say(f"{self.side.value} takes bundle {number}, {len(data)} B, {priority.name}")
            self._may_crash()
            self._offer_all()
            self._commit()

        self._enter(keep)
        if not taken:
            self.world.after(20.0, lambda: self.submit(priority, data))

    def _offer_all(self) -> None:
        """Keep the first in line with the engine, so that no bulk keeps out what matters more."""
        line = self._store.outgoing()
        for number in self._offered.difference(waiting.number for waiting in line):
            self._engine.withdraw(number)
        self._offered = {waiting.number for waiting in line}
        for waiting in line:
            if self._engine.holds(waiting.number):
                continue
            try:
                self._engine.offer(
                    waiting.number, waiting.priority, waiting.data, begun=waiting.begun, acked=waiting.acked
                )
            except QueueFull:
                self._offered.discard(waiting.number)

    def store_waits(self) -> bool:
        """Return whether bundles lie in the store that still have to leave."""
        return self.store is not None and self.store.waits()

    def _act_on(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case BundleArrived():
                    self.world.say(f"{self.side.value} has bundle {event.number}")
                    self._hand_over_soon(event.number)
                case CustodyAccepted():
                    self.world.say(f"{self.side.value} may delete bundle {event.number}")
                case LinkRekeyed():
                    self.faults.counts["rekey"] += 1
                    self.world.say("the link has new keys")
                case PacketRefused():
                    self.world.say(f"{self.side.value} refuses: {event.code}")
                case _:
                    pass
        if any(isinstance(event, CustodyAccepted | NumberTaken | BundleRefused) for event in events):
            self._offer_all()

    def _hand_over_soon(self, number: int) -> None:
        """Whoever fetches asks the store, some time later, and keeps what it got by number."""
        self.world.after(self.faults.source.uniform(0, 60), self.hand_over)

    def hand_over(self) -> None:
        """Give all that has come and was not given yet to the person or desk that waits for it."""
        if self.store is None:
            self.world.after(30.0, self.hand_over)
            return
        self.rules.handed_over(self.side, self._store.collect())

    # --- what comes in ------------------------------------------------------------------------------------

    def on_packet(self, bearer: Bearer, packet: bytes) -> None:
        """Take a packet that came without a connection."""
        self._enter(lambda: self._take_packet(bearer, packet))

    def _take_packet(self, bearer: Bearer, packet: bytes) -> None:
        if self.side is Side.RELAY and self._is_key_matter(packet):
            self._on_key_matter(bearer.link, packet, lambda answer: self._put(bearer, answer))
            return
        if bearer.link.name not in self._heard:
            if not self._is_authentic(packet):
                self.world.say(f"{self.side.value} hears a stranger")
                return
            self._heard.add(bearer.link.name)
        if self._receive(bearer.link, packet) and _carries_frames(packet):
            self.accepted.append((bearer, packet))

    def _is_authentic(self, packet: bytes) -> bool:
        """Try the packet on a guard of its own, so that a stranger's bytes change nothing."""
        try:
            LinkGuard(self._guard, self.side, lambda _state: None).open(packet)
        except RemoteError:
            return False
        return True

    def _receive(self, link: LinkProfile, packet: bytes) -> bool:
        """Give a packet to the engine, commit, act; return whether it was accepted whole."""
        events = self._engine.receive(packet, link, self.now())
        self._commit(events)
        self._act_on(events)
        return not any(isinstance(event, PacketRefused) for event in events)

    def replay(self, bearer: Bearer, packet: bytes) -> None:
        """Somebody sends again what this side had accepted."""

        def take() -> None:
            if bearer.link.name not in self._heard:
                # The shell turns strangers away before the engine hears of them.
                return
            self.faults.counts["replay"] += 1
            held = self._engine.queued
            events = self._engine.receive(packet, bearer.link, self.now())
            self.rules.replayed(self.side, events)
            assert held == self._engine.queued
            self._commit()

        self._enter(take)

    def _is_key_matter(self, packet: bytes) -> bool:
        """Relay: whether the packet needs the shell, for want of a key that the engine knows."""
        try:
            form, _ = linkguard.read_flags(packet)
            if form is Form.NAMED:
                return not self._store.knows_key(linkguard.read_key_id(packet))
        except RemoteError:
            return False
        return form is Form.REKEY_REQUEST

    def _on_key_matter(self, link: LinkProfile, packet: bytes, send: Callable[[bytes], None]) -> bool:
        """Relay: answer a rekey request, or say that the key is unknown; return whether keys changed."""
        form, _ = linkguard.read_flags(packet)
        if form is Form.NAMED:
            if self.world.now_s - self._hinted_s >= HINT_INTERVAL_S:
                self._hinted_s = self.world.now_s
                self.world.say("relay does not know the key")
                send(linkguard.unknown_key_hint(linkguard.read_key_id(packet)))
            return False
        try:
            request = rekey.open_request(packet, RELAY_PRIVATE)
            # A contact of its own, so that a repeated request cannot disturb one that works.
            apart = replace(link, name=f"{link.name}-rekey")
            answer = self._engine.answer_rekey(request, self.faults.source.randbytes, apart, self.now())
            self._engine.contact_closed(apart, self.now())
        except RemoteError:
            self.world.say("relay refuses a rekey request")
            return False
        self._commit()
        self.world.say("relay answers a rekey request")
        send(answer)
        return True

    # --- connections --------------------------------------------------------------------------------------

    def on_opened(self, connection: Connection) -> None:
        """Vessel: a connection is there."""
        if self.engine is None:
            connection.abandon(self.side)
            return
        self.world.say(f"vessel has a connection on {connection.link.name}")

        def begin() -> None:
            self._connections[connection.link.name] = connection
            self._engine.contact_opened(connection.link, self.now())
            self._commit()

        self._enter(begin)

    def on_closed(self, connection: Connection) -> None:
        """A connection is gone: by our own doing, by the peer's, or by a cut that was noticed."""

        def end() -> None:
            if self._connections.get(connection.link.name) is not connection:
                return
            del self._connections[connection.link.name]
            self._engine.contact_closed(connection.link, self.now())
            self._commit()
            if self.side is Side.VESSEL:
                connection.bearer.dial()

        self._enter(end)

    def on_record(self, connection: Connection, record: bytes) -> None:
        """Take a whole record of a connection."""
        if self.engine is None:
            connection.abandon(self.side)
            return
        if self.side is Side.RELAY and not connection.recognised:
            self._enter(lambda: self._recognise(connection, record))
        else:
            self._enter(lambda: self._read(connection, record))

    def _read(self, connection: Connection, record: bytes) -> None:
        if not self._receive(connection.link, record):
            connection.close(self.side)

    def _recognise(self, connection: Connection, record: bytes) -> None:
        if self._is_key_matter(record):
            if not connection.asked_again:
                connection.asked_again = True
                self.world.after(REKEY_WAIT_S, lambda: self._close_unless_recognised(connection))
            self._on_key_matter(connection.link, record, lambda a: self._write(connection, a))
            return
        if not self._is_authentic(record):
            # After a hint, the vessel had sent more under the unknown key before it learned of that.
            if not connection.asked_again:
                connection.close(self.side)
            return
        before = self._connections.pop(connection.link.name, None)
        if before is not None:
            before.close(self.side)
        self._connections[connection.link.name] = connection
        connection.recognised = True
        self._engine.contact_opened(connection.link, self.now())
        if not self._receive(connection.link, record):
            connection.close(self.side)

    def _close_unless_recognised(self, connection: Connection) -> None:
        if not connection.recognised:
            connection.close(self.side)

    # --- what goes out ------------------------------------------------------------------------------------

    def on_ready(self) -> None:
        """A bearer takes packets again, or a deadline has come."""
        self._enter(lambda: None)

    def report_status(self) -> None:
        """Vessel: tell the relay that all is well."""
        self._enter(lambda: self._engine.report_status({1: 1}))

    def pump(self) -> None:
        """Transmit over every bearer that takes packets, then sleep until the engine's deadline."""
        for _ in range(PACKETS_AT_ONCE_MAX):
            sent = [self._send_one(bearer) for bearer in self.bearers]
            if not any(sent):
                break
        else:
            raise BrokenRule(f"{self.side.value} never stops sending")
        for connection in list(self._connections.values()):
            if self._engine.stalled(connection.link, self.now()):
                self.world.say(f"{connection.link.name} has stalled for {self.side.value}")
                self.faults.counts["stall"] += 1
                connection.close(self.side)
        if not any(connection.is_closed(self.side) for connection in self._connections.values()):
            self._sleep()

    def _send_one(self, bearer: Bearer) -> bool:
        if self.engine is None or not self._may_send(bearer):
            return False
        self.rules.nonces.begin_packet()
        packet = self._engine.transmit(bearer.link, self.now())
        if packet is None:
            self._commit_if_needed()
            return False
        self._commit()
        connection = self._connections.get(bearer.link.name)
        if connection is not None:
            self._write(connection, packet)
        else:
            self._put(bearer, packet)
        return True

    def _commit_if_needed(self) -> None:
        changes = self._journal.drain()
        if changes:
            self._store.commit(changes, [], self._engine.key_ids())
            self._committed(changes)

    def _may_send(self, bearer: Bearer) -> bool:
        if isinstance(bearer, StreamBearer):
            connection = self._connections.get(bearer.link.name)
            return connection is not None and not connection.is_closed(self.side)
        if bearer.ready_at_s(self.side) > self.world.now_s:
            return False
        return bearer.link.name in self._heard

    def _put(self, bearer: Bearer, packet: bytes) -> None:
        self.rules.leaves(self.side, bearer.link, packet)
        self.world.say(f"{self.side.value} sends {len(packet)} B on {bearer.link.name}")
        bearer.carry(self.side, packet)

    def _write(self, connection: Connection, record: bytes) -> None:
        self.rules.leaves(self.side, connection.link, record)
        self.world.say(f"{self.side.value} writes {len(record)} B on {connection.link.name}")
        if not connection.is_closed(self.side):
            connection.write(self.side, record)

    def _sleep(self) -> None:
        self._wake += 1
        deadline = self._engine.deadline()
        if deadline is None:
            return
        at_s = deadline - self._origin_s
        if deadline <= self.now() + 1e-6:
            busy = [self._waits_for(bearer) for bearer in self.bearers]
            ready_s = min((at for at in busy if at > self.world.now_s), default=None)
            if ready_s is None:
                raise BrokenRule(f"{self.side.value} would spin: its deadline has passed and it says nothing")
            at_s = ready_s
        wake = self._wake
        self.world.at(at_s + 1e-4, lambda: self._woken(wake))

    def _waits_for(self, bearer: Bearer) -> float:
        return bearer.ready_at_s(self.side)

    def _woken(self, wake: int) -> None:
        if wake == self._wake:
            self.on_ready()


def _carries_frames(packet: bytes) -> bool:
    """Return whether this is no key packet; a hint, for one, is not authenticated and may come again."""
    return linkguard.read_flags(packet)[0] in (Form.NAMED, Form.UNNAMED)
