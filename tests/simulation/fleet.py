"""One fleet: a storm in which everything goes wrong, then calm weather in which everything must arrive."""

import math
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from pathlib import Path

from protocol import limits
from protocol.bundle import Mail
from protocol.frames import Priority
from protocol.ids import MailboxId, VesselId
from protocol.links import LinkKind, Side
from tests.simulation.box import Box, Request
from tests.simulation.desks import Desks
from tests.simulation.disk import Disk
from tests.simulation.extras import draw_extras, draw_tariffs, extras_source
from tests.simulation.faults import FULL_BYTES, BrokenRule, Faults, Plan, Trip, draw_plan
from tests.simulation.harbour import (
    MAILBOX,
    RELAY_FILE,
    Berth,
    desk_card,
    desk_key,
    initialise,
    lay_down,
    provision,
)
from tests.simulation.inline import inline_stores
from tests.simulation.invariants import Rules
from tests.simulation.modem import Gateway, ModemPort
from tests.simulation.nonces import NonceLedger, watching
from tests.simulation.shore import Shore
from tests.simulation.sky import Bearer, StreamBearer
from tests.simulation.sticks import BoxSocket, Holder, ShoreSocket, Stick
from tests.simulation.trace import Trace
from tests.simulation.twins import Twins
from tests.simulation.voyage import Voyage
from tests.simulation.world import World
from vessel_client.store.database import DATABASE_FILE

S_PER_DAY = 86_400.0
CALM_S = 5 * S_PER_DAY
"""How long everything may take once the links are healed; a refusal alone may cost six hours."""
TEND_S = 6 * 3_600.0
"""A box tells its health far more often; between two cuts of a storm it would only fill the trace."""
SILENCE_S = 2 * S_PER_DAY
"""When nothing is left to deliver, a receipt that costs money may wait six hours for company."""
EFFORT_FACTOR_MAX = 6
EFFORT_BYTES_MAX = 150_000
BUSY_TRIES_MAX = math.ceil(math.log2(limits.REFUSED_PAUSE_S_MAX / limits.BUSY_PAUSE_S_MIN))
"""How often a relay that is full gets a bundle before it is asked every six hours only (SPEC §8.3)."""
"""Greetings, questions and health reports of days with little to carry."""
CUT_WASTE_BYTES_MAX = 600
"""What the protocol may send twice for one cut (protocol.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one fleet did."""

    seed: int
    problem: str | None
    trace_hash: str
    simulated_s: float
    wall_s: float
    voyages: int
    cuts: int
    delivered: int
    packets: int
    packet_bytes: int
    duplicate_bytes: int
    faults: Counter[str]
    counts: Counter[str]


