"""Making a relay, serving, and looking at it."""

import argparse
import asyncio
import json
import resource
import secrets
import signal
from pathlib import Path

import shtab

from shore_relay.relay import admin
from shore_relay.relay.app import running_relay, unix_time
from shore_relay.relay.backup.upgrading import upgrade
from shore_relay.relay.commands.frame import STORE_ERRORS, Command, Example, as_json, no_arguments, say
from shore_relay.relay.errors import (
    AlreadyInitialised,
    AlreadyServing,
    AttentionNeeded,
    BackupFailed,
    CertificateUnusable,
    DataFolderMissing,
    OutputUnwritable,
    PortInUse,
    SecretUnreadable,
    ServerSilent,
)
from shore_relay.relay.operator_api import asking
from shore_relay.relay.overview import as_document, as_table
from shore_relay.relay.settings import load_settings
from shore_relay.relay.store.opening import open_store
from shore_relay.relay.watch.doctor import examine_relay
from shore_relay.relay.watch.facts import gather
from shore_relay.relay.watch.findings import Level
from shore_relay.relay.watch.findings import as_document as findings_document
from shore_relay.relay.watch.findings import as_text as findings_text
from shore_relay.relay.watch.metrics import render


async def _init(options: argparse.Namespace, folder: Path) -> None:
    if await admin.init(folder, options.host, secrets.token_bytes, unix_time()):
        say(f"A relay was made in {folder}. Next: seavoice-relay desk add CARD.json")
    else:
        say(f"{folder} joins the relays that share its database. Next: seavoice-relay serve")


