"""`seavoice-vessel stick write|read DIR`: packets of this box and of others, for somebody to carry."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from protocol.container import Direction, Record
from protocol.errors import Replayed
from vessel_client.carrying import NOT_OURS, START, TAKEN_BYTES_MAX, CopiedPage, Place, own_up
from vessel_client.clocks import LinkClock
from vessel_client.commands.terminal import Surroundings, say
from vessel_client.errors import ServiceUnreachable, StickFull, StickUnwritable
from vessel_client.stick_folder import StickFolder, StickWriter


class Box(Protocol):
    """The box as a stick needs it, whether it runs or not."""

    def key_ids(self) -> frozenset[bytes]:
        """Return under which key ids records are this box's."""

    def copy_out(self, after: Place) -> CopiedPage:
        """Return the next packets for a stick."""

    def take_carried(self, packets: Sequence[bytes]) -> list[str]:
        """Take packets, and return for each the code of its refusal, or ""."""


def write(path: Path, surroundings: Surroundings, *, as_json: bool) -> None:
    """Fill a stick.

    Raises: StickUnreadable, StickFull, StickUnwritable, AlreadyRunning, StoreFailed.
    """
    folder = StickFolder(path)
    with _box(surroundings) as box:
        own, carried = fill(folder, box)
    if as_json:
        report = {"own": own, "carried": carried, "damaged": folder.damaged, "problems": folder.problems}
        say(json.dumps(report, ensure_ascii=False))
        return
    say(f"On the stick: {own} packets of this box, and {carried} that it carries for others.")
    _say_faults(folder)


def fill(folder: StickFolder, box: Box) -> tuple[int, int]:
    """Put fresh copies beside what others have on a stick; return how many packets are own, how many carried.

    Raises: StickFull, StickUnwritable, StoreFailed.
    """
    own = 0
    with folder.replacing() as writer:
        carried = _carry_on(folder, writer, box.key_ids())
        for packet in _copies(box):
            writer.add(Record(direction=Direction.UP, packet=packet))
            own += 1
    return own, carried


def _carry_on(folder: StickFolder, writer: StickWriter, key_ids: frozenset[bytes]) -> int:
    """Write again, unchanged, what lies on the stick and is not this box's own to renew."""
    carried = 0
    for record in folder.records():
        if record.direction is Direction.UP and own_up(record, key_ids):
            continue
        writer.add(record)
        carried += 1
    return carried


def _copies(box: Box) -> Iterator[bytes]:
    place: Place | None = START
    while place is not None:
        page = box.copy_out(place)
        yield from page.packets
        place = page.following


@dataclass(slots=True, kw_only=True)
class Taken:
    """What became of the packets on a stick."""

    done: set[bytes] = field(default_factory=set)
    """Packets that need not be carried any further."""
    new: int = 0
    left: int = 0
    refused: Counter[str] = field(default_factory=Counter)


def read(path: Path, surroundings: Surroundings, *, as_json: bool) -> None:
    """Take what a stick brings.

    Raises: StickUnreadable, AlreadyRunning, StoreFailed.
    """
    folder = StickFolder(path)
    with _box(surroundings) as box:
        taken = take(folder, box)
    folder.require_readable()
    damaged, problems = folder.damaged, list(folder.problems)
    cleaned = clean(folder, taken.done, problems)
    if as_json:
        report = {
            "taken": taken.new,
            "left": taken.left,
            "refused": dict(taken.refused),
            "damaged": damaged,
            "cleaned": cleaned,
            "problems": problems,
        }
        say(json.dumps(report, ensure_ascii=False))
        return
    what = f"Taken from the stick: {taken.new} packets" if taken.new else "Nothing new on it is for this box"
    say(f"{what}. {taken.left} are for others or not readable here, and stay on it.")
    for code, count in taken.refused.items():
        say(f"Refused: {count} packets ({code}).")
    folder.damaged, folder.problems = damaged, problems
    _say_faults(folder)


def take(folder: StickFolder, box: Box) -> Taken:
    """Give a box what a stick brings for it; it stays on the stick until `clean`. Raises `StoreFailed`."""
    taken = Taken()
    key_ids = box.key_ids()
    batch: list[bytes] = []
    for record in folder.records():
        if record.direction is not Direction.DOWN or record.key_id not in key_ids:
            taken.left += 1
            continue
        batch.append(record.packet)
        if sum(map(len, batch)) > TAKEN_BYTES_MAX:
            _hand_over(batch, box, taken)
            batch = []
    if batch:
        _hand_over(batch, box, taken)
    return taken


def _hand_over(batch: list[bytes], box: Box, taken: Taken) -> None:
    for packet, code in zip(batch, box.take_carried(batch), strict=True):
        if code in NOT_OURS:
            taken.left += 1
        else:
            taken.done.add(packet)
            taken.new += code != Replayed.code
        if code and code != Replayed.code:
            taken.refused[code] += 1


def clean(folder: StickFolder, done: set[bytes], problems: list[str]) -> bool:
    """Take away what is done; a stick that cannot be written keeps it, which harms nothing."""
    if not done:
        return True
    try:
        with folder.replacing() as writer:
            for record in folder.records():
                if record.packet not in done:
                    writer.add(record)
    except (StickFull, StickUnwritable) as reason:
        problems.append(f"What was taken stays on the stick, which harms nothing. {reason}")
        return False
    return True


def _say_faults(folder: StickFolder) -> None:
    if folder.damaged:
        say(f"The stick is damaged in {folder.damaged} places; what stood there comes again with the next.")
    for problem in folder.problems:
        say(problem)


@contextmanager
def _box(surroundings: Surroundings) -> Iterator[Box]:
    """Yield the running box, or where none runs the stored one."""
    client = surroundings.client()
    try:
        client.key_ids()
    except ServiceUnreachable:
        if surroundings.service_url:
            raise
    else:
        yield client
        return
    with _stored_box(surroundings) as box:
        yield box


@contextmanager
def _stored_box(surroundings: Surroundings) -> Iterator[Box]:
    # A running service needs none of these.
    from vessel_client.app import make_service
    from vessel_client.store.database import open_database
    from vessel_client.store.lock import holding
    from vessel_client.sync_service import SyncService

    class StoredBox:
        """The box's store, opened by this process alone."""

        def __init__(self, service: SyncService, runner: asyncio.Runner) -> None:
            self._service = service
            self._runner = runner

        def key_ids(self) -> frozenset[bytes]:
            return self._runner.run(self._service.key_ids())

        def copy_out(self, after: Place) -> CopiedPage:
            return self._runner.run(self._service.copy_out(after))

        def take_carried(self, packets: Sequence[bytes]) -> list[str]:
            return self._runner.run(self._service.take_carried(packets))

    settings = surroundings.settings
    with holding(settings.data_dir), asyncio.Runner() as runner:
        database = runner.run(open_database(settings.data_dir))
        try:
            service = runner.run(make_service(database, settings, LinkClock(), surroundings.wall_clock))
            yield StoredBox(service, runner)
            runner.run(service.close())
        finally:
            runner.run(database.close())
