"""Who may see the operator's page."""

import argparse
from pathlib import Path

from shore_relay.relay.commands.frame import Command, Example, new_passphrase, no_arguments, say
from shore_relay.relay.data_folder import require_relay
from shore_relay.relay.errors import (
    DataFolderMissing,
    OutputUnwritable,
    PassphraseRefused,
    SecretUnreadable,
    UnknownOperator,
)
from shore_relay.relay.watch.accounts import Accounts

PASSPHRASE_VARIABLE = "SEAVOICE_OPERATOR_PASSPHRASE"  # noqa: S105  # A variable's name.


def _name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the name to log in with")


async def _add(options: argparse.Namespace, folder: Path) -> None:
    require_relay(folder)
    new = Accounts(folder).put(options.name, new_passphrase(PASSPHRASE_VARIABLE, options.name))
    said = "may log in" if new else "has a new passphrase, and is logged out everywhere"
    say(f"{options.name} {said}.")


async def _list(_options: argparse.Namespace, folder: Path) -> None:
    require_relay(folder)
    for account in Accounts(folder).all():
        say(account.name)


async def _remove(options: argparse.Namespace, folder: Path) -> None:
    require_relay(folder)
    Accounts(folder).remove(options.name)
    say(f"{options.name} may log in no more.")


_ERRORS = (DataFolderMissing, SecretUnreadable)

COMMANDS = (
    Command(
        words=("operator", "add"),
        summary="let somebody log in, or give them a new passphrase",
        description=(
            f"Asks for a passphrase twice, or takes it from {PASSPHRASE_VARIABLE}. Holds at once, "
            "also while the relay serves."
        ),
        arguments=_name,
        run=_add,
        examples=(
            Example(line="seavoice-relay operator add somchai", does="then open http://127.0.0.1:8705"),
        ),
        errors=(PassphraseRefused, OutputUnwritable, *_ERRORS),
    ),
    Command(
        words=("operator", "list"),
        summary="show who may log in",
        description="Shows the names of all who may log in to the operator's page.",
        arguments=no_arguments,
        run=_list,
        examples=(Example(line="seavoice-relay operator list", does="one name on each line"),),
        errors=_ERRORS,
    ),
    Command(
        words=("operator", "remove"),
        summary="let somebody log in no more",
        description="Removes a login, and ends what is open under it.",
        arguments=_name,
        run=_remove,
        examples=(Example(line="seavoice-relay operator remove somchai", does="holds at once"),),
        errors=(UnknownOperator, OutputUnwritable, *_ERRORS),
    ),
)
