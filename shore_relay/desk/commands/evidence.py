"""`evidence make|list|tie` and `verify`: packs that stand elsewhere."""

import argparse
import asyncio
from collections import defaultdict
from pathlib import Path

from protocol.ids import UnixSeconds
from shore_relay.desk.commands.terminal import read_file, say, say_json, unlocked, write_file
from shore_relay.desk.evidence.finding import Span
from shore_relay.desk.evidence.gathering import Choice
from shore_relay.desk.evidence.making import make_pack
from shore_relay.desk.evidence.redaction import Redaction, Rounding
from shore_relay.desk.evidence.sinks import FolderSink, ZipSink
from shore_relay.desk.evidence.tying import tie
from shore_relay.desk.evidence.verifying import verify
from shore_relay.desk.handovers import load_handovers
from shore_relay.desk.people.roles import Permission
from shore_relay.desk.words import Words

ZIP_SUFFIX = ".zip"
_WORDS_FILE_BYTES_MAX = 1_000_000


async def make(arguments: argparse.Namespace) -> None:
    """Write a pack: one ZIP where the name ends so, else a folder."""
    out = Path(arguments.out)
    words = Words.load(arguments.language)
    choice = Choice(
        entries=tuple(arguments.message),
        title=arguments.title,
        with_answers=arguments.answers,
        with_sealed=arguments.sealed,
    )
    redaction = await asyncio.to_thread(_redaction, arguments)
    async with unlocked(arguments, Permission.EXPORT) as desk:
        if out.suffix.lower() == ZIP_SUFFIX:
            archive = ZipSink()
            pack = await make_pack(desk, desk.actor, choice, redaction, words, archive)
            await asyncio.to_thread(write_file, out, archive.bytes())
        else:
            folder = await asyncio.to_thread(FolderSink, out)
            pack = await make_pack(desk, desk.actor, choice, redaction, words, folder)
    say(f"The pack is in {out}: {len(pack.messages)} messages, signed by the key {pack.fingerprint}.")
    say("Give that fingerprint to whoever receives it, by another way than the pack itself.")


def _redaction(arguments: argparse.Namespace) -> Redaction:
    words = list(arguments.remove)
    if arguments.remove_from:
        text = read_file(Path(arguments.remove_from), _WORDS_FILE_BYTES_MAX).decode(errors="replace")
        words += [line.strip() for line in text.splitlines() if line.strip()]
    spans: dict[int, list[Span]] = defaultdict(list)
    for entry, span in arguments.remove_part:
        spans[entry].append(span)
    transcripts = dict(arguments.transcript)
    return Redaction(
        words=tuple(dict.fromkeys(words)),
        spans={entry: tuple(found) for entry, found in spans.items()},
        messages=frozenset(arguments.remove_message),
        vessels=arguments.remove_vessels,
        rounding=Rounding(arguments.round_times),
        voices=frozenset(arguments.remove_voice) | frozenset(transcripts),
        transcripts=transcripts,
    )


async def list_made(arguments: argparse.Namespace) -> None:
    """List what left the desk: when, by whom, what."""
    async with unlocked(arguments, Permission.EXPORT) as desk:
        handovers = await load_handovers(desk)
    if arguments.json:
        say_json(
            {
                "handovers": [
                    {
                        "id": one.id.hex(),
                        "made_at": one.made_at,
                        "person": one.person,
                        "kind": one.kind,
                        "title": one.title,
                        "messages": list(one.entries),
                        "removed": one.detail,
                        "manifest_sha256": one.manifest_sha256.hex(),
                    }
                    for one in handovers
                ]
            }
        )
        return
    words = Words.load()
    for one in handovers:
        say(
            f"{one.id.hex()}  {words.day(one.made_at)}  {one.person}  {one.kind}  "
            f"{len(one.entries)} messages  {one.title}"
        )


async def tie_packs(arguments: argparse.Namespace) -> None:
    """Show that a redacted pack was made from a whole one."""
    async with unlocked(arguments, Permission.EXPORT) as desk:
        count = await tie(desk, Path(arguments.whole), Path(arguments.redacted))
    say(f"The redacted pack comes from the whole one: {count} removed places fit, the rest is the same.")


async def check(arguments: argparse.Namespace) -> None:
    """Check a pack; needs no desk and no keys."""
    manifest = await asyncio.to_thread(verify, Path(arguments.pack), arguments.fingerprint or "")
    if arguments.json:
        say_json(
            {
                "files": len(manifest.files),
                "desk": manifest.desk,
                "fingerprint": manifest.fingerprint,
                "made_at": manifest.made_at,
                "redacted": manifest.redacted,
            }
        )
        return
    when = Words.load().day(UnixSeconds(manifest.made_at))
    say(f"All {len(manifest.files)} files are as they were signed; none is missing or added.")
    say(f"Signed by: {manifest.desk}, {when}" + (", redacted" if manifest.redacted else ""))
    say(f"Fingerprint of the signing key: {manifest.fingerprint}")
    if not arguments.fingerprint:
        say("Names can be made up, fingerprints cannot: compare it with what the desk itself told you.")
