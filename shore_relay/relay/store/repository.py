"""What the relay asks of a store: the interface, and the rows that cross it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from protocol.deskfeed import Dispatch, FeedItem
from protocol.deskkeys import DeskKey
from protocol.fragment import Range
from protocol.frames import Priority
from protocol.ids import DeskId, DeskKeyId, UnixSeconds, VesselId
from protocol.journal import Change, Snapshot
from protocol.linkguard import GuardState
from protocol.provisioning import DeskCard
from shore_relay.relay.store.sbd_rows import Alarm, SatelliteStep, SbdStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One desk that this relay serves."""

    id: DeskId
    name: str
    signing_public: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """All desks and the ids of their sealing keys, as of one revision."""

    revision: int = -1
    desks: Mapping[DeskId, Desk] = field(default_factory=dict)
    key_ids: frozenset[DeskKeyId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedBundle:
    """One dispatched bundle that its vessel does not have yet."""

    number: int
    priority: Priority
    data: bytes
    begun: bool
    acked: tuple[Range, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """What one vessel's engine is built from."""

    snapshot: Snapshot
    queued: tuple[QueuedBundle, ...]
    held_bytes: int
    """Sealed bytes that came from this vessel and wait for a desk."""
    epoch: int = 0
    """Which of all engines that were ever built for this vessel may commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Bytes that crossed one bearer since the last commit."""

    bytes_up: int = 0
    bytes_down: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCommit:
    """Everything one step of one vessel's engine changed; stored all or not at all."""

    vessel: VesselId
    at: UnixSeconds
    bearer: str
    """Over which link the step came; it is shown to people only."""
    changes: tuple[Change, ...] = ()
    key_ids: tuple[bytes, ...] | None = None
    """The key ids from now on, where they changed."""
    rekeyed: bool = False
    """The vessel has begun to use new keys: the store may have been set back, and numbers be in use."""
    traffic: Mapping[str, Traffic] = field(default_factory=dict)
    """By name of the link."""
    duplicate_bytes: int = 0
    satellite: SatelliteStep | None = None
    epoch: int = 0
    """Of the `LinkState` that the engine was built from."""
    releases: bool = False
    """Whether the vessel is connected here no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVessel:
    """A vessel that an operator adds."""

    vessel: VesselId
    name: str
    desk: DeskId
    guard: GuardState
    rekey_key: bytes
    key_ids: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedKeys:
    """A signed list of desk keys whose signature has been checked."""

    issued_at: UnixSeconds
    keys: tuple[DeskKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VesselStatus:
    """What an operator may see of one vessel."""

    vessel: VesselId
    name: str
    desk_name: str
    last_contact_at: UnixSeconds
    last_bearer: str
    revoked_at: UnixSeconds
    """0 while it is served."""
    bundles_taken: int
    bundles_held: int
    held_bytes: int
    bundles_handed_over: int
    bundles_queued: int
    bundles_delivered: int
    duplicate_bytes: int
    traffic: Mapping[str, Traffic]
    sbd: SbdStatus | None
    """None where the vessel never had a modem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskStatus:
    """What an operator may see of one desk."""

    desk: DeskId
    name: str
    keys: int
    revoked_at: UnixSeconds
    """0 while it is served."""
    last_cursor: int
    taken_through: int
    items_waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayStatus:
    """What `seavoice-relay status` shows."""

    vessels: tuple[VesselStatus, ...]
    desks: tuple[DeskStatus, ...]
    refusals: Mapping[str, int]
    alarms: tuple[Alarm, ...] = ()


class Repository(Protocol):
    """A durable store. Every method that changes something returns only after a durable commit.

    All of them raise `StoreFailed` where the disk does not take it: then nothing happened.
    """

    shared: bool
    """Whether other relays use the same store at the same time."""

    async def join(self, at: UnixSeconds, *, lease_s: int) -> None:
        """Say that this relay serves; where the store is shared, again and again within the lease."""

    async def leave(self) -> None:
        """Say that it serves no longer: what it held is anybody's at once."""

    async def rekey_private(self) -> bytes:
        """Return the relay's X25519 private key for rekeys."""

    async def operator_private(self, fresh: bytes) -> bytes:
        """Return the operator's Ed25519 private key; a relay that has none keeps `fresh` from now on."""

    async def find_vessel(self, name: str) -> tuple[VesselId, DeskId] | None:
        """Return a vessel and its desk by name or hexadecimal id, or None."""

    async def add_desk(self, card: DeskCard, at: UnixSeconds) -> bool:
        """Add a desk or new keys of a known one; return whether it is new. Raises `NameTaken`."""

    async def add_vessel(self, vessel: NewVessel, at: UnixSeconds) -> None:
        """Add a vessel; raises `NameTaken`."""

    async def desk_cards(self) -> tuple[DeskCard, ...]:
        """Return all desks with their keys."""

    async def directory_revision(self) -> int:
        """Return a number that changes whenever desks or their keys do."""

    async def directory(self) -> Directory:
        """Return all desks and key ids."""

    async def is_revoked(self, vessel: VesselId) -> bool | None:
        """Return whether a vessel's link was ended, or None for a vessel that was never added."""

    async def set_revoked(self, vessel: VesselId, at: UnixSeconds) -> None:
        """End a vessel's link at a time, or let it be served again with 0."""

    async def key_index(self) -> tuple[tuple[bytes, VesselId], ...]:
        """Return every key id with the vessel that may use it."""

    async def vessels_with_key(self, key_id: bytes) -> tuple[VesselId, ...]:
        """Return the vessels that may use a key id."""

    async def load_link(self, vessel: VesselId, *, queued_max: int) -> LinkState | None:
        """Take a vessel's link over and return its state behind every commit before, or None.

        From then on nobody who loaded it before can commit anything. Raises `VesselRevoked`.
        """

    async def guard(self, vessel: VesselId) -> GuardState | None:
        """Return the keys and windows of a vessel's link, without taking it over. Raises `VesselRevoked`."""

    async def epoch(self, vessel: VesselId) -> int | None:
        """Return the epoch of whoever has a vessel's link now, or None."""

    async def held_bytes(self, vessel: VesselId) -> int:
        """Return how many sealed bytes of a vessel wait for desks."""

    async def waiting(self, vessels: Sequence[VesselId]) -> tuple[VesselId, ...]:
        """Return those of the vessels for which something is queued."""

    async def commit_link(self, commit: LinkCommit) -> None:
        """Store what one step of an engine changed.

        Raises `LinkTakenOver` where another engine was built from the link's state meanwhile.
        """

    async def queued(self, vessel: VesselId, *, most: int) -> tuple[QueuedBundle, ...]:
        """Return the first bundles that wait for a vessel, by priority and number."""

    async def renumber(self, vessel: VesselId, number: int, *, above: int) -> None:
        """Give a waiting bundle a new number above `above`: the vessel has another under the old one."""

    async def feed(self, desk: DeskId, after: int, *, most_items: int, most_bytes: int) -> list[FeedItem]:
        """Return a desk's items behind a cursor, oldest first; a first one however large."""

    async def taken(self, desk: DeskId, through: int) -> Mapping[VesselId, int]:
        """Forget what a desk holds; return how many bytes that frees for each vessel.

        Raises `RequestRefused` for a cursor that was never given out.
        """

    async def dispatch(
        self,
        desk: DeskId,
        vessel: VesselId,
        dispatch: Dispatch,
        at: UnixSeconds,
        *,
        keys: LearnedKeys | None,
        most_bytes: int,
        from_operator: bool = False,
    ) -> bool:
        """Queue a bundle for a vessel; return whether it is new.

        Raises `UnknownVessel`, `RefTaken`, or `QueueOverfull` where more than `most_bytes` would wait.
        """

    async def count_refusals(self, counts: Mapping[str, int]) -> None:
        """Add to the counters of what was refused."""

    async def check_writable(self) -> None:
        """Commit something harmless; raises `StoreFailed`."""

    async def status(self) -> RelayStatus:
        """Return what an operator may see."""

    async def close(self) -> None:
        """Let go of the files; what was asked for before is committed first."""
