"""`seavoice-desk`: the NGO's own program, on the NGO's own machine."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from types import TracebackType

from protocol.errors import ProtocolError
from protocol.priming import Language
from shore_relay.desk.actor import Role
from shore_relay.desk.cases.overview import Choice
from shore_relay.desk.commands.arguments import day, days, part, title, transcript
from shore_relay.desk.commands.later import Command, Later
from shore_relay.desk.commands.referral_arguments import add_referral_commands
from shore_relay.desk.errors import DeskError, exit_code
from shore_relay.desk.tables.formats import Format
from shore_relay.desk.words import LANGUAGES

board = Later("board")
cases = Later("cases")
evidence = Later("evidence")
founding = Later("founding")
notices = Later("notices")
people = Later("people")
reading = Later("reading")
recovery = Later("recovery")
serving = Later("serving")
statistics = Later("statistics")
verifying = Later("verifying")
writing = Later("writing")

_KEY_DAYS = 365
_INTERRUPTED = 130
"""What shells report for a program that SIGINT ended."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; `errors.EXIT_CODES` has the table."""
    if argv is None:
        sys.excepthook = _say_bug
    # Everything this program writes is for its user's eyes only.
    os.umask(0o077)
    arguments = parser().parse_args(argv)
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


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole program."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--data", metavar="DIR", default=argparse.SUPPRESS, help="the desk's data folder")
    shared.add_argument(
        "--passphrase-file",
        metavar="FILE",
        default=argparse.SUPPRESS,
        help="file with the passphrase; else SEAVOICE_DESK_PASSPHRASE, else it is asked for",
    )
    shared.add_argument(
        "--person",
        metavar="NAME",
        default=argparse.SUPPRESS,
        help="whose passphrase it is; else SEAVOICE_DESK_PERSON, else the only person here",
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
    _add_cases(add)
    _add_people(commands, shared)
    _add_recovery(commands, shared)
    _add_evidence(commands, shared)
    _add_notices(commands, shared)
    add_referral_commands(commands, shared)
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


def _add_people(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser
) -> None:
    text = "who works at this desk, and as what"
    group = commands.add_parser("people", help=text, description=text).add_subparsers(
        metavar="COMMAND", required=True
    )

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        made = group.add_parser(name, help=text, description=text, parents=[shared])
        made.set_defaults(command=command)
        return made

    listed = add("list", people.list_people, "list the people")
    listed.add_argument("--json", action="store_true", help="for programs")
    added = add("add", people.add, "add somebody; their start passphrase is shown once")
    added.add_argument("name", metavar="NAME")
    _add_role(added, "--role")
    changed = add("role", people.role, "give somebody another role")
    changed.add_argument("name", metavar="NAME")
    _add_role(changed, "role")
    revoked = add("revoke", people.revoke_person, "let somebody go: keys are renewed for all who stay")
    revoked.add_argument("name", metavar="NAME")
    passphrase = add("passphrase", people.passphrase, "change your passphrase, or give a start passphrase")
    passphrase.add_argument("--start", metavar="NAME", help="make a start passphrase for somebody who forgot")
    _add_new_passphrase(passphrase)
    factor = add("second-factor", people.second_factor, "set up one-time codes for yourself")
    factor.add_argument("--remove", metavar="NAME", help="ask NAME for the passphrase alone from now on")


def _add_recovery(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser
) -> None:
    text = "printed shares that let a new administrator in when every passphrase is lost"
    group = commands.add_parser("recovery", help=text, description=text).add_subparsers(
        metavar="COMMAND", required=True
    )
    make = group.add_parser("make", help="make the shares, one page each", parents=[shared])
    make.set_defaults(command=recovery.make)
    make.add_argument("-k", dest="needed", type=int, required=True, metavar="K", help="shares needed")
    make.add_argument("-n", dest="made", type=int, required=True, metavar="N", help="shares to make")
    make.add_argument("--out", metavar="DIR", required=True, help="folder for the pages; not the desk's own")
    make.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0], help="%(choices)s")
    use = group.add_parser("use", help="let a new administrator in with K shares", parents=[shared])
    use.set_defaults(command=recovery.use)
    use.add_argument("--share", metavar="FILE", action="append", help="a share's words in a file; else asked")
    _add_new_passphrase(use)


def _add_evidence(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    shared: argparse.ArgumentParser,
) -> None:
    text = "signed packs of messages for a court, an inspector or a lawyer"
    group = commands.add_parser("evidence", help=text, description=text).add_subparsers(
        metavar="COMMAND", required=True
    )
    make = group.add_parser("make", help="make a pack", parents=[shared])
    make.set_defaults(command=evidence.make)
    make.add_argument(
        "--message", metavar="ID", type=int, action="append", required=True, help="again for more"
    )
    make.add_argument("--title", type=title, required=True)
    make.add_argument("--out", metavar="FILE", required=True, help="NAME.zip, or a new folder")
    make.add_argument(
        "--language", choices=LANGUAGES, default=LANGUAGES[0], help="of its readers: %(choices)s"
    )
    make.add_argument("--answers", action="store_true", help="with what the desk answered")
    make.add_argument("--sealed", action="store_true", help="with the sealed bundles as they came")
    _add_removals(make)
    made = group.add_parser("list", help="list what left the desk", parents=[shared])
    made.set_defaults(command=evidence.list_made)
    made.add_argument("--json", action="store_true", help="for programs")
    tie = group.add_parser("tie", help="show that a redacted pack comes from a whole one", parents=[shared])
    tie.set_defaults(command=evidence.tie_packs)
    tie.add_argument("whole", metavar="WHOLE")
    tie.add_argument("redacted", metavar="REDACTED")


