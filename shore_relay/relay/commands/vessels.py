"""Vessels: added, shown, given new keys, bounded, and ended."""

import argparse
import json
import secrets
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import segno

from protocol.caps import SignedCap
from protocol.documents import MalformedDocument
from protocol.provisioning import Provisioning, read_provisioning
from shore_relay.relay import admin, rotation
from shore_relay.relay.app import unix_time
from shore_relay.relay.chain_file import read_chain
from shore_relay.relay.commands.frame import STORE_ERRORS, Command, Example, as_json, say
from shore_relay.relay.data_folder import write_secret
from shore_relay.relay.errors import (
    CardUnreadable,
    ChainUnusable,
    ModemRefused,
    NameTaken,
    OutputUnwritable,
    ServerSilent,
    SettingsInvalid,
    UnknownDesk,
    UnknownVessel,
)
from shore_relay.relay.overview import as_document, vessels_table
from shore_relay.relay.settings import load_settings
from shore_relay.relay.store.sbd_rows import Via

_FILE_BYTES_MAX = 100_000


def _name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the vessel's name or id")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the vessel's name, as people know it")
    parser.add_argument("--desk", required=True, help="name or id of the desk that it belongs to")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="where the file goes")
    parser.add_argument("--qr", action="store_true", help="show the file as a QR code, too")


async def _add(options: argparse.Namespace, folder: Path) -> None:
    provisioning = await admin.add_vessel(
        folder,
        load_settings(folder),
        options.name,
        options.desk,
        options.out,
        secrets.token_bytes,
        unix_time(),
    )
    _tell_added(provisioning, options.out, qr=options.qr)


def _tell_added(provisioning: Provisioning, out: Path, *, qr: bool) -> None:
    say(f"Vessel {provisioning.vessel_name} ({provisioning.vessel.hex()}) was added.")
    say(f"Carry {out} to its box, then destroy every copy: it holds the link's secret.")
    if qr:
        _show_code(_read_file(out))


def _qr_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="what `vessel add` or `vessel rotate` wrote")
    parser.add_argument(
        "--svg", type=Path, metavar="FILE", help="write a picture in place of showing it here"
    )


async def _qr(options: argparse.Namespace, _folder: Path) -> None:
    data = _read_file(options.file)
    if options.svg is None:
        _show_code(data)
        return
    write_secret(options.svg, _code(data).svg_inline(scale=4).encode())
    say(f"{options.svg} holds the link's secret: destroy every copy when the box has it.")


def _read_file(path: Path) -> bytes:
    try:
        data = path.read_bytes()[:_FILE_BYTES_MAX]
        read_provisioning(data)
    except OSError as reason:
        raise CardUnreadable(f"{path} cannot be read ({reason.strerror}); check its path.") from reason
    except MalformedDocument as reason:
        raise CardUnreadable(f"{path} is no provisioning file: {reason}") from reason
    return data


def _code(data: bytes) -> segno.QRCode:
    # The same document without its line breaks makes a code that more cameras read.
    packed = json.dumps(json.loads(data), ensure_ascii=False, separators=(",", ":"))
    return segno.make_qr(packed, error="l")


def _show_code(data: bytes) -> None:
    _code(data).terminal(compact=True)


async def _list(options: argparse.Namespace, folder: Path) -> None:
    status = await admin.status(folder)
    document = {"vessels": as_document(status)["vessels"]}
    say(json.dumps(document, indent=2) if options.json else vessels_table(status))


def _revoke_arguments(parser: argparse.ArgumentParser) -> None:
    _name(parser)
    parser.add_argument("--undo", action="store_true", help="serve it again")


async def _revoke(options: argparse.Namespace, folder: Path) -> None:
    await admin.revoke_vessel(folder, options.name, unix_time(), undo=options.undo)
    if options.undo:
        say(f"Vessel {options.name} is served again.")
        return
    say(
        f"Nothing of vessel {options.name} is taken any more, and nothing goes to it. What came before is "
        "with its desk: tell them, so that they stop trusting its box."
    )


