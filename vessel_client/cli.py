"""`seavoice-vessel`: runs one command, and turns errors into sentences and exit codes."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from protocol.errors import ProtocolError
from vessel_client.clocks import WallClock, system_wall_clock
from vessel_client.errors import EXIT_UNEXPECTED, ProblemsFound, VesselError, exit_code

if TYPE_CHECKING:
    from vessel_client.commands.terminal import Surroundings

Command = Callable[[argparse.Namespace, WallClock], None]


def main(argv: Sequence[str] | None = None, *, wall_clock: WallClock = system_wall_clock) -> int:
    """Run one command and return its exit code."""
    arguments = _parser().parse_args(argv)
    command: Command = arguments.command
    try:
        command(arguments, wall_clock)
    except ProblemsFound as error:
        return exit_code(error.code)
    except (VesselError, ProtocolError) as error:
        print(error, file=sys.stderr)
        return exit_code(error.code)
    except BrokenPipeError:
        # The reader of our output has gone, for instance `| head`; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_UNEXPECTED
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="seavoice-vessel", description="The SeaVoice box on a vessel.", allow_abbrev=False
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--data", type=Path, metavar="DIR", help="the box's folder (default: $SEAVOICE_VESSEL_DATA)"
    )
    common.add_argument(
        "--service", default="", metavar="URL", help="where the box answers (default: from its settings)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text, parents=[common], allow_abbrev=False)
        made.set_defaults(command=command)
        return made

    init = add("init", _init, "make this machine the box of one vessel")
    init.add_argument("file", type=Path, metavar="FILE", help="the file of `seavoice-relay vessel add`")
    add("serve", _serve, "run the box")
    _add_send(add("send", _send, "seal a message and hand it to the box"))
    stick = add("stick", _stick, "carry packets on a stick").add_argument
    stick("action", choices=("write", "read"), help="fill it, or take what it brings")
    stick("dir", type=Path, metavar="DIR", help="the stick's folder")
    stick("--json", action="store_true", help="print JSON")
    shape = add("shape", _shape, "say what it would cost to send the same at all times").add_argument
    shape("--bearer", choices=("udp", "sbd"), default="udp", help="the bearer (default: %(default)s)")
    shape("--bytes", type=int, default=200, metavar="N", help="size of each packet (default: %(default)s)")
    shape(
        "--every", type=float, default=900.0, metavar="S", help="seconds from one to the next (%(default)g)"
    )
    _add_certificate(add("certificate", _certificate, "give phones on the Wi-Fi a protected connection"))
    _add_kiosk(add("kiosk", _kiosk, "write what makes this machine the box's own screen"))
    _add_update(add("update", _update, "put another release of the program in the place of this one"))
    add("restored", _restored, "say that an old copy of this box's folder was put back")
    _add_answers(add("answers", _answers, "open the answers that wait under a receipt code"))
    for name, command, text in (
        ("status", _status, "say how the box is"),
        ("budget", _budget, "say what was spent this month and what is left"),
        ("doctor", _doctor, "look for problems and say what to do"),
    ):
        add(name, command, text).add_argument("--json", action="store_true", help="print JSON")
    return parser


def _add_send(send: argparse.ArgumentParser) -> None:
    what = send.add_mutually_exclusive_group(required=True)
    what.add_argument("--text", metavar="TEXT", help="something written")
    what.add_argument("--voice", type=Path, metavar="WAV", help="a recording of at most three minutes")
    what.add_argument("--checkin", choices=("well", "unwell", "help"), help="how you are")
    send.add_argument(
        "--category", nargs="+", action="extend", default=[], metavar="NAME", help="such as unpaid-wages"
    )
    send.add_argument("--urgent", action="store_true", help="it goes before everything else")
    send.add_argument("--language", default="en", metavar="TAG", help="such as my (default: en)")
    send.add_argument("--code", metavar="CODE", help="go on under this receipt code; - reads it from input")
    send.add_argument("--json", action="store_true", help="print JSON")


def _add_certificate(certificate: argparse.ArgumentParser) -> None:
    certificate.add_argument(
        "action", choices=("request", "install"), help="ask for one for the box's own key, or take one"
    )
    certificate.add_argument("what", metavar="NAME|FILE", help="the host's name, or the chain in PEM form")
    certificate.add_argument("--out", type=Path, metavar="FILE", help="where the request goes")


def _add_kiosk(kiosk: argparse.ArgumentParser) -> None:
    kiosk.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the files go")
    kiosk.add_argument("--user", default="seavoice-screen", metavar="NAME", help="whom the screen runs as")
    kiosk.add_argument("--service-user", default="seavoice", metavar="NAME", help="whom the box runs as")
    kiosk.add_argument("--name", default="", metavar="HOST", help="under which phones find the box")
    kiosk.add_argument("--address", default="", metavar="IP", help="of the box on the vessel's Wi-Fi")


def _add_update(update: argparse.ArgumentParser) -> None:
    update.add_argument(
        "action",
        choices=("install", "back", "check"),
        help="take a signed file; take the release before; only try this release on a copy of the store",
    )
    update.add_argument("file", type=Path, nargs="?", metavar="FILE", help="what was signed on shore")


def _add_answers(answers: argparse.ArgumentParser) -> None:
    answers.add_argument("code", metavar="CODE", help="the 16 digits; - reads them from input")
    answers.add_argument(
        "--number", type=int, action="append", default=[], metavar="N", help="say the state of message N too"
    )
    answers.add_argument("--out", type=Path, metavar="DIR", help="write voice answers to this folder as WAV")
    answers.add_argument("--json", action="store_true", help="print JSON")


# Each command is imported when it runs: the service must not load what seals, nor the sender the server.


def _init(arguments: argparse.Namespace, wall_clock: WallClock) -> None:
    from vessel_client.commands import init

    init.run(init.InitArguments(file=arguments.file), _surroundings(arguments, wall_clock))


def _serve(arguments: argparse.Namespace, wall_clock: WallClock) -> None:
    from vessel_client.lean import leave_out_hashes

    leave_out_hashes()
    from vessel_client.commands import serve

    serve.run(_surroundings(arguments, wall_clock))


def _send(arguments: argparse.Namespace, wall_clock: WallClock) -> None:
    from vessel_client.commands import send

    chosen = send.SendArguments(
        text=arguments.text,
        voice=arguments.voice,
        check_in=arguments.checkin,
        categories=tuple(arguments.category),
        urgent=arguments.urgent,
        language=arguments.language,
        code=arguments.code,
        as_json=arguments.json,
    )
    send.run(chosen, _surroundings(arguments, wall_clock))


def _answers(arguments: argparse.Namespace, wall_clock: WallClock) -> None:
    from vessel_client.commands import answers

    chosen = answers.AnswersArguments(
        code=arguments.code, numbers=tuple(arguments.number), out=arguments.out, as_json=arguments.json
    )
    answers.run(chosen, _surroundings(arguments, wall_clock))


def _stick(arguments: argparse.Namespace, wall_clock: WallClock) -> None:
    from vessel_client.commands import stick

    action = stick.write if arguments.action == "write" else stick.read
    action(arguments.dir, _surroundings(arguments, wall_clock), as_json=arguments.json)


def _certificate(arguments: argparse.Namespace, wall_clock: WallClock) -> None:
    from vessel_client.commands import certificate

    surroundings = _surroundings(arguments, wall_clock)
    if arguments.action == "install":
        certificate.install(Path(arguments.what), surroundings)
    else:
        out = arguments.out or Path(f"{arguments.what}.csr")
        certificate.request(arguments.what, out, surroundings)


def _kiosk(arguments: argparse.Namespace, wall_clock: WallClock) -> None:
    from vessel_client.commands import kiosk

    chosen = kiosk.KioskArguments(
        out=arguments.out,
        screen_user=arguments.user,
        service_user=arguments.service_user,
        name=arguments.name,
        address=arguments.address,
    )
    kiosk.run(chosen, _surroundings(arguments, wall_clock))


def _update(arguments: argparse.Namespace, wall_clock: WallClock) -> None:
    from vessel_client.commands import update

    surroundings = _surroundings(arguments, wall_clock)
    match arguments.action:
        case "install":
            update.install(arguments.file, surroundings)
        case "back":
            update.back(surroundings)
        case _:
            update.check(surroundings)


def _restored(arguments: argparse.Namespace, wall_clock: WallClock) -> None:
    from vessel_client.commands import restored

    restored.run(_surroundings(arguments, wall_clock))


def _status(arguments: argparse.Namespace, wall_clock: WallClock) -> None:
    from vessel_client.commands import status

    status.run(_surroundings(arguments, wall_clock), as_json=arguments.json)


def _budget(arguments: argparse.Namespace, wall_clock: WallClock) -> None:
    from vessel_client.commands import budget

    budget.run(_surroundings(arguments, wall_clock), as_json=arguments.json)


def _shape(arguments: argparse.Namespace, wall_clock: WallClock) -> None:
    from vessel_client.commands import shape

    shape.run(_surroundings(arguments, wall_clock), arguments.bearer, arguments.bytes, arguments.every)


def _doctor(arguments: argparse.Namespace, wall_clock: WallClock) -> None:
    from vessel_client.commands import doctor

    doctor.run(_surroundings(arguments, wall_clock), as_json=arguments.json)


def _surroundings(arguments: argparse.Namespace, wall_clock: WallClock) -> "Surroundings":
    from vessel_client.commands.terminal import Surroundings
    from vessel_client.settings_file import default_data_dir, load_settings

    data_dir = arguments.data or default_data_dir()
    return Surroundings(
        settings=load_settings(data_dir), wall_clock=wall_clock, service_url=arguments.service
    )


if __name__ == "__main__":
    sys.exit(main())
