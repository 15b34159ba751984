"""Every command, and the parser of them all."""

import argparse

from shore_relay.relay.commands import backups, desks, moving, notices, operators, running, sticks, vessels
from shore_relay.relay.commands.frame import build_parser

COMMANDS = (
    *running.COMMANDS,
    *desks.COMMANDS,
    *notices.COMMANDS,
    *vessels.COMMANDS,
    *sticks.COMMANDS,
    *backups.COMMANDS,
    *moving.COMMANDS,
    *operators.COMMANDS,
)
_GROUPS = {
    "desk": "desks that this relay serves",
    "vessel": "vessels that this relay serves",
    "operator": "who may see the operator's page",
}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole program."""
    return build_parser(COMMANDS, _GROUPS)
