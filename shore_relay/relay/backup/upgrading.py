"""`seavoice-relay upgrade`: brings the tables to this program's version, and keeps a copy."""

import os
from dataclasses import dataclass
from pathlib import Path

from shore_relay.relay.backup.scope import require_file
from shore_relay.relay.data_folder import database_path, serving
from shore_relay.relay.errors import BackupFailed, RelayError
from shore_relay.relay.store.sqlite import SqliteStore
from shore_relay.relay.store.sqlite_copy import copy_database, counts, examine


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """What an upgrade did."""

    before: int
    after: int
    copy: Path | None
    """The database as it was; None where there was nothing to do."""


async def upgrade(folder: Path) -> Upgraded:
    """Bring a relay at rest to today's tables; where anything fails, it is again as it was.

    Raises `SettingsInvalid`, `DataFolderMissing`, `AlreadyServing`, `StoreUnusable`, `StoreFromFuture` or
    `BackupFailed`.
    """
    require_file(folder)
    path = database_path(folder)
    with serving(folder):
        before = examine(path)
        copy = folder / f"relay-of-version-{before}.db"
        copy.unlink(missing_ok=True)
        copy_database(path, copy)
        try:
            async with await SqliteStore.open(path):
                pass
            after = examine(path)
            _require_all_rows(copy, path)
        except RelayError:
            _put_back(copy, path)
            raise
        if after == before:
            copy.unlink()
            return Upgraded(before=before, after=after, copy=None)
    return Upgraded(before=before, after=after, copy=copy)


def _require_all_rows(copy: Path, path: Path) -> None:
    now = counts(path)
    for table, rows in counts(copy).items():
        if now.get(table) != rows:
            raise BackupFailed(
                f"After the upgrade {table} has {now.get(table, 0)} rows, not {rows}: undone; report it."
            )


def _put_back(copy: Path, path: Path) -> None:
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    os.replace(copy, path)
