"""Opens the store that the settings name: a file in the data folder, or a PostgreSQL database."""

from importlib.util import find_spec
from pathlib import Path

from protocol.ids import UnixSeconds
from shore_relay.relay.data_folder import database_path
from shore_relay.relay.errors import SettingsInvalid
from shore_relay.relay.settings import Settings
from shore_relay.relay.store import sqlite
from shore_relay.relay.store.postgres_address import PostgresAddress, read_address
from shore_relay.relay.store.sql_store import OnFeed, SqlStore


def _nobody(_desk: object) -> None:
    """Do nothing where no desk waits."""


async def open_store(folder: Path, settings: Settings, *, on_feed: OnFeed = _nobody) -> SqlStore:
    """Open the relay's store; close it, or use it in an `async with`.

    Raises what `SqliteStore.open` and `PostgresStore.open` raise.
    """
    if not settings.store:
        return await sqlite.SqliteStore.open(
            database_path(folder), on_feed=on_feed, size_bytes_max=settings.database_bytes_max
        )
    address = postgres_address(folder, settings)
    # Loaded only here: a relay on a file needs no driver.
    from shore_relay.relay.store.postgres import PostgresStore

    return await PostgresStore.open(address, on_feed=on_feed)


async def create_store(folder: Path, settings: Settings, rekey_private: bytes, at: UnixSeconds) -> bool:
    """Make the store of a new relay; return False for a database that another relay has made already.

    Raises `AlreadyInitialised` for a file, and what opening raises.
    """
    if not settings.store:
        await sqlite.create(database_path(folder), rekey_private, at)
        return True
    address = postgres_address(folder, settings)
    from shore_relay.relay.store import postgres

    return await postgres.create(address, rekey_private, at)


def postgres_address(folder: Path, settings: Settings) -> PostgresAddress:
    """Return the database that the settings name; raises `SettingsInvalid` or `SecretUnreadable`."""
    address = read_address(settings.store, settings.store_password_file, folder)
    if find_spec("asyncpg") is None:
        raise SettingsInvalid(
            "A relay on PostgreSQL needs the driver asyncpg: pip install 'seavoice[postgres]'"
        )
    return address
