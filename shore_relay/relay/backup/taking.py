"""Taking a backup while the relay serves, and putting one in place."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyrage

from protocol.ids import UnixSeconds
from shore_relay.relay.backup.archive import Manifest, Part, is_name, part_of, read_archive, write_archive
from shore_relay.relay.backup.scope import require_file
from shore_relay.relay.data_folder import database_path, make_folder
from shore_relay.relay.errors import (
    AlreadyInitialised,
    BackupFailed,
    BackupUnreadable,
    OutputUnwritable,
    StoreUnusable,
)
from shore_relay.relay.marks import Mark, write_mark
from shore_relay.relay.rotation import Entropy, forget_link_keys
from shore_relay.relay.store.sqlite import SqliteStore
from shore_relay.relay.store.sqlite_copy import copy_database, counts, examine
from shore_relay.relay.watch.facts import program_version

_SMALL_BYTES_MAX = 1_000_000
"""Settings, keys and lists; whatever else somebody put into the folder is not ours to carry."""
_NOT_CARRIED = frozenset({"serving.lock", "backup.json", "restored.json"})
_NOT_CARRIED_ENDS = (".new", ".unfinished", ".sock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A backup that was made and read back."""

    manifest: Manifest
    size_bytes: int


def take(
    folder: Path, target: Path, recipients: Sequence[pyrage.x25519.Recipient], now: UnixSeconds
) -> Taken:
    """Write a backup of a relay, which may serve meanwhile, and read it back to its last byte.

    Raises `DataFolderMissing`, `BackupFailed`, `StoreUnusable` or `OutputUnwritable`; then no file is left.
    """
    require_file(folder)
    if target.exists():
        raise OutputUnwritable(f"{target} is there already; name a new file for each backup.")
    unfinished = target.with_name(target.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    # Only this run has the key: it proves that what was written can be opened, and is then gone.
    witness = pyrage.x25519.Identity.generate()
    with _workplace(folder) as workplace:
        manifest = _gather(folder, workplace, now)
        write_archive(unfinished, manifest, workplace, [*recipients, witness.to_public()])
    try:
        if read_archive(unfinished, witness, None) != manifest:
            raise BackupFailed(f"{target} does not hold what was written; look at its disk, and try again.")
    except BackupUnreadable as reason:
        unfinished.unlink(missing_ok=True)
        raise BackupFailed(f"What was written cannot be read back: {reason}") from reason
    size_bytes = unfinished.stat().st_size
    os.rename(unfinished, target)
    write_mark(folder, "backup", Mark(at=now, data_at=now))
    return Taken(manifest=manifest, size_bytes=size_bytes)


@contextmanager
def _workplace(beside: Path) -> Iterator[Path]:
    """Lend a folder on the same disk, readable by its owner alone, and remove it in the end."""
    try:
        workplace = Path(tempfile.mkdtemp(prefix=".backup-", dir=beside))
    except OSError as reason:
        raise BackupFailed(f"{beside} cannot be written ({reason.strerror}); mend its rights.") from reason
    try:
        yield workplace
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def _gather(folder: Path, workplace: Path, now: UnixSeconds) -> Manifest:
    database = database_path(workplace)
    copy_database(database_path(folder), database)
    schema = examine(database)
    parts = [part_of(database)]
    try:
        for path in sorted(folder.iterdir()):
            if _is_carried(path, database.name):
                shutil.copyfile(path, workplace / path.name)
                parts.append(part_of(workplace / path.name))
    except OSError as reason:
        raise BackupFailed(f"{folder} cannot be copied ({reason}); make room on its disk.") from reason
    return Manifest(
        taken_at=now,
        program=program_version(),
        schema=schema,
        counts=counts(database),
        parts=tuple(parts),
    )


def _is_carried(path: Path, database: str) -> bool:
    name = path.name
    if name.startswith(database) or name in _NOT_CARRIED or name.endswith(_NOT_CARRIED_ENDS):
        return False
    is_ours = is_name(name) and path.is_file() and not path.is_symlink()
    return is_ours and path.stat().st_size <= _SMALL_BYTES_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A relay that was put in place."""

    manifest: Manifest
    vessels: int
    """How many have to agree on new link keys; each does so when it next speaks."""


def check(source: Path, identity: pyrage.x25519.Identity, beside: Path) -> Manifest:
    """Read a backup to its end and examine its database, changing nothing. Raises as `restore` does."""
    with _workplace(beside) as workplace:
        return _open(source, identity, workplace)


async def restore(
    source: Path, identity: pyrage.x25519.Identity, folder: Path, entropy: Entropy, now: UnixSeconds
) -> Restored:
    """Put a backup in place in a folder that holds no relay yet.

    Every vessel then asks for new link keys: what was sent since used counters that the backup does not know.
    Raises `AlreadyInitialised`, `BackupUnreadable`, `BackupFailed`, `StoreFromFuture` or `OutputUnwritable`.
    """
    if database_path(folder).exists():
        raise AlreadyInitialised(
            f"{folder} holds a relay already; name another folder with --data, or move that one away first."
        )
    make_folder(folder)
    with _workplace(folder) as workplace:
        manifest = _open(source, identity, workplace)
        vessels = await _forget_all_link_keys(workplace, entropy, now)
        try:
            write_mark(folder, "restored", Mark(at=now, data_at=manifest.taken_at))
            for part in _database_last(manifest.parts, database_path(folder).name):
                os.rename(workplace / part.name, folder / part.name)
        except OSError as reason:
            raise OutputUnwritable(
                f"{folder} cannot be written ({reason.strerror}); make room, or mend its rights."
            ) from reason
    return Restored(manifest=manifest, vessels=vessels)


async def _forget_all_link_keys(workplace: Path, entropy: Entropy, now: UnixSeconds) -> int:
    """A counter used twice would give two packets away, so no key of the backup may seal anything again."""
    async with await SqliteStore.open(database_path(workplace)) as store:
        vessels = (await store.status()).vessels
        await asyncio.gather(*(forget_link_keys(store, each.vessel, entropy, now) for each in vessels))
        await store.forget_old_pages()
    return len(vessels)


def _open(source: Path, identity: pyrage.x25519.Identity, workplace: Path) -> Manifest:
    manifest = read_archive(source, identity, workplace)
    database = database_path(workplace)
    if not database.exists():
        raise BackupUnreadable(f"{source} holds no database; use another backup.")
    try:
        schema = examine(database)
    except StoreUnusable as reason:
        raise BackupUnreadable(f"The database in {source} is damaged: {reason}") from reason
    if schema != manifest.schema or counts(database) != dict(manifest.counts):
        raise BackupUnreadable(f"The database in {source} is not what its list says; use another backup.")
    return manifest


def _database_last(parts: Sequence[Part], database: str) -> list[Part]:
    # A folder counts as a relay's once its database is there, so that comes when all else is in place.
    return sorted(parts, key=lambda part: part.name == database)
