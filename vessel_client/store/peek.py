"""Questions to the store for those who must not load or change it."""

import sqlite3
from pathlib import Path

from vessel_client.store.names import DATABASE_FILE


def stored_urls(data_dir: Path) -> dict[str, str] | None:
    """Return the relay's URLs by bearer, or None where the store cannot be asked; opening it will say why."""
    try:
        connection = sqlite3.connect(f"file:{data_dir / DATABASE_FILE}?mode=ro", uri=True)
        try:
            return dict(connection.execute("SELECT kind, url FROM relay_address ORDER BY position DESC"))
        finally:
            connection.close()
    except sqlite3.Error:
        return None


def stored_schema(data_dir: Path) -> int | None:
    """Return the number of the store's schema, or None where the store cannot be asked."""
    try:
        connection = sqlite3.connect(f"file:{data_dir / DATABASE_FILE}?mode=ro", uri=True)
        try:
            (number,) = connection.execute("PRAGMA user_version").fetchone()
            return int(number)
        finally:
            connection.close()
    except sqlite3.Error:
        return None