def _rotate_arguments(parser: argparse.ArgumentParser) -> None:
    _name(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="write a file for a new box; the old one is served no more"
    )
    parser.add_argument("--qr", action="store_true", help="with --out: show the file as a QR code, too")


async def _rotate(options: argparse.Namespace, folder: Path) -> None:
    if options.out is None:
        await rotation.rotate_keys(folder, options.name, secrets.token_bytes, unix_time())
        say(f"{options.name} and this relay agree on new link keys when it next speaks; nothing is lost.")
        return
    provisioning = await rotation.replace_box(
        folder, load_settings(folder), options.name, options.out, secrets.token_bytes, unix_time()
    )
    _tell_added(provisioning, options.out, qr=options.qr)
    say("The old box is served no more. Its desk has to confirm the new one's fingerprint, and a satellite")
    say("modem that moves with it has to be taken from the old one: see `vessel modem`.")


def _cap_arguments(parser: argparse.ArgumentParser) -> None:
    _name(parser)
    parser.add_argument(
        "--bearer",
        nargs=3,
        action="append",
        default=[],
        metavar=("BEARER", "MONEY", "BYTES"),
        help='such as: --bearer tcp 20 any; "any" is no cap; without --bearer all caps from shore end',
    )


async def _cap(options: argparse.Namespace, folder: Path) -> None:
    caps = tuple(_read_cap(words) for words in options.bearer)
    await admin.cap_vessel(
        folder, load_settings(folder), options.name, caps, secrets.token_bytes, unix_time()
    )
    what = ", ".join(cap.bearer for cap in caps) or "none: its own settings hold again"
    say(f"Caps for {options.name} are on their way ({what}). It takes them at its next contact.")


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


def _certificate_arguments(parser: argparse.ArgumentParser) -> None:
    _name(parser)
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="the chain in PEM form that the authority made: fullchain.pem"
    )


async def _certificate(options: argparse.Namespace, folder: Path) -> None:
    found = read_chain(options.file, unix_time())
    await admin.send_chain(
        folder, load_settings(folder), options.name, found.chain, secrets.token_bytes, unix_time()
    )
    say(f"A certificate for {', '.join(found.names)}, valid until {found.not_after:%Y-%m-%d}, is on its way")
    say(f"to {options.name}: {found.size_bytes:,} bytes, behind everything else that waits for it.")


def _modem_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the vessel's name")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("imei", nargs="?", metavar="IMEI", help="the modem's 15 digits, printed on it")
    which.add_argument("--remove", action="store_true", help="take nothing from its modem any more")
    parser.add_argument(
        "--via", choices=[via.value for via in Via], default=Via.ROCKBLOCK.value, help="whose gateway"
    )


async def _modem(options: argparse.Namespace, folder: Path) -> None:
    if options.remove:
        await admin.remove_modem(folder, options.name)
        say(f"Vessel {options.name} has no satellite modem any more.")
        return
    await admin.assign_modem(folder, options.name, options.imei or "", Via(options.via), unix_time())
    say(f"Vessel {options.name} has the modem {options.imei}, through {options.via}.")


