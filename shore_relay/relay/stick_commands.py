"""`seavoice-relay stick read|write DIR`: what a stick brings from vessels, and what it takes to them."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from protocol.container import Direction, Record
from protocol.documents import Json
from protocol.errors import RemoteError, Replayed, UnknownKey
from protocol.ids import VesselId
from protocol.linkguard import Form, read_flags
from shore_relay.relay.app import World, resting_sticks
from shore_relay.relay.errors import StickForeign, StickFull, StickUnwritable
from shore_relay.relay.operator_api import asking
from shore_relay.relay.settings import Settings
from shore_relay.relay.stick_folder import StickFolder, StickWriter
from shore_relay.relay.sticks import NOT_OURS, CopiedPage, Outcome

_BATCH_BYTES_MAX = 1_000_000


class Relay(Protocol):
    """The relay as a stick needs it, whether it serves or not."""

    async def take(self, packets: Sequence[bytes]) -> list[Outcome]:
        """Take packets, and say what became of each."""

    async def copy_out(self, after: VesselId | None) -> CopiedPage:
        """Return the next records for a stick."""


@dataclass(slots=True, kw_only=True)
class Reading:
    """What became of the packets on a stick."""

    new: int = 0
    seen: int = 0
    left: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    damaged: int = 0
    cleaned: bool = True
    problems: list[str] = field(default_factory=list)
    done: set[bytes] = field(default_factory=set)
    answers: list[Record] = field(default_factory=list)

    def as_document(self) -> dict[str, Json]:
        """Return the report for programs."""
        return {
            "taken": self.new,
            "seen_before": self.seen,
            "left": self.left,
            "refused": dict(self.refused),
            "damaged": self.damaged,
            "cleaned": self.cleaned,
            "problems": [*self.problems],
        }

    def as_text(self) -> str:
        """Return the report for people."""
        lines = [
            f"Taken from the stick: {self.new} packets, {self.seen} more were here before. "
            f"{self.left} are for others, and stay on it."
        ]
        lines += [f"Refused: {count} packets ({code})." for code, count in self.refused.items()]
        if self.damaged:
            lines.append(
                f"The stick is damaged in {self.damaged} places; what stood there is still with its vessel."
            )
        return "\n".join([*lines, *self.problems])


@dataclass(slots=True, kw_only=True)
class Writing:
    """What was written on a stick."""

    packets: int
    carried: int
    damaged: int
    problems: list[str]

    def as_document(self) -> dict[str, Json]:
        """Return the report for programs."""
        return {
            "packets": self.packets,
            "carried": self.carried,
            "damaged": self.damaged,
            "problems": [*self.problems],
        }

    def as_text(self) -> str:
        """Return the report for people."""
        line = f"On the stick: {self.packets} packets for vessels, and {self.carried} that lay on it."
        return "\n".join([line, *self.problems])


@asynccontextmanager
async def _relay(folder: Path, settings: Settings, world: World | None) -> AsyncIterator[Relay]:
    async with asking(folder) as serving:
        if serving is not None:
            yield serving
            return
    async with resting_sticks(folder, settings, world) as resting:
        yield resting


async def read(folder: Path, settings: Settings, path: Path, world: World | None = None) -> Reading:
    """Take what a stick brings, and take it off the stick.

    Raises `StickUnreadable`, `StickForeign`, and what opening the relay raises.
    """
    stick = StickFolder(path)
    reading = Reading()
    async with _relay(folder, settings, world) as relay:
        await take_all(stick, relay, reading)
    stick.require_readable()
    reading.damaged, reading.problems = stick.damaged, list(stick.problems)
    if reading.refused and set(reading.refused) == {UnknownKey.code} and not reading.done:
        raise StickForeign(
            f"None of the {reading.refused.total()} packets on this stick is from a vessel of this relay: it "
            "belongs to another fleet, or its keys were given up long ago. Everything stays on it."
        )
    clean(stick, reading)
    return reading


async def take_all(stick: StickFolder, relay: Relay, reading: Reading) -> None:
    """Give a relay what a stick brings; it stays on the stick until `clean`. Raises `StoreFailed`."""
    batch: list[bytes] = []
    for record in stick.records():
        if record.direction is not Direction.UP:
            reading.left += 1
            continue
        batch.append(record.packet)
        if sum(map(len, batch)) > _BATCH_BYTES_MAX:
            await _hand_over(batch, relay, reading)
            batch = []
    if batch:
        await _hand_over(batch, relay, reading)


async def _hand_over(batch: list[bytes], relay: Relay, reading: Reading) -> None:
    for packet, outcome in zip(batch, await relay.take(batch), strict=True):
        if outcome.code in NOT_OURS:
            reading.left += 1
        else:
            reading.done.add(packet)
            reading.seen += outcome.code == Replayed.code
            reading.new += outcome.code != Replayed.code
        if outcome.answer is not None:
            reading.answers.append(outcome.answer)
        if outcome.code and outcome.code != Replayed.code:
            reading.refused[outcome.code] += 1


def clean(stick: StickFolder, reading: Reading) -> None:
    """Take away what is done; a stick that cannot be written keeps it, which harms nothing."""
    if not reading.done:
        return
    try:
        with stick.replacing() as writer:
            _carry_on(stick, writer, reading.done)
            for record in reading.answers:
                writer.add(record)
    except (StickFull, StickUnwritable) as reason:
        reading.cleaned = False
        reading.problems.append(f"What was taken stays on the stick, which harms nothing. {reason}")


def _carry_on(stick: StickFolder, writer: StickWriter, done: set[bytes]) -> int:
    carried = 0
    for record in stick.records():
        if record.packet not in done:
            writer.add(record)
            carried += 1
    return carried


async def write(folder: Path, settings: Settings, path: Path, world: World | None = None) -> Writing:
    """Put a copy for each vessel on a stick, beside what lies there.

    Raises `StickUnreadable`, `StickFull`, `StickUnwritable`, and what opening the relay raises.
    """
    stick = StickFolder(path)
    async with _relay(folder, settings, world) as relay:
        return await fill(stick, relay)


async def fill(stick: StickFolder, relay: Relay) -> Writing:
    """Put fresh copies for each vessel beside what lies on a stick.

    Raises `StickFull`, `StickUnwritable`, `StoreFailed` or `FleetFull`.
    """
    packets = 0
    with stick.replacing() as writer:
        renewed: set[bytes] = set()
        async for page in _pages(relay):
            for record in page.records:
                writer.add(record)
                renewed.add(record.key_id)
            packets += len(page.records)
        carried = _carry_others(stick, writer, renewed)
    return Writing(packets=packets, carried=carried, damaged=stick.damaged, problems=stick.problems)


def _carry_others(stick: StickFolder, writer: StickWriter, renewed: set[bytes]) -> int:
    """Write again, unchanged, what lies on the stick and is not replaced by a newer copy."""
    carried = 0
    for record in stick.records():
        if record.key_id in renewed and _is_copy(record):
            continue
        writer.add(record)
        carried += 1
    return carried


def _is_copy(record: Record) -> bool:
    """Return whether a newer copy says all that this record says; new keys, for instance, are said once."""
    try:
        return read_flags(record.packet)[0] is Form.UNNAMED
    except RemoteError:
        return False


async def _pages(relay: Relay) -> AsyncIterator[CopiedPage]:
    after: VesselId | None = None
    while True:
        page = await relay.copy_out(after)
        yield page
        after = page.following
        if after is None:
            return
