"""SQLite's own ways to copy and to examine a database file. On PostgreSQL its own tools do this."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from shore_relay.relay.errors import BackupFailed, BackupUnreadable, StoreFromFuture, StoreUnusable
from shore_relay.relay.store.schema import APPLICATION_ID, migrations

_FILE_OWNER_ONLY = 0o600
_PAGES_AT_ONCE = 2_000
"""Between so many pages others may write; the copy then takes up what they wrote."""
_BUSY_TIMEOUT_S = 30.0


def copy_database(source: Path, target: Path) -> None:
    """Copy a database as of one moment, also while a relay writes to it. Raises `BackupFailed`."""
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE_OWNER_ONLY))
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=_BUSY_TIMEOUT_S)) as reading,
            closing(sqlite3.connect(target)) as writing,
        ):
            # One transaction's view: a busy relay would make a copy in steps begin again and again.
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            reading.backup(writing, pages=_PAGES_AT_ONCE)
            writing.execute("PRAGMA journal_mode = DELETE")
    except (OSError, sqlite3.Error) as reason:
        target.unlink(missing_ok=True)
        raise BackupFailed(
            f"The database could not be copied ({reason}); make room on its disk and try again."
        ) from reason


def examine(path: Path) -> int:
    """Return the version of a whole and sound relay database.

    Raises `StoreUnusable` where it is not one, `StoreFromFuture` where a newer program wrote it.
    """
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            faults = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)")]
            loose = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error as reason:
        raise StoreUnusable(f"{path} is no sound database ({reason}); restore it from a backup.") from reason
    if application != APPLICATION_ID:
        raise StoreUnusable(f"{path} is not a relay's database; name the right one.")
    if version > len(migrations()):
        raise StoreFromFuture(
            f"The database has version {version}, this program knows {len(migrations())}: install the "
            "version that wrote it, or a later one."
        )
    if faults != ["ok"] or loose is not None:
        found = faults[0] if loose is None else "loose rows"
        raise StoreUnusable(f"{path} is damaged ({found}); restore it from a backup.")
    return int(version)


def counts(path: Path) -> dict[str, int]:
    """Return how many rows each table has; raises `BackupUnreadable`."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            names = [
                str(row[0])
                for row in connection.execute(
                    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
                    "ORDER BY name"
                )
            ]
            found: dict[str, int] = {}
            for name in names:
                # The name comes from the file's own list of tables.
                (count,) = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()  # noqa: S608
                found[name] = int(count)
            return found
    except sqlite3.Error as reason:
        raise BackupUnreadable(f"{path} cannot be read ({reason}); use another backup.") from reason
