"""A vessel's box: the program's own sync service over its own store, which dies and comes back."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import TypeVar

from protocol import bundle as bundles
from protocol.bundle import Mail, Report
from protocol.frames import Priority
from protocol.ids import DeskKeyId, Instant, MailboxId, UnixSeconds
from protocol.journal import BundleTaken, OutgoingSettled
from protocol.linkguard import Form, read_flags
from protocol.links import LinkKind, LinkProfile, Side
from tests.simulation.disk import Disk
from tests.simulation.faults import BrokenRule, Crashed, Faults
from tests.simulation.harbour import MAILBOX, Berth
from tests.simulation.inline import run
from tests.simulation.invariants import Rules
from tests.simulation.modem import ModemPort
from tests.simulation.pump import Ticks
from tests.simulation.sky import Bearer, Connection, StreamBearer
from tests.simulation.watched import Meter, WatchedService
from tests.simulation.world import World
from vessel_client.budget import Budget
from vessel_client.clocks import LinkClock
from vessel_client.errors import StoreFailed
from vessel_client.policy import Tariff
from vessel_client.queue_request import QueueRequest
from vessel_client.queueing import QueueBounds
from vessel_client.store import copied, inbox, outbox
from vessel_client.store.box import load_box
from vessel_client.store.database import DATABASE_FILE, Database, open_database
from vessel_client.sync_service import ContactLost, OpenContact

Result = TypeVar("Result")

BACK_OFF_S = 5.0
BOUNDS = QueueBounds(size_bytes_max=2**30, bundles_max=10_000, reserve_bytes=2**20, reserve_bundles=100)
PACKETS_AT_ONCE_MAX = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person hands in, again and again until the box has taken it."""

    ref: bytes
    priority: Priority
    desk_key: DeskKeyId
    sealed: bytes


