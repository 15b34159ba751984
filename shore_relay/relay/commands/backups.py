"""Backups, their key, and restoring one."""

import argparse
import asyncio
import json
import secrets
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from protocol.ids import UnixSeconds
from shore_relay.relay.app import unix_time
from shore_relay.relay.backup.keys import PASSPHRASE_VARIABLE, make_key, read_key, read_recipient
from shore_relay.relay.backup.taking import check, restore, take
from shore_relay.relay.commands.frame import (
    STORE_ERRORS,
    Command,
    Example,
    as_json,
    ask_hidden,
    new_passphrase,
    say,
)
from shore_relay.relay.errors import (
    AlreadyInitialised,
    BackupFailed,
    BackupUnreadable,
    OutputUnwritable,
    PassphraseRefused,
    SettingsInvalid,
    StoreFromFuture,
)
from shore_relay.relay.settings import load_settings


def _key_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="where the key goes; carry it away from here")
    parser.add_argument(
        "--passphrase",
        action="store_true",
        help=f"ask for one (or {PASSPHRASE_VARIABLE}) that the key needs, too",
    )


async def _key(options: argparse.Namespace, _folder: Path) -> None:
    passphrase = new_passphrase(PASSPHRASE_VARIABLE, "the key") if options.passphrase else None
    recipient = make_key(options.file, passphrase)
    say(f"{options.file} opens the backups: keep it away from the relay, twice. Then set, in settings.toml:")
    say(f'[operator]\nbackup_to = "{recipient}"')


def _backup_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a new file; copy it to another machine")
    parser.add_argument(
        "--to",
        action="append",
        default=[],
        metavar="AGE1…",
        help="for this key in place of operator.backup_to",
    )
    as_json(parser)


async def _backup(options: argparse.Namespace, folder: Path) -> None:
    named = options.to or [
        part for part in load_settings(folder).operator.backup_to.split(",") if part.strip()
    ]
    if not named:
        raise SettingsInvalid(
            "A backup is encrypted to a key: make one with `seavoice-relay backup-key FILE`, then set "
            "operator.backup_to or say --to AGE1…."
        )
    recipients = [read_recipient(text) for text in named]
    done = await asyncio.to_thread(take, folder, options.file, recipients, unix_time())
    if options.json:
        say(
            json.dumps(
                {
                    "file": str(options.file),
                    "size_bytes": done.size_bytes,
                    "counts": dict(done.manifest.counts),
                }
            )
        )
        return
    rows = sum(done.manifest.counts.values())
    say(f"{options.file}: {done.size_bytes:,} bytes, {rows:,} rows, read back whole.")


def _restore_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="what `backup` wrote")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="what `backup-key` wrote")
    parser.add_argument("--check", action="store_true", help="only read it to its end; change nothing")


async def _restore(options: argparse.Namespace, folder: Path) -> None:
    identity = read_key(options.key, ask_hidden)
    if options.check:
        with tempfile.TemporaryDirectory() as beside:
            manifest = await asyncio.to_thread(check, options.file, identity, Path(beside))
        rows = sum(manifest.counts.values())
        say(f"{options.file} is whole: {rows:,} rows of {_moment(manifest.taken_at)}.")
        return
    done = await restore(options.file, identity, folder, secrets.token_bytes, unix_time())
    say(f"The relay of {_moment(done.manifest.taken_at)} is in {folder}, with {done.vessels} vessels.")
    say("Each vessel gets new link keys when it next speaks, by itself. What came after that moment, and no")
    say("desk had fetched, is lost: a box keeps nothing that was acknowledged.")
    say("Never start the old relay again.")


def _moment(at: UnixSeconds) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


COMMANDS = (
    Command(
        words=("backup-key",),
        summary="make the key that opens backups",
        description=(
            "Writes a new age key into a file and prints its recipient. The relay needs only the "
            "recipient: who breaks in there can write backups, and open none."
        ),
        arguments=_key_arguments,
        run=_key,
        examples=(
            Example(line="seavoice-relay backup-key relay.key", does="on the technician's own machine"),
            Example(
                line="seavoice-relay backup-key relay.key --passphrase",
                does="the file alone then opens nothing",
            ),
        ),
        errors=(OutputUnwritable, PassphraseRefused),
    ),
    Command(
        words=("backup",),
        summary="write an encrypted backup, also while the relay serves",
        description=(
            "Copies database, settings and keys as of one moment, examines the copy, encrypts it "
            "and reads it back to its last byte. The file is there only if all of that went well."
        ),
        arguments=_backup_arguments,
        run=_backup,
        examples=(
            Example(
                line='seavoice-relay backup "/mnt/backup/relay-$(date +%F).age"',
                does="every day, from a timer",
            ),
            Example(
                line="seavoice-relay backup relay.age --to age1… --to age1…", does="for either of two keys"
            ),
        ),
        errors=(BackupFailed, OutputUnwritable, *STORE_ERRORS),
    ),
    Command(
        words=("restore",),
        summary="put a backup in place, or check one",
        description=(
            "Puts a backup into a folder that holds no relay. Every vessel then agrees on new "
            "link keys at its next contact, since the backup cannot know which packet counters "
            "were used after it."
        ),
        arguments=_restore_arguments,
        run=_restore,
        examples=(
            Example(
                line="seavoice-relay restore relay.age --key relay.key",
                does="on a new machine; then: seavoice-relay doctor",
            ),
            Example(
                line="seavoice-relay restore relay.age --key relay.key --check",
                does="a rehearsal, once a month",
            ),
        ),
        errors=(AlreadyInitialised, BackupUnreadable, BackupFailed, OutputUnwritable, StoreFromFuture),
    ),
)