class FleetStorm:
    """Puts vessels and their relay under one sky."""

    def __init__(
        self, seed: int, folder: Path, trace: Trace, days: float | None, disks: dict[Path, Disk]
    ) -> None:
        self.seed = seed
        self.source = random.Random(seed)
        self.plan: Plan = draw_plan(self.source, days)
        self.later = extras_source(seed)
        self.extras = draw_extras(self.later)
        self.world = World(trace)
        self.faults = Faults(self.plan, self.source)
        self.counts: Counter[str] = Counter()
        self.nonces = NonceLedger()
        self.folder = folder
        self.disks = disks
        self.made = 0
        self._last_said_s = 0.0
        self.storm_s = self.plan.days * S_PER_DAY
        self._rules: dict[VesselId, Rules] = {}
        self.shore = Shore(self._berth("relay", RELAY_FILE), self.world, self.faults, self._rules)
        self.desks = Desks(self.shore)
        self.voyages = [self._launch(at, trip) for at, trip in enumerate(self.plan.trips)]
        self.shore.berth.disk.quiet = False

    def _berth(self, name: str, file: str) -> Berth:
        folder = self.folder / name
        lay_down(folder, file)
        disk = self.disks[folder] = Disk(name.rstrip("0123456789"), self.faults)
        return Berth(folder=folder, disk=disk)

    def _launch(self, at: int, trip: Trip) -> Voyage:
        vessel = VesselId(f"vessel-{at}".encode())
        name = vessel.decode()
        rules = self._rules[vessel] = Rules(name, self.nonces, self.counts)
        secret = self.source.randbytes(32)
        desk = at % self.plan.desks
        imei = f"{at:015d}" if any(link.kind is LinkKind.MESSAGE for link in trip.links) else ""
        provision(self.shore.store, vessel, secret, desk, imei)
        berth = self._berth(name, DATABASE_FILE)
        box = Box(
            name,
            berth,
            initialise(berth, vessel, secret, desk),
            world=self.world,
            faults=self.faults,
            rules=rules,
            tariffs=draw_tariffs(self.seed, at, trip.links),
        )
        for link in trip.links:
            kind = StreamBearer if link.kind is LinkKind.STREAM else Bearer
            bearer = kind(vessel, link, self.world, self.faults)
            bearer.ends = {Side.VESSEL: box, Side.RELAY: self.shore}
            box.bearers[link.name] = bearer
            if link.kind is LinkKind.MESSAGE:
                gateway = Gateway(imei, bearer, self.world, self.faults)
                gateway.ashore = self.shore
                self.shore.gateways[vessel] = gateway
                box.modem = ModemPort(box, bearer, gateway, self.world, self.faults)
        return Voyage(trip, box, rules, vessel, desk)

    # --- what happens ---------------------------------------------------------------------------------------

    def run(self) -> None:
        """Live through the storm and the calm; raises `BrokenRule`."""
        self.world.say(repr(self.plan))
        self.world.say(repr(self.extras))
        self.shore.start()
        for voyage in self.voyages:
            voyage.box.start()
            self.counts["vessels with caps"] += bool(voyage.box.tariffs)
            self._plan_traffic(voyage)
            self._plan_cuts(voyage)
            for _ in range(voyage.trip.restores):
                self._plan_restore(voyage)
        for _ in range(self.plan.restores):
            self._plan_shore_restore()
        for at in range(self.extras.sticks):
            self._plan_stick(at)
        for _ in range(self.plan.clock_steps):
            self.world.at(self.source.uniform(0, self.storm_s), self._step_clock)
        for _ in range(3 * len(self.voyages)):
            self.world.at(self.source.uniform(0, self.storm_s), self._replay)
        self._twins = Twins(self.seed, self.folder, self.disks, self.shore)
        self._twins.plan(self.voyages, self.storm_s)
        self.world.after(TEND_S, self._tend)
        self.world.run(self.storm_s)
        self._heal()
        self.world.run(self.storm_s + CALM_S, done=self._is_done)
        give_up_s = self.world.now_s + CALM_S
        while not self._collect() and self.world.now_s < give_up_s:
            # The relay is just starting again.
            self.world.run(self.world.now_s + TEND_S)
        self.world.run(self.world.now_s + SILENCE_S, done=self._is_silent)
        for voyage in self.voyages:
            voyage.box.look_into_mailbox()
            voyage.rules.check_end()
            self._check_silence(voyage)
            self._check_waste(voyage)

    def _plan_traffic(self, voyage: Voyage) -> None:
        trip = voyage.trip
        for way, count in ((Side.VESSEL, trip.bundles_up), (Side.RELAY, trip.bundles_down)):
            for _ in range(count):
                at_s = self._burst_s(trip) + self.source.expovariate(1 / 300.0)
                self._submit_at(at_s, voyage, way)

    def _burst_s(self, trip: Trip) -> float:
        return self.source.choice(trip.bursts) * self.storm_s

    def _submit_at(self, at_s: float, voyage: Voyage, way: Side) -> None:
        only_messages = all(link.kind is LinkKind.MESSAGE for link in voyage.trip.links)
        # By design, an answer of more than 1,500 bytes waits for another bearer than a satellite modem.
        size_bytes = self.source.choice((120, 170, 170, 219, 400, 1_000 if only_messages else 1_500))
        if voyage.trip.large and self.source.random() < 0.3:
            size_bytes = self.source.choice((4_500, 20_000))
        self.made += 1
        sealed = self.made.to_bytes(4) + self.source.randbytes(size_bytes)
        self._last_said_s = max(self._last_said_s, at_s)
        ref = self.source.randbytes(16)
        priority = self.source.choice(tuple(Priority))
        key = desk_key(voyage.desk).id
        if way is Side.VESSEL:
            request = Request(ref=ref, priority=priority, desk_key=key, sealed=sealed)
            self.world.at(at_s, lambda: voyage.box.submit(request))
            return
        mail = Mail(mailbox=MailboxId(MAILBOX), desk_key=key, tag=bytes(16), sealed=sealed)
        desk = desk_card(voyage.desk).id
        self.world.at(at_s, lambda: self.desks.dispatch(desk, voyage.vessel, ref, priority, mail))

    def _plan_cuts(self, voyage: Voyage) -> None:
        for _ in range(voyage.trip.cuts):
            at_s = self.source.uniform(0, self.storm_s)
            if self.source.random() < 0.8:
                at_s = self._burst_s(voyage.trip) + self.source.expovariate(1 / 400.0)
            if at_s < self.storm_s:
                self.world.at(at_s, lambda: self._cut(voyage))

    def _cut(self, voyage: Voyage) -> None:
        up = [bearer for bearer in voyage.box.bearers.values() if bearer.is_up]
        if not up or self.faults.healed:
            return
        bearer = self.source.choice(up)
        length_s = self.faults.cut_length_s(voyage.trip)
        self.faults.count("cut")
        voyage.cuts += 1
        self.world.say(f"{voyage.box.name}: {bearer.link.name} is cut for {length_s:.0f} s")
        bearer.go_down()
        self.world.after(length_s, bearer.come_up)

    def _plan_restore(self, voyage: Voyage) -> None:
        times = sorted((self.source.uniform(0, self.storm_s), self.source.uniform(0, self.storm_s)))
        copy = self.folder / f"copy-{voyage.box.name}"
        held: dict[int, bytes] = {}
        self.world.at(times[0], lambda: held.update(voyage.box.back_up(copy)))

        def restore() -> None:
            self.faults.count("restore-vessel")
            voyage.box.restore(copy, held)

        self.world.at(times[1], restore)

    def _plan_shore_restore(self) -> None:
        times = sorted((self.source.uniform(0, self.storm_s), self.source.uniform(0, self.storm_s)))
        copy = self.folder / "copy-relay"
        held: dict[VesselId, dict[int, bytes]] = {}
        self.world.at(times[0], lambda: held.update(self.shore.back_up(copy)))

        def restore() -> None:
            self.faults.count("restore-relay")
            self.shore.restore(copy, held)

        self.world.at(times[1], restore)

    def _plan_stick(self, at: int) -> None:
        """Let a stick go through many hands; most often it goes to and fro between a vessel and the relay."""
        stick = Stick(self.folder / f"stick-{at}", self.faults, self.later)
        boxes: list[Holder] = [BoxSocket(voyage.box) for voyage in self.voyages]
        shore: Holder = ShoreSocket(self.shore, self._rules)
        for _ in range(self.extras.stick_visits):
            holder = shore if self.later.random() < 0.4 else self.later.choice(boxes)
            at_s = self.later.uniform(0, self.storm_s)
            if self.later.random() < 0.7:
                # While somebody waits for what is on its way, a stick can overtake it.
                burst = self.later.choice(self.later.choice(self.voyages).trip.bursts)
                at_s = burst * self.storm_s + self.later.expovariate(1 / 400.0)
            self.world.at(min(at_s, self.storm_s), lambda holder=holder: stick.visit(holder))

    def _step_clock(self) -> None:
        """Set a wall clock off by up to four years; nothing may be ordered by it."""
        self.faults.count("clock-step")
        step_s = self.source.randint(-(2**27), 2**27)
        if self.source.random() < 0.4:
            self.shore.wall_offset_s += step_s
        else:
            self.source.choice(self.voyages).box.wall_offset_s += step_s

    def _replay(self) -> None:
        if self.source.random() < 0.5 and self.shore.accepted:
            self.shore.replay(*self.source.choice(self.shore.accepted))
            return
        box = self.source.choice(self.voyages).box
        if box.accepted:
            box.replay(*self.source.choice(box.accepted))

    def _tend(self) -> None:
        if self._is_done():
            return
        for voyage in self.voyages:
            voyage.box.tend()
            if voyage.twin is not None:
                voyage.twin.tend()
        if self.shore.gateways:
            self.shore.tend()
        self.world.after(TEND_S, self._tend)

    def _collect(self) -> bool:
        collected = [self.desks.collect(desk_card(desk).id) for desk in range(self.plan.desks)]
        return all(collected)

    def _heal(self) -> None:
        self.world.say("the storm is over")
        self.faults.healed = True
        for voyage in self.voyages:
            # What waits for the next month would never arrive in this one.
            voyage.box.lift_caps()
            for box in (voyage.box, voyage.twin):
                for bearer in box.bearers.values() if box is not None else ():
                    bearer.come_up()

    def _is_done(self) -> bool:
        return (
            self.faults.healed
            and self.world.now_s > max(self._last_said_s, self._twins.last_said_s)
            and all(self._has_arrived(voyage) for voyage in self.voyages)
        )

    def _has_arrived(self, voyage: Voyage) -> bool:
        """Return whether all was handed in, and nothing is left to deliver."""
        rules = voyage.rules
        everything_kept = all(way.made <= way.promised.keys() for way in (rules.up, rules.down))
        idle = voyage.box.is_running and not voyage.box.queued() and not self.shore.waiting(voyage.vessel)
        return everything_kept and idle and voyage.twin is None

    def _is_silent(self) -> bool:
        return all(self._falls_silent(voyage) for voyage in self.voyages)

    def _falls_silent(self, voyage: Voyage) -> bool:
        return self._speaks_in_s(voyage) == (inf, inf)

    def _speaks_in_s(self, voyage: Voyage) -> tuple[float, float]:
        return voyage.box.speaks_in_s(), self.shore.speaks_in_s(voyage.vessel)

    # --- at the end -----------------------------------------------------------------------------------------

    def _check_silence(self, voyage: Voyage) -> None:
        if not self._falls_silent(voyage):
            vessel, relay = self._speaks_in_s(voyage)
            raise BrokenRule(
                f"{voyage.box.name} is not silent: it would speak in {vessel} s, its relay in {relay} s"
            )

    def _check_waste(self, voyage: Voyage) -> None:
        """On a stream a cut costs little; on any link, effort stays within bounds."""
        if voyage.had_twin:
            # Each of the two takes the other's link away, and asks for new keys.
            return
        rules = voyage.rules
        payload = sum(len(sealed) for way in (rules.up, rules.down) for sealed in way.promised)
        factor = EFFORT_FACTOR_MAX
        if self.plan.held_bytes_max <= FULL_BYTES:
            factor += BUSY_TRIES_MAX
        if rules.packet_bytes > factor * payload + EFFORT_BYTES_MAX:
            raise BrokenRule(f"{voyage.box.name}: {rules.packet_bytes} B were sent for {payload} B")
        wasted = voyage.box.duplicate_bytes_so_far() + self.shore.duplicate_bytes(voyage.vessel)
        streams_only = all(link.kind is LinkKind.STREAM for link in voyage.trip.links)
        told = not rules.restored and not rules.has_copies
        if streams_only and told and wasted > CUT_WASTE_BYTES_MAX * voyage.cuts:
            raise BrokenRule(f"{voyage.box.name}: {wasted} B were sent again in {voyage.cuts} cuts")


