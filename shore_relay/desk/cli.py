"""`seavoice-desk`: the NGO's own program, on the NGO's own machine."""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType

from protocol.errors import ProtocolError
from protocol.priming import Language
from shore_relay.desk.commands import founding, reading, serving, writing
from shore_relay.desk.errors import DeskError, exit_code

Command = Callable[[argparse.Namespace], Awaitable[None]]

_KEY_DAYS = 365
_INTERRUPTED = 130
"""What shells report for a program that SIGINT ended."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `errors.EXIT_CODES` has the table."""
    if argv is None:
        sys.excepthook = _say_bug
    # Everything this program writes is for its user's eyes only.
    os.umask(0o077)
    arguments = _parser().parse_args(argv)
    command: Command = arguments.command
    try:
        asyncio.run(_run(command, arguments))
    except (DeskError, ProtocolError) as error:
        print(f"seavoice-desk: {error}", file=sys.stderr)
        return exit_code(error)
    except KeyboardInterrupt:
        return _INTERRUPTED
    return 0


async def _run(command: Command, arguments: argparse.Namespace) -> None:
    await command(arguments)


def _say_bug(kind: type[BaseException], _error: BaseException, trace: TracebackType | None) -> None:
    """Say where an unexpected error came from, without its values, which may be what somebody said."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_qualname}, line {trace.tb_lineno}" if trace else "an unknown place"
    print(
        f"seavoice-desk: This should not have happened ({kind.__name__} in {place}); nothing half-done was "
        "kept. Please report this line.",
        file=sys.stderr,
    )


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--data", metavar="DIR", default=argparse.SUPPRESS, help="the desk's data folder")
    shared.add_argument(
        "--passphrase-file",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="file with the passphrase; else SEAVOICE_DESK_PASSPHRASE, else it is asked for",
    )
    parser = argparse.ArgumentParser(
        prog="seavoice-desk",
        description="Receive, open and answer what fishers send. Plain text exists only here and on board.",
        parents=[shared],
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, parents=[shared])
        made.set_defaults(command=command)
        return made

    _add_founding(add, commands, shared)
    _add_reading(add)
    _add_writing(add)
    return parser


Add = Callable[[str, Command, str], argparse.ArgumentParser]


def _add_founding(
    add: Add,
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    shared: argparse.ArgumentParser,
) -> None:
    init = add("init", founding.init, "make a desk: its keys, under a passphrase, and its folder")
    init.add_argument("--name", required=True, help="what the desk is called on its card")
    init.add_argument("--relay", metavar="URL", help="where the relay's HTTP side listens")
    _add_key_days(init)
    card = add("card", founding.card, "write the card that the relay's operator needs")
    card.add_argument("--out", metavar="FILE", help="where to; else it is printed")
    keys = commands.add_parser("keys", help="the desk's sealing keys")
    roll = keys.add_subparsers(metavar="COMMAND", required=True).add_parser(
        "roll", help="make a new sealing key and send it to every vessel", parents=[shared]
    )
    roll.set_defaults(command=founding.roll)
    _add_key_days(roll)


def _add_reading(add: Add) -> None:
    add("serve", serving.serve, "fetch and send all the time, and show the page on this machine")
    inbox = add("inbox", reading.inbox, "list the messages, the pressing ones first")
    inbox.add_argument("--json", action="store_true", help="for programs")
    show = add("show", reading.show, "show one message; it counts as opened by a person")
    show.add_argument("id", type=int, metavar="ID")
    show.add_argument("--json", action="store_true", help="for programs")
    export = add("export", reading.export, "write one message as JSON and WAV")
    export.add_argument("id", type=int, metavar="ID")
    export.add_argument("--out", metavar="DIR", required=True, help="folder to write into")


def _add_writing(add: Add) -> None:
    answer = add("answer", writing.answer, "answer one message; only the fisher can open the answer")
    answer.add_argument("id", type=int, metavar="ID")
    body = answer.add_mutually_exclusive_group(required=True)
    body.add_argument("--text", help="what to write")
    body.add_argument("--voice", metavar="WAV", help="a recording of at most three minutes")
    answer.add_argument(
        "--language",
        metavar="TAG",
        choices=[language.tag for language in Language],
        help="language of the answer, if not that of the message: %(choices)s",
    )
    vessels = add("vessels", writing.vessels, "list the vessels and their fingerprints")
    vessels.add_argument("--json", action="store_true", help="for programs")
    confirm = add("confirm", writing.confirm_vessel, "trust a vessel's box after comparing its fingerprint")
    confirm.add_argument("vessel", metavar="VESSEL", help="its name or id")
    confirm.add_argument("--yes", metavar="FINGERPRINT", help="confirm without asking, if this is it")
    status = add("status", writing.status, "say how the desk is")
    status.add_argument("--json", action="store_true", help="for programs")


def _add_key_days(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--key-days",
        type=_days,
        default=_KEY_DAYS,
        metavar="DAYS",
        help="how long vessels may seal to the new key (%(default)s)",
    )


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 3_650:
        raise argparse.ArgumentTypeError("must be a whole number of days from 1 to 3650")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