class Box:
    """One process after another on one disk."""

    side = Side.VESSEL

    def __init__(
        self,
        name: str,
        berth: Berth,
        database: Database,
        *,
        world: World,
        faults: Faults,
        rules: Rules,
        tariffs: dict[str, Tariff],
    ) -> None:
        self.name = name
        self.berth = berth
        self.world = world
        self.faults = faults
        self.rules = rules
        self.bearers: dict[str, Bearer] = {}
        self.modem: ModemPort | None = None
        self.duplicate_bytes = 0
        self.accepted: list[tuple[str, bytes]] = []
        """Datagrams that this box took and committed: material for replays."""
        self.wall_offset_s = 1_700_000_000
        self.tariffs = tariffs
        self._database = database
        self.disk.on_commit = self._on_commit
        self.disk.quiet = False
        self._service: WatchedService | None = None
        self._contacts: dict[str, OpenContact] = {}
        self._connections: dict[str, Connection] = {}
        self._origin_s = 0.0
        self._ticks = Ticks()
        self._due: dict[str, Instant | None] = {}
        """When each bearer's pump looks again by itself; a contact that is new has no entry."""
        self._wake = 0

    @property
    def disk(self) -> Disk:
        """The disk that this box lives on."""
        return self.berth.disk

    @property
    def service(self) -> WatchedService:
        """The running service."""
        assert self._service is not None
        return self._service

    @property
    def is_running(self) -> bool:
        """Whether the box has power."""
        return self._service is not None

    def _on_commit(self) -> None:
        service = self._service
        if service is None:
            return
        changes, service.pending = service.pending, ()
        for change in changes:
            if isinstance(change, BundleTaken) and isinstance(change.bundle, Mail):
                self.rules.taken(Side.VESSEL, change.number, change.bundle.sealed)
            elif isinstance(change, OutgoingSettled):
                self.rules.settled(Side.VESSEL, change.number)
        if service.renumbers:
            service.renumbers = False
            for number, sealed in self.waiting().items():
                self.rules.kept(Side.VESSEL, number, sealed)

    def waiting(self) -> dict[int, bytes]:
        """Return what the store still has to send, by number."""
        # Past the store's own lock, which the commit that asks for this still holds.
        found = run(outbox.waiting_behind(self._database._connection, -1, 0, 2**40))
        decoded = {each.number: bundles.decode(each.data) for each in found}
        return {number: each.sealed for number, each in decoded.items() if isinstance(each, Report)}

    # --- life -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the process: a new monotonic clock, everything else from the disk."""
        self._origin_s = self.faults.source.uniform(-1e5, 1e6)
        self.world.say(f"{self.name} starts")
        self._service = WatchedService(
            self._database,
            run(load_box(self._database._connection)),
            clock=LinkClock(source=lambda: self.world.now_s + self._origin_s),
            wall_clock=self.wall,
            bounds=BOUNDS,
            mail_bytes_max=2**30,
            budget=Budget(self.tariffs),
        )
        self._service.meter = Meter(self.tariffs, self.wall)
        self.enter(self._open_contacts)

    def wall(self) -> UnixSeconds:
        """Return the date that this box believes."""
        return UnixSeconds(int(self.world.now_s) + self.wall_offset_s)

    def die(self) -> None:
        """Lose everything that is not on disk."""
        self.duplicate_bytes = self.duplicate_bytes_so_far()
        self._service = None
        self._wake += 1
        self._contacts.clear()
        self._due.clear()
        self.disk.lose_power()
        if self.modem is not None:
            self.modem.lose_power()
        connections, self._connections = self._connections, {}
        for connection in connections.values():
            connection.abandon(Side.VESSEL)

    def crash(self) -> None:
        """Lose power, and come back after a while with another clock."""
        self.world.say(f"{self.name} crashes")
        self.die()
        self.world.after(self.faults.source.expovariate(1 / 30.0), self._start_unless_up)

    def _start_unless_up(self) -> None:
        if self._service is None:
            self.start()

    def lift_caps(self) -> None:
        """Be the operator, who writes another price list and starts the box anew."""
        if self.tariffs:
            self.tariffs = {}
            if self.is_running:
                self.die()
                self.start()

    def close(self) -> None:
        """Let go of the file."""
        self.die()
        self.disk.quiet = True
        run(self._database.close())
        self.disk.release()

    def enter(self, act: Callable[[], None]) -> None:
        """Run one step of the shell, then say what there is to say; a fault in it ends this life."""
        service = self._service
        if service is None:
            return
        try:
            act()
            if self._service is service:
                self._pump()
        except Crashed:
            self.crash()
        except (StoreFailed, ContactLost):
            self.world.say(f"{self.name} finds its disk full")
            self._lose_contacts()

    def _lose_contacts(self) -> None:
        """The service has thrown its engine away: all connections end, and the bearers begin anew."""
        self.service.pending = ()
        self.service.renumbers = False
        self._contacts.clear()
        self._due.clear()
        for connection in list(self._connections.values()):
            connection.close(Side.VESSEL)
        self._connections.clear()
        if self.modem is not None:
            self.modem.lose_contact()
        self.world.after(BACK_OFF_S, lambda: self.enter(self._open_contacts))

    # --- contacts -------------------------------------------------------------------------------------------

    def _open_contacts(self) -> None:
        for name, bearer in self.bearers.items():
            if isinstance(bearer, StreamBearer):
                bearer.dial()
            elif name not in self._contacts:
                self._contacts[name] = run(self.service.open_contact(bearer.link))
                if self.modem is not None and bearer.link.kind is LinkKind.MESSAGE:
                    self.modem.begin(self._contacts[name])

    def on_opened(self, connection: Connection) -> None:
        """A connection is there."""
        if self._service is None:
            connection.abandon(Side.VESSEL)
            return

        def begin() -> None:
            name = connection.link.name
            self._connections[name] = connection
            self._due.pop(name, None)
            self._contacts[name] = run(self.service.open_contact(connection.link))

        self.enter(begin)

    def on_closed(self, connection: Connection) -> None:
        """A connection is gone: by our own doing, by the peer's, or by a cut that was noticed."""

        def end() -> None:
            name = connection.link.name
            if self._connections.get(name) is connection:
                del self._connections[name]
                self._due.pop(name, None)
                run(self.service.close_contact(self._contacts.pop(name)))
            if isinstance(connection.bearer, StreamBearer):
                connection.bearer.dial()

        self.enter(end)

    # --- in -------------------------------------------------------------------------------------------------

    def on_packet(self, bearer: Bearer, packet: bytes) -> None:
        """Take a datagram."""

        def take() -> None:
            contact = self._contacts.get(bearer.link.name)
            if contact is None or run(self.service.receive(contact, packet)):
                return
            if read_flags(packet)[0] in (Form.NAMED, Form.UNNAMED):
                self.accepted.append((bearer.link.name, packet))

        self.enter(take)

    def replay(self, name: str, packet: bytes) -> None:
        """Somebody sends again what this box had accepted."""

        def take() -> None:
            contact = self._contacts.get(name)
            if contact is not None:
                self.faults.count("replay")
                self.rules.replayed(run(self.service.receive(contact, packet)))

        self.enter(take)

    def on_record(self, connection: Connection, record: bytes) -> None:
        """Take a whole record of a connection."""
        if self._service is None:
            connection.abandon(Side.VESSEL)
            return

        def take() -> None:
            if run(self.service.receive(self._contacts[connection.link.name], record)):
                connection.close(Side.VESSEL)

        self.enter(take)

    def submit(self, request: Request) -> None:
        """A person hands in a bundle; while the box is off or full they try again, naming the same one."""
        taken = False
        self.rules.up.made.add(request.sealed)

        def keep() -> None:
            nonlocal taken
            queued = run(
                self.service.queue(
                    QueueRequest(
                        ref=request.ref,
                        priority=request.priority,
                        lifetime=0,
                        desk_key=request.desk_key,
                        sealed=request.sealed,
                    )
                )
            )
            taken = True
            self.world.say(f"{self.name} takes bundle {queued.number}, {request.priority.name}")

        self.enter(keep)
        if not taken:
            self.world.after(20.0, lambda: self.submit(request))

    def tend(self) -> None:
        """Do what the program does now and then: tell the box's health, weigh the bearers anew."""

        def act() -> None:
            run(self.service.weigh())
            run(self.service.report_health())

        self.enter(act)

    # --- out ------------------------------------------------------------------------------------------------

    def on_time(self) -> None:
        """A deadline has come."""
        self.enter(lambda: None)

    def _pump(self) -> None:
        """Let each bearer send that was woken, is new, or has a deadline behind it, as its own pump would."""
        sent = 0
        going = True
        while going:
            going = False
            for name, contact in list(self._contacts.items()):
                at = self._due.get(name)
                passed = name not in self._due or (at is not None and at <= self.service.clock.now())
                if not passed and not contact.woken.is_set():
                    continue
                contact.woken.clear()
                while self._send_one(name):
                    sent += 1
                    if sent > PACKETS_AT_ONCE_MAX:
                        raise BrokenRule(f"{self.name} never stops sending")
                self._due[name] = self._deadline(name, contact)
                going |= any(each.woken.is_set() for each in self._contacts.values())
        for name, connection in list(self._connections.items()):
            if self.service.is_stalled(self._contacts[name]):
                self.world.say(f"{connection.link.name} has stalled for {self.name}")
                self.faults.count("stall")
                connection.close(Side.VESSEL)
        self._sleep()

    def _send_one(self, name: str) -> bool:
        link = self.bearers[name].link
        if link.kind is LinkKind.MESSAGE:
            assert self.modem is not None
            return self.modem.advance(self.service)
        connection = self._connections.get(name)
        if connection is not None and connection.is_closed(Side.VESSEL):
            return False
        packet = run(self.service.transmit(self._contacts[name]))
        if packet is None:
            return False
        self.put(link, packet)
        if connection is not None:
            connection.write(Side.VESSEL, packet)
        else:
            self.bearers[name].carry(Side.VESSEL, packet)
        return True

    def put(self, link: LinkProfile, packet: bytes) -> None:
        """Let the rules see a packet that leaves."""
        self.rules.leaves(Side.VESSEL, link, packet)
        self.world.say(f"{self.name} sends {len(packet)} B on {link.name}")

    def _deadline(self, name: str, contact: OpenContact) -> Instant | None:
        if name in self._connections and self._connections[name].is_closed(Side.VESSEL):
            return None
        if self.bearers[name].link.kind is LinkKind.MESSAGE:
            assert self.modem is not None
            return self.modem.wake_at(self.service)
        return self.service.deadline(contact)

    def _sleep(self) -> None:
        self._wake += 1
        times = [at for name in self._contacts if (at := self._due.get(name)) is not None]
        if times and min(times) != float("inf"):
            wait_s = self._ticks.wait_s(self.name, min(times) - self.service.clock.now())
            wake = self._wake
            self.world.after(wait_s, lambda: self._woken(wake))

    def _woken(self, wake: int) -> None:
        if wake == self._wake:
            self.on_time()

    # --- for the rules --------------------------------------------------------------------------------------

    def queued(self) -> int:
        """Return how many bundles still have to leave."""
        return len(self.waiting())

    def speaks_in_s(self) -> float:
        """Return in how many seconds the box would speak by itself."""
        times = [self.service.deadline(contact) for contact in self._contacts.values()]
        return min((at - self.service.clock.now() for at in times if at is not None), default=inf)

    def duplicate_bytes_so_far(self) -> int:
        """Return the payload bytes that came here although they were held."""
        return self.duplicate_bytes + (self._service.duplicate_bytes if self._service is not None else 0)

    def look_into_mailbox(self) -> None:
        """Be the fisher, who sees all answers again and again."""
        found = run(inbox.list_mail(self._database._connection, MailboxId(MAILBOX), 10_000))
        self.rules.looked_at([each.mail.sealed for each in found])

    def back_up(self, copy: Path) -> dict[int, bytes]:
        """Copy the disk and return what is in custody at this moment."""
        self._database._connection._conn.execute("VACUUM INTO ?", (str(copy),))
        return dict(self.rules.down.durable)

    def restore(self, copy: Path, held: dict[int, bytes]) -> None:
        """Bring back an old copy, forget the link's keys for good, and leap over numbers given since."""
        self.world.say(f"{self.name} is restored from an old copy")
        self.close()
        for old in self.berth.folder.glob(f"{DATABASE_FILE}*"):
            old.unlink()
        copy.rename(self.berth.folder / DATABASE_FILE)
        self._database = run(open_database(self.berth.folder))
        run(self._set_back())
        self.rules.set_back(Side.VESSEL, held, self.waiting().values())
        self.disk.quiet = False
        self.start()

    async def begin_elsewhere(self, mark: bytes) -> None:
        """Be the program that starts on a machine with this mark; a disk that was elsewhere is a copy."""
        async with self._database.transaction() as connection:
            await connection.execute("UPDATE box SET machine = ? WHERE machine = x''", (b"the first",))
            assert await copied.note_machine(connection, mark)

    async def _set_back(self) -> None:
        leap = copied.NUMBERS_LEAPT_MIN + self.faults.source.randrange(65_536)
        async with self._database.transaction() as connection:
            await copied.begin_anew(connection, secret=self.faults.source.randbytes(32), leap=leap)
