"""Everything that an operator watches, gathered at one moment; whoever shows it reads it from here."""

import os
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib import metadata
from pathlib import Path

from protocol.ids import Instant, UnixSeconds
from shore_relay.relay.data_folder import database_path
from shore_relay.relay.fleet import Fleet
from shore_relay.relay.marks import Mark, read_mark
from shore_relay.relay.settings import Settings
from shore_relay.relay.store.deliveries import DeliveryStore
from shore_relay.relay.store.delivery_rows import Delivery
from shore_relay.relay.store.repository import RelayStatus, VesselStatus
from shore_relay.relay.store.schema import migrations
from shore_relay.relay.store.sql_store import SqlStore
from shore_relay.relay.store.watching import Watched, WatchStore
from shore_relay.relay.surroundings import Clock, WallClock
from shore_relay.relay.tls import certificate_ends_at

_FRESH_S = 5.0
"""What was gathered so lately is told again: asking often must not cost the store anything."""
_BYTES_PER_MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What only a serving relay knows."""

    awake: int
    """Vessels whose engine is in memory."""
    connected: int
    """Vessels that are there now, over a bearer that answers at once."""
    connections: Mapping[str, int]
    """Open connections by bearer, strangers included."""
    commits: int
    steps: int
    refusals: Mapping[str, int]
    """What was refused since the counters were last stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One moment of a relay."""

    now: UnixSeconds
    status: RelayStatus
    watched: Watched
    deliveries: tuple[Delivery, ...]
    """Notices to desks' offices: those that are dead first, and never all that were delivered."""
    settings: Settings
    live: Live | None
    """None where no relay serves."""
    database_bytes: int
    disk_free_bytes: int
    disk_total_bytes: int
    backup: Mark | None
    """The last backup that succeeded."""
    restored: Mark | None
    """Where this store came from a backup: when it was put in place, and the backup's own time."""
    certificate_ends_at: UnixSeconds | None
    """None where this relay speaks no TLS of its own."""

    def refusals(self) -> dict[str, int]:
        """Return every counter of refusals, those of the last moments too."""
        total = Counter(self.status.refusals)
        if self.live is not None:
            total.update(self.live.refusals)
        return dict(total)

    def silent_s(self, vessel: VesselStatus) -> int:
        """Return for how long a vessel has not been heard; since it was added, if never."""
        since = vessel.last_contact_at or self.watched.unheard_since.get(vessel.vessel, self.now)
        return max(0, self.now - since)

    def is_silent(self, vessel: VesselStatus) -> bool:
        """Return whether a vessel that is served has been silent for longer than the settings expect."""
        return not vessel.revoked_at and self.silent_s(vessel) > self.settings.operator.silent_hours * 3_600

    def money(self, vessel: VesselStatus) -> dict[str, Decimal]:
        """Return what a vessel has cost so far, by bearer, at the prices of the settings."""
        spent: dict[str, Decimal] = {}
        for bearer, traffic in vessel.traffic.items():
            price = self.settings.price_per_megabyte(bearer)
            if price:
                size_bytes = traffic.bytes_up + traffic.bytes_down
                spent[bearer] = Decimal(str(price)) * size_bytes / _BYTES_PER_MEGABYTE
        if vessel.sbd is not None and self.settings.sbd.price_per_credit:
            used = vessel.sbd.credits_up + vessel.sbd.credits_down
            spent["sbd"] = Decimal(str(self.settings.sbd.price_per_credit)) * used
        return spent


def program_version() -> str:
    """Return the version of this program."""
    return metadata.version("seavoice")


def schema_version() -> int:
    """Return the version of the tables that this program brings a database to."""
    return len(migrations())


async def gather(
    folder: Path, settings: Settings, store: SqlStore, now: UnixSeconds, live: Live | None = None
) -> Facts:
    """Return the facts of this moment; raises `StoreFailed`."""
    disk = shutil.disk_usage(folder)
    return Facts(
        now=now,
        status=await store.status(),
        watched=await WatchStore(store).watched(),
        deliveries=await DeliveryStore(store).listed(),
        settings=settings,
        live=live,
        database_bytes=_size_bytes(folder),
        disk_free_bytes=disk.free,
        disk_total_bytes=disk.total,
        backup=read_mark(folder, "backup"),
        restored=read_mark(folder, "restored"),
        certificate_ends_at=certificate_ends_at(folder, settings.tls),
    )


def _size_bytes(folder: Path) -> int:
    path = database_path(folder)
    total = 0
    for name in (path.name, f"{path.name}-wal"):
        try:
            total += os.stat(path.parent / name).st_size
        except FileNotFoundError:
            # The write-ahead log comes and goes.
            continue
    return total


class Watcher:
    """Gathers the facts of a serving relay, at most once in a few seconds."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        store: SqlStore,
        fleet: Fleet,
        *,
        clock: Clock,
        wall: WallClock,
        refusals: Counter[str],
        connections: Mapping[str, int],
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._store = store
        self._fleet = fleet
        self._clock = clock
        self._wall = wall
        self._refusals = refusals
        self._connections = connections
        self._facts: Facts | None = None
        self._gathered_at = Instant(float("-inf"))

    async def facts(self) -> Facts:
        """Return what is true now, or was a few seconds ago; raises `StoreFailed`."""
        now = self._clock()
        if self._facts is None or now - self._gathered_at >= _FRESH_S:
            self._facts = await gather(self._folder, self._settings, self._store, self._wall(), self._live())
            self._gathered_at = now
        return self._facts

    def _live(self) -> Live:
        return Live(
            awake=self._fleet.awake,
            connected=self._fleet.connected,
            connections=dict(self._connections),
            commits=self._store.writer.groups,
            steps=self._store.writer.steps,
            refusals=dict(self._refusals),
        )
