"""Everything that the relay asks of a store, in SQL that SQLite and PostgreSQL share."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import TracebackType

from protocol.deskfeed import Dispatch, FeedItem
from protocol.ids import DeskId, UnixSeconds, VesselId
from protocol.linkguard import GuardState
from protocol.provisioning import DeskCard
from shore_relay.relay.store import directory, feed, links, overview, relays
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
from shore_relay.relay.store.session import Session, Transactions, only_row
from shore_relay.relay.store.writer import GroupWriter

OnFeed = Callable[[DeskId], None]
OnDispatch = Callable[[VesselId], None]
RELAY_ID_BYTES = 8
_ASKED_AT_ONCE = 500


class SqlStore(Repository):
    """A store, but for how it is opened, read and closed."""

    def __init__(self, transactions: Transactions, on_feed: OnFeed) -> None:
        self._on_feed = on_feed
        self.relay = secrets.token_bytes(RELAY_ID_BYTES)
        """By which other relays on the same store know this one; another after each start."""
        self.writer = GroupWriter(transactions, sorts=self.shared)

    async def __aenter__(self) -> "SqlStore":
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.close()

    def reading(self) -> AbstractAsyncContextManager[Session]:
        """Lend a session that reads; raises `StoreFailed` where the database cannot be read."""
        raise NotImplementedError

    async def forget_old_pages(self) -> None:
        """Wipe what commits have overwritten, such as link keys, where the database keeps it for a while."""

    async def join(self, at: UnixSeconds, *, lease_s: int) -> None:
        """Say that this relay serves."""
        alive_until = UnixSeconds(at + lease_s)
        await self.writer.run(
            partial(relays.join, relay=self.relay, alive_until=alive_until, alone=not self.shared)
        )

    async def listen(self, on_dispatch: OnDispatch) -> None:
        """Hear from other relays on this store what came in for desks and vessels, until cancelled."""

    async def leave(self) -> None:
        """Say that it serves no longer."""
        await self.writer.run(partial(relays.leave, relay=self.relay))

    # --- the relay itself, desks and vessels ---

    async def rekey_private(self) -> bytes:
        """Return the relay's X25519 private key for rekeys."""
        async with self.reading() as reading:
            (private,) = await only_row(reading, "SELECT rekey_private FROM relay")
        return bytes(private)

    async def operator_private(self, fresh: bytes) -> bytes:
        """Return the operator's Ed25519 private key; a relay that has none keeps `fresh` from now on."""

        async def keep(session: Session) -> bytes:
            await session.change(
                "UPDATE relay SET operator_private = ? WHERE operator_private = x''", (fresh,)
            )
            (private,) = await only_row(session, "SELECT operator_private FROM relay")
            return bytes(private)

        return await self.writer.run(keep)

    async def find_vessel(self, name: str) -> tuple[VesselId, DeskId] | None:
        """Return a vessel and its desk by name or hexadecimal id, or None."""
        query = "SELECT vessel, desk FROM vessels WHERE name = ? OR vessel = ?"
        async with self.reading() as reading:
            row = await reading.row(query, (name, _id_from(name)))
        return None if row is None else (VesselId(row[0]), DeskId(row[1]))

    async def add_desk(self, card: DeskCard, at: UnixSeconds) -> bool:
        """Add a desk or new keys of a known one; return whether it is new."""
        return await self.writer.run(partial(directory.add_desk, card=card, at=at))

    async def add_vessel(self, vessel: NewVessel, at: UnixSeconds) -> None:
        """Add a vessel with the keys of its link."""

        async def add(session: Session) -> None:
            await directory.add_vessel(session, vessel, at)
            await links.save_guard(session, vessel.vessel, vessel.guard)
            links.save_key_ids(session, vessel.vessel, vessel.key_ids)

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
        async with self.reading() as reading:
            row = await reading.row(query, (vessel,))
        return None if row is None else row[0] > 0

    async def set_revoked(self, vessel: VesselId, at: UnixSeconds) -> None:
        """End a vessel's link, or let it be served again with 0."""

        async def update(session: Session) -> None:
            # Whichever relay has the link commits nothing more, and looks here before it goes on.
            session.epochs.pop(vessel, None)
            await session.change("UPDATE guards SET epoch = epoch + 1 WHERE vessel = ?", (vessel,))
            await session.change("UPDATE vessels SET revoked_at = ? WHERE vessel = ?", (at, vessel))

        await self.writer.run(update, about=vessel)

    # --- links ---

    async def key_index(self) -> tuple[tuple[bytes, VesselId], ...]:
        """Return every key id with the vessel that may use it."""
        async with self.reading() as reading:
            rows = await reading.rows("SELECT key_id, vessel FROM link_keys")
        return tuple((key_id, VesselId(vessel)) for key_id, vessel in rows)

    async def vessels_with_key(self, key_id: bytes) -> tuple[VesselId, ...]:
        """Return the vessels that may use a key id."""
        query = "SELECT vessel FROM link_keys WHERE key_id = ?"
        async with self.reading() as reading:
            rows = await reading.rows(query, (key_id,))
        return tuple(VesselId(row[0]) for row in rows)

    async def load_link(self, vessel: VesselId, *, queued_max: int) -> LinkState | None:
        """Take a vessel's link over and return its state. It waits its turn, so that no write is missed."""
        load = partial(links.load_link, vessel=vessel, relay=self.relay, queued_max=queued_max)
        return await self.writer.run(load, about=vessel)

    async def guard(self, vessel: VesselId) -> GuardState | None:
        """Return the keys and windows of a vessel's link, without taking it over."""
        async with self.reading() as reading:
            return await links.read_guard(reading, vessel)

    async def epoch(self, vessel: VesselId) -> int | None:
        """Return the epoch of whoever has a vessel's link now, or None."""
        async with self.reading() as reading:
            return await links.read_epoch(reading, vessel)

    async def held_bytes(self, vessel: VesselId) -> int:
        """Return how many sealed bytes of a vessel wait for desks."""
        async with self.reading() as reading:
            return await links.held_bytes(reading, vessel)

    async def waiting(self, vessels: Sequence[VesselId]) -> tuple[VesselId, ...]:
        """Return those of the vessels for which something is queued."""
        found: list[VesselId] = []
        async with self.reading() as reading:
            for start in range(0, len(vessels), _ASKED_AT_ONCE):
                asked = vessels[start : start + _ASKED_AT_ONCE]
                holes = ", ".join("?" * len(asked))
                rows = await reading.rows(
                    "SELECT DISTINCT vessel FROM dispatches "  # noqa: S608  # Holes only.
                    f"WHERE settled = 0 AND vessel IN ({holes})",
                    asked,
                )
                found += [VesselId(row[0]) for row in rows]
        return tuple(found)

    async def commit_link(self, commit: LinkCommit) -> None:
        """Store what one step of an engine changed."""
        await self.writer.run(
            partial(links.commit_link, commit=commit), after=self._announce, about=commit.vessel
        )

    def _announce(self, desks: set[DeskId]) -> None:
        for desk in desks:
            self._on_feed(desk)

    async def queued(self, vessel: VesselId, *, most: int) -> tuple[QueuedBundle, ...]:
        """Return the first bundles that wait for a vessel, by priority and number."""
        async with self.reading() as reading:
            return await links.load_queued(reading, vessel, most=most)

    async def renumber(self, vessel: VesselId, number: int, *, above: int) -> None:
        """Give a waiting bundle a new number above `above`."""
        await self.writer.run(
            partial(links.renumber, vessel=vessel, number=number, above=above), about=vessel
        )

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
        return await self.writer.run(
            partial(feed.queue_dispatch, order=order),
            after=lambda new: self.announce_work(vessel) if new else None,
            about=vessel,
        )

    def announce_work(self, vessel: VesselId) -> None:
        """Let other relays on this store know that there is something to do for a vessel."""

    # --- for the operator ---

    async def count_refusals(self, counts: Mapping[str, int]) -> None:
        """Add to the counters of what was refused."""

        async def count(session: Session) -> None:
            await session.change_many(
                "INSERT INTO refusals (code, count) VALUES (?, ?) "
                "ON CONFLICT (code) DO UPDATE SET count = refusals.count + excluded.count",
                sorted(counts.items()),
            )

        await self.writer.run(count)

    async def check_writable(self) -> None:
        """Commit something harmless; raises `StoreFailed`."""

        async def touch(session: Session) -> None:
            await session.change("UPDATE relay SET created_at = created_at WHERE id = 1")

        await self.writer.run(touch)

    async def status(self) -> RelayStatus:
        """Return what an operator may see."""
        async with self.reading() as reading:
            return await overview.read_status(reading)


def _id_from(name: str) -> bytes:
    """Return the id that a name may be written as; no vessel has an empty one."""
    try:
        return bytes.fromhex(name)
    except ValueError:
        return b""
