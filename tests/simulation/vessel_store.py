"""The vessel's own store, driven as its sync service drives it."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from protocol import bundle as bundles
from protocol import limits
from protocol.deskkeys import DeskKey
from protocol.events import BundleRefused, Event, NumberTaken
from protocol.frames import Priority
from protocol.ids import UnixSeconds
from protocol.journal import Change, Snapshot
from protocol.linkguard import GuardState, rekey_secret
from protocol.origin import public_half
from tests.simulation.store import DESK_PUBLIC, RELAY_PRIVATE, VESSEL, Berth, Outgoing
from vessel_client.store import guard, outbox
from vessel_client.store.box import Box, insert_box
from vessel_client.store.changes import load_snapshot, write_changes
from vessel_client.store.database import (
    DATABASE_FILE,
    Connection,
    Database,
    create_file,
    open_database,
)
from vessel_client.store.inbox import list_mail

MAILBOX = bytes(16)


class VesselStore:
    """One box's database file."""

    def __init__(self, berth: Berth) -> None:
        self._berth = berth
        self._database: Database = berth.run(open_database(berth.folder))

    @staticmethod
    def path(folder: Path) -> Path:
        """Return the database file."""
        return folder / DATABASE_FILE

    @classmethod
    def create(cls, berth: Berth) -> None:
        """Make the file of a box that has just been provisioned."""
        create_file(berth.folder)
        store = cls(berth)
        box = Box(
            vessel=VESSEL,
            vessel_name="Simulated",
            issued_at=UnixSeconds(0),
            box_private=bytes(32),
            relay_public=public_half(RELAY_PRIVATE),
            rekey_key=rekey_secret(berth.secret),
            addresses=(),
            desk_name="Desk",
            desk_signing_public=bytes(32),
            desk_keys_issued_at=UnixSeconds(0),
            desk_keys=(DeskKey(public=DESK_PUBLIC, not_before=UnixSeconds(0), not_after=UnixSeconds(2**40)),),
        )

        async def write() -> None:
            async with store._database.transaction() as connection:
                await insert_box(connection, box)
                await guard.save_guard(connection, GuardState(secret=berth.secret))

        berth.run(write())
        store.close()

    def snapshot(self) -> Snapshot:
        """Return what an engine starts from."""

        async def read() -> Snapshot:
            async with self._database.reading() as connection:
                return await load_snapshot(connection, rekey_secret(self._berth.secret))

        return self._berth.run(read())

    def outgoing(self) -> list[Outgoing]:
        """Return the first in line."""
        return self._berth.run(self._line())

    async def _line(self) -> list[Outgoing]:
        async with self._database.reading() as connection:
            line = await outbox.first_in_line(connection, limits.BUNDLES_OFFERED_MAX)
            found = [await outbox.load_waiting(connection, number) for number in line]
        return [
            Outgoing(
                number=waiting.number,
                priority=waiting.priority,
                data=waiting.data,
                begun=waiting.begun,
                acked=waiting.acked,
            )
            for waiting in found
            if waiting is not None
        ]

    def waits(self) -> bool:
        """Return whether any bundle is unsettled."""
        return bool(self.outgoing())

    def enqueue(self, priority: Priority, data: bytes) -> int:
        """Keep a new bundle and return its number."""
        new = outbox.NewBundle(
            ref=self._berth.draw(16),
            digest=hashlib.sha256(data).digest(),
            desk_key=bytes(self._berth.desk_key),
            priority=priority,
            queued_at=self._berth.wall(),
            expires_at=None,
        )

        async def write() -> int:
            async with self._database.transaction() as connection:
                number = await outbox.next_number(connection)
                await outbox.insert_bundle(connection, number, new, data)
                self._berth.before_commit()
                return number

        return self._berth.run(write())

    def commit(self, changes: list[Change], events: list[Event], key_ids: tuple[bytes, ...]) -> None:
        """Write all changes or none, with new numbers and refusals in the same transaction."""

        async def write() -> None:
            async with self._database.transaction() as connection:
                await write_changes(connection, changes, self._berth.wall())
                await self._write_events(connection, events)
                self._berth.before_commit()

        if changes or any(isinstance(event, NumberTaken | BundleRefused) for event in events):
            self._berth.run(write())

    async def _write_events(self, connection: Connection, events: Iterable[Event]) -> None:
        for event in events:
            match event:
                case NumberTaken(number=number, highest=highest):
                    waiting = await outbox.load_waiting(connection, number)
                    assert waiting is not None
                    moved = await outbox.next_number(connection, above=highest)
                    # The service makes a new origin tag here; these bundles keep theirs, to be told apart by.
                    await outbox.renumber(connection, number, moved, waiting.data)
                case BundleRefused(number=number, reason=reason):
                    await outbox.mark_refused(connection, number, reason.name.lower())
                case _:
                    pass

    def act_on(self, events: list[Event]) -> None:
        """Do nothing: the box has written all of it with the changes."""

    def knows_key(self, key_id: bytes) -> bool:
        """Answer nothing: only a relay finds a vessel by its key."""
        raise NotImplementedError("only a relay is asked for key ids")

    def collect(self) -> list[bytes]:
        """Return all answers, as a fisher's page would fetch them again and again."""

        async def read() -> list[bytes]:
            async with self._database.reading() as connection:
                found = await list_mail(connection, bundles.MailboxId(MAILBOX), 10_000)
            return [bundles.encode(stored.mail) for stored in found]

        return self._berth.run(read())

    def set_back(self, secret: bytes) -> None:
        """Do what a restore does."""

        async def write() -> None:
            async with self._database.transaction() as connection:
                await guard.save_guard(connection, GuardState(secret=secret))
                last = await outbox.next_number(connection)
                await outbox.next_number(connection, above=last + self._berth.leap())

        self._berth.run(write())

    def close(self) -> None:
        """Let go of the file."""
        self._berth.run(self._database.close())
