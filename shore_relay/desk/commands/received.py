"""`open` and `received list|show|reply`: what other desks give to this one."""

import argparse
import asyncio
import sys
from pathlib import Path

from protocol import limits
from protocol.documents import Json
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.referral import ReferralState
from shore_relay.desk.commands.terminal import read_file, say, say_json, unlocked, write_file
from shore_relay.desk.errors import NothingChosen, PartnerNotConfirmed, UnreadableFile
from shore_relay.desk.people.roles import Permission
from shore_relay.desk.referrals.describing import given_lines, statistics_lines
from shore_relay.desk.referrals.given import Given, describe_given, read_given
from shore_relay.desk.referrals.money_table import write_money
from shore_relay.desk.referrals.post import LetterKind
from shore_relay.desk.referrals.receiving import (
    Received,
    Taken,
    load_received,
    load_received_letter,
    reply,
    take_in,
)
from shore_relay.desk.referrals.statistics import describe_statistics, read_statistics
from shore_relay.desk.sound import wav_of
from shore_relay.desk.tables.formats import Format
from shore_relay.desk.words import Words


async def open_letter(arguments: argparse.Namespace) -> None:
    """Open what another desk gave, keep it, show it, and write the reply that says it was received."""
    path = Path(arguments.file)
    words = Words.load()
    async with unlocked(arguments, Permission.REFER) as desk:
        data = await asyncio.to_thread(read_file, path, limits.LETTER_BYTES_MAX)
        taken = await _take(desk, data, arguments.yes)
        if taken.reply is not None:
            what = words(f"referral.state.{taken.reply.state.value}")
            say(f"{taken.reply.partner}, {words('case.title', number=taken.reply.case)}: {what}")
            return
        if taken.received is None:
            _say_revoked(taken, words)
            return
        received = taken.received
        for line in await _lines(desk, received.number, words):
            say(line)
        if received.kind is not LetterKind.REFERRAL:
            return
        answer = await reply(desk, desk.actor, received.number, received.state)
    out = Path(arguments.reply) if arguments.reply else path.with_suffix(f".{received.state.value}.seavoice")
    await asyncio.to_thread(write_file, out, answer)
    say(f"\nIt is kept here as {received.number}. Send {out} back: it says that you have it.")
    say(f"Later: `seavoice-desk received reply {received.number} accepted|declined|closed --out FILE`.")


async def _take(desk: Desk, data: bytes, digits: str | None) -> Taken:
    try:
        return await take_in(desk, desk.actor, data, digits=digits or "")
    except PartnerNotConfirmed as reason:
        if digits or not sys.stdin.isatty():
            raise
        say(str(reason))
    given = await asyncio.to_thread(_ask)
    return await take_in(desk, desk.actor, data, digits=given)


def _ask() -> str:
    sys.stdout.write("The digits that they told you (nothing: do not open): ")
    sys.stdout.flush()
    return sys.stdin.readline().strip()


def _say_revoked(taken: Taken, words: Words) -> None:
    assert taken.sender is not None
    if taken.revoked is None:
        say(words("received.revoked", name=taken.sender.name))
    else:
        say(words("received.revoked.late", name=taken.sender.name, number=taken.revoked.number))


async def _lines(desk: Desk, number: int, words: Words) -> list[str]:
    received, opened, partner = await load_received_letter(desk, number)
    head = [f"{partner.name}, {words.day(received.received_at)}"]
    if received.is_taken_back:
        head.append(words("received.taken-back"))
    if received.kind is LetterKind.STATISTICS:
        return head + statistics_lines(read_statistics(opened.content), words)
    return head + given_lines(read_given(opened.content), words)


async def list_received(arguments: argparse.Namespace) -> None:
    """List what other desks gave."""
    async with unlocked(arguments, Permission.REFER) as desk:
        found = await load_received(desk)
        names = {one.number: (await load_received_letter(desk, one.number))[2].name for one in found}
    if arguments.json:
        say_json({"received": [_document(one) | {"from": names[one.number]} for one in found]})
        return
    words = Words.load()
    for one in found:
        what = words(f"referral.state.{one.state.value}") if one.kind is LetterKind.REFERRAL else ""
        say(f"{one.number:>4}  {words.day(one.received_at)}  {names[one.number]}  {what}".rstrip())
    if not found:
        say(words("received.empty"))


def _document(one: Received) -> dict[str, Json]:
    return {
        "number": one.number,
        "kind": one.kind.value,
        "id": one.id.hex(),
        "received_at": one.received_at,
        "state": one.state.value,
        "taken_back": one.is_taken_back,
    }


async def show(arguments: argparse.Namespace) -> None:
    """Show one letter; with --money or --sounds write those parts of it out."""
    words = Words.load()
    async with unlocked(arguments, Permission.REFER) as desk:
        received, opened, partner = await load_received_letter(desk, arguments.number)
        lines = await _lines(desk, received.number, words)
    if received.kind is LetterKind.STATISTICS:
        document = describe_statistics(read_statistics(opened.content))
    else:
        given = read_given(opened.content)
        document = describe_given(given)
        await asyncio.to_thread(_write_parts, arguments, given, received.id.hex()[:8])
    if arguments.json:
        say_json(_document(received) | {"from": partner.name, "content": document})
        return
    for line in lines:
        say(line)


def _write_parts(arguments: argparse.Namespace, given: Given, prefix: str) -> None:
    if arguments.money:
        out = Path(arguments.money)
        form = Format.JSON if out.suffix.lower() == ".json" else Format.CSV
        write_file(out, write_money(given.money, prefix, form))
    if arguments.sounds:
        folder = Path(arguments.sounds)
        sounds = [message for message in given.messages if message.sound]
        if not sounds:
            raise NothingChosen("There is no sound in it.")
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as reason:
            raise UnreadableFile(
                f"{folder} cannot be made: {reason.strerror}. Name another folder."
            ) from reason
        for message in sounds:
            write_file(folder / f"message-{message.number}.wav", wav_of(message.sound))


async def answer(arguments: argparse.Namespace) -> None:
    """Say how far this desk is with what it was given."""
    state = ReferralState(arguments.state)
    async with unlocked(arguments, Permission.REFER) as desk:
        letter = await reply(desk, desk.actor, arguments.number, state, arguments.words or "")
    await asyncio.to_thread(write_file, Path(arguments.out), letter)
    say(f"The reply is in {arguments.out}; send it to whoever referred to you.")