COMMANDS = (
    Command(
        words=("vessel", "add"),
        summary="add a vessel and write its provisioning file",
        description=(
            "Adds a vessel and writes the file that makes a box this vessel's. The file holds the "
            "link's secret, which the relay itself does not keep."
        ),
        arguments=_add_arguments,
        run=_add,
        examples=(
            Example(
                line="seavoice-relay vessel add Mercy --desk Haven --out mercy.json",
                does="then, on the box: seavoice-vessel init mercy.json",
            ),
            Example(
                line="seavoice-relay vessel add Mercy --desk Haven --out mercy.json --qr",
                does="shows it for a camera as well",
            ),
        ),
        errors=(NameTaken, UnknownDesk, OutputUnwritable, *STORE_ERRORS),
    ),
    Command(
        words=("vessel", "list"),
        summary="show all vessels",
        description="Shows each vessel, when it was last heard and over what, and what waits.",
        arguments=as_json,
        run=_list,
        examples=(Example(line="seavoice-relay vessel list", does="shows a table"),),
        errors=STORE_ERRORS,
    ),
    Command(
        words=("vessel", "qr"),
        summary="show a provisioning file as a QR code",
        description=(
            "Shows the file that `vessel add` wrote as a QR code, here or as a picture. Whoever "
            "photographs it has the link's secret."
        ),
        arguments=_qr_arguments,
        run=_qr,
        examples=(
            Example(line="seavoice-relay vessel qr mercy.json", does="shows it in the terminal"),
            Example(
                line="seavoice-relay vessel qr mercy.json --svg mercy.svg", does="writes a picture to print"
            ),
        ),
        errors=(CardUnreadable, OutputUnwritable),
    ),
    Command(
        words=("vessel", "rotate"),
        summary="new link keys for a vessel, or a new box in place of the old",
        description=(
            "Without --out, the vessel and this relay agree on new link keys at its next contact: "
            "after somebody may have read the relay's disk or a backup. With --out, writes a file "
            "for a new box of this vessel; the old box is served no more and keeps its past under "
            "another name."
        ),
        arguments=_rotate_arguments,
        run=_rotate,
        examples=(
            Example(
                line="seavoice-relay vessel rotate Mercy",
                does="new link keys; costs one exchange of 207 bytes",
            ),
            Example(
                line="seavoice-relay vessel rotate Mercy --out new.json",
                does="the box was lost, and another takes its place",
            ),
        ),
        errors=(UnknownVessel, NameTaken, OutputUnwritable, ServerSilent, *STORE_ERRORS),
    ),
    Command(
        words=("vessel", "revoke"),
        summary="end the link of a vessel whose box was stolen or changed hands",
        description=(
            "Refuses and counts everything that comes from the box, over every bearer, from now "
            "on. What came before stays for its desk."
        ),
        arguments=_revoke_arguments,
        run=_revoke,
        examples=(
            Example(line="seavoice-relay vessel revoke Mercy", does="at once, also while it is connected"),
            Example(line="seavoice-relay vessel revoke Mercy --undo", does="it was found again, untouched"),
        ),
        errors=(UnknownVessel, ServerSilent, *STORE_ERRORS),
    ),
    Command(
        words=("vessel", "cap"),
        summary="say what a vessel may spend in a month, in place of its own settings",
        description=(
            "Signs caps for a vessel and queues them; they hold from its next contact. Urgent "
            "messages go over a cap, and say so."
        ),
        arguments=_cap_arguments,
        run=_cap,
        examples=(
            Example(
                line="seavoice-relay vessel cap Mercy --bearer sbd 40 any --bearer tcp any 5000000",
                does="40 of its currency by satellite, 5 MB over TCP",
            ),
            Example(line="seavoice-relay vessel cap Mercy", does="its own settings hold again"),
        ),
        errors=(UnknownVessel, ServerSilent, *STORE_ERRORS),
    ),
    Command(
        words=("vessel", "certificate"),
        summary="send a new certificate for a vessel's phones",
        description=(
            "Signs a certificate chain and queues it behind everything else that waits for the vessel."
        ),
        arguments=_certificate_arguments,
        run=_certificate,
        examples=(
            Example(line="seavoice-relay vessel certificate Mercy fullchain.pem", does="after each renewal"),
        ),
        errors=(ChainUnusable, UnknownVessel, ServerSilent, *STORE_ERRORS),
    ),
    Command(
        words=("vessel", "modem"),
        summary="say which satellite modem is on a vessel",
        description=(
            "A modem belongs to one vessel, and a vessel has one modem. Works while the relay serves."
        ),
        arguments=_modem_arguments,
        run=_modem,
        examples=(
            Example(line="seavoice-relay vessel modem Mercy 300234010753370", does="through RockBLOCK"),
            Example(
                line="seavoice-relay vessel modem Mercy --remove",
                does="lost or stolen: nothing is taken any more",
            ),
        ),
        errors=(ModemRefused, UnknownVessel, *STORE_ERRORS),
    ),
)
