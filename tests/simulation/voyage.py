"""One voyage: a storm in which everything goes wrong, then calm weather in which everything must arrive."""

import asyncio
import random
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from protocol import bundle
from protocol.bundle import Mail, Report
from protocol.deskkeys import desk_key_id
from protocol.frames import Priority
from protocol.ids import MailboxId, UnixSeconds
from protocol.links import LinkKind, Side
from tests.simulation.faults import BrokenRule, Faults, Plan, draw_plan
from tests.simulation.invariants import Invariants
from tests.simulation.node import Node
from tests.simulation.nonces import watching
from tests.simulation.relay_store import RelayStore
from tests.simulation.sky import Bearer, StreamBearer
from tests.simulation.store import DESK_PUBLIC, Berth
from tests.simulation.trace import Trace
from tests.simulation.vessel_store import MAILBOX, VesselStore
from tests.simulation.world import World

CALM_S = 3 * 86_400.0
"""How long everything may take once the links are healed; a refusal alone may cost six hours."""
STATUS_INTERVAL_S = 600.0
EFFORT_FACTOR_MAX = 6
EFFORT_BYTES_MAX = 150_000
"""Greetings, questions and health reports of days with little to carry."""
WALL_BEGAN = 1_700_000_000
STORES: dict[Side, type[VesselStore] | type[RelayStore]] = {Side.VESSEL: VesselStore, Side.RELAY: RelayStore}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one voyage did."""

    seed: int
    problem: str | None
    trace_hash: str
    simulated_s: float
    wall_s: float
    delivered: int
    packets: int
    packet_bytes: int
    duplicate_bytes: int
    faults: Counter[str]
    counts: Counter[str]


class Voyage:
    """Puts two sides under one sky."""

    def __init__(
        self, seed: int, folder: Path, trace: Trace, hours: float | None, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.source = random.Random(seed)
        self.plan: Plan = draw_plan(self.source, hours)
        self.world = World(trace)
        self.faults = Faults(self.plan, self.source)
        self.rules = Invariants()
        self.folder = folder
        self.bearers: list[Bearer] = [
            (StreamBearer if link.kind is LinkKind.STREAM else Bearer)(link, self.world, self.faults)
            for link in self.plan.links
        ]
        self._loop = loop
        self._wall_s = dict.fromkeys(Side, WALL_BEGAN)
        secret = self.source.randbytes(32)
        self.nodes = {side: self._node(side, secret) for side in Side}
        for bearer in self.bearers:
            bearer.ends = dict(self.nodes)
        self.made = 0

    def _node(self, side: Side, secret: bytes) -> Node:
        kind = STORES[side]
        folder = self.folder / side.value
        folder.mkdir()
        node = Node(side, self.world, self.faults, self.rules, self.bearers, lambda: kind(berth))
        berth = Berth(
            folder=folder,
            loop=self._loop,
            wall=lambda: UnixSeconds(int(self.world.now_s) + self._wall_s[side]),
            secret=secret,
            desk_key=desk_key_id(DESK_PUBLIC),
            before_commit=node.before_commit,
            draw=self.source.randbytes,
        )
        kind.create(berth)
        return node

    def run(self) -> None:
        """Live through the storm and the calm; raises `BrokenRule`."""
        storm_s = self.plan.hours * 3_600
        self.world.say(repr(self.plan))
        for node in self.nodes.values():
            node.start()
        self._plan_traffic(storm_s)
        for bearer in self.bearers:
            self._plan_cut(bearer)
        for _ in range(self.plan.restores):
            self._plan_restore(storm_s)
        self._plan_replay()
        self._plan_status()
        self._plan_clock_step()
        self.world.run(storm_s)
        self._heal()
        self.world.run(storm_s + CALM_S, done=self._is_done)
        self.world.run(self.world.now_s + 7_200)
        for node in self.nodes.values():
            node.hand_over()
        self.rules.check_end()
        self._check_silence()
        self._check_waste()

    def _plan_traffic(self, storm_s: float) -> None:
        for side, count in ((Side.VESSEL, self.plan.bundles_up), (Side.RELAY, self.plan.bundles_down)):
            for _ in range(count):
                self._submit_at(self.source.uniform(0, storm_s), side)

    def _submit_at(self, at_s: float, side: Side) -> None:
        size_bytes = self.source.choice((80, 170, 170, 400, 1_500, 4_500))
        if self.plan.large and self.source.random() < 0.2:
            size_bytes = self.source.choice((20_000, 60_000))
        self.made += 1
        sealed = self.made.to_bytes(4) + self.source.randbytes(size_bytes)
        key = desk_key_id(DESK_PUBLIC)
        made = (
            Report(desk_key=key, origin_tag=bytes(8), sealed=sealed)
            if side is Side.VESSEL
            else Mail(mailbox=MailboxId(MAILBOX), desk_key=key, tag=bytes(16), sealed=sealed)
        )
        priority = self.source.choice(list(Priority))
        self.world.at(at_s, lambda: self.nodes[side].submit(priority, bundle.encode(made)))

    def _plan_cut(self, bearer: Bearer) -> None:
        self.world.after(self.source.expovariate(1 / self.plan.cut_interval_s), lambda: self._cut(bearer))

    def _cut(self, bearer: Bearer) -> None:
        if self.faults.healed:
            return
        length_s = self.faults.cut_length_s()
        self.world.say(f"{bearer.link.name} is down for {length_s:.0f} s")
        bearer.go_down()
        self.world.after(length_s, lambda: self._uncut(bearer))

    def _uncut(self, bearer: Bearer) -> None:
        bearer.come_up()
        self._plan_cut(bearer)

    def _plan_restore(self, storm_s: float) -> None:
        side = self.source.choice(list(Side))
        copied_s, restored_s = sorted((self.source.uniform(0, storm_s), self.source.uniform(0, storm_s)))
        node, copy = self.nodes[side], self.folder / f"copy-{self.source.random()}"
        path = STORES[side].path(self.folder / side.value)
        ledger = self.rules.sides[side]
        held: dict[int, bytes] = {}

        def back_up() -> None:
            connection = sqlite3.connect(path)
            connection.execute("VACUUM INTO ?", (str(copy),))
            connection.close()
            held.update(ledger.durable)
            self.world.say(f"{side.value} is backed up")

        def restore() -> None:
            self.world.say(f"{side.value} is restored from an old copy")
            self.faults.counts["restore"] += 1
            node.die()
            for old in path.parent.glob(f"{path.name}*"):
                old.unlink()
            copy.rename(path)
            node.start(held)

        self.world.at(copied_s, back_up)
        self.world.at(restored_s, restore)

    def _plan_replay(self) -> None:
        self.world.after(self.source.expovariate(1 / 120.0), self._replay)

    def _replay(self) -> None:
        if self.faults.healed:
            return
        node = self.nodes[self.source.choice(list(Side))]
        if node.accepted:
            node.replay(*self.source.choice(node.accepted))
        self._plan_replay()

    def _plan_clock_step(self) -> None:
        self.world.after(self.source.expovariate(1 / 3_600.0), self._step_clock)

    def _step_clock(self) -> None:
        """Set a wall clock off by up to two years; nothing may be ordered by it."""
        if self.faults.healed:
            return
        self.faults.counts["clock-step"] += 1
        self._wall_s[self.source.choice(list(Side))] = WALL_BEGAN + self.source.randint(-(2**26), 2**26)
        self._plan_clock_step()

    def _plan_status(self) -> None:
        """A box tells its health now and then, which also tells the relay where to send."""
        self.world.after(STATUS_INTERVAL_S, self._report_status)

    def _report_status(self) -> None:
        if not self._is_done():
            self.nodes[Side.VESSEL].report_status()
            self._plan_status()

    def _heal(self) -> None:
        self.world.say("the storm is over")
        self.faults.healed = True
        for bearer in self.bearers:
            bearer.come_up()

    def _is_done(self) -> bool:
        return self.faults.healed and all(
            node.engine is not None and node.engine.queued == 0 and not node.store_waits()
            for node in self.nodes.values()
        )

    def _check_waste(self) -> None:
        """On a stream nothing is sent twice that has arrived; on any link, effort stays within bounds."""
        payload = sum(len(data) for ledger in self.rules.sides.values() for data in ledger.promised.values())
        if self.rules.packet_bytes > EFFORT_FACTOR_MAX * payload + EFFORT_BYTES_MAX:
            raise BrokenRule(f"{self.rules.packet_bytes} B were sent for {payload} B")
        wasted = sum(node.duplicate_bytes_so_far() for node in self.nodes.values())
        streams_only = all(link.kind is LinkKind.STREAM for link in self.plan.links)
        if streams_only and not self.plan.restores and wasted:
            raise BrokenRule(f"{wasted} B were sent again although they had arrived")

    def _check_silence(self) -> None:
        for side, node in self.nodes.items():
            if node.engine is not None and node.engine.deadline() is not None:
                raise BrokenRule(f"{side.value} does not fall silent: {node.engine.deadline()}")


def sail(seed: int, hours: float | None = None, print_line: Callable[[str], None] | None = None) -> Outcome:
    """Sail one voyage in a temporary folder and tell how it went; a broken rule is its `problem`."""
    trace = Trace(print_line)
    began = time.perf_counter()
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        loop = asyncio.new_event_loop()
        voyage = Voyage(seed, Path(folder), trace, hours, loop)
        problem = None
        with watching(voyage.rules.nonces), closing(loop):
            try:
                voyage.run()
            except BrokenRule as broken:
                problem = str(broken)
                voyage.world.say(f"BROKEN: {problem}")
            finally:
                for node in voyage.nodes.values():
                    node.die()
    return Outcome(
        seed=seed,
        problem=problem,
        trace_hash=trace.digest(),
        simulated_s=voyage.world.now_s,
        wall_s=time.perf_counter() - began,
        delivered=sum(len(ledger.handed_over) for ledger in voyage.rules.sides.values()),
        packets=voyage.rules.packets,
        packet_bytes=voyage.rules.packet_bytes,
        duplicate_bytes=sum(node.duplicate_bytes for node in voyage.nodes.values()),
        faults=voyage.faults.counts,
        counts=voyage.rules.counts,
    )
