"""Desks: added, shown, and served no more."""

import argparse
import json
from pathlib import Path

from shore_relay.relay import admin, rotation
from shore_relay.relay.app import unix_time
from shore_relay.relay.commands.frame import STORE_ERRORS, Command, Example, as_json, say
from shore_relay.relay.errors import CardUnreadable, NameTaken, UnknownDesk
from shore_relay.relay.overview import as_document, desks_table


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("card", type=Path, metavar="CARD.json", help="what `seavoice-desk card` wrote")


async def _add(options: argparse.Namespace, folder: Path) -> None:
    card, new = await admin.add_desk(folder, options.card, unix_time())
    say(f"Desk {card.name} ({card.id.hex()}) {'was added' if new else 'is up to date'}.")


async def _list(options: argparse.Namespace, folder: Path) -> None:
    status = await admin.status(folder)
    document = {"desks": as_document(status)["desks"]}
    say(json.dumps(document, indent=2) if options.json else desks_table(status))


def _revoke_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the desk's name or id")
    parser.add_argument("--undo", action="store_true", help="serve it again")


async def _revoke(options: argparse.Namespace, folder: Path) -> None:
    await rotation.revoke_desk(folder, options.name, unix_time(), undo=options.undo)
    if options.undo:
        say(f"Desk {options.name} is served again; what waits for it is still there.")
        return
    say(f"Desk {options.name} is served no more; what is sealed to it is not taken, and stays on the boxes.")
    say("What waits for it here stays, and goes to nobody else: nobody else could open it.")


COMMANDS = (
    Command(
        words=("desk", "add"),
        summary="add a desk, or new keys of a known one",
        description="Reads the card that a desk wrote, and serves that desk from now on.",
        arguments=_add_arguments,
        run=_add,
        examples=(Example(line="seavoice-relay desk add haven.json", does="works while the relay serves"),),
        errors=(CardUnreadable, NameTaken, *STORE_ERRORS),
    ),
    Command(
        words=("desk", "list"),
        summary="show all desks",
        description="Shows each desk and how much waits for it.",
        arguments=as_json,
        run=_list,
        examples=(Example(line="seavoice-relay desk list", does="shows a table"),),
        errors=STORE_ERRORS,
    ),
    Command(
        words=("desk", "revoke"),
        summary="serve a desk no more",
        description=(
            "Refuses the desk's requests and takes nothing for it any more, within seconds also "
            "where the relay serves: its signing key was stolen, or the NGO has left."
        ),
        arguments=_revoke_arguments,
        run=_revoke,
        examples=(
            Example(line="seavoice-relay desk revoke Haven", does="nothing that waits is deleted"),
            Example(line="seavoice-relay desk revoke Haven --undo", does="it was a mistake"),
        ),
        errors=(UnknownDesk, *STORE_ERRORS),
    ),
)
