"""`answer`, `vessels`, `confirm` and `status`: what a caseworker does and asks."""

import argparse
import asyncio
import sys
from pathlib import Path

from protocol.documents import Json
from protocol.priming import Language
from protocol.speech.errors import RecordingTooLong
from shore_relay.desk.answering import answer_with_recording, answer_with_text
from shore_relay.desk.app import Desk
from shore_relay.desk.commands.terminal import exchange, read_file, say, say_json, unlocked
from shore_relay.desk.describing import describe_vessel
from shore_relay.desk.errors import NothingToConfirm, WrongFingerprint
from shore_relay.desk.inbox import load_inbox
from shore_relay.desk.people.keys import DAY_S
from shore_relay.desk.people.roles import Permission
from shore_relay.desk.relay_lock import relay_lock
from shore_relay.desk.sound import RECORDING_BYTES_MAX
from shore_relay.desk.store import inbox as stored
from shore_relay.desk.store import outbox
from shore_relay.desk.store.records import DispatchState
from shore_relay.desk.vessels import Vessel, box_to_confirm, confirm, find_vessel, load_vessels
from shore_relay.desk.words import Words


async def answer(arguments: argparse.Namespace) -> None:
    """Answer one message; the answer is kept here until the relay has it."""
    language = Language.from_tag(arguments.language) if arguments.language else None
    async with unlocked(arguments, Permission.ANSWER) as desk:
        if arguments.voice:
            wav = await asyncio.to_thread(_recording, Path(arguments.voice))
            await answer_with_recording(desk, arguments.id, wav, language)
        else:
            await answer_with_text(desk, arguments.id, arguments.text, language)
        trouble = await exchange(desk, fetching=False)
    if trouble:
        say("The answer is kept here; do not write it again.")
        raise trouble
    say(Words.load()("answer.queued"))


def _recording(path: Path) -> bytes:
    wav = read_file(path, RECORDING_BYTES_MAX)
    if len(wav) > RECORDING_BYTES_MAX:
        raise RecordingTooLong(f"{path} is larger than any voice answer; cut it into parts of three minutes.")
    return wav


async def vessels(arguments: argparse.Namespace) -> None:
    """List the vessels, their fingerprints and what is missing of them."""
    async with unlocked(arguments, Permission.READ) as desk:
        trouble = await exchange(desk, fetching=True)
        found = await load_vessels(desk)
    if arguments.json:
        say_json({"vessels": [describe_vessel(vessel) for vessel in found]})
    else:
        words = Words.load()
        for vessel in found:
            _say_vessel(vessel, words)
        if not found:
            say(words("vessels.empty"))
    if trouble:
        raise trouble


def _say_vessel(vessel: Vessel, words: Words) -> None:
    say(f"{vessel.name}  ({vessel.id.hex()})")
    for box in vessel.boxes:
        state = words("vessel.confirmed") if box.trusted else words("vessel.unconfirmed")
        say(f"  {box.fingerprint}  {state.lower()}")
    if not vessel.boxes:
        say(f"  {words('vessel.no-box')}")
    for start, end in vessel.missing:
        say("  " + words("vessel.missing", count=end - start, first=start, last=end - 1))


async def confirm_vessel(arguments: argparse.Namespace) -> None:
    """Trust a vessel's box after a person has compared its fingerprint."""
    async with unlocked(arguments, Permission.CONFIRM_VESSELS) as desk:
        trouble = await exchange(desk, fetching=True)
        vessel = await find_vessel(desk, arguments.vessel)
        box = box_to_confirm(vessel, arguments.yes)
        if not box.trusted:
            if arguments.yes is None:
                await asyncio.to_thread(_ask, vessel, box.fingerprint)
            await confirm(desk, box)
            trouble = await exchange(desk, fetching=False) or trouble
    say(f"{vessel.name} is confirmed: {box.fingerprint}")
    if trouble:
        raise trouble


def _ask(vessel: Vessel, fingerprint: str) -> None:
    say(f"The box of {vessel.name} has the fingerprint\n\n    {fingerprint}\n")
    say(Words.load()("vessel.fingerprint.hint"))
    if not sys.stdin.isatty():
        raise NothingToConfirm(
            "Nobody can be asked here; compare the digits and give them with --yes FINGERPRINT."
        )
    sys.stdout.write("Are all digits the same? Type yes: ")
    sys.stdout.flush()
    if sys.stdin.readline().strip().lower() != "yes":
        raise WrongFingerprint(f"{vessel.name} stays unconfirmed; nothing was changed.")


async def status(arguments: argparse.Namespace) -> None:
    """Say how the desk is."""
    async with unlocked(arguments, Permission.READ) as desk:
        found = await _status(desk)
    if arguments.json:
        say_json(found)
        return
    for key, value in found.items():
        if isinstance(value, dict):
            say(f"{key}: " + ", ".join(f"{name} {count}" for name, count in value.items()))
        else:
            say(f"{key}: {value}")


async def _status(desk: Desk) -> dict[str, Json]:
    entries, vessels = await load_inbox(desk), await load_vessels(desk)
    async with desk.database.reading() as connection:
        states = await outbox.count_by_state(connection)
        cursor, taken = await stored.feed_position(connection)
    keys = desk.keyring.keys
    newest = keys.epochs[-1]
    with relay_lock(desk.data) as is_free:
        return {
            "desk": keys.desk.hex(),
            "name": keys.name,
            "relay": desk.settings.relay,
            "serving": not is_free,
            "messages": len(entries),
            "unopened": sum(not entry.is_opened for entry in entries),
            "urgent_unopened": sum(entry.is_urgent and not entry.is_opened for entry in entries),
            "vessels": len(vessels),
            "vessels_unconfirmed": sum(not vessel.confirmed for vessel in vessels),
            "outbox": {state.name.lower().replace("_", "-"): states.get(state, 0) for state in DispatchState},
            "feed": {"kept": cursor, "taken": taken},
            "key": newest.id.hex(),
            "key_days_left": max(0, (newest.not_after - desk.now()) // DAY_S),
        }
