"""Makes a pack: gather, remove, set on paper, list, sign, and write down at the desk that it leaves."""

import asyncio
import hashlib
import secrets
from collections.abc import Mapping, Set
from dataclasses import replace

from protocol.documents import dump
from protocol.errors import LimitExceeded, MalformedVoice
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.errors import BadRedaction
from shore_relay.desk.evidence.commitments import SEED_BYTES
from shore_relay.desk.evidence.gathering import Choice, gather
from shore_relay.desk.evidence.manifest import MANIFEST, SIGNATURE, sign, write_manifest
from shore_relay.desk.evidence.model import Message, Pack, Sound, as_json, shown_words
from shore_relay.desk.evidence.redaction import Marks, Redaction, redact, write_redaction
from shore_relay.desk.evidence.report import render
from shore_relay.desk.evidence.sinks import ListingSink, Sink
from shore_relay.desk.handovers import new_id, record
from shore_relay.desk.people.roles import Permission, require
from shore_relay.desk.sound import wav_of
from shore_relay.desk.words import Words

REPORT, FACTS, READ_ME = "evidence.pdf", "facts.json", "READ-ME.txt"


async def preview(desk: Desk, actor: Actor, choice: Choice, redaction: Redaction, words: Words) -> Pack:
    """Return what a pack would say; nothing is written down, and nobody is told.

    Raises: NotPermitted, NothingChosen, BadRedaction, UnknownEntry, StoreFailed.
    """
    require(actor, Permission.EXPORT)
    gathered = await gather(desk, actor, choice, bytes(16))
    return _redacted(gathered.pack, choice, redaction, bytes(SEED_BYTES), words)


async def make_pack(
    desk: Desk, actor: Actor, choice: Choice, redaction: Redaction, words: Words, sink: Sink
) -> Pack:
    """Write a pack into a sink and return what it says. `words` are in the language of its readers.

    Raises: NotPermitted, NothingChosen, BadRedaction, UnknownEntry, NoOpus, StoreFailed, UnreadableFile.
    """
    require(actor, Permission.EXPORT)
    handover = new_id()
    seed = secrets.token_bytes(SEED_BYTES) if redaction.removes_anything else b""
    gathered = await gather(desk, actor, choice, handover)
    # Checked before any file is written, and again with the sounds that turned out not to play.
    redacted = _redacted(gathered.pack, choice, redaction, seed, words)
    listing = ListingSink(sink)
    wanted = {one.file for message in redacted.messages for one in _sounds(message)}
    faults = await asyncio.to_thread(_put_sounds, listing, gathered.voices, wanted)
    pack = _redacted(_with_faults(gathered.pack, faults), choice, redaction, seed, words)
    for name, raw in gathered.sealed.items():
        listing.put(name, raw)
    listing.put(FACTS, dump({"pack": as_json(pack)}))
    listing.put(REPORT, await asyncio.to_thread(render, pack, words))
    listing.put(READ_ME, _read_me(pack, words))
    manifest = write_manifest(pack, listing.listed)
    signer = desk.keyring.keys.signer
    await record(
        desk,
        actor,
        "evidence-redacted" if pack.redacted else "evidence",
        handover=handover,
        entries=tuple(dict.fromkeys(choice.entries)),
        title=choice.title,
        detail=write_redaction(redaction) if pack.redacted else "",
        manifest_sha256=hashlib.sha256(manifest).digest(),
        seed=seed,
    )
    # Last of all: a pack that could not be written down at the desk is one that nobody can verify.
    sink.put(MANIFEST, manifest)
    sink.put(SIGNATURE, sign(manifest, signer))
    return pack


def _redacted(pack: Pack, choice: Choice, redaction: Redaction, seed: bytes, words: Words) -> Pack:
    if not redaction.removes_anything:
        return pack
    if choice.with_sealed:
        raise BadRedaction(
            "The sealed bundles hold all that is to be removed; leave them out of a redacted pack."
        )
    marks = Marks(removed=words("evidence.removed"), vessel=words.raw("evidence.vessel-letter"))
    return redact(pack, redaction, seed, marks)


def _sounds(message: object) -> tuple[Sound, ...]:
    if isinstance(message, Message) and isinstance(message.sounds, tuple):
        return message.sounds
    return ()


def _put_sounds(sink: Sink, voices: Mapping[str, bytes], wanted: Set[str]) -> dict[str, str]:
    """Write each wanted sound as WAV; return which of all did not play, and why.

    Also what is left out is tried: the whole pack says of it whether it plays, and a commitment holds that.
    """
    faults: dict[str, str] = {}
    for name, packed in voices.items():
        try:
            wav = wav_of(packed)
        except (MalformedVoice, LimitExceeded) as reason:
            faults[name] = reason.code
        else:
            if name in wanted:
                sink.put(name, wav)
    return faults


def _with_faults(pack: Pack, faults: Mapping[str, str]) -> Pack:
    if not faults:
        return pack
    return replace(
        pack,
        messages=tuple(
            replace(
                message,
                sounds=tuple(
                    replace(one, file="", fault=faults[one.file]) if one.file in faults else one
                    for one in _sounds(message)
                ),
            )
            if isinstance(message, Message)
            else message
            for message in pack.messages
        ),
    )


def _read_me(pack: Pack, words: Words) -> bytes:
    paragraphs = [
        shown_words(pack.title),
        words("evidence.read-me.what", desk=pack.desk),
        words("evidence.read-me.check", fingerprint=pack.fingerprint),
        words("evidence.read-me.proves"),
    ]
    if pack.redacted:
        paragraphs.append(words("evidence.read-me.redacted"))
    return "\n\n".join(paragraphs).encode() + b"\n"
