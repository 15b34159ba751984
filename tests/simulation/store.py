"""The seam between the simulated shell and the stores of the two programs."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from protocol.events import Event
from protocol.fragment import Range
from protocol.frames import Priority
from protocol.ids import DeskKeyId, UnixSeconds, VesselId
from protocol.journal import Change, Snapshot

VESSEL = VesselId(b"vessel-1")
RELAY_PRIVATE = bytes([7]) * 32
DESK_PUBLIC = bytes([9]) * 32


WallClock = Callable[[], UnixSeconds]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An unsettled bundle as it lies in the store."""

    number: int
    priority: Priority
    data: bytes
    begun: bool
    acked: tuple[Range, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Berth:
    """Where a store lives and what surrounds it; `before_commit` may raise where a full disk would."""

    folder: Path
    loop: asyncio.AbstractEventLoop
    wall: WallClock
    secret: bytes
    desk_key: DeskKeyId
    before_commit: Callable[[], None]
    draw: Callable[[int], bytes]

    def leap(self) -> int:
        """Return how far above its last number a store goes on that was set back (SPEC §8.3).

        It is drawn, since two restores from one copy must not lead to the same numbers.
        """
        return 1_000 + int.from_bytes(self.draw(2))

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do one thing with a store to its end, so that nothing ever runs at the same time."""
        return self.loop.run_until_complete(work)


class SimStore(Protocol):
    """What the simulated shell needs of a store. Each writing call is one durable transaction."""

    def snapshot(self) -> Snapshot:
        """Return what an engine starts from."""

    def outgoing(self) -> list[Outgoing]:
        """Return the unsettled bundles that should be with the engine, in the order of the program."""

    def waits(self) -> bool:
        """Return whether any bundle is unsettled."""

    def enqueue(self, priority: Priority, data: bytes) -> int:
        """Keep a new bundle and return its number."""

    def commit(self, changes: list[Change], events: list[Event], key_ids: tuple[bytes, ...]) -> None:
        """Write all changes or none, and of the events what belongs into the same transaction."""

    def act_on(self, events: list[Event]) -> None:
        """Write what this program writes of events in a transaction of its own."""

    def knows_key(self, key_id: bytes) -> bool:
        """Relay: return whether the vessel may come under this key id."""

    def collect(self) -> list[bytes]:
        """Hand over what waits for a person or a desk."""

    def set_back(self, secret: bytes) -> None:
        """Do what a restore does: forget the link's keys for good, and leap over numbers given since."""

    def close(self) -> None:
        """Let go of the file."""
