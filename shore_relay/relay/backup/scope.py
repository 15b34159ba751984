"""Backups and upgrades are of a relay whose store is a file; PostgreSQL has its own, better tools."""

from pathlib import Path

from shore_relay.relay.data_folder import require_relay
from shore_relay.relay.errors import SettingsInvalid
from shore_relay.relay.settings import load_settings


def require_file(folder: Path) -> None:
    """Raise `DataFolderMissing` or `SettingsInvalid` unless the folder's relay keeps its store in a file."""
    if load_settings(folder).store:
        raise SettingsInvalid(
            "This relay's store is PostgreSQL, which is brought to today's tables by `serve`: back it up and "
            "restore it with pg_dump and pg_restore, and the folder by copying it (docs/relay-cluster.md)."
        )
    require_relay(folder)
