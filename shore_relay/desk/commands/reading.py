"""`inbox`, `show` and `export`: what came."""

import argparse
import asyncio
import base64
from pathlib import Path

from protocol.documents import Json, dump
from protocol.errors import LimitExceeded, MalformedVoice
from shore_relay.desk.app import Desk
from shore_relay.desk.commands.terminal import exchange, say, say_json, unlocked, write_file
from shore_relay.desk.content import Content, ContentKind
from shore_relay.desk.describing import describe_answer, describe_entry, describe_vessel
from shore_relay.desk.errors import NothingChosen, UnreadableFile
from shore_relay.desk.first_words import first_words
from shore_relay.desk.inbox import Answer, Entry, load_answers, load_inbox, load_voice, open_entry
from shore_relay.desk.people.roles import Permission
from shore_relay.desk.sound import wav_of
from shore_relay.desk.store import inbox as stored
from shore_relay.desk.tables.exporting import export_table
from shore_relay.desk.tables.formats import Format
from shore_relay.desk.trust import Origin
from shore_relay.desk.vessels import load_vessels
from shore_relay.desk.words import Words


async def inbox(arguments: argparse.Namespace) -> None:
    """List the messages, the pressing ones first."""
    async with unlocked(arguments, Permission.READ) as desk:
        trouble = await exchange(desk, fetching=True)
        entries, vessels = await load_inbox(desk), await load_vessels(desk)
    if arguments.json:
        say_json(
            {
                "messages": [describe_entry(entry) for entry in entries],
                "vessels": [describe_vessel(vessel) for vessel in vessels],
            }
        )
    else:
        words = Words.load()
        for entry in entries:
            say(_line(entry, words))
        if not entries:
            say(words("inbox.empty"))
        for vessel in vessels:
            for start, end in vessel.missing:
                say(
                    f"{vessel.name}: " + words("vessel.missing", count=end - start, first=start, last=end - 1)
                )
    if trouble:
        raise trouble


def _line(entry: Entry, words: Words) -> str:
    marks = [words("inbox.urgent").upper()] if entry.is_urgent else []
    marks += [] if entry.is_opened else [words("inbox.new")]
    marks += [] if entry.origin is Origin.VERIFIED else [words(f"origin.{int(entry.origin)}")]
    mark = f"[{', '.join(marks)}] " if marks else ""
    when = words.day(entry.arrived_at)
    return f"{entry.id:>4}  {when}  {entry.vessel_name}  {mark}{first_words(entry, words)}"


async def show(arguments: argparse.Namespace) -> None:
    """Show one message, which counts as opened by a person."""
    async with unlocked(arguments, Permission.ANSWER) as desk:
        entry = await open_entry(desk, arguments.id, desk.actor)
        answers = await load_answers(desk, arguments.id)
        trouble = await exchange(desk, fetching=False)
    if arguments.json:
        say_json(describe_entry(entry) | {"answers": [describe_answer(answer) for answer in answers]})
    else:
        for line in _shown(entry, answers, Words.load()):
            say(line)
    if trouble:
        raise trouble


def _shown(entry: Entry, answers: list[Answer], words: Words) -> list[str]:
    numbers = ", ".join(str(form.row.number) for form in entry.forms)
    lines = [
        words("message.title", number=entry.id)
        + (f"  {words('inbox.urgent').upper()}" if entry.is_urgent else ""),
        f"{words('message.from')}: {entry.vessel_name}, {words(f'origin.{int(entry.origin)}').lower()}",
        f"{words('message.numbers')}: {numbers}",
        f"{words('message.arrived')}: {words.day(entry.arrived_at)}",
    ]
    if words.has(f"origin.{int(entry.origin)}.hint"):
        lines.append(words(f"origin.{int(entry.origin)}.hint"))
        if entry.fingerprint:
            lines.append(f"{words('vessel.fingerprint')}: {entry.fingerprint}")
    if entry.fault:
        lines.append(words.fault(entry.fault))
    if entry.content is not None:
        lines += _content_lines(entry.content, words)
    for answer in answers:
        said = answer.content.text or words(
            "answer.spoken", length=words.duration(answer.content.duration_ms)
        )
        lines += ["", f"→ {said}", f"  {words(f'dispatch.{int(answer.state)}')}"]
    return lines


def _content_lines(content: Content, words: Words) -> list[str]:
    lines = [
        f"{words('message.created')}: {words.day(content.created_at)}",
        f"{words('message.language')}: {words(f'language.{content.language.tag}')}",
    ]
    if content.categories:
        named = ", ".join(words(f"category.{int(category)}") for category in content.categories)
        lines.append(f"{words('message.about')}: {named}")
    if content.kind is ContentKind.TEXT:
        lines += ["", content.text]
    elif content.kind is ContentKind.VOICE:
        lines += ["", f"{words('kind.voice')}, {words.duration(content.duration_ms)}"]
    if content.well_being is not None:
        lines += ["", f"{words('kind.check-in')}: {words(f'well-being.{int(content.well_being)}')}"]
        for question, answer in content.answers.items():
            said = words("yes") if answer else words("no")
            lines.append(f"  {words('question', number=question)}: {said}")
    return lines


async def export(arguments: argparse.Namespace) -> None:
    """Write a table of messages, or one message as JSON and WAV, which counts as opened by a person."""
    folder = Path(arguments.out)
    if arguments.format:
        async with unlocked(arguments, Permission.EXPORT) as desk:
            data = await export_table(desk, desk.actor, Format(arguments.format), arguments.ids)
        await asyncio.to_thread(write_file, folder, data)
        say(f"{folder}")
        return
    if len(arguments.ids) != 1:
        raise NothingChosen("Name one message, or a --format for a table of several.")
    async with unlocked(arguments, Permission.EXPORT) as desk:
        entry = await open_entry(desk, arguments.ids[0], desk.actor)
        document = await _document(desk, entry)
        voice = await load_voice(desk, entry.best) if entry.has_sound else b""
        written = await asyncio.to_thread(_write, folder, entry, document, voice)
        trouble = await exchange(desk, fetching=False)
    for path in written:
        say(f"{path}")
    if trouble:
        raise trouble


async def _document(desk: Desk, entry: Entry) -> dict[str, Json]:
    answers = await load_answers(desk, entry.id)
    sealed: list[Json] = []
    async with desk.database.reading() as connection:
        for form in entry.forms:
            raw = await stored.raw_bundle(connection, form.row.id)
            sealed.append(base64.b64encode(raw).decode())
    return describe_entry(entry) | {
        "answers": [describe_answer(answer) for answer in answers],
        "bundles_base64": sealed,
    }


def _write(folder: Path, entry: Entry, document: dict[str, Json], voice: bytes) -> list[Path]:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as reason:
        raise UnreadableFile(f"{folder} cannot be made: {reason.strerror}. Name another --out.") from reason
    written = [folder / f"message-{entry.id}.json"]
    if voice:
        try:
            sound = wav_of(voice)
        except (MalformedVoice, LimitExceeded) as reason:
            document["sound_fault"] = str(reason)
        else:
            written.append(folder / f"message-{entry.id}.wav")
            write_file(written[-1], sound)
    write_file(written[0], dump(document))
    return written