def sail(seed: int, days: float | None = None, print_line: Callable[[str], None] | None = None) -> Outcome:
    """Sail one fleet in a temporary folder and tell how it went; a broken rule is its `problem`."""
    trace = Trace(print_line)
    began = time.perf_counter()
    memory = Path("/dev/shm")
    disks: dict[Path, Disk] = {}
    with (
        tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        inline_stores(disks),
    ):
        storm = FleetStorm(seed, Path(folder), trace, days, disks)
        problem = None
        with watching(storm.nonces):
            try:
                storm.run()
            except BrokenRule as broken:
                problem = str(broken)
                storm.world.say(f"BROKEN: {problem}")
            finally:
                for voyage in storm.voyages:
                    voyage.box.close()
                    if voyage.twin is not None:
                        voyage.twin.close()
                storm.shore.close()
    every = [voyage.rules for voyage in storm.voyages]
    return Outcome(
        seed=seed,
        problem=problem,
        trace_hash=trace.digest(),
        simulated_s=storm.world.now_s,
        wall_s=time.perf_counter() - began,
        voyages=len(every),
        cuts=storm.faults.counts["cut"],
        delivered=sum(len(rules.up.handed) + len(rules.down.handed) for rules in every),
        packets=sum(rules.packets for rules in every),
        packet_bytes=sum(rules.packet_bytes for rules in every),
        duplicate_bytes=sum(voyage.box.duplicate_bytes for voyage in storm.voyages),
        faults=storm.faults.counts,
        counts=storm.counts,
    )
