"""Sticks: what one brings, and what it takes along."""

import argparse
import json
from pathlib import Path

from shore_relay.relay import stick_commands
from shore_relay.relay.commands.frame import STORE_ERRORS, Command, Example, as_json, say
from shore_relay.relay.errors import ServerSilent, StickForeign, StickFull, StickUnreadable, StickUnwritable
from shore_relay.relay.settings import load_settings


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("read", "write"), help="read first, then write")
    parser.add_argument("dir", type=Path, metavar="DIR", help="the stick's folder")
    as_json(parser)


async def _stick(options: argparse.Namespace, folder: Path) -> None:
    action = stick_commands.read if options.action == "read" else stick_commands.write
    report = await action(folder, load_settings(folder), options.dir)
    say(json.dumps(report.as_document()) if options.json else report.as_text())


COMMANDS = (
    Command(
        words=("stick",),
        summary="take what a stick brings, or fill it",
        description=(
            "Takes the packets that anybody carried here on a stick, or writes those that wait for vessels."
        ),
        arguments=_arguments,
        run=_stick,
        examples=(
            Example(line="seavoice-relay stick read /media/usb/seavoice", does="takes what vessels wrote"),
            Example(line="seavoice-relay stick write /media/usb/seavoice", does="for whoever sails next"),
        ),
        errors=(StickUnreadable, StickFull, StickUnwritable, StickForeign, ServerSilent, *STORE_ERRORS),
    ),
)