def _add_notices(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser
) -> None:
    text = "words by e-mail or webhook that something waits at the desk, never what"
    group = commands.add_parser("notices", help=text, description=text).add_subparsers(
        metavar="COMMAND", required=True
    )
    test = group.add_parser("test", help="send one to yourself, and say what went wrong", parents=[shared])
    test.set_defaults(command=notices.test)
    test.add_argument("--to", metavar="ADDRESS", help="an e-mail address instead of what you chose")
    dates = group.add_parser("calendar", help="write your due dates for a calendar", parents=[shared])
    dates.set_defaults(command=notices.write_calendar)
    dates.add_argument("--out", metavar="FILE", required=True, help="NAME.ics: numbers and dates only")
    dates.add_argument("--language", choices=LANGUAGES, default=LANGUAGES[0], help="%(choices)s")


def _add_removals(make: argparse.ArgumentParser) -> None:
    group = make.add_argument_group("what to remove, for good")
    group.add_argument("--remove", metavar="WORDS", action="append", default=[], help="wherever they stand")
    group.add_argument("--remove-from", metavar="FILE", help="the same, a line each")
    group.add_argument(
        "--remove-part",
        metavar="ID:FROM-TO",
        type=part,
        action="append",
        default=[],
        help="characters of a message's text, counted from 1",
    )
    group.add_argument(
        "--remove-message", metavar="ID", type=int, action="append", default=[], help="all of it"
    )
    group.add_argument(
        "--remove-voice", metavar="ID", type=int, action="append", default=[], help="its sound"
    )
    group.add_argument(
        "--transcript",
        metavar="ID:TEXT",
        type=transcript,
        action="append",
        default=[],
        help="put this in the place of a message's sound",
    )
    group.add_argument("--remove-vessels", action="store_true", help="names, ids and fingerprints of vessels")
    group.add_argument(
        "--round-times",
        choices=["exact", "hour", "day", "month"],
        default="exact",
        help="%(choices)s (%(default)s)",
    )


def _add_role(parser: argparse.ArgumentParser, name: str) -> None:
    roles = [role.value for role in Role]
    if name.startswith("-"):
        parser.add_argument(name, choices=roles, required=True, help="%(choices)s")
    else:
        parser.add_argument(name, choices=roles, metavar="ROLE", help="%(choices)s")


def _add_new_passphrase(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--new-passphrase-file",
        metavar="FILE",
        help="file with the new passphrase; else SEAVOICE_DESK_NEW_PASSPHRASE, else it is asked for",
    )


def _add_reading(add: Add) -> None:
    add("serve", serving.serve, "fetch and send all the time, and show the page on this machine")
    inbox = add("inbox", reading.inbox, "list the messages, the pressing ones first")
    inbox.add_argument("--json", action="store_true", help="for programs")
    show = add("show", reading.show, "show one message; it counts as opened by a person")
    show.add_argument("id", type=int, metavar="ID")
    show.add_argument("--json", action="store_true", help="for programs")
    export = add("export", reading.export, "write one message as JSON and WAV, or a table of messages")
    export.add_argument("ids", type=int, metavar="ID", nargs="*", help="none: all, in a table")
    export.add_argument(
        "--out", metavar="PATH", required=True, help="folder to write into, or the table's file"
    )
    export.add_argument(
        "--format", choices=[form.value for form in Format], help="make a table instead: %(choices)s"
    )


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


def _add_cases(add: Add) -> None:
    listed = add("cases", cases.list_cases, "list the cases, the pressing ones first")
    listed.add_argument(
        "--which",
        choices=[choice.value for choice in Choice],
        default=Choice.ACTIVE.value,
        help="%(choices)s (%(default)s)",
    )
    listed.add_argument("--json", action="store_true", help="for programs")
    shown = add("case", cases.show_case, "show one case and its history")
    shown.add_argument("id", type=int, metavar="ID")
    shown.add_argument("--json", action="store_true", help="for programs")
    seen = add("board", board.show_board, "show who is expected to check in, and who is silent")
    seen.add_argument("--json", action="store_true", help="for programs")
    counted = add("statistics", statistics.show_statistics, "count the cases, for the office itself")
    for name, text in (("--since", "opened from this day on"), ("--until", "opened up to this day")):
        counted.add_argument(name, type=day, metavar="YYYY-MM-DD", help=text)
    counted.add_argument("--json", action="store_true", help="for programs")
    checked = add(
        "verify", verifying.verify, "check that the history of all cases is whole, or an evidence pack"
    )
    checked.add_argument(
        "pack", metavar="PACK", nargs="?", help="the ZIP, or the folder; needs no desk and no passphrase"
    )
    checked.add_argument("--fingerprint", metavar="DIGITS", help="of the desk that must have signed the pack")
    checked.add_argument(
        "--mark", metavar="MARK", help="what an earlier run printed: is all of that still there?"
    )
    checked.add_argument("--json", action="store_true", help="for programs")


def _add_key_days(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--key-days",
        type=days,
        default=_KEY_DAYS,
        metavar="DAYS",
        help="how long vessels may seal to the new key (%(default)s)",
    )


if __name__ == "__main__":
    sys.exit(main())
