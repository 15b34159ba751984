"""What a relay carries: a fleet of real engines on loopback, beside a bare loop, on both stores."""

import asyncio
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmarks import relay_bare, relay_crowd
from scripts.benchmarks.relay_crowd import SIZE_BYTES, Burst, Rush
from scripts.benchmarks.relay_filling import Filler
from scripts.benchmarks.relay_fleet import Fleet
from scripts.benchmarks.relay_shore import POSTGRES, STORES, Shore, shore_on
from scripts.benchmarks.report import Row
from scripts.benchmarks.vessel import keeping_modules

INGEST = "durable ingest on {store}, as a share of a bare loop"
MEMORY = "resident memory with the fleet connected and idle, {store}"
RUSH = "the fleet hands over a report each: 99th percentile of acknowledgement, {store}"
TWO = "two relays on one PostgreSQL, times one"
FLAT = "a bundle's cost with the most stored, times that with the fewest, {store}"
RESTART = "restart to ready with the most stored, {store}"
MEGABYTE = 1_000_000
MICRO = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large everything is."""

    fleet: int = 10_000
    spread_s: int = 60
    crowd: int = 256
    """Vessels that come at once, with `backlog` reports each, where throughput is measured."""
    backlog: int = 16
    rounds: int = 3
    stored: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    parts: int = 2
    """Processes that the fleet is spread over."""


SMALL = Size(fleet=60, spread_s=1, crowd=20, backlog=4, rounds=1, stored=(100, 400), parts=2)


def size_of(*, small: bool, stored: int | None) -> Size:
    """Return the size that a command line asks for; `stored`: the curve goes up to so many bundles."""
    size = SMALL if small else Size()
    if stored is None:
        return size
    steps = [10**power for power in range(4, 9) if 10**power < stored]
    return Size(stored=(*steps, stored)) if not small else size


def row_names() -> list[str]:
    """Return the names of all rows."""
    both = [name.format(store=store) for store in STORES for name in (INGEST, MEMORY, RUSH, FLAT, RESTART)]
    return [*both, TWO]


def measure(wanted: Callable[[str], bool], size: Size | None = None) -> list[Row]:
    """Measure the wanted rows; raises `BenchError` or `ProgramFailed`."""
    names = frozenset(filter(wanted, row_names()))
    with tempfile.TemporaryDirectory(prefix="seavoice-bench-") as folder, keeping_modules(folder):
        return asyncio.run(_measure(names, size or Size(), Path(folder)))


async def _measure(names: frozenset[str], size: Size, folder: Path) -> list[Row]:
    rows: list[Row] = []
    for store in STORES:
        if INGEST.format(store=store) in names:
            async with shore_on(store, folder / f"{store}-ingest") as shore:
                rows.append(await _ingest(shore, store, size, folder))
        if names & {name.format(store=store) for name in (MEMORY, RUSH)}:
            async with shore_on(store, folder / f"{store}-fleet") as shore:
                rows += await _fleet(shore, store, size)
        if names & {name.format(store=store) for name in (FLAT, RESTART)}:
            async with shore_on(store, folder / f"{store}-stored") as shore:
                rows += await _stored(shore, store, size)
    if TWO in names:
        async with shore_on(POSTGRES, folder / "two") as shore:
            rows.append(await _two(shore, size))
    return [row for row in rows if row.row in names]


# --- taking bundles in ------------------------------------------------------------------------------------


async def _ingest(shore: Shore, store: str, size: Size, folder: Path) -> Row:
    """The best of several rounds on either side: what else runs on the machine only makes a round slower."""
    bursts: list[Burst] = []
    bare: list[float] = []
    await shore.add_vessels(range(size.crowd * size.rounds))
    async with shore.serving() as relays:
        for at in range(size.rounds):
            numbers = range(size.crowd * at, size.crowd * (at + 1))
            burst = await relay_crowd.burst(shore, relays, numbers, size.backlog, size.parts)
            bursts.append(burst)
            bare.append(await _bare(shore, burst, folder))
    best = max(bursts, key=lambda burst: burst.rate)
    return Row(
        row=INGEST.format(store=store),
        unit="%",
        measured=100 * best.rate / max(bare),
        target=60,
        bound=100,
        more_is_better=True,
        also={
            "bundles in 1 s": best.rate,
            "bare in 1 s": max(bare),
            "bundles in a commit": best.load.vessels * best.load.bundles / max(1, best.load.commits),
            "relay us each": best.relay_s * MICRO / best.bundles,
            "database us each": best.database_s * MICRO / best.bundles,
        },
        why=f"{size.crowd} vessels at once, {size.backlog} reports of {SIZE_BYTES} bytes each",
    )


async def _bare(shore: Shore, burst: Burst, folder: Path) -> float:
    if shore.postgres is not None:
        return await relay_bare.on_postgres(burst.load, shore.postgres)
    return await asyncio.to_thread(relay_bare.on_sqlite, burst.load, folder / "bare.db")


async def _two(shore: Shore, size: Size) -> Row:
    await shore.add_vessels(range(2 * size.crowd * size.rounds))
    rates: dict[int, list[Burst]] = {1: [], 2: []}
    async with shore.serving(2) as relays:
        for at in range(2 * size.rounds):
            count = at % 2 + 1
            numbers = range(size.crowd * at, size.crowd * (at + 1))
            burst = await relay_crowd.burst(shore, relays[:count], numbers, size.backlog, size.parts)
            rates[count].append(burst)
    one, two = (max(rates[count], key=lambda burst: burst.rate) for count in (1, 2))
    cores = os.cpu_count() or 1
    spent_s = (two.relay_s + two.database_s + two.fleet_s) / two.bundles
    return Row(
        row=TWO,
        unit="times",
        measured=two.rate / one.rate,
        target=1.5,
        bound=min(2.0, cores / spent_s / one.rate),
        more_is_better=True,
        also={"one, in 1 s": one.rate, "two, in 1 s": two.rate, "cores": cores},
        why="the bound is what these cores could do if they did nothing else, fleet and database included",
    )


# --- a whole fleet ----------------------------------------------------------------------------------------


async def _fleet(shore: Shore, store: str, size: Size) -> list[Row]:
    await shore.add_vessels(range(size.fleet))
    async with shore.serving() as relays:
        (relay,) = relays
        fleet = await Fleet.start(shore.desk.key.id, range(size.fleet), size.parts)
        try:
            dialling = await relay_crowd.rush(fleet, relay, size.spread_s, dials=True)
            connected = await relay_crowd.rush(fleet, relay, size.spread_s, dials=False)
            memory = relay.process.memory_info().rss / MEGABYTE
            cuts = sum(answer.cuts for answer in await fleet.order("close"))
        finally:
            await fleet.stop()
    return [
        Row(
            row=MEMORY.format(store=store),
            unit="MB",
            measured=memory,
            target=700,
            also={"vessels": size.fleet, "connections cut": cuts},
        ),
        _rush(RUSH.format(store=store), dialling, connected, size),
    ]


def _rush(name: str, dialling: Rush, connected: Rush, size: Size) -> Row:
    return Row(
        row=name,
        unit="s",
        measured=dialling.at(0.99),
        target=2,
        also={
            "median": dialling.at(0.5),
            "slowest": dialling.at(1.0),
            "connected before": connected.at(0.99),
            "relay us each": dialling.relay_s * MICRO / size.fleet,
            "connected, us each": connected.relay_s * MICRO / size.fleet,
        },
        why=f"{size.fleet} vessels dial and hand over within {size.spread_s} s",
    )


# --- with much stored -------------------------------------------------------------------------------------


async def _stored(shore: Shore, store: str, size: Size) -> list[Row]:
    vessels = range(size.crowd * len(size.stored))
    await shore.add_vessels(vessels)
    filler = Filler(shore, vessels, SIZE_BYTES)
    costs: dict[int, float] = {}
    empty_s, _ = await _ready_s(shore, size)
    for at, stored in enumerate(size.stored):
        await filler.fill_up(stored)
        async with shore.serving() as relays:
            numbers = vessels[size.crowd * at : size.crowd * (at + 1)]
            burst = await relay_crowd.burst(shore, relays, numbers, size.backlog, size.parts)
        costs[stored] = (burst.relay_s + burst.database_s) / burst.bundles
    full_s, starting_s = await _ready_s(shore, size)
    most, fewest = max(costs), min(costs)
    return [
        Row(
            row=FLAT.format(store=store),
            unit="times",
            measured=costs[most] / costs[fewest],
            target=1.25,
            also={f"us each at {stored:,}": cost * MICRO for stored, cost in costs.items()},
            why="processor time of relay and database, for bundles of vessels that have many waiting",
        ),
        Row(
            row=RESTART.format(store=store),
            unit="s",
            measured=full_s,
            target=1,
            also={"bundles held": most, "with none held": empty_s, "processor s": starting_s},
        ),
    ]


async def _ready_s(shore: Shore, size: Size) -> tuple[float, float]:
    """Return how long a start takes, and its processor time: the quickest, as others only slow it down."""
    starts: list[tuple[float, float]] = []
    for _ in range(size.rounds + 1):
        async with shore.serving() as relays:
            starts.append((relays[0].started_s, relays[0].starting_s))
    return min(starts)
