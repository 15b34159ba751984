"""Gathers what a pack says, from the sealed bundles themselves: each is opened and its tag checked anew.

So a pack tells what came over the air, whatever has happened to the desk's database since.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from protocol.bundle import Introduction, Report
from protocol.deskfeed import FeedItem, ItemKind
from protocol.ids import BundleNumber
from protocol.origin import fingerprint
from protocol.voicepack import VoiceCodec
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.content import Content
from shore_relay.desk.describing import category_name, origin_name, well_being_name
from shore_relay.desk.errors import NothingChosen
from shore_relay.desk.evidence.model import Answer, Custody, Message, Pack, Question, Sound
from shore_relay.desk.evidence.zawgyi import is_zawgyi, to_unicode
from shore_relay.desk.inbox import Entry, Form, load_answers, load_entry
from shore_relay.desk.opening import Arrival, open_arrival
from shore_relay.desk.store import inbox as stored
from shore_relay.desk.trust import Box, Judge, Origin
from shore_relay.desk.vessels import judge_for

MESSAGES_PER_PACK_MAX = 500
"""More is no evidence that anybody reads, and would not fit into a file that travels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What goes into a pack before anything is removed."""

    pack: Pack
    voices: Mapping[str, bytes]
    """Encoded sounds by the name of their file."""
    sealed: Mapping[str, bytes]
    """Bundles as they came, by the name of their file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a pack is to be of. A case gives its own messages and its own title."""

    entries: tuple[int, ...]
    title: str
    with_answers: bool = False
    with_sealed: bool = False


async def gather(desk: Desk, actor: Actor, choice: Choice, handover: bytes) -> Gathered:
    """Gather what a pack says; raises `NothingChosen`, `UnknownEntry`, `StoreFailed`."""
    entries = tuple(dict.fromkeys(choice.entries))
    check_chosen(entries)
    messages: list[Message] = []
    voices: dict[str, bytes] = {}
    sealed: dict[str, bytes] = {}
    for number, entry in enumerate(entries, start=1):
        loaded = await load_entry(desk, entry)
        arrivals = await _open_again(desk, loaded)
        judge, boxes = await _judge(desk, loaded)
        answers = await _answers(desk, entry) if choice.with_answers else ()
        one = await asyncio.to_thread(
            _message, desk, number, loaded, arrivals, judge, boxes, answers, choice.with_sealed
        )
        messages.append(one.message)
        voices |= one.voices
        sealed |= one.sealed
    keys = desk.keyring.keys
    signing = keys.signer.public_key().public_bytes_raw()
    pack = Pack(
        pack=handover.hex(),
        title=choice.title,
        made_at=desk.now(),
        made_by=actor.name,
        role=actor.role.value,
        desk=keys.name,
        desk_id=keys.desk.hex(),
        signing_key=signing.hex(),
        fingerprint=fingerprint(signing),
        redacted=False,
        times="exact",
        messages=tuple(messages),
    )
    return Gathered(pack=pack, voices=voices, sealed=sealed)


def check_chosen(entries: Sequence[int]) -> None:
    """Hold a choice to its bounds; raises `NothingChosen`."""
    if not entries:
        raise NothingChosen("Choose at least one message.")
    if len(entries) > MESSAGES_PER_PACK_MAX:
        raise NothingChosen(f"A pack holds at most {MESSAGES_PER_PACK_MAX} messages; make several.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _One:
    message: Message
    voices: Mapping[str, bytes]
    sealed: Mapping[str, bytes]


async def _open_again(desk: Desk, entry: Entry) -> list[Arrival]:
    keys = desk.keyring.keys
    arrivals: list[Arrival] = []
    for form in entry.forms:
        async with desk.database.reading() as connection:
            raw = await stored.raw_bundle(connection, form.row.id)
        item = FeedItem(
            cursor=0,
            kind=ItemKind.BUNDLE,
            vessel=entry.vessel,
            vessel_name=entry.vessel_name,
            at=form.row.arrived_at,
            number=form.row.number,
            priority=form.row.priority,
            bearer=form.row.bearer,
            bundle=raw,
        )
        arrivals.append(await asyncio.to_thread(open_arrival, item, keys))
    return arrivals


async def _judge(desk: Desk, entry: Entry) -> tuple[Judge, Mapping[int, Box]]:
    async with desk.database.reading() as connection:
        judge = await judge_for(connection, desk, entry.vessel)
    return judge, {box.id: box for box in judge.boxes}


async def _answers(desk: Desk, entry: int) -> tuple[Answer, ...]:
    return tuple(
        Answer(
            made_at=answer.made_at,
            changed_at=answer.changed_at,
            state=answer.state.name.lower().replace("_", "-"),
            text=answer.content.text,
            duration_ms=answer.content.duration_ms,
        )
        for answer in await load_answers(desk, entry)
    )


def _message(
    desk: Desk,
    number: int,
    entry: Entry,
    arrivals: list[Arrival],
    judge: Judge,
    boxes: Mapping[int, Box],
    answers: tuple[Answer, ...],
    with_sealed: bool,
) -> _One:
    voices: dict[str, bytes] = {}
    sealed: dict[str, bytes] = {}
    sounds: list[Sound] = []
    custody: list[Custody] = []
    for at, (form, arrival) in enumerate(zip(entry.forms, arrivals, strict=True), start=1):
        if arrival.voice:
            name = f"sounds/message-{number}-{at}-{_codec(arrival)}.wav" if not arrival.fault else ""
            if name:
                voices[name] = arrival.kept_voice
            sounds.append(_sound(arrival, name))
        raw = arrival.item.bundle
        file = f"sealed/message-{number}-{at}.bundle" if with_sealed else ""
        if file:
            sealed[file] = raw
        custody.append(_custody(form, arrival, judge, boxes, file))
    content = arrivals[entry.forms.index(entry.best)].content
    text = content.text if content else ""
    opened = next((form.row for form in entry.forms if form.row.opened_at), None)
    person = desk.keyring.last_known.person(opened.opened_by) if opened else None
    message = Message(
        number=number,
        entry=entry.id,
        vessel=entry.vessel_name,
        vessel_id=entry.vessel.hex(),
        urgent=entry.is_urgent,
        kind=content.kind.value if content else "",
        spoken_at=content.created_at if content else 0,
        language=content.language.tag if content else "",
        categories=tuple(map(category_name, content.categories)) if content else (),
        well_being=well_being_name(content.well_being) if content and content.well_being else "",
        questions=_questions(content),
        text=text,
        text_in_unicode=to_unicode(text) if is_zawgyi(text) else "",
        sounds=tuple(sounds),
        custody=tuple(custody),
        opened_at=opened.opened_at if opened else 0,
        opened_by=person.name if person else "",
        answers=answers,
    )
    return _One(message=message, voices=voices, sealed=sealed)


def _questions(content: Content | None) -> tuple[Question, ...]:
    answers = content.answers if content else {}
    return tuple(Question(question=question, yes=yes) for question, yes in sorted(answers.items()))


def _sound(arrival: Arrival, name: str) -> Sound:
    content = arrival.content
    return Sound(
        file=name,
        codec=_codec(arrival),
        duration_ms=content.duration_ms if content else 0,
        spoken_sha256=hashlib.sha256(arrival.voice).hexdigest(),
        fault=arrival.fault,
    )


def _codec(arrival: Arrival) -> str:
    codec = arrival.content.codec if arrival.content else 0
    return VoiceCodec(codec).name.lower().replace("_", "-") if codec else ""


def _custody(form: Form, arrival: Arrival, judge: Judge, boxes: Mapping[int, Box], file: str) -> Custody:
    origin, box = Origin.UNCHECKABLE, None
    match arrival.bundle:
        case Report() as report:
            origin, box = judge.report(BundleNumber(form.row.number), report)
        case Introduction(box_public=public):
            origin, box = judge.introduced(public)
        case _:
            pass
    return Custody(
        number=form.row.number,
        form=_codec(arrival) or (arrival.content.kind.value if arrival.content else ""),
        priority=form.row.priority.name.lower().replace("_", "-"),
        arrived_at=form.row.arrived_at,
        over=form.row.bearer,
        fetched_at=form.row.fetched_at,
        desk_key=form.row.desk_key.hex(),
        seal="opens" if arrival.content else arrival.fault,
        origin=origin_name(origin),
        box=boxes[box].fingerprint if box is not None else "",
        sealed_sha256=hashlib.sha256(arrival.item.bundle).hexdigest(),
        sealed_file=file,
    )
