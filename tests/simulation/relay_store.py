"""The relay's own store, driven as its vessel links drive it, and the desk that empties it."""

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

from protocol import limits
from protocol.deskfeed import Dispatch, ItemKind
from protocol.deskkeys import DeskKey
from protocol.events import Event, NumberTaken
from protocol.frames import Priority
from protocol.ids import DeskId, UnixSeconds
from protocol.journal import Change, Snapshot
from protocol.linkguard import GuardState, LinkGuard, rekey_secret
from protocol.links import Side
from protocol.provisioning import DeskCard
from shore_relay.relay.errors import StoreFailed
from shore_relay.relay.store import links
from shore_relay.relay.store.repository import LinkCommit, LinkState, NewVessel
from shore_relay.relay.store.session import Session
from shore_relay.relay.store.sqlite import SqliteStore, create
from tests.simulation.faults import DiskFull
from tests.simulation.store import DESK_PUBLIC, RELAY_PRIVATE, VESSEL, Berth, Outgoing

QUEUE_BYTES_MAX = 2**30
CARD = DeskCard(
    name="Desk",
    signing_public=bytes(32),
    keys=(DeskKey(public=DESK_PUBLIC, not_before=UnixSeconds(0), not_after=UnixSeconds(2**40)),),
)


class RelayStore:
    """One relay's database file, which knows one vessel and one desk."""

    def __init__(self, berth: Berth) -> None:
        self._berth = berth
        self._store = berth.run(SqliteStore.open(self.path(berth.folder)))
        self._key_ids: tuple[bytes, ...] = ()
        self._epoch = 0

    @staticmethod
    def path(folder: Path) -> Path:
        """Return the database file."""
        return folder / "relay.sqlite3"

    @classmethod
    def create(cls, berth: Berth) -> None:
        """Make the file of a relay that has just learned of a desk and a vessel."""
        berth.run(create(cls.path(berth.folder), RELAY_PRIVATE, UnixSeconds(0)))
        store = cls(berth)
        berth.run(store._store.add_desk(CARD, UnixSeconds(0)))
        guard = GuardState(secret=berth.secret)
        vessel = NewVessel(
            vessel=VESSEL,
            name="Simulated",
            desk=CARD.id,
            guard=guard,
            rekey_key=rekey_secret(berth.secret),
            key_ids=_key_ids(guard),
        )
        berth.run(store._store.add_vessel(vessel, UnixSeconds(0)))
        store.close()

    def _load(self) -> LinkState:
        state = self._berth.run(self._store.load_link(VESSEL, queued_max=2 * limits.BUNDLES_OFFERED_MAX))
        assert state is not None
        return state

    def snapshot(self) -> Snapshot:
        """Return what an engine starts from."""
        state = self._load()
        snapshot, self._epoch = state.snapshot, state.epoch
        self._key_ids = _key_ids(snapshot.guard)
        return snapshot

    def outgoing(self) -> list[Outgoing]:
        """Return the first that wait for the vessel."""
        queued = self._berth.run(self._store.queued(VESSEL, most=2 * limits.BUNDLES_OFFERED_MAX))
        return [
            Outgoing(
                number=waiting.number,
                priority=waiting.priority,
                data=waiting.data,
                begun=waiting.begun,
                acked=waiting.acked,
            )
            for waiting in queued
        ]

    def waits(self) -> bool:
        """Return whether any bundle is unsettled."""
        return bool(self._berth.run(self._store.queued(VESSEL, most=1)))

    def enqueue(self, priority: Priority, data: bytes) -> int:
        """Keep what a desk dispatches and return its number."""
        self._berth.before_commit()
        dispatch = Dispatch(ref=self._berth.draw(16), priority=priority, bundle=data)
        self._berth.run(
            self._store.dispatch(
                CARD.id, VESSEL, dispatch, self._berth.wall(), keys=None, most_bytes=QUEUE_BYTES_MAX
            )
        )
        queued = self._berth.run(self._store.queued(VESSEL, most=10_000))
        return next(waiting.number for waiting in queued if waiting.data == data)

    def commit(self, changes: list[Change], events: list[Event], key_ids: tuple[bytes, ...]) -> None:
        """Write all changes or none, with the index of key ids."""
        if not changes:
            return
        commit = LinkCommit(
            vessel=VESSEL,
            at=self._berth.wall(),
            bearer="simulated",
            changes=tuple(changes),
            key_ids=key_ids if key_ids != self._key_ids else None,
            epoch=self._epoch,
        )

        async def write(session: Session) -> set[DeskId]:
            desks = await links.commit_link(session, commit)
            try:
                self._berth.before_commit()
            except DiskFull:
                # The writer knows a full disk by what SQLite says.
                raise sqlite3.OperationalError("database or disk is full") from None
            return desks

        self._write(write)
        self._key_ids = key_ids

    def _write(self, operation: Callable[[Session], Awaitable[set[DeskId]]]) -> None:
        try:
            self._berth.run(self._store.writer.run(operation))
        except StoreFailed as failed:
            raise DiskFull from failed

    def act_on(self, events: list[Event]) -> None:
        """Give new numbers, each in a transaction of its own."""
        for event in events:
            if isinstance(event, NumberTaken):
                self._berth.before_commit()
                self._berth.run(self._store.renumber(VESSEL, event.number, above=event.highest))

    def knows_key(self, key_id: bytes) -> bool:
        """Return whether the index has this key id."""
        return VESSEL in self._berth.run(self._store.vessels_with_key(key_id))

    def collect(self) -> list[bytes]:
        """Be the desk: fetch a page, keep it, and only then tell the relay to forget it."""
        found: list[bytes] = []
        cursor = 0
        while True:
            page = self._berth.run(self._store.feed(CARD.id, cursor, most_items=16, most_bytes=100_000))
            if not page:
                return found
            cursor = page[-1].cursor
            found += [item.bundle for item in page if item.kind is ItemKind.BUNDLE]
            self._berth.run(self._store.taken(CARD.id, cursor))

    def set_back(self, secret: bytes) -> None:
        """Do what a restore does."""
        guard = GuardState(secret=secret)

        async def write(session: Session) -> None:
            await links.save_guard(session, VESSEL, guard)
            links.save_key_ids(session, VESSEL, _key_ids(guard))
            await session.change("UPDATE vessels SET next_number = next_number + ?", (self._berth.leap(),))

        self._berth.run(self._store.writer.run(write))

    def close(self) -> None:
        """Let go of the file."""
        self._berth.run(self._store.close())


def _key_ids(guard: GuardState) -> tuple[bytes, ...]:
    return LinkGuard(guard, Side.RELAY, lambda _state: None).key_ids()
