"""Sticks that people carry about: written here, read there days later, twice, damaged, half copied."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from protocol.container import STICK
from protocol.ids import VesselId
from protocol.links import Side
from shore_relay.relay import stick_commands
from shore_relay.relay.stick_folder import StickFolder as ShoreFolder
from shore_relay.relay.sticks import CopiedPage as ShorePage
from shore_relay.relay.sticks import Outcome
from tests.simulation.box import Box
from tests.simulation.faults import Crashed, Faults
from tests.simulation.inline import run
from tests.simulation.invariants import Rules
from tests.simulation.shore import Shore
from vessel_client.carrying import CopiedPage, Place
from vessel_client.commands import stick as vessel_commands
from vessel_client.stick_folder import FILE_NAME, StickFolder

SECTOR_BYTES = 4_096
UNFINISHED = "seavoice-unfinished.tmp"


class Holder(Protocol):
    """Who has a stick in the socket: a box or a relay."""

    def write(self, path: Path) -> None:
        """Fill the stick in this folder."""

    def read(self, path: Path) -> None:
        """Take what the stick in this folder brings."""


class BoxSocket:
    """A box, as the program's own commands for sticks see it."""

    def __init__(self, box: Box) -> None:
        self._box = box

    def key_ids(self) -> frozenset[bytes]:
        """Return under which key ids records are this box's."""
        return run(self._box.service.key_ids())

    def copy_out(self, after: Place) -> CopiedPage:
        """Return the next packets for a stick."""
        page = run(self._box.service.copy_out(after))
        for packet in page.packets:
            self._box.rules.copied(Side.VESSEL, STICK, packet)
        return page

    def take_carried(self, packets: Sequence[bytes]) -> list[str]:
        """Take packets, and return for each the code of its refusal, or ""."""
        return run(self._box.service.take_carried(packets))

    def write(self, path: Path) -> None:
        """Fill the stick in this folder."""
        self._box.enter(lambda: self._write(path))

    def _write(self, path: Path) -> None:
        with half_written_at_a_crash(path):
            own, carried = vessel_commands.fill(StickFolder(path), self)
        self._box.world.say(f"{self._box.name} writes a stick: {own} own packets, {carried} of others")

    def read(self, path: Path) -> None:
        """Take what the stick in this folder brings."""
        self._box.enter(lambda: self._read(path))

    def _read(self, path: Path) -> None:
        folder = StickFolder(path)
        taken = vessel_commands.take(folder, self)
        self._box.rules.counts["packets taken from sticks"] += taken.new
        self._box.world.say(f"{self._box.name} reads a stick: {taken.new} packets, {taken.left} left on it")
        if self._box.faults.source.random() < 0.7:
            # Else the stick is pulled out, or its switch is on read-only.
            vessel_commands.clean(folder, taken.done, [])


class ShoreSocket:
    """A relay, as the program's own commands for sticks see it."""

    def __init__(self, shore: Shore, rules: dict[VesselId, Rules]) -> None:
        self._shore = shore
        self._rules = rules

    async def take(self, packets: Sequence[bytes]) -> list[Outcome]:
        """Take packets, and say what became of each."""
        outcomes = await self._shore.sticks.take(packets)
        for outcome in outcomes:
            if outcome.answer is not None:
                self._shore.world.say("relay answers a rekey on a stick")
        return outcomes

    async def copy_out(self, after: VesselId | None) -> ShorePage:
        """Return the next records for a stick."""
        page = await self._shore.sticks.copy_out(after)
        for record in page.records:
            # One ledger of nonces serves the whole fleet, so that any vessel's rules will do.
            next(iter(self._rules.values())).copied(Side.RELAY, STICK, record.packet)
        for rules in self._rules.values():
            rules.has_copies |= bool(page.records)
        return page

    def write(self, path: Path) -> None:
        """Fill the stick in this folder."""
        self._shore.enter(None, lambda: self._write(path))

    def _write(self, path: Path) -> None:
        with half_written_at_a_crash(path):
            written = run(stick_commands.fill(ShoreFolder(path), self))
        self._shore.world.say(f"relay writes a stick: {written.packets} packets, {written.carried} of others")

    def read(self, path: Path) -> None:
        """Take what the stick in this folder brings."""
        self._shore.enter(None, lambda: self._read(path))
        for vessel in self._rules:
            self._shore.enter(vessel, lambda: None)

    def _read(self, path: Path) -> None:
        stick, reading = ShoreFolder(path), stick_commands.Reading()
        run(stick_commands.take_all(stick, self, reading))
        next(iter(self._rules.values())).counts["packets taken from sticks"] += reading.new
        self._shore.world.say(f"relay reads a stick: {reading.new} packets, {reading.left} left on it")
        if self._shore.faults.source.random() < 0.7:
            stick_commands.clean(stick, reading)


@contextmanager
def half_written_at_a_crash(path: Path) -> Iterator[None]:
    """Leave on the stick what a power cut in the middle of writing leaves there."""
    try:
        yield
    except Crashed:
        whole = path / FILE_NAME
        data = whole.read_bytes() if whole.exists() else b"SeaVoice"
        (path / UNFINISHED).write_bytes(data[: len(data) // 2])
        raise


class Stick:
    """One stick, and the hands that it goes through."""

    def __init__(self, path: Path, faults: Faults, source: random.Random) -> None:
        path.mkdir()
        self._path = path
        self._faults = faults
        self._source = source

    def visit(self, holder: Holder) -> None:
        """Be put into somebody's socket: be read, be written, or both."""
        source = self._source
        self._suffer()
        if source.random() < 0.8:
            self._faults.count("stick-read")
            holder.read(self._path)
        if source.random() < 0.8:
            self._faults.count("stick-written")
            holder.write(self._path)

    def _suffer(self) -> None:
        source = self._source
        files = sorted(self._path.glob("*.stick"))
        if not files:
            return
        path = source.choice(files)
        data = bytearray(path.read_bytes())
        if source.random() < 0.25 and data:
            self._faults.count("stick-sector-lost")
            at = source.randrange(len(data)) // SECTOR_BYTES * SECTOR_BYTES
            lost = len(data[at : at + SECTOR_BYTES])
            data[at : at + lost] = bytes(lost)
            path.write_bytes(data)
        if source.random() < 0.25:
            # Somebody copies the file, and pulls the stick out too early, or not.
            self._faults.count("stick-copied")
            end = source.randrange(len(data) + 1) if source.random() < 0.5 else len(data)
            (self._path / f"seavoice-copy-{source.randrange(3)}.stick").write_bytes(data[:end])
