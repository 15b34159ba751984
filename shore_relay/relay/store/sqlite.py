"""The default store: one SQLite file in WAL mode, flushed at every commit, with one writer."""

import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import TracebackType

import aiosqlite

from protocol.deskfeed import Dispatch, FeedItem
from protocol.ids import DeskId, UnixSeconds, VesselId
from protocol.provisioning import DeskCard
from shore_relay.relay.errors import (
    AlreadyInitialised,
    DataFolderMissing,
    RelayError,
    StoreFailed,
    StoreUnusable,
)
from shore_relay.relay.store import directory, feed, links, overview
from shore_relay.relay.store.repository import (
    Directory,
    LearnedKeys,
    LinkCommit,
    LinkState,
    NewVessel,
    QueuedBundle,
    RelayStatus,
    Repository,
)
from shore_relay.relay.store.schema import migrate, migrations, pragma
from shore_relay.relay.store.writer import GroupWriter

_BUSY_TIMEOUT_MS = 10_000
"""How long an admin's command and a running server wait for each other."""

_HEALTH_CHECK_BYTES = 16_384
"""Room for a few packets: a relay without it cannot take anything."""

_SETTINGS = (
    f"busy_timeout = {_BUSY_TIMEOUT_MS}",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    # Old link secrets must not stay behind in freed pages.
    "secure_delete = ON",
)

OnFeed = Callable[[DeskId], None]


async def create(path: Path, rekey_private: bytes, at: UnixSeconds) -> None:
    """Make the database file of a new relay, readable by its owner only; raises `AlreadyInitialised`."""
    unfinished = path.with_suffix(".new")
    _reserve(path, unfinished)
    try:
        connection = await _connect(unfinished)
        try:
            await migrate(connection, migrations())
            await connection.execute(
                "INSERT INTO relay (id, rekey_private, created_at) VALUES (1, ?, ?)", (rekey_private, at)
            )
        finally:
            await connection.close()
    except sqlite3.Error as reason:
        raise StoreFailed(f"The database cannot be written ({reason}); make room on its disk.") from reason
    # Only a whole database gets the name by which it is found.
    os.rename(unfinished, path)


def _reserve(path: Path, unfinished: Path) -> None:
    if path.exists():
        raise AlreadyInitialised(
            f"{path.parent} holds a relay already; use it, or name another folder with --data."
        )
    unfinished.unlink(missing_ok=True)
    # SQLite gives its journal files the rights of the database file.
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _require(path: Path) -> None:
    if not path.is_file():
        raise DataFolderMissing(
            f"{path.parent} holds no relay; make one with `seavoice-relay init`, or name its folder with "
            "--data."
        )


