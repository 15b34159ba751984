"""The composition root: everything that one run of the desk shares, opened once and closed once."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from protocol.ids import UnixSeconds
from shore_relay.desk.actor import Actor
from shore_relay.desk.keyring import Keyring
from shore_relay.desk.settings import Settings
from shore_relay.desk.store.database import Database
from shore_relay.desk.vault import Vault

WallClock = Callable[[], UnixSeconds]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One desk, unlocked."""

    data: Path
    settings: Settings
    keyring: Keyring
    vault: Vault
    database: Database
    now: WallClock

    @property
    def actor(self) -> Actor:
        """Whoever's passphrase opened it; raises `UnknownPerson` once that person has left."""
        return self.keyring.person.actor


def wall_clock() -> UnixSeconds:
    """Return the date that this computer believes; shown to people, never used for ordering."""
    return UnixSeconds(int(time.time()))


@asynccontextmanager
async def open_desk(
    data: Path, passphrase: str, settings: Settings, now: WallClock = wall_clock, person: str = ""
) -> AsyncIterator[Desk]:
    """Unlock the keys and open the database of a data folder, as `person` or the only one there is.

    Raises: DeskError.
    """
    keyring = await asyncio.to_thread(Keyring.unlock, data, passphrase, person)
    database = await Database.open(data)
    try:
        yield Desk(
            data=data,
            settings=settings,
            keyring=keyring,
            vault=Vault(*keyring.keys.store_keys, now=lambda: keyring.keys.store_keys),
            database=database,
            now=now,
        )
    finally:
        await database.close()
