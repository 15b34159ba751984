"""A relay: the program's own fleet of links over its own store, which dies and comes back."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from math import inf
from pathlib import Path

from protocol import bundle as bundles
from protocol import linkguard
from protocol.bundle import Mail, Report
from protocol.errors import RemoteError, UnknownKey
from protocol.ids import Instant, UnixSeconds, VesselId
from protocol.journal import BundleTaken, OutgoingSettled
from protocol.linkguard import Form, GuardState, read_flags, read_key_id
from protocol.links import Side
from shore_relay.relay.bearers.gate import Gate
from shore_relay.relay.bearers.sbd.post_office import PostOffice
from shore_relay.relay.errors import ContactEnded, FleetFull, StoreFailed
from shore_relay.relay.fleet import Fleet
from shore_relay.relay.settings import SbdSettings, Settings
from shore_relay.relay.sticks import Sticks
from shore_relay.relay.store.sbd import SbdStore
from shore_relay.relay.store.sbd_rows import MobileOriginated, OutboundMessage, Via
from tests.simulation.faults import BrokenRule, Crashed, Faults
from tests.simulation.harbour import RELAY_FILE, RELAY_PRIVATE, Berth
from tests.simulation.inline import run
from tests.simulation.invariants import Rules
from tests.simulation.modem import Gateway
from tests.simulation.pump import Ticks
from tests.simulation.shore_store import WatchedStore
from tests.simulation.sky import Bearer, Connection
from tests.simulation.udp_port import Open, UdpPort
from tests.simulation.world import World

PACKETS_AT_ONCE_MAX = 20_000
RETRY_S = 6.0
"""A link rests for five seconds after its store failed."""


class Shore:
    """One process after another on one disk."""

    side = Side.RELAY

    def __init__(self, berth: Berth, world: World, faults: Faults, rules: Mapping[VesselId, Rules]) -> None:
        self.berth = berth
        self.world = world
        self.faults = faults
        self.rules = rules
        self.gateways: dict[VesselId, Gateway] = {}
        self.accepted: list[tuple[VesselId, str, bytes]] = []
        self.wall_offset_s = 1_700_000_000
        self.settings = Settings(
            held_bytes_per_vessel_max=faults.plan.held_bytes_max,
            sbd=SbdSettings(receipt_hours=faults.source.choice((0.5, 6.0))),
        )
        self.store = self._open_store()
        self._fleet: Fleet | None = None
        self._office: PostOffice | None = None
        self.opened: dict[VesselId, dict[str, Open]] = {}
        self._ticks: dict[VesselId, Ticks] = {}
        self._wakes: Counter[VesselId] = Counter()
        self._deadlines: dict[VesselId, float] = {}
        self._udp = UdpPort(self)
        self.on_report: Callable[[], None] = _nobody_asks
        """Called when a report has come, for the desks."""

    via = Via.ROCKBLOCK

    async def deliver(self, message: OutboundMessage):  # type: ignore[no-untyped-def]  # As the gateway's.
        """Be the one gateway account of all modems."""
        gateway = self.gateways[message.vessel]
        self.world.say(f"relay posts {len(message.packet)} B for {message.vessel.decode()}")
        self.rules[message.vessel].leaves(Side.RELAY, gateway._bearer.link, message.packet)
        return await gateway.deliver(message)

    def _open_store(self) -> WatchedStore:
        store = run(WatchedStore.open(self.berth.folder / RELAY_FILE))
        self.berth.disk.on_commit = self._on_commit
        assert isinstance(store, WatchedStore)
        return store

    @property
    def fleet(self) -> Fleet:
        """The running fleet of links."""
        assert self._fleet is not None
        return self._fleet

    @property
    def sticks(self) -> Sticks:
        """What the running relay does with sticks."""
        return Sticks(self.fleet, self.store, Counter())

    def _on_commit(self) -> None:
        commit, self.store.commit = self.store.commit, None
        vessel, self.store.renumbers = self.store.renumbers, None
        if commit is not None:
            rules = self.rules[commit.vessel]
            for change in commit.changes:
                if isinstance(change, BundleTaken) and isinstance(change.bundle, Report):
                    rules.taken(Side.RELAY, change.number, change.bundle.sealed)
                    self.on_report()
                elif isinstance(change, OutgoingSettled):
                    rules.settled(Side.RELAY, change.number)
        if vessel is not None:
            for number, sealed in self.waiting(vessel).items():
                self.rules[vessel].kept(Side.RELAY, number, sealed)

    def waiting(self, vessel: VesselId) -> dict[int, bytes]:
        """Return the answers that still have to leave, by number."""
        found = run(self.store.queued(vessel, most=10_000))
        decoded = {each.number: bundles.decode(each.data) for each in found}
        return {number: each.sealed for number, each in decoded.items() if isinstance(each, Mail)}

    # --- life -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the process: a new monotonic clock, everything else from the disk."""
        origin_s = self.faults.source.uniform(-1e5, 1e6)
        self.world.say("relay starts")

        def clock() -> Instant:
            return Instant(self.world.now_s + origin_s)

        refusals: Counter[str] = Counter()
        self._fleet = Fleet(
            self.store,
            self.settings,
            clock=clock,
            wall=self.wall,
            entropy=self.faults.source.randbytes,
            rekey_private=RELAY_PRIVATE,
            refusals=refusals,
        )
        gate = Gate(
            fleet=self._fleet, settings=self.settings, clock=clock, refusals=refusals, log=_say_nothing
        )
        self._office = PostOffice(gate, SbdStore(self.store), {self.via: self}, clock, self.wall)
        self.enter(None, lambda: run(self.fleet.load()))
        if self.gateways:
            self.tend()

    def wall(self) -> UnixSeconds:
        """Return the date that this relay believes."""
        return UnixSeconds(int(self.world.now_s) + self.wall_offset_s)

    def die(self) -> None:
        """Lose everything that is not on disk."""
        self._fleet = None
        self._office = None
        self.store.commit = self.store.renumbers = None
        self.berth.disk.lose_power()
        opened, self.opened = self.opened, {}
        for contacts in opened.values():
            for each in contacts.values():
                if each.connection is not None:
                    each.connection.abandon(Side.RELAY)

    def crash(self) -> None:
        """Lose power, and come back after a while with another clock."""
        self.world.say("relay crashes")
        self.die()
        self.world.after(self.faults.source.expovariate(1 / 30.0), self._start_unless_up)

    def _start_unless_up(self) -> None:
        if self._fleet is None:
            self.start()

    def close(self) -> None:
        """Let go of the file."""
        self.die()
        self.berth.disk.quiet = True
        run(self.store.close())
        self.berth.disk.release()

    def enter(self, vessel: VesselId | None, act: Callable[[], None]) -> None:
        """Run one step for a vessel, then say what there is to say to it; a fault ends link or life."""
        fleet = self._fleet
        if fleet is None:
            return
        try:
            act()
            if vessel is not None and self._fleet is fleet:
                self._pump(vessel)
        except Crashed:
            self.crash()
        except (StoreFailed, FleetFull):
            self.store.commit = self.store.renumbers = None
            self.world.say("relay finds its disk full")
            for contacts in list(self.opened.values()):
                self._drop_ended(contacts)

    def _drop_ended(self, contacts: dict[str, Open]) -> None:
        for name, each in list(contacts.items()):
            if each.contact.ended:
                del contacts[name]
                if each.connection is not None:
                    each.connection.close(Side.RELAY)

    # --- connections ----------------------------------------------------------------------------------------

    def on_opened(self, connection: Connection) -> None:
        """Never happens: vessels connect."""
        raise BrokenRule(f"the relay dials {connection.link.name}")

    def on_closed(self, connection: Connection) -> None:
        """A connection is gone."""
        vessel = connection.bearer.vessel

        def end() -> None:
            contacts = self.opened.get(vessel, {})
            found = contacts.get(connection.link.name)
            if found is not None and found.connection is connection:
                del contacts[connection.link.name]
                run(found.contact.close())

        self.enter(vessel, end)

    def on_record(self, connection: Connection, record: bytes) -> None:
        """Take a whole record of a connection."""
        if self._fleet is None:
            connection.abandon(Side.RELAY)
            return
        vessel = connection.bearer.vessel
        found = self.opened.get(vessel, {}).get(connection.link.name)
        if found is None or found.connection is not connection:
            self.enter(vessel, lambda: self._greet(connection, record))
        else:
            self.enter(vessel, lambda: self._read(found, record))

    def _read(self, found: Open, record: bytes) -> None:
        assert found.connection is not None
        try:
            if run(found.contact.receive([record], [len(record) + 2])):
                found.connection.close(Side.RELAY)
        except ContactEnded:
            found.connection.close(Side.RELAY)

    def _greet(self, connection: Connection, record: bytes) -> None:
        try:
            form, _ = read_flags(record)
            if form is Form.REKEY_REQUEST:
                answer = run(self.fleet.answer_rekey(record, connection.link))
                connection.asked_again = True
                self._hold(connection)
                self._write(connection, answer)
                return
            link = run(self.fleet.recognise(record))
        except UnknownKey:
            if connection.asked_again:
                return
            connection.asked_again = True
            self.world.say("relay does not know the key")
            self._hold(connection)
            self._write(connection, linkguard.unknown_key_hint(read_key_id(record)))
            return
        except RemoteError:
            if not connection.asked_again:
                connection.close(Side.RELAY)
            return
        before = self.opened.get(link.vessel, {}).get(connection.link.name)
        contact = run(link.open_contact(connection.link))
        if before is not None and before.connection is not None:
            before.connection.close(Side.RELAY)
        found = Open(
            contact=contact, bearer=connection.bearer, connection=connection, heard_s=self.world.now_s
        )
        self.opened.setdefault(link.vessel, {})[connection.link.name] = found
        self._read(found, record)

    def _hold(self, connection: Connection) -> None:
        self.world.after(self.settings.rekey_wait_s, lambda: self._close_unless_known(connection))

    def _close_unless_known(self, connection: Connection) -> None:
        found = self.opened.get(connection.bearer.vessel, {}).get(connection.link.name)
        if found is None or found.connection is not connection:
            connection.close(Side.RELAY)

    # --- datagrams ------------------------------------------------------------------------------------------

    def on_packet(self, bearer: Bearer, packet: bytes) -> None:
        """Take a datagram."""
        self.enter(bearer.vessel, lambda: self._udp.take(bearer, packet))

    def replay(self, vessel: VesselId, name: str, packet: bytes) -> None:
        """Somebody sends again what this relay had accepted."""

        def take() -> None:
            found = self.opened.get(vessel, {}).get(name)
            if found is not None and not found.contact.ended:
                self.faults.count("replay")
                self.rules[vessel].replayed(bool(run(found.contact.receive([packet], [len(packet)]))))

        self.enter(vessel, take)

    # --- messages -------------------------------------------------------------------------------------------

    def on_message(self, message: MobileOriginated) -> None:
        """Take what the gateway posts; it posts again what this relay could not store."""
        kept = False

        def take() -> None:
            nonlocal kept
            assert self._office is not None
            run(self._office.accept(self.via, message))
            kept = True
            self._work()

        self.enter(None, take)
        if not kept:
            self.world.after(30.0, lambda: self.on_message(message))
        vessel = next(each for each, gateway in self.gateways.items() if gateway.imei == message.imei)
        self.enter(vessel, lambda: None)

    def _work(self) -> None:
        office = self._office
        assert office is not None
        try:
            run(office._work_off())
            run(office._look_at(run(office._take_due())))
            sender = office._senders[self.via]
            while run(sender._send_next()):
                pass
        except StoreFailed:
            self.world.after(RETRY_S, self.tend)
            raise

    def post(self, vessel: VesselId) -> None:
        """Let the post office know that a desk has something for a vessel."""
        if vessel in self.gateways:
            assert self._office is not None
            self._office.dispatched(vessel)
            self._work()

    def tend(self) -> None:
        """Work off what waits for satellites."""
        self.enter(None, self._work)

    # --- out ------------------------------------------------------------------------------------------------

    def _pump(self, vessel: VesselId) -> None:
        contacts = self.opened.get(vessel, {})
        self._drop_ended(contacts)
        turns = 0
        while sum(
            self._send_one(vessel, each) for each in list(contacts.values()) if self._is_due(vessel, each)
        ):
            turns += 1
            if turns > PACKETS_AT_ONCE_MAX:
                raise BrokenRule("the relay never stops sending")
        for each in contacts.values():
            if each.connection is not None and each.contact.stalled():
                self.faults.count("stall")
                each.connection.close(Side.RELAY)
        self._sleep(vessel, contacts.values())

    def _is_due(self, vessel: VesselId, each: Open) -> bool:
        """Return whether this contact was woken or its deadline has come, as its own task would find."""
        woken = each.contact.wake.is_set() or each.is_new
        each.is_new = False
        each.contact.wake.clear()
        return woken or self._deadlines.get(vessel, -1e9) <= self.world.now_s

    def _send_one(self, vessel: VesselId, each: Open) -> bool:
        if each.contact.ended or (each.connection is not None and each.connection.is_closed(Side.RELAY)):
            return False
        packet = run(each.contact.transmit())
        if packet is None:
            return False
        if each.connection is not None:
            self._write(each.connection, packet, vessel)
        else:
            self.put(each.bearer, packet, vessel)
        each.contact.sent(len(packet))
        return True

    def put(self, bearer: Bearer, packet: bytes, vessel: VesselId | None = None) -> None:
        """Send a datagram, under the eyes of the rules."""
        self.rules[vessel or bearer.vessel].leaves(Side.RELAY, bearer.link, packet)
        self.world.say(f"relay sends {len(packet)} B on {bearer.link.name}")
        bearer.carry(Side.RELAY, packet)

    def _write(self, connection: Connection, record: bytes, vessel: VesselId | None = None) -> None:
        self.rules[vessel or connection.bearer.vessel].leaves(Side.RELAY, connection.link, record)
        self.world.say(f"relay writes {len(record)} B on {connection.link.name}")
        if not connection.is_closed(Side.RELAY):
            connection.write(Side.RELAY, record)

    def _sleep(self, vessel: VesselId, opened: Iterable[Open]) -> None:
        self._wakes[vessel] += 1
        self._deadlines[vessel] = inf
        wait_s = next((each.contact.wait_s() for each in opened if not each.contact.ended), None)
        if wait_s is None or wait_s == float("inf"):
            return
        self._deadlines[vessel] = self.world.now_s + wait_s
        wait_s = self._ticks.setdefault(vessel, Ticks()).wait_s("relay", wait_s)
        wake = self._wakes[vessel]
        self.world.after(wait_s, lambda: self._woken(vessel, wake))

    def _woken(self, vessel: VesselId, wake: int) -> None:
        if wake == self._wakes[vessel]:
            self.enter(vessel, lambda: None)

    # --- for the rules --------------------------------------------------------------------------------------

    def speaks_in_s(self, vessel: VesselId) -> float:
        """Return in how many seconds the relay would speak to a vessel by itself."""
        opened = self.opened.get(vessel, {}).values()
        waits = [each.contact.wait_s() for each in opened if not each.contact.ended]
        return min((wait_s for wait_s in waits if wait_s is not None), default=inf)

    def duplicate_bytes(self, vessel: VesselId) -> int:
        """Return the payload bytes of a vessel that came here although they were held."""
        return self.store.duplicate_bytes(vessel)

    def back_up(self, copy: Path) -> dict[VesselId, dict[int, bytes]]:
        """Copy the disk and return what is in custody at this moment."""
        self.store.copy_to(copy)
        return {vessel: dict(rules.up.durable) for vessel, rules in self.rules.items()}

    def restore(self, copy: Path, held: Mapping[VesselId, dict[int, bytes]]) -> None:
        """Bring back an old copy, forget all links' keys for good, and leap over numbers given since."""
        self.world.say("relay is restored from an old copy")
        self.close()
        for old in self.berth.folder.glob(f"{RELAY_FILE}*"):
            old.unlink()
        copy.rename(self.berth.folder / RELAY_FILE)
        self.store = self._open_store()
        for vessel, rules in self.rules.items():
            state = GuardState(secret=self.faults.source.randbytes(32))
            self.store.set_back(vessel, state, leap=1_000 + self.faults.source.randrange(65_536))
            rules.set_back(Side.RELAY, held[vessel], self.waiting(vessel).values())
        self.berth.disk.quiet = False
        self.start()
        # Desks ask all the time.
        self.on_report()


def _say_nothing(_event: str, /, **_facts: str | int) -> None:
    """Keep no log."""


def _nobody_asks() -> None:
    """Leave what came until a desk is there."""
