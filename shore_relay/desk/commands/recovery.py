"""`recovery`: the printed shares, and the way in with them."""

import argparse
import asyncio
import sys
from pathlib import Path

from protocol.ids import UnixSeconds
from shore_relay.desk.app import wall_clock
from shore_relay.desk.commands.terminal import (
    data_folder,
    person_name,
    read_file,
    read_new_passphrase,
    say,
    unlocked,
    write_file,
)
from shore_relay.desk.errors import BadShares, UnreadableFile, WhichPerson
from shore_relay.desk.people.recovery import adopt_kit, check_share, make_kit, recover, shares_needed
from shore_relay.desk.people.roles import Permission
from shore_relay.desk.web.kit_page import kit_page
from shore_relay.desk.words import Words

_SHARE_BYTES_MAX = 10_000


async def make(arguments: argparse.Namespace) -> None:
    """Make the shares, one page each."""
    async with unlocked(arguments, Permission.MANAGE_PEOPLE) as desk:
        kit, shares = make_kit(arguments.needed, arguments.made, desk.now())
        words = Words.load(arguments.language)
        pages = {
            f"share-{share.number}-of-{kit.made}.html": kit_page(desk.keyring.name, kit, share, words)
            for share in shares
        }
        written = await asyncio.to_thread(_write_pages, Path(arguments.out), desk.data, pages)
        # Only now: an older kit stays good until the new one is safely written.
        await adopt_kit(desk, desk.actor, kit)
    for path in written:
        say(f"{path}")
    say("Print each page, give each to another keeper, then delete the files and empty the wastebasket.")
    say("An older kit opens nothing any more.")


def _write_pages(named: Path, data: Path, pages: dict[str, bytes]) -> list[Path]:
    folder = named.expanduser()
    if folder.resolve().is_relative_to(data.resolve()):
        raise UnreadableFile(
            "The shares must not lie beside what they open; name a folder elsewhere with --out."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as reason:
        raise UnreadableFile(f"{folder} cannot be made: {reason.strerror}. Name another --out.") from reason
    for name, page in pages.items():
        write_file(folder / name, page)
    return [folder / name for name in pages]


async def use(arguments: argparse.Namespace) -> None:
    """Let a new administrator in with enough shares."""
    name = person_name(arguments)
    if not name:
        raise WhichPerson("Say what the new administrator is called, with --person NAME.")
    shares = await asyncio.to_thread(_read_shares, arguments.share)
    passphrase = read_new_passphrase(arguments)
    now = UnixSeconds(wall_clock())
    await asyncio.to_thread(recover, data_folder(arguments), shares, name, passphrase, now)
    say(f"{name} is an administrator of this desk.")
    say("Whoever saw these shares knows them now: make and print a new kit, and revoke who has left.")


def _read_shares(files: list[str] | None) -> list[str]:
    if files:
        return [
            check_share(read_file(Path(name), _SHARE_BYTES_MAX).decode(errors="replace")) for name in files
        ]
    if not sys.stdin.isatty():
        raise BadShares("Shares are typed in a terminal, or given as files with --share FILE for each.")
    shares: list[str] = []
    while not shares or len(shares) < shares_needed(shares[0]):
        sys.stdout.write(f"The words of sheet {len(shares) + 1}: ")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            raise BadShares("The typing ended before there were enough shares; nothing was changed.")
        try:
            share = check_share(line)
        except BadShares as slip:
            say(str(slip))
            continue
        if share in shares:
            say("This sheet was typed already; take another one.")
        else:
            shares.append(share)
    return shares
