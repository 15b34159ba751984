"""Runs: named crossings that are made once each, side by side, and then looked up by the rows."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from scripts.benchmarks.errors import BenchError
from scripts.benchmarks.outcome import Outcome
from scripts.benchmarks.seavoice_side import Fleet, found_fleet, warm_up
from scripts.voyage.programs import ProgramFailed

LIMIT_S = 630.0
"""A crossing that lasts longer has failed; the whole benchmark has to end within fifteen minutes."""

LOAD_MAX = 1.0
STARTING_AT_ONCE = 2
"""Starting programs takes the processor from crossings that run already."""

Opened = TypeVar("Opened")


@dataclass(kw_only=True)
class Lab:
    """What all runs share."""

    folder: Path
    new_fleet: Fleet
    """A vessel that was provisioned and has never spoken."""
    fleet: Fleet
    """One that has."""
    starting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(STARTING_AT_ONCE))

    def room(self, name: str) -> Path:
        """Return a new folder for a run."""
        room = self.folder / name.replace(" ", "-")
        room.mkdir()
        return room

    @asynccontextmanager
    async def opened(self, context: AbstractAsyncContextManager[Opened]) -> AsyncIterator[Opened]:
        """Enter a context when it is this one's turn to start."""
        async with self.starting:
            value = await context.__aenter__()
        try:
            yield value
        finally:
            # Whatever went wrong inside, these contexts only stop their programs.
            await context.__aexit__(None, None, None)


Run = Callable[[Lab, str], Awaitable[Outcome]]


async def open_lab(folder: Path) -> Lab:
    """Provision what the runs copy."""
    (folder / "new").mkdir()
    new_fleet = await found_fleet(folder / "new")
    return Lab(folder=folder, new_fleet=new_fleet, fleet=await warm_up(new_fleet, folder / "warm"))


async def perform(runs: Mapping[str, Run], wanted: Iterable[str], lab: Lab) -> dict[str, Outcome | str]:
    """Make the wanted runs, all at once, and return their outcomes; a string says why there is none."""
    done: dict[str, Outcome | str] = {}

    async def one(name: str) -> None:
        try:
            done[name] = await runs[name](lab, name)
        except (BenchError, ProgramFailed) as error:
            done[name] = str(error)
        except TimeoutError:
            done[name] = "not delivered in time"
        print(f"{len(done)}/{total} {name}: {_brief(done[name])}", file=sys.stderr, flush=True)

    if _load() > LOAD_MAX:
        print("This machine is busy: the skies will be late, and times longer.", file=sys.stderr)
    # In the order in which they are listed, so that the long ones start first.
    chosen = [name for name in runs if name in set(wanted)]
    total = len(chosen)
    async with asyncio.TaskGroup() as group:
        for name in chosen:
            group.create_task(one(name))
    return done


def _load() -> float:
    """Return how many programs want each processor of this machine."""
    return os.getloadavg()[0] / (os.cpu_count() or 1)


def _brief(outcome: Outcome | str) -> str:
    if isinstance(outcome, str):
        return outcome
    return outcome.why or f"{outcome.seconds:,.1f} s, {outcome.air_bytes:,} bytes"
