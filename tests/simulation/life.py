"""The life of one side: its engine, its store, and how it dies and comes back."""

from collections.abc import Callable, Sequence

from protocol.bundle import Bundle
from protocol.engine import SyncEngine
from protocol.events import (
    Event,
    NumberTaken,
)
from protocol.frames import Refusal
from protocol.ids import Instant
from protocol.journal import Change, GuardChanged, MemoryJournal
from protocol.linkguard import GuardState
from protocol.links import Side
from protocol.origin import public_half
from tests.simulation.faults import Crashed, DiskFull, Faults
from tests.simulation.invariants import Invariants
from tests.simulation.sky import Bearer, Connection
from tests.simulation.store import RELAY_PRIVATE, VESSEL, SimStore
from tests.simulation.world import World

BACK_OFF_S = 5.0
OpenStore = Callable[[], SimStore]


class Life:
    """An engine with its store, which crashes when the faults say so and starts again from the disk."""

    def __init__(
        self,
        side: Side,
        world: World,
        faults: Faults,
        rules: Invariants,
        bearers: list[Bearer],
        open_store: OpenStore,
    ) -> None:
        self.side = side
        self.world = world
        self.faults = faults
        self.rules = rules
        self.bearers = bearers
        self._open_store = open_store
        self.store: SimStore | None = None
        self.engine: SyncEngine | None = None
        self.duplicate_bytes = 0
        self.accepted: list[tuple[Bearer, bytes]] = []
        """Packets without a connection that this side took and committed: material for replays."""
        self._journal = MemoryJournal()
        self._guard: GuardState
        self._connections: dict[str, Connection] = {}
        self._heard: set[str] = set()
        self._offered: set[int] = set()
        self._origin_s = 0.0
        self._wake = 0

    def now(self) -> Instant:
        """Return this process's monotonic time."""
        return Instant(self.world.now_s + self._origin_s)

    def open_contacts(self) -> None:
        """Begin to talk; the shell says over what."""
        raise NotImplementedError

    def pump(self) -> None:
        """Say what there is to say; the shell knows how."""
        raise NotImplementedError

    def start(self, set_back: dict[int, bytes] | None = None) -> None:
        """Start the process: a new clock, a new engine, everything else from the store.

        `set_back` says that the store is an old copy, which had these bundles in custody.
        """
        self._origin_s = self.faults.source.uniform(-1e5, 1e6)
        self._begin(set_back)

    def _begin(self, set_back: dict[int, bytes] | None = None) -> None:
        self.world.say(f"{self.side.value} starts")
        self.store = self._open_store()
        if set_back is not None:
            self.store.set_back(self.faults.source.randbytes(32))
            self.rules.set_back(self.side, set_back, {waiting.data for waiting in self.store.outgoing()})
        self._journal = MemoryJournal()
        self._offered.clear()
        snapshot = self.store.snapshot()
        self._guard = snapshot.guard
        self.engine = SyncEngine(
            self.side,
            VESSEL,
            snapshot,
            self._journal,
            admit=self._admit,
            relay_public=public_half(RELAY_PRIVATE) if self.side is Side.VESSEL else None,
        )
        self._enter(self.open_contacts)

    @property
    def _engine(self) -> SyncEngine:
        assert self.engine is not None
        return self.engine

    @property
    def _store(self) -> SimStore:
        assert self.store is not None
        return self.store

    def duplicate_bytes_so_far(self) -> int:
        """Return the payload bytes that came here although they were held."""
        return self.duplicate_bytes + (self.engine.duplicate_bytes if self.engine is not None else 0)

    def die(self) -> None:
        """Lose everything that is not on disk."""
        self.duplicate_bytes = self.duplicate_bytes_so_far()
        self.engine = None
        if self.store is not None:
            self.store.close()
        self.store = None
        self._wake += 1
        self._heard.clear()
        connections, self._connections = self._connections, {}
        for connection in connections.values():
            connection.abandon(self.side)

    def crash(self) -> None:
        """Lose power, and come back after a while with another clock."""
        self.world.say(f"{self.side.value} crashes")
        self.die()
        self.world.after(self.faults.source.expovariate(1 / 30.0), self._start_unless_up)

    def _start_unless_up(self) -> None:
        if self.engine is None:
            self.start()

    def _fail(self) -> None:
        self.world.say(f"{self.side.value} finds its disk full")
        self.die()
        self.world.after(BACK_OFF_S, self._begin_unless_up)

    def _begin_unless_up(self) -> None:
        if self.engine is None:
            self._begin()

    def _enter(self, act: Callable[[], None]) -> None:
        """Run one step of the shell, then say what there is to say; a fault in it ends this life."""
        if self.engine is None:
            return
        engine = self.engine
        try:
            act()
            # Closing a connection runs a step of its own, in which this life may have ended.
            if self.engine is engine:
                self.pump()
        except Crashed:
            self.crash()
        except DiskFull:
            self._fail()

    def before_commit(self) -> None:
        """Stand for the disk: a store calls this where a commit may find no room."""
        if self.faults.strikes("disk-full", self.faults.plan.disk_full):
            raise DiskFull

    def _may_crash(self) -> None:
        if self.faults.strikes(f"crash-{self.side.value}", self.faults.plan.crash):
            raise Crashed

    def _commit(self, events: Sequence[Event] = ()) -> None:
        self._may_crash()
        changes = self._journal.drain()
        moved = [event.number for event in events if isinstance(event, NumberTaken)]
        moving = {waiting.number: waiting.data for waiting in self._store.outgoing()} if moved else {}
        self._store.commit(changes, list(events), self._engine.key_ids())
        self._committed(changes)
        self._may_crash()
        self._store.act_on(list(events))
        self._renumbered({moving[number]: number for number in moved})

    def _renumbered(self, moved: dict[bytes, int]) -> None:
        for waiting in self._store.outgoing() if moved else ():
            if waiting.data in moved:
                self.faults.counts["renumbered"] += 1
                self.world.say(f"{self.side.value} renumbers {moved[waiting.data]} to {waiting.number}")
                self.rules.promised(self.side, waiting.number, waiting.data)

    def _committed(self, changes: list[Change]) -> None:
        for change in changes:
            if isinstance(change, GuardChanged):
                self._guard = change.state
        self.rules.committed(self.side, changes)

    def _admit(self, number: int, bundle: Bundle) -> Refusal | None:
        if self.faults.strikes("refusal", self.faults.plan.refusal):
            return self.faults.source.choice((Refusal.BUSY, Refusal.UNKNOWN_DESK))
        return None
