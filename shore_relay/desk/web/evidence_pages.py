"""Evidence and tables, for those who may write content out: choose, remove, look at it, take it."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from shore_relay.desk.app import Desk
from shore_relay.desk.changes import Changes
from shore_relay.desk.content import ContentKind
from shore_relay.desk.errors import BadRedaction, NothingChosen
from shore_relay.desk.evidence.finding import Span, occurrences
from shore_relay.desk.evidence.gathering import Choice, check_chosen
from shore_relay.desk.evidence.making import make_pack, preview
from shore_relay.desk.evidence.model import Message, Removed, shown_words
from shore_relay.desk.evidence.redaction import Redaction, Rounding
from shore_relay.desk.evidence.sinks import ZipSink
from shore_relay.desk.handovers import load_handovers
from shore_relay.desk.inbox import Entry, load_entry, load_inbox
from shore_relay.desk.tables.exporting import export_table
from shore_relay.desk.tables.formats import Format
from shore_relay.desk.web.frame import Frame
from shore_relay.desk.web.guard import actor_of
from shore_relay.desk.words import LANGUAGES, Words

TITLE_CHARACTERS_MAX = 200
WORDS_CHARACTERS_MAX = 4_000
TRANSCRIPT_CHARACTERS_MAX = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """What was filled in."""

    fields: Mapping[str, str]
    chosen: tuple[int, ...]
    """The messages that it names, oldest first."""

    def get(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def given(self) -> Mapping[str, str]:
        """For the next step to repeat; the chosen messages are one list, and what is not there is empty."""
        return defaultdict(str, {**self.fields, "messages": " ".join(map(str, self.chosen))})


class EvidencePages:
    """From a list of messages to a signed pack, in three steps, each of which can be taken back."""

    def __init__(self, desk: Desk, frame: Frame, changes: Changes) -> None:
        self._desk = desk
        self._frame = frame
        self._changes = changes

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to serve."""
        return [
            web.get("/evidence", self._choose),
            web.post("/evidence/options", self._options),
            web.post("/evidence/preview", self._preview),
            web.post("/evidence/pack", self._pack),
            web.post("/export/table", self._table),
        ]

    async def _choose(self, request: web.Request) -> web.Response:
        return await self._show_choice(request)

    async def _show_choice(self, request: web.Request, sentence: str = "") -> web.Response:
        values = {
            "entries": await load_inbox(self._desk),
            "handovers": await load_handovers(self._desk),
            "formats": [form.value for form in Format],
            "fingerprint": self._desk.keyring.keys.signing_fingerprint,
            "sentence": sentence,
        }
        return self._frame.html("evidence.html", request, values, 409 if sentence else 200)

    async def _options(self, request: web.Request) -> web.Response:
        """Ask what to remove. A case posts its own messages and title here."""
        form = await _read(request)
        try:
            check_chosen(form.chosen)
        except NothingChosen as error:
            return await self._show_choice(request, self._frame.sentence(request, error))
        return await self._show_options(request, form)

    async def _show_options(self, request: web.Request, form: _Form, sentence: str = "") -> web.Response:
        entries = [await load_entry(self._desk, number) for number in form.chosen]
        values = {
            "entries": entries,
            "has_voices": any(entry.has_sound for entry in entries),
            "given": form.given,
            "roundings": tuple(Rounding),
            "languages": LANGUAGES,
            "title_max": TITLE_CHARACTERS_MAX,
            "words_max": WORDS_CHARACTERS_MAX,
            "transcript_max": TRANSCRIPT_CHARACTERS_MAX,
            "sentence": sentence,
        }
        return self._frame.html("evidence_options.html", request, values, 409 if sentence else 200)

    async def _preview(self, request: web.Request) -> web.Response:
        form = await _read(request)
        if "back" in await request.post():
            return await self._show_options(request, form)
        words = _language(form)
        try:
            choice = _choice(form)
            redaction = await self._redaction(form)
            pack = await preview(self._desk, actor_of(request), choice, redaction, words)
        except (BadRedaction, NothingChosen) as error:
            return await self._show_options(request, form, self._why(request, error))
        shown = [
            None if isinstance(message, Removed) else _Shown(message, words) for message in pack.messages
        ]
        keeps_voices = any(one is not None and one.has_sound for one in shown)
        values = {
            "pack": pack,
            "title": shown_words(pack.title),
            "shown": shown,
            "given": form.given,
            "voices_stay": keeps_voices and redaction.removes_anything,
        }
        return self._frame.html("evidence_preview.html", request, values)

    async def _pack(self, request: web.Request) -> web.Response:
        form = await _read(request)
        sink = ZipSink()
        try:
            choice, redaction = _choice(form), await self._redaction(form)
            pack = await make_pack(self._desk, actor_of(request), choice, redaction, _language(form), sink)
        except (BadRedaction, NothingChosen) as error:
            return await self._show_options(request, form, self._why(request, error))
        await self._changes.announce()
        data = await asyncio.to_thread(sink.bytes)
        return _download(data, f"seavoice-evidence-{pack.pack[:8]}.zip", "application/zip")

    async def _table(self, request: web.Request) -> web.Response:
        form = await _read(request)
        kind = next((one for one in Format if one.value == form.get("format")), Format.CSV)
        try:
            data = await export_table(self._desk, actor_of(request), kind)
        except NothingChosen as error:
            return await self._show_choice(request, self._frame.sentence(request, error))
        await self._changes.announce()
        return _download(data, f"seavoice-messages.{kind.value}", kind.media_type)

    def _why(self, request: web.Request, error: BadRedaction | NothingChosen) -> str:
        sentence = self._frame.sentence(request, error)
        return f"{sentence} {error.about}" if isinstance(error, BadRedaction) else sentence

    async def _redaction(self, form: _Form) -> Redaction:
        chosen = form.chosen
        spans: dict[int, tuple[Span, ...]] = {}
        for number in chosen:
            if lines := _lines(form, f"words-{number}"):
                spans[number] = _spans(await load_entry(self._desk, number), lines)
        # One without its voice left out is refused: whoever wrote it thinks that the voice is gone.
        transcripts = {number: said for number in chosen if (said := _text(form, f"transcript-{number}"))}
        return Redaction(
            words=tuple(dict.fromkeys(_lines(form, "words"))),
            spans=spans,
            messages=frozenset(number for number in chosen if form.get(f"no-message-{number}")),
            vessels=bool(form.get("vessels")),
            rounding=next((one for one in Rounding if one.value == form.get("times")), Rounding.EXACT),
            voices=frozenset(number for number in chosen if form.get(f"no-voice-{number}")),
            transcripts=transcripts,
        )


