"""Brings a database file to today's tables, step by numbered step, and tells whose file it is."""

import sqlite3
from importlib import resources

import aiosqlite

from shore_relay.relay.errors import StoreFromFuture, StoreUnusable

APPLICATION_ID = 0x53565259
"""Marks the file as a relay's ("SVRY"), so that another program's file is not taken for one."""


def migrations() -> tuple[str, ...]:
    """Return the SQL of every step, in order."""
    folder = resources.files("shore_relay.relay.store.migrations")
    steps = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name
    )
    return tuple(step.read_text(encoding="utf-8") for step in steps)


async def pragma(connection: aiosqlite.Connection, name: str) -> int:
    """Return the value of a pragma that is a whole number."""
    async with connection.execute(f"PRAGMA {name}") as cursor:
        row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def migrate(connection: aiosqlite.Connection, steps: tuple[str, ...]) -> None:
    """Apply the steps that the file lacks, each in its own transaction.

    Raises `StoreFromFuture`, or `StoreUnusable` for another program's file; then the file is untouched.
    """
    version = await pragma(connection, "user_version")
    if version > len(steps):
        raise StoreFromFuture(
            f"The relay's database has version {version}, this program knows {len(steps)}: a newer "
            "program wrote it. Install that version again, or a later one."
        )
    if version and await pragma(connection, "application_id") != APPLICATION_ID:
        raise StoreUnusable("The database file is another program's; name the right data folder with --data.")
    for number, step in enumerate(steps[version:], start=version + 1):
        try:
            await connection.executescript(
                f"BEGIN IMMEDIATE;\n{step}\nPRAGMA application_id = {APPLICATION_ID};\n"
                f"PRAGMA user_version = {number};\nCOMMIT;"
            )
        except sqlite3.Error:
            if connection.in_transaction:
                await connection.execute("ROLLBACK")
            raise
