"""`seavoice-relay`: the operator's command line."""

import argparse
import asyncio
import json
import secrets
import signal
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType

from protocol.caps import SignedCap
from shore_relay.relay import admin, moving_commands, stick_commands
from shore_relay.relay.app import running_relay, unix_time
from shore_relay.relay.chain_file import read_chain
from shore_relay.relay.data_folder import default_folder
from shore_relay.relay.errors import EXIT_CODES, EXIT_UNEXPECTED, RelayError, SettingsInvalid
from shore_relay.relay.overview import as_document, as_table
from shore_relay.relay.settings import load_settings
from shore_relay.relay.store.sbd_rows import Via


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code of `errors.EXIT_CODES`."""
    sys.excepthook = _unexpected
    options = _parser().parse_args(arguments)
    folder = options.data or default_folder()
    try:
        asyncio.run(_run(options, folder))
    except RelayError as error:
        print(f"seavoice-relay: {error}", file=sys.stderr)
        return EXIT_CODES.get(type(error), EXIT_UNEXPECTED)
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def _unexpected(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    """Say in one sentence that this program has a fault; Python then exits with 1."""
    print(
        f"seavoice-relay: unexpected {kind.__name__}: {error}. Nothing that was acknowledged is lost; "
        "start it again and report this line.",
        file=sys.stderr,
    )


async def _run(options: argparse.Namespace, folder: Path) -> None:
    match options.command:
        case "init":
            if await admin.init(folder, options.host, secrets.token_bytes, unix_time()):
                print(f"A relay was made in {folder}. Next: seavoice-relay desk add CARD.json")
            else:
                print(f"{folder} joins the relays that share its database. Next: seavoice-relay serve")
        case "desk add":
            card, new = await admin.add_desk(folder, options.card, unix_time())
            print(f"Desk {card.name} ({card.id.hex()}) {'was added' if new else 'is up to date'}.")
        case "vessel add":
            await _add_vessel(options, folder)
        case "vessel revoke":
            await _revoke_vessel(options, folder)
        case "vessel cap":
            await _cap_vessel(options, folder)
        case "vessel certificate":
            await _send_certificate(options, folder)
        case "stick":
            action = stick_commands.read if options.action == "read" else stick_commands.write
            report = await action(folder, load_settings(folder), options.dir)
            print(json.dumps(report.as_document()) if options.json else report.as_text())
        case "migrate-store":
            moved = await moving_commands.migrate_store(options.source, options.url)
            print(json.dumps(moved, indent=2) if options.json else moving_commands.as_text(moved))
        case "vessel modem":
            await _set_modem(options, folder)
        case "status":
            status = await admin.status(folder)
            print(json.dumps(as_document(status), indent=2) if options.json else as_table(status))
        case _:
            await _serve(folder)


async def _add_vessel(options: argparse.Namespace, folder: Path) -> None:
    provisioning = await admin.add_vessel(
        folder,
        load_settings(folder),
        options.name,
        options.desk,
        options.out,
        secrets.token_bytes,
        unix_time(),
    )
    print(f"Vessel {provisioning.vessel_name} ({provisioning.vessel.hex()}) was added.")
    print(f"Carry {options.out} to its box, then destroy every copy: it holds the link's secret.")


async def _cap_vessel(options: argparse.Namespace, folder: Path) -> None:
    caps = tuple(_read_cap(words) for words in options.bearer)
    await admin.cap_vessel(
        folder, load_settings(folder), options.name, caps, secrets.token_bytes, unix_time()
    )
    what = ", ".join(cap.bearer for cap in caps) or "none: its own settings hold again"
    print(f"Caps for {options.name} are on their way ({what}). It takes them at its next contact.")


async def _send_certificate(options: argparse.Namespace, folder: Path) -> None:
    found = read_chain(options.file, unix_time())
    await admin.send_chain(
        folder, load_settings(folder), options.name, found.chain, secrets.token_bytes, unix_time()
    )
    print(
        f"A certificate for {', '.join(found.names)}, valid until {found.not_after:%Y-%m-%d}, is on its way"
    )
    print(f"to {options.name}: {found.size_bytes:,} bytes, behind everything else that waits for it.")


async def _revoke_vessel(options: argparse.Namespace, folder: Path) -> None:
    await admin.revoke_vessel(folder, options.name, unix_time(), undo=options.undo)
    if options.undo:
        print(f"Vessel {options.name} is served again.")
        return
    print(
        f"Nothing of vessel {options.name} is taken any more, and nothing goes to it. What came before is "
        "with its desk: tell them, so that they stop trusting its box."
    )


def _read_cap(words: Sequence[str]) -> SignedCap:
    bearer, money, size = words
    try:
        return SignedCap(
            bearer=bearer,
            money_nano=None if money == "any" else int(Decimal(money) * 10**9),
            size_bytes=None if size == "any" else int(size),
        )
    except (ValueError, ArithmeticError):
        raise SettingsInvalid(
            f'The cap for {bearer} is written as money and bytes a month, each a number or "any"; '
            f'not as "{money} {size}".'
        ) from None


async def _set_modem(options: argparse.Namespace, folder: Path) -> None:
    if options.remove:
        await admin.remove_modem(folder, options.name)
        print(f"Vessel {options.name} has no satellite modem any more.")
        return
    await admin.assign_modem(folder, options.name, options.imei or "", Via(options.via), unix_time())
    print(f"Vessel {options.name} has the modem {options.imei}, through {options.via}.")


async def _serve(folder: Path) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    settings = load_settings(folder)
    async with running_relay(folder, settings) as relay:
        # A server that listens everywhere is reached here by this name.
        host = "127.0.0.1" if settings.listen_host == "0.0.0.0" else settings.listen_host  # noqa: S104  # Compared.
        print(f"ready: http://{host}:{relay.http_port} tcp={relay.tcp_port} udp={relay.udp_port}", flush=True)
        waiting = asyncio.create_task(stopped.wait())
        # Without its store a relay can only refuse; whoever watches this process starts a new one.
        failing = asyncio.create_task(relay.store.writer.ended())
        await asyncio.wait({waiting, failing}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if failing.done():
            failing.result()
        failing.cancel()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="seavoice-relay",
        description="Takes custody of sealed bundles from vessels and hands them to desks. Opens nothing.",
    )
    data = argparse.ArgumentParser(add_help=False)
    data.add_argument(
        "--data", type=Path, metavar="DIR", help="data folder (or SEAVOICE_RELAY_DATA); readable by you alone"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    init = commands.add_parser("init", parents=[data], help="make a new relay")
    init.add_argument("--host", default="localhost", metavar="NAME", help="name by which vessels reach it")
    init.set_defaults(command="init")

    desk = commands.add_parser("desk", help="desks that this relay serves")
    desk_add = desk.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "add", parents=[data], help="add a desk, or new keys of a known one"
    )
    desk_add.add_argument("card", type=Path, metavar="CARD.json", help="what `seavoice-desk card` wrote")
    desk_add.set_defaults(command="desk add")

    vessel = commands.add_parser("vessel", help="vessels that this relay serves")
    of_vessels = vessel.add_subparsers(required=True, metavar="COMMAND")
    vessel_add = of_vessels.add_parser(
        "add", parents=[data], help="add a vessel and write its provisioning file"
    )
    vessel_add.add_argument("name", metavar="NAME", help="the vessel's name, as people know it")
    vessel_add.add_argument("--desk", required=True, help="name or id of the desk that it belongs to")
    vessel_add.add_argument("--out", required=True, type=Path, metavar="FILE", help="where the file goes")
    vessel_add.set_defaults(command="vessel add")
    revoke = of_vessels.add_parser(
        "revoke", parents=[data], help="end the link of a vessel whose box was stolen or changed hands"
    )
    revoke.add_argument("name", metavar="NAME", help="the vessel's name or id")
    revoke.add_argument("--undo", action="store_true", help="serve it again")
    revoke.set_defaults(command="vessel revoke")
    vessel_cap = of_vessels.add_parser(
        "cap", parents=[data], help="say what a vessel may spend in a month, in place of its own settings"
    )
    vessel_cap.add_argument("name", metavar="NAME", help="the vessel's name or id")
    vessel_cap.add_argument(
        "--bearer",
        nargs=3,
        action="append",
        default=[],
        metavar=("BEARER", "MONEY", "BYTES"),
        help='such as: --bearer tcp 20 any; "any" is no cap; without --bearer all caps from shore end',
    )
    vessel_cap.set_defaults(command="vessel cap")

    vessel_certificate = of_vessels.add_parser(
        "certificate", parents=[data], help="send a new certificate for a vessel's phones"
    )
    vessel_certificate.add_argument("name", metavar="NAME", help="the vessel's name or id")
    vessel_certificate.add_argument(
        "file", type=Path, metavar="FILE", help="the chain in PEM form that the authority made: fullchain.pem"
    )
    vessel_certificate.set_defaults(command="vessel certificate")

    stick = commands.add_parser("stick", parents=[data], help="take what a stick brings, or fill it")
    stick.add_argument("action", choices=("read", "write"), help="read first, then write")
    stick.add_argument("dir", type=Path, metavar="DIR", help="the stick's folder")
    stick.add_argument("--json", action="store_true", help="as one JSON object")
    stick.set_defaults(command="stick")

    vessel_modem = of_vessels.add_parser(
        "modem", parents=[data], help="say which satellite modem is on a vessel"
    )
    vessel_modem.add_argument("name", metavar="NAME", help="the vessel's name")
    which = vessel_modem.add_mutually_exclusive_group(required=True)
    which.add_argument("imei", nargs="?", metavar="IMEI", help="the modem's 15 digits, printed on it")
    which.add_argument("--remove", action="store_true", help="take nothing from its modem any more")
    vessel_modem.add_argument(
        "--via", choices=[via.value for via in Via], default=Via.ROCKBLOCK.value, help="whose gateway"
    )
    vessel_modem.set_defaults(command="vessel modem")

    moving_commands.add_parser(commands, data)

    serve = commands.add_parser("serve", parents=[data], help="serve vessels and desks until stopped")
    serve.set_defaults(command="serve")

    status = commands.add_parser("status", parents=[data], help="show vessels, desks and refusals")
    status.add_argument("--json", action="store_true", help="as one JSON object")
    status.set_defaults(command="status")
    return parser


if __name__ == "__main__":
    sys.exit(main())
