"""Brings a PostgreSQL database to today's tables, whichever of several relays comes first."""

from importlib import resources

import asyncpg

from shore_relay.relay.errors import StoreFromFuture, StoreOutdated, StoreUnusable

PROGRAM = "seavoice-relay"
VERSION_MIN = 13
"""The oldest that the PostgreSQL project still maintained when this was written."""
_RACES_MAX = 5


def steps() -> tuple[str, ...]:
    """Return the SQL of every step, in order."""
    folder = resources.files("shore_relay.relay.store.migrations_postgres")
    found = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name
    )
    return tuple(step.read_text(encoding="utf-8") for step in found)


def require_version(major: int) -> None:
    """Raise `StoreOutdated` for a server that is too old."""
    if major < VERSION_MIN:
        raise StoreOutdated(
            f"This is PostgreSQL {major}; the relay needs {VERSION_MIN} or newer. Upgrade the server."
        )


async def require_utf8(connection: asyncpg.Connection) -> None:
    """Raise `StoreUnusable` for a database that cannot keep every name."""
    if await connection.fetchval("SHOW server_encoding") != "UTF8":
        raise StoreUnusable("The database must have the encoding UTF8; create it with: createdb -E UTF8")


async def migrate(connection: asyncpg.Connection, wanted: tuple[str, ...]) -> None:
    """Apply the steps that the database lacks, all of them or none.

    Raises `StoreOutdated`, `StoreFromFuture`, or `StoreUnusable` for another program's database, which is
    left alone.
    """
    require_version(connection.get_server_version().major)
    await require_utf8(connection)
    for race in range(_RACES_MAX):
        try:
            async with connection.transaction():
                await _apply(connection, wanted)
        except (asyncpg.UniqueViolationError, asyncpg.DuplicateTableError) as reason:
            if race + 1 < _RACES_MAX and not await _is_foreign(connection):
                # Another relay made the first table in the same moment.
                continue
            raise StoreUnusable(
                "The database holds tables of another program; let store name an empty database."
            ) from reason
        return


async def _is_foreign(connection: asyncpg.Connection) -> bool:
    return await connection.fetchval("SELECT to_regclass('seavoice_schema') IS NULL") is True


async def _apply(connection: asyncpg.Connection, wanted: tuple[str, ...]) -> None:
    version = await _version(connection)
    if version == len(wanted):
        return
    if version is None:
        await connection.execute(
            "CREATE TABLE seavoice_schema (id BIGINT PRIMARY KEY CHECK (id = 1), "
            "program TEXT NOT NULL, version BIGINT NOT NULL)"
        )
        await connection.execute("INSERT INTO seavoice_schema VALUES (1, $1, 0)", PROGRAM)
    # One relay changes the tables, the others wait here and find it done.
    await connection.execute("LOCK TABLE seavoice_schema IN ACCESS EXCLUSIVE MODE")
    version = await _version(connection) or 0
    if version > len(wanted):
        raise StoreFromFuture(
            f"The relay's database has version {version}, this program knows {len(wanted)}: a newer "
            "program wrote it. Install that version again, or a later one."
        )
    for step in wanted[version:]:
        await connection.execute(step)
    await connection.execute("UPDATE seavoice_schema SET version = $1", len(wanted))


async def _version(connection: asyncpg.Connection) -> int | None:
    if await _is_foreign(connection):
        return None
    row = await connection.fetchrow("SELECT program, version FROM seavoice_schema")
    if row is None or row[0] != PROGRAM:
        raise StoreUnusable("The database is another program's; let store name an empty one.")
    return int(row[1])
