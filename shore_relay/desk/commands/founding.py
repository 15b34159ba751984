"""`init`, `card` and `keys roll`: the desk's identity."""

import argparse
import asyncio
import dataclasses
import os
import sys
from pathlib import Path

from protocol.ids import UnixSeconds
from protocol.provisioning import write_card
from shore_relay.desk.app import wall_clock
from shore_relay.desk.commands.terminal import (
    data_folder,
    environment,
    exchange,
    person_name,
    read_passphrase,
    say,
    unlocked,
    write_file,
)
from shore_relay.desk.epochs import roll_keys
from shore_relay.desk.errors import AlreadyInitialised, UnreadableFile
from shore_relay.desk.keyring import FILE_NAME, Keyring
from shore_relay.desk.people.keys import DAY_S
from shore_relay.desk.people.person import FOUNDER_NAME
from shore_relay.desk.people.roles import Permission
from shore_relay.desk.settings import load_settings, write_settings
from shore_relay.desk.store.database import Database
from shore_relay.desk.words import Words


async def init(arguments: argparse.Namespace) -> None:
    """Make a desk: its keys, its database, its settings."""
    data = data_folder(arguments)
    if (data / FILE_NAME).exists():
        raise AlreadyInitialised(
            f"There is a desk in {data} already; name another folder with --data, or use this desk."
        )
    await asyncio.to_thread(_make_folder, data)
    settings = load_settings(data, environment())
    if arguments.relay:
        settings = dataclasses.replace(settings, relay=arguments.relay)
        write_settings(data / "settings.toml", settings)
        load_settings(data, {})
    passphrase = read_passphrase(arguments, is_new=True)
    person = person_name(arguments) or FOUNDER_NAME
    valid_s = arguments.key_days * DAY_S
    keyring = await asyncio.to_thread(
        Keyring.create, data, passphrase, arguments.name, wall_clock(), valid_s, person
    )
    database = await Database.open(data)
    await database.close()
    say(f"desk {keyring.keys.desk.hex()} ({arguments.name}) is in {data}")
    say(f"The first administrator is called {person}.")
    say("Without the passphrase nobody can open what fishers send: next make a recovery kit and print it,")
    say("`seavoice-desk recovery make -k 2 -n 3 --out FOLDER`.")
    say("Then `seavoice-desk card --out desk.card`, and give that file to the relay's operator.")


def _make_folder(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.chmod(data, 0o700)
    except OSError as reason:
        raise UnreadableFile(f"{data} cannot be made: {reason.strerror}. Choose another --data.") from reason


async def card(arguments: argparse.Namespace) -> None:
    """Write what the relay's operator needs: the desk's name and public keys."""
    async with unlocked(arguments, Permission.READ) as desk:
        document = write_card(desk.keyring.keys.card)
    if arguments.out:
        await asyncio.to_thread(write_file, Path(arguments.out), document)
        say(f"The card is in {arguments.out}; it holds no secret. Give it to the relay's operator.")
    else:
        sys.stdout.write(document.decode())


async def roll(arguments: argparse.Namespace) -> None:
    """Make a new sealing key and send it to every vessel."""
    async with unlocked(arguments, Permission.MANAGE_KEYS) as desk:
        epoch, vessels = await roll_keys(desk, arguments.key_days * DAY_S)
        trouble = await exchange(desk, fetching=False)
    until = Words.load().day(UnixSeconds(epoch.not_after))
    say(f"key {epoch.id.hex()} is in use until {until}; older keys go on opening what was sealed to them")
    say(f"It goes to {vessels} vessels. For vessels provisioned from now on, give the operator a new card.")
    if trouble:
        raise trouble
