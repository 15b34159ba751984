"""What a command has of the world: a terminal, an environment, a data folder, a passphrase."""

import argparse
import getpass
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from protocol.documents import Json, MalformedDocument
from shore_relay.desk.app import Desk, open_desk
from shore_relay.desk.contacts import fetch_contacts
from shore_relay.desk.errors import (
    ChoosePassphrase,
    NoPassphrase,
    RelayRefused,
    RelayUnreachable,
    UnreadableFile,
)
from shore_relay.desk.fetching import fetch_all
from shore_relay.desk.people.roles import Permission, require
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.relay_lock import relay_lock
from shore_relay.desk.sending import send_queued
from shore_relay.desk.settings import load_settings
from shore_relay.desk.words import harmless

RelayTrouble = RelayUnreachable | RelayRefused | MalformedDocument


def say(text: str) -> None:
    """Write a line for a person; text from outside loses what could play tricks on a terminal."""
    sys.stdout.write(harmless(text) + "\n")
    sys.stdout.flush()


def say_json(value: Json) -> None:
    """Write a document for a program."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def environment() -> Mapping[str, str]:
    """Return the environment, looked up when it is needed."""
    return os.environ


def data_folder(arguments: argparse.Namespace) -> Path:
    """Return the data folder: `--data`, or SEAVOICE_DESK_DATA, or the user's own place for data."""
    named = getattr(arguments, "data", None) or environment().get("SEAVOICE_DESK_DATA")
    return Path(named).expanduser() if named else Path.home() / ".local/share/seavoice/desk"


def read_passphrase(arguments: argparse.Namespace, *, is_new: bool = False) -> str:
    """Return the passphrase from its file, the environment or the keyboard.

    Raises: NoPassphrase, UnreadableFile.
    """
    return _read_secret(
        getattr(arguments, "passphrase_file", None),
        "SEAVOICE_DESK_PASSPHRASE",
        "Passphrase: ",
        "The desk's keys need a passphrase: run this in a terminal, or give --passphrase-file FILE.",
        is_new=is_new,
    )


def read_new_passphrase(arguments: argparse.Namespace) -> str:
    """Return the passphrase that a person chooses, from its file, the environment or the keyboard.

    Raises: NoPassphrase, UnreadableFile.
    """
    return _read_secret(
        getattr(arguments, "new_passphrase_file", None),
        "SEAVOICE_DESK_NEW_PASSPHRASE",
        "New passphrase: ",
        "A new passphrase is needed: run this in a terminal, or give --new-passphrase-file FILE.",
        is_new=True,
    )


def _read_secret(file: str | None, variable: str, prompt: str, needed: str, *, is_new: bool) -> str:
    if file:
        return read_file(Path(file)).decode(errors="replace").rstrip("\r\n")
    if variable in environment():
        return environment()[variable]
    if not sys.stdin.isatty():
        raise NoPassphrase(needed)
    passphrase = getpass.getpass(prompt)
    if is_new and getpass.getpass("The same again: ") != passphrase:
        raise NoPassphrase("The two passphrases differ; run the command again.")
    return passphrase


def person_name(arguments: argparse.Namespace) -> str:
    """Return who runs the command: `--person`, or SEAVOICE_DESK_PERSON, or nobody in particular."""
    named: str = getattr(arguments, "person", None) or environment().get("SEAVOICE_DESK_PERSON", "")
    return named


def read_file(path: Path, most_bytes: int | None = None) -> bytes:
    """Return a file's bytes, or its first `most_bytes` and one more; raises `UnreadableFile`."""
    try:
        with path.open("rb") as file:
            return file.read(-1 if most_bytes is None else most_bytes + 1)
    except OSError as reason:
        raise UnreadableFile(f"{path} cannot be read: {reason.strerror}. Name another file.") from reason


def write_file(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read; raises `UnreadableFile`."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
    except OSError as reason:
        raise UnreadableFile(f"{path} cannot be written: {reason.strerror}. Name another place.") from reason


@asynccontextmanager
async def unlocked(arguments: argparse.Namespace, permission: Permission) -> AsyncIterator[Desk]:
    """Open the desk that the arguments name, as the person whose passphrase is given; raises `DeskError`.

    `desk.actor` is that person, whose role must include the permission.
    """
    async with unlocked_by_anybody(arguments, read_passphrase(arguments)) as desk:
        require(desk.actor, permission)
        if desk.keyring.person.must_choose:
            raise ChoosePassphrase(
                "Somebody else knows your start passphrase: choose your own first, with "
                "`seavoice-desk people passphrase`."
            )
        yield desk


@asynccontextmanager
async def unlocked_by_anybody(arguments: argparse.Namespace, passphrase: str) -> AsyncIterator[Desk]:
    """Open the desk for what everybody may do with their own account; raises `DeskError`."""
    data = data_folder(arguments)
    settings = load_settings(data, environment())
    async with open_desk(data, passphrase, settings, person=person_name(arguments)) as desk:
        yield desk


async def exchange(desk: Desk, *, fetching: bool) -> RelayTrouble | None:
    """Fetch (if wanted) and send what waits, unless `serve` runs and does it; return what went wrong.

    The caller shows first what there is here, then raises the trouble: the exit code tells of it.
    """
    with relay_lock(desk.data) as is_ours:
        if not is_ours:
            return None
        try:
            async with aiohttp.ClientSession() as session:
                client = RelayClient(desk, session)
                if fetching:
                    await fetch_all(desk, client)
                await send_queued(desk, client)
                if fetching:
                    await fetch_contacts(desk, client)
        except (RelayUnreachable, RelayRefused, MalformedDocument) as trouble:
            return trouble
    return None
