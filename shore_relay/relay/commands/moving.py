"""`seavoice-relay migrate-store SQLITE DSN`: from one file on one machine to a database for many relays."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from protocol.documents import Json
from shore_relay.relay.commands.frame import STORE_ERRORS, Command, Example, as_json, say
from shore_relay.relay.data_folder import database_path, serving
from shore_relay.relay.errors import (
    AlreadyServing,
    SettingsInvalid,
    StoreLoginRefused,
    StoreOccupied,
    StoreOutdated,
    StoreUnreachable,
)
from shore_relay.relay.settings import load_settings
from shore_relay.relay.store.opening import postgres_address


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", type=Path, metavar="SQLITE", help="the data folder, or relay.db in it")
    parser.add_argument(
        "url", nargs="?", default="", metavar="DSN", help="postgresql://user@host/database, an empty one"
    )
    as_json(parser)


async def _run(options: argparse.Namespace, _folder: Path) -> None:
    moved = await migrate_store(options.source, options.url)
    say(json.dumps(moved, indent=2) if options.json else as_text(moved))


async def migrate_store(source: Path, url: str) -> dict[str, Json]:
    """Move the relay of a data folder, or of the file in it, into the database of an address.

    An empty `url` is the one that the folder's settings name. Raises `AlreadyServing` while a relay serves
    the folder, and what `store.moving.move` raises.
    """
    folder = _folder(source)
    settings = load_settings(folder)
    if url:
        settings = replace(settings, store=url)
    if not settings.store:
        raise SettingsInvalid(
            "Name the database: seavoice-relay migrate-store SQLITE postgresql://seavoice@host/seavoice"
        )
    address = postgres_address(folder, settings)
    # Loaded only here: a relay on a file needs no driver.
    from shore_relay.relay.store.moving import move

    with serving(folder):
        moved = await move(database_path(folder), address)
    return {
        "again": moved.again,
        "kept": str(moved.kept),
        "tables": [
            {"table": each.name, "rows": each.rows, "sha256_sum": each.digest} for each in moved.tables
        ],
    }


def _folder(source: Path) -> Path:
    return source if source.is_dir() else source.parent


def as_text(document: dict[str, Json]) -> str:
    """Return the report for people."""
    tables = document["tables"]
    assert isinstance(tables, list)
    lines = [
        f"{each['table']:<16} {each['rows']:>10,} rows  {str(each['sha256_sum'])[:16]}"
        for each in tables
        if isinstance(each, dict)
    ]
    head = "An earlier run had moved it already." if document["again"] else "The relay was moved."
    return "\n".join(
        [
            *lines,
            f"{head} Every table has the same rows with the same content on both sides.",
            f"The old file is {document['kept']} now; destroy it when the new relay is in service.",
            "Next: write the address as store into settings.toml, or into SEAVOICE_RELAY_STORE, and serve.",
        ]
    )


COMMANDS = (
    Command(
        words=("migrate-store",),
        summary="move a relay's file to PostgreSQL",
        description=(
            "Copies every table of a relay at rest into an empty database and compares each, row by row. "
            "Where anything fails the file is as it was; in the end it is kept under another name."
        ),
        arguments=_arguments,
        run=_run,
        examples=(
            Example(
                line="seavoice-relay migrate-store /var/lib/seavoice-relay postgresql://seavoice@db/seavoice",
                does="moves the relay of that folder, after `systemctl stop seavoice-relay`",
            ),
        ),
        errors=(
            AlreadyServing,
            StoreUnreachable,
            StoreLoginRefused,
            StoreOutdated,
            StoreOccupied,
            *STORE_ERRORS,
        ),
    ),
)
