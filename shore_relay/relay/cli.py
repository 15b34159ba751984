"""`seavoice-relay`: the operator's command line."""

import argparse
import asyncio
import json
import secrets
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from shore_relay.relay import admin
from shore_relay.relay.app import running_relay, unix_time
from shore_relay.relay.data_folder import default_folder
from shore_relay.relay.errors import EXIT_CODES, EXIT_UNEXPECTED, RelayError
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
            await admin.init(folder, options.host, secrets.token_bytes, unix_time())
            print(f"A relay was made in {folder}. Next: seavoice-relay desk add CARD.json")
        case "desk add":
            card, new = await admin.add_desk(folder, options.card, unix_time())
            print(f"Desk {card.name} ({card.id.hex()}) {'was added' if new else 'is up to date'}.")
        case "vessel add":
            await _add_vessel(options, folder)
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

    serve = commands.add_parser("serve", parents=[data], help="serve vessels and desks until stopped")
    serve.set_defaults(command="serve")

    status = commands.add_parser("status", parents=[data], help="show vessels, desks and refusals")
    status.add_argument("--json", action="store_true", help="as one JSON object")
    status.set_defaults(command="status")
    return parser


if __name__ == "__main__":
    sys.exit(main())
