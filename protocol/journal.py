"""What the engine needs on disk: changes that it records, and the snapshot that it starts from.

The engine does no I/O. It hands each change to its `Journal`; the shell writes all recorded changes in one
transaction, durably, before it transmits anything or acts on an event that came after them. If the commit
fails, the shell throws the engine away and builds a new one from what is on disk.
"""

from dataclasses import dataclass
from typing import Protocol

from protocol.bundle import Bundle
from protocol.fragment import Range
from protocol.frames import Priority
from protocol.linkguard import GuardState


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardChanged:
    """The link keys, counters or replay windows moved on."""

    state: GuardState


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentHeld:
    """Keep a piece of an incomplete bundle; `total_bytes` is 0 while the first fragment is missing."""

    number: int
    total_bytes: int
    priority: Priority
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleTaken:
    """Take custody: keep the bundle, forget its fragments, remember its number for good."""

    number: int
    priority: Priority
    bundle: Bundle
    data: bytes
    """The bundle's bytes, as they came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentsDropped:
    """Forget the pieces of a bundle that was refused."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingBegun:
    """The first fragment of this bundle is about to leave: from now on the peer may hold it."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingAcked:
    """The peer holds these bytes of the bundle durably."""

    number: int
    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingSettled:
    """The peer has custody: the bundle's bytes may be deleted."""

    number: int


Change = (
    GuardChanged
    | FragmentHeld
    | BundleTaken
    | FragmentsDropped
    | OutgoingBegun
    | OutgoingAcked
    | OutgoingSettled
)


class Journal(Protocol):
    """Where the engine records what must be on disk before anything that depends on it leaves."""

    def record(self, change: Change) -> None:
        """Remember one change until the shell commits."""


class MemoryJournal:
    """A journal that only collects; shells drain it into one transaction."""

    def __init__(self) -> None:
        self._changes: list[Change] = []

    def record(self, change: Change) -> None:
        """Remember one change."""
        self._changes.append(change)

    def drain(self) -> list[Change]:
        """Return what was recorded since the last call."""
        changes, self._changes = self._changes, []
        return changes


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFragment:
    """One stored piece of an incomplete incoming bundle."""

    number: int
    total_bytes: int
    priority: Priority
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a shell loads from disk to build an engine; outgoing bundles follow by `SyncEngine.offer`."""

    guard: GuardState
    rekey_key: bytes
    """`linkguard.rekey_secret` of the provisioned secret."""
    taken: tuple[Range, ...] = ()
    """Numbers of all bundles ever taken into custody from this peer."""
    fragments: tuple[HeldFragment, ...] = ()