class _Shown:
    """One message of the preview, as its readers will see it."""

    def __init__(self, message: Message, words: Words) -> None:
        removed = words("evidence.removed")
        self.language = message.language
        self.kind = message.kind
        self.vessel = _seen(message.vessel, removed)
        self.spoken = (
            _seen(message.spoken_at, removed)
            if isinstance(message.spoken_at, Removed)
            else words.day(message.spoken_at)
        )
        self.text = _seen(message.text, removed)
        self.in_unicode = _seen(message.text_in_unicode, removed)
        self.has_sound = isinstance(message.sounds, tuple) and any(one.file for one in message.sounds)
        self.transcript = message.sounds.instead if isinstance(message.sounds, Removed) else ""
        self.answers = [_seen(answer.text, removed) for answer in message.answers]


def _seen(value: object, removed: str) -> str:
    if isinstance(value, Removed):
        return value.instead or removed
    return str(value)


def _spans(entry: Entry, lines: list[str]) -> tuple[Span, ...]:
    """Return where these words stand in a message; each must be there, or a slip would pass for a removal."""
    text = entry.content.text if entry.content and entry.content.kind is ContentKind.TEXT else ""
    found: list[Span] = []
    for line in lines:
        places = occurrences(text, line)
        if not places:
            raise BadRedaction(f"“{line}” does not stand in message {entry.id}.", f"{entry.id}: {line}")
        found.extend(places)
    return tuple(found)


def _choice(form: _Form) -> Choice:
    return Choice(
        entries=form.chosen,
        title=_text(form, "title")[:TITLE_CHARACTERS_MAX],
        with_answers=bool(form.get("answers")),
        with_sealed=bool(form.get("sealed")),
    )


async def _read(request: web.Request) -> _Form:
    posted = await request.post()
    numbers = {str(one) for one in posted.getall("message", [])}
    return _Form(
        fields={
            name: value
            for name, value in posted.items()
            if isinstance(value, str) and name not in ("token", "back", "message")
        },
        chosen=tuple(
            sorted(int(one) for one in numbers if one.isascii() and one.isdigit() and len(one) <= 15)
        ),
    )


def _language(form: _Form) -> Words:
    tag = form.get("language")
    return Words.load(tag if tag in LANGUAGES else LANGUAGES[0])


def _text(form: _Form, name: str) -> str:
    return form.get(name).replace("\r\n", "\n").strip()


def _lines(form: _Form, name: str) -> list[str]:
    return [line.strip() for line in _text(form, name).split("\n") if line.strip()]


def _download(data: bytes, name: str, media_type: str) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=data, content_type=media_type, headers=headers)