async def _serve(_options: argparse.Namespace, folder: Path) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    settings = load_settings(folder)
    _open_many_files()
    async with running_relay(folder, settings) as relay:
        # A server that listens everywhere is reached here by this name.
        host = "127.0.0.1" if settings.listen_host == "0.0.0.0" else settings.listen_host  # noqa: S104  # Compared.
        scheme = "https" if settings.tls.is_on else "http"
        operator = f" operator={relay.operator_port}" if relay.operator_port else ""
        say(f"ready: {scheme}://{host}:{relay.http_port} tcp={relay.tcp_port} udp={relay.udp_port}{operator}")
        waiting = asyncio.create_task(stopped.wait())
        # Without its store a relay can only refuse; whoever watches this process starts a new one.
        failing = asyncio.create_task(relay.store.writer.ended())
        await asyncio.wait({waiting, failing}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if failing.done():
            failing.result()
        failing.cancel()


def _open_many_files() -> None:
    """Take as many descriptors as this user may have: each connection is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _status(options: argparse.Namespace, folder: Path) -> None:
    status = await admin.status(folder)
    say(json.dumps(as_document(status), indent=2) if options.json else as_table(status))


async def _doctor(options: argparse.Namespace, folder: Path) -> None:
    findings = await examine_relay(folder, unix_time())
    say(json.dumps(findings_document(findings), indent=2) if options.json else findings_text(findings))
    broken = sum(finding.level is Level.BROKEN for finding in findings)
    if broken:
        raise AttentionNeeded(f"{broken} of {len(findings)} things are broken; mend them as it says above.")


async def _metrics(_options: argparse.Namespace, folder: Path) -> None:
    async with asking(folder) as serving:
        if serving is not None:
            say((await serving.metrics()).rstrip("\n"))
            return
    settings = load_settings(folder)
    async with await open_store(folder, settings) as store:
        say(render(await gather(folder, settings, store, unix_time())).decode().rstrip("\n"))


async def _upgrade(_options: argparse.Namespace, folder: Path) -> None:
    done = await upgrade(folder)
    if done.copy is None:
        say(f"Nothing to do: the tables have version {done.after}, which is this program's.")
        return
    say(f"The tables went from version {done.before} to {done.after}, and every row is there.")
    say(f"How they were before is in {done.copy}; remove it when all is well.")


def _completion_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=shtab.SUPPORTED_SHELLS, help="for which shell")


async def _completion(options: argparse.Namespace, _folder: Path) -> None:
    # Here, since the parser is built from this module, too.
    from shore_relay.relay.commands.all import parser

    say(shtab.complete(parser(), shell=options.shell))


def _init_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="localhost", metavar="NAME", help="name by which vessels reach it")


COMMANDS = (
    Command(
        words=("init",),
        summary="make a new relay",
        description="Makes the data folder, its settings, its database and its keys, for your eyes alone.",
        arguments=_init_arguments,
        run=_init,
        examples=(
            Example(
                line="seavoice-relay init --host relay.example.org",
                does="makes a relay that vessels find by this name",
            ),
        ),
        errors=(AlreadyInitialised, OutputUnwritable, *STORE_ERRORS),
    ),
    Command(
        words=("serve",),
        summary="serve vessels and desks until stopped",
        description=(
            "Serves until SIGTERM or SIGINT. Prints one line with its addresses when it is ready, "
            "and logs to standard error. Other commands work meanwhile."
        ),
        arguments=no_arguments,
        run=_serve,
        examples=(
            Example(line="seavoice-relay serve", does="serves the folder of this user"),
            Example(
                line="SEAVOICE_RELAY_OPERATOR_ENABLED=true seavoice-relay serve",
                does="serves, with the operator's page and the metrics on 127.0.0.1:8705",
            ),
        ),
        errors=(AlreadyServing, PortInUse, SecretUnreadable, CertificateUnusable, *STORE_ERRORS),
    ),
    Command(
        words=("status",),
        summary="show vessels, desks and refusals",
        description=(
            "Shows what the relay holds for whom, when each vessel was last heard, what was "
            "refused, and every alarm of the satellite gateways."
        ),
        arguments=as_json,
        run=_status,
        examples=(
            Example(line="seavoice-relay status", does="shows a table"),
            Example(line="seavoice-relay status --json | jq .refusals", does="takes one part of it"),
        ),
        errors=STORE_ERRORS,
    ),
    Command(
        words=("doctor",),
        summary="say what is wrong, and how to mend it",
        description=(
            "Looks at modes of files, settings, secrets, database, ports, certificate, disk, "
            "clock, backups and everybody who has fallen silent. Changes nothing."
        ),
        arguments=as_json,
        run=_doctor,
        examples=(
            Example(line="seavoice-relay doctor", does="says all that it found, the worst last"),
            Example(
                line="seavoice-relay doctor --json >report.json",
                does="for a program; the exit code tells whether anything is broken",
            ),
        ),
        errors=(AttentionNeeded, DataFolderMissing),
    ),
    Command(
        words=("metrics",),
        summary="print what Prometheus reads",
        description=(
            "Prints the metrics of the relay that serves, or of the folder where none does. "
            "Serves node_exporter's textfile collector where no port may be open."
        ),
        arguments=no_arguments,
        run=_metrics,
        examples=(
            Example(
                line="seavoice-relay metrics >/var/lib/node_exporter/seavoice.prom",
                does="leaves them for node_exporter",
            ),
        ),
        errors=(ServerSilent, *STORE_ERRORS),
    ),
    Command(
        words=("upgrade",),
        summary="bring the tables to this program's version",
        description=(
            "Keeps a copy of the database, brings its tables to this program's version, and "
            "compares every table's rows. Where anything fails it is again as it was. Stop the "
            "relay first."
        ),
        arguments=no_arguments,
        run=_upgrade,
        examples=(
            Example(
                line="seavoice-relay upgrade",
                does="after `systemctl stop seavoice-relay`, before the new version serves",
            ),
        ),
        errors=(AlreadyServing, BackupFailed, *STORE_ERRORS),
    ),
    Command(
        words=("completion",),
        summary="print completion for a shell",
        description="Prints a script that completes this program's commands and options.",
        arguments=_completion_arguments,
        run=_completion,
        examples=(
            Example(
                line="seavoice-relay completion bash >/etc/bash_completion.d/seavoice-relay",
                does="for every user of this machine",
            ),
        ),
    ),
)
