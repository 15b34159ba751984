"""What all commands share: how one is described, and how the descriptions become a parser."""

import argparse
import getpass
import os
import sys
import textwrap
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shore_relay.relay.errors import (
    EXIT_CODES,
    DataFolderMissing,
    RelayError,
    SettingsInvalid,
    StoreFailed,
    StoreFromFuture,
    StoreUnusable,
)

PROGRAM = "seavoice-relay"
_WIDTH = 78
STORE_ERRORS: tuple[type[RelayError], ...] = (DataFolderMissing, StoreUnusable, StoreFromFuture, StoreFailed)
"""What opening a relay's folder may end with."""
_OFTEN: tuple[type[RelayError], ...] = (SettingsInvalid,)

Run = Callable[[argparse.Namespace, Path], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One line to type, and what it does."""

    line: str
    does: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command."""

    words: tuple[str, ...]
    summary: str
    """One line, in the list of commands."""
    description: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Run
    examples: tuple[Example, ...]
    errors: tuple[type[RelayError], ...] = ()


def say(text: str) -> None:
    """Write a line for whoever typed the command."""
    sys.stdout.write(text + "\n")
    # Whoever started `serve` waits for its line.
    sys.stdout.flush()


def ask_hidden(prompt: str) -> str:
    """Ask for a secret at the terminal."""
    return getpass.getpass(prompt)


def new_passphrase(variable: str, what: str) -> str:
    """Return a new passphrase from the environment, or typed twice; raises `SettingsInvalid` for two."""
    if variable in os.environ:
        return os.environ[variable]
    first = ask_hidden(f"New passphrase for {what}: ")
    if ask_hidden("Once more: ") != first:
        raise SettingsInvalid("The two passphrases differ; nothing was changed. Try again.")
    return first


def no_arguments(_parser: argparse.ArgumentParser) -> None:
    """Take no arguments but --data."""


def as_json(parser: argparse.ArgumentParser) -> None:
    """Take --json."""
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def build_parser(commands: Sequence[Command], groups: dict[str, str]) -> argparse.ArgumentParser:
    """Return the parser of all commands; `groups` says what the first of two words is about."""
    data = argparse.ArgumentParser(add_help=False)
    data.add_argument(
        "--data", type=Path, metavar="DIR", help="data folder (or SEAVOICE_RELAY_DATA); readable by you alone"
    )
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Takes custody of sealed bundles from vessels and hands them to desks. Opens nothing.",
        epilog=_overall_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    inner: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    for command in commands:
        where = parsers
        if len(command.words) > 1:
            group = command.words[0]
            if group not in inner:
                group_parser = parsers.add_parser(group, help=groups[group], description=groups[group])
                inner[group] = group_parser.add_subparsers(required=True, metavar="COMMAND")
            where = inner[group]
        added = where.add_parser(
            command.words[-1],
            parents=[data],
            help=command.summary,
            description=textwrap.fill(command.description, _WIDTH),
            epilog=_epilog(command),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.arguments(added)
        added.set_defaults(run=command.run)
    return parser


def _epilog(command: Command) -> str:
    lines = ["examples:"]
    for example in command.examples:
        lines += [
            f"  {example.line}",
            textwrap.fill(example.does, _WIDTH, initial_indent="      ", subsequent_indent="      "),
        ]
    lines += ["", "exit codes:", "  0    done", "  2    the command was not written as above"]
    codes = {EXIT_CODES[error]: _first_line(error) for error in (*_OFTEN, *command.errors)}
    lines += [f"  {code:<4} {text}" for code, text in sorted(codes.items())]
    lines.append("  1    a fault of this program: report the line that it wrote")
    return "\n".join(lines)


def _overall_epilog() -> str:
    lines = ["exit codes:", "  0    done", "  1    a fault of this program", "  2    wrong usage"]
    lines += [
        f"  {code:<4} {_first_line(error)}"
        for error, code in sorted(EXIT_CODES.items(), key=lambda each: each[1])
    ]
    lines += [
        "",
        "files in the data folder:",
        "  settings.toml    settings; SEAVOICE_RELAY_NAME in the environment wins",
        "  relay.db         everything that was promised to be kept",
        "  operators.json   who may see the operator's page",
        "",
        f"`{PROGRAM} COMMAND --help` has examples for each command.",
    ]
    return "\n".join(lines)


def _first_line(error: type[RelayError]) -> str:
    return (error.__doc__ or "").splitlines()[0].removesuffix(".").lower()