class SqliteStore(Repository):
    """The store of one relay. Open it with `SqliteStore.open`, and close it."""

    def __init__(self, writing: aiosqlite.Connection, reading: aiosqlite.Connection, on_feed: OnFeed) -> None:
        self._writing = writing
        self._reading = reading
        self._on_feed = on_feed
        self.writer = GroupWriter(writing)

    @classmethod
    async def open(
        cls, path: Path, *, on_feed: OnFeed = lambda _desk: None, size_bytes_max: int = 0
    ) -> "SqliteStore":
        """Open a relay's file and bring it to today's tables.

        `on_feed` hears of every desk for which something new was committed; `size_bytes_max` bounds the file
        (0: only the disk does). Raises `DataFolderMissing`, `StoreUnusable` or `StoreFromFuture`.
        """
        _require(path)
        try:
            writing = await _prepare(path, size_bytes_max)
            reading = await _connect(path)
        except sqlite3.Error as reason:
            raise StoreUnusable(
                f"{path} cannot be opened as a relay's database ({reason}); restore it from a backup."
            ) from reason
        return cls(writing, reading, on_feed)

    async def __aenter__(self) -> "SqliteStore":
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Commit what was asked for and let go of the file."""
        try:
            await self.writer.close()
        finally:
            await self._reading.close()
            await self._writing.close()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[aiosqlite.Connection]:
        """Lend the connection that reads; raises `StoreFailed` where the file cannot be read."""
        try:
            yield self._reading
        except sqlite3.Error as reason:
            raise StoreFailed(f"The database cannot be read ({reason}); check its disk.") from reason

    # --- the relay itself, desks and vessels ---

    async def rekey_private(self) -> bytes:
        """Return the relay's X25519 private key for rekeys."""
        async with self.reading() as reading, reading.execute("SELECT rekey_private FROM relay") as cursor:
            row = await cursor.fetchone()
        assert row is not None
        return bytes(row[0])

    async def operator_private(self, fresh: bytes) -> bytes:
        """Return the operator's Ed25519 private key; a relay that has none keeps `fresh` from now on."""

        async def keep(connection: aiosqlite.Connection) -> bytes:
            await connection.execute(
                "UPDATE relay SET operator_private = ? WHERE operator_private = x''", (fresh,)
            )
            async with connection.execute("SELECT operator_private FROM relay") as cursor:
                row = await cursor.fetchone()
            assert row is not None
            return bytes(row[0])

        return await self.writer.run(keep)

    async def find_vessel(self, name: str) -> tuple[VesselId, DeskId] | None:
        """Return a vessel and its desk by name or hexadecimal id, or None."""
        query = "SELECT vessel, desk FROM vessels WHERE name = ?1 OR lower(hex(vessel)) = ?1"
        async with self.reading() as reading, reading.execute(query, (name,)) as cursor:
            row = await cursor.fetchone()
        return None if row is None else (VesselId(row[0]), DeskId(row[1]))

    async def add_desk(self, card: DeskCard, at: UnixSeconds) -> bool:
        """Add a desk or new keys of a known one; return whether it is new."""
        return await self.writer.run(partial(directory.add_desk, card=card, at=at))

    async def add_vessel(self, vessel: NewVessel, at: UnixSeconds) -> None:
        """Add a vessel with the keys of its link."""

        async def add(connection: aiosqlite.Connection) -> None:
            await directory.add_vessel(connection, vessel, at)
            await links.save_guard(connection, vessel.vessel, vessel.guard)
            await links.save_key_ids(connection, vessel.vessel, vessel.key_ids)

        await self.writer.run(add)

    async def desk_cards(self) -> tuple[DeskCard, ...]:
        """Return all desks with their keys."""
        async with self.reading() as reading:
            return await directory.read_cards(reading)

    async def directory_revision(self) -> int:
        """Return a number that changes whenever desks or their keys do."""
        async with self.reading() as reading:
            return await directory.read_revision(reading)

    async def directory(self) -> Directory:
        """Return all desks and key ids."""
        async with self.reading() as reading:
            return await directory.read_directory(reading)

    async def is_revoked(self, vessel: VesselId) -> bool | None:
        """Return whether a vessel's link was ended, or None."""
        query = "SELECT revoked_at FROM vessels WHERE vessel = ?"
        async with self.reading() as reading, reading.execute(query, (vessel,)) as cursor:
            row = await cursor.fetchone()
        return None if row is None else row[0] > 0

    async def set_revoked(self, vessel: VesselId, at: UnixSeconds) -> None:
        """End a vessel's link, or let it be served again with 0."""

        async def update(connection: aiosqlite.Connection) -> None:
            await connection.execute("UPDATE vessels SET revoked_at = ? WHERE vessel = ?", (at, vessel))

        await self.writer.run(update)

    # --- links ---

    async def key_index(self) -> tuple[tuple[bytes, VesselId], ...]:
        """Return every key id with the vessel that may use it."""
        async with self.reading() as reading:
            rows = await reading.execute_fetchall("SELECT key_id, vessel FROM link_keys")
        return tuple((key_id, VesselId(vessel)) for key_id, vessel in rows)

    async def vessels_with_key(self, key_id: bytes) -> tuple[VesselId, ...]:
        """Return the vessels that may use a key id."""
        query = "SELECT vessel FROM link_keys WHERE key_id = ?"
        async with self.reading() as reading:
            rows = await reading.execute_fetchall(query, (key_id,))
        return tuple(VesselId(row[0]) for row in rows)

    async def load_link(self, vessel: VesselId, *, queued_max: int) -> LinkState | None:
        """Return a vessel's state. It waits its turn behind the writes, so that none is missed."""
        return await self.writer.run(partial(links.load_link, vessel=vessel, queued_max=queued_max))

    async def commit_link(self, commit: LinkCommit) -> None:
        """Store what one step of an engine changed."""
        await self.writer.run(partial(links.commit_link, commit=commit), after=self._announce)

    def _announce(self, desks: set[DeskId]) -> None:
        for desk in desks:
            self._on_feed(desk)

    async def queued(self, vessel: VesselId, *, most: int) -> tuple[QueuedBundle, ...]:
        """Return the first bundles that wait for a vessel, by priority and number."""
        async with self.reading() as reading:
            return await links.load_queued(reading, vessel, most=most)

    async def renumber(self, vessel: VesselId, number: int, *, above: int) -> None:
        """Give a waiting bundle a new number above `above`."""
        await self.writer.run(partial(links.renumber, vessel=vessel, number=number, above=above))

    # --- desks ---

    async def feed(self, desk: DeskId, after: int, *, most_items: int, most_bytes: int) -> list[FeedItem]:
        """Return a desk's items behind a cursor, oldest first."""
        async with self.reading() as reading:
            return await feed.read_feed(reading, desk, after, most_items=most_items, most_bytes=most_bytes)

    async def taken(self, desk: DeskId, through: int) -> Mapping[VesselId, int]:
        """Forget what a desk holds; return how many bytes that frees for each vessel."""
        return await self.writer.run(partial(feed.forget_taken, desk=desk, through=through))

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
        """Queue a bundle for a vessel; return whether it is new."""
        order = feed.DispatchOrder(
            desk=desk,
            vessel=vessel,
            dispatch=dispatch,
            at=at,
            keys=keys,
            most_bytes=most_bytes,
            from_operator=from_operator,
        )
        return await self.writer.run(partial(feed.queue_dispatch, order=order))

    # --- for the operator ---

    async def count_refusals(self, counts: Mapping[str, int]) -> None:
        """Add to the counters of what was refused."""

        async def count(connection: aiosqlite.Connection) -> None:
            await connection.executemany(
                "INSERT INTO refusals (code, count) VALUES (?, ?) "
                "ON CONFLICT (code) DO UPDATE SET count = count + excluded.count",
                list(counts.items()),
            )

        await self.writer.run(count)

    async def check_writable(self) -> None:
        """Commit something harmless that needs room; raises `StoreFailed`."""

        async def touch(connection: aiosqlite.Connection) -> None:
            code = "x" * _HEALTH_CHECK_BYTES
            await connection.execute("INSERT INTO refusals (code, count) VALUES (?, 0)", (code,))
            await connection.execute("DELETE FROM refusals WHERE code = ?", (code,))

        await self.writer.run(touch)

    async def status(self) -> RelayStatus:
        """Return what an operator may see."""
        async with self.reading() as reading:
            return await overview.read_status(reading)


async def _prepare(path: Path, size_bytes_max: int) -> aiosqlite.Connection:
    connection = await _connect(path)
    try:
        await migrate(connection, migrations())
        if size_bytes_max:
            page_bytes = await pragma(connection, "page_size")
            await connection.execute(f"PRAGMA max_page_count = {size_bytes_max // page_bytes}")
    except (RelayError, sqlite3.Error):
        await connection.close()
        raise
    return connection


async def _connect(path: Path) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(path, isolation_level=None)
    try:
        for setting in _SETTINGS:
            await connection.execute(f"PRAGMA {setting}")
    except sqlite3.Error:
        await connection.close()
        raise
    return connection
