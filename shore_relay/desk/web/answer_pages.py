"""Answering in the page: written or spoken, measured before it goes, looked at once more, sent."""

import asyncio
import secrets
from collections.abc import Awaitable
from typing import Protocol

from aiohttp import web

from protocol.errors import ProtocolError
from protocol.priming import Language
from shore_relay.desk.answering import (
    Measured,
    answer_with_text,
    answer_with_voice,
    check_can_answer,
    measure_text,
    measure_voice,
)
from shore_relay.desk.app import Desk
from shore_relay.desk.changes import Changes
from shore_relay.desk.errors import CannotAnswer
from shore_relay.desk.inbox import Entry, load_entry
from shore_relay.desk.phrases.book import BLANKS, load_phrases
from shore_relay.desk.sound import SoundShelf, pack_recording
from shore_relay.desk.web.frame import Frame, see_other
from shore_relay.desk.web.guard import SESSION, actor_of
from shore_relay.desk.web.session import Recording, Session
from shore_relay.desk.web.sounds import wav_response
from shore_relay.desk.web.uploads import UPLOAD

_MESSAGE = r"/messages/{id:\d{1,15}}"
_RECORDING = _MESSAGE + r"/recordings/{draft:[0-9a-f]{16}}"
_DRAFT_BYTES = 8
_RECORDINGS_MAX = 4
"""Recordings that one session may have under way; the oldest goes first."""


class ShowMessage(Protocol):
    """Renders the page of a message, for instance to give back what was typed."""

    def __call__(
        self,
        request: web.Request,
        entry: Entry,
        *,
        sentence: str = "",
        draft: str = "",
        language: Language | None = None,
    ) -> Awaitable[web.Response]:
        """Return the page."""


class AnswerPages:
    """The pages and forms of an answer that is being made."""

    def __init__(
        self, desk: Desk, frame: Frame, changes: Changes, shelf: SoundShelf, show_message: ShowMessage
    ) -> None:
        self._desk = desk
        self._frame = frame
        self._changes = changes
        self._shelf = shelf
        self._show_message = show_message

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to serve."""
        return [
            web.post(_MESSAGE + "/answers", self._send_text),
            web.post(_MESSAGE + "/answers/cost", self._cost),
            web.post(_MESSAGE + "/answers/preview", self._preview_text),
            web.get("/phrases", self._phrases),
            web.post(_MESSAGE + "/recordings", self._record),
            web.get(_RECORDING, self._preview_recording),
            web.get(_RECORDING + ".wav", self._recording_sound),
            web.post(_RECORDING, self._send_recording),
        ]

    # --- written -------------------------------------------------------------------------------------------

    async def _send_text(self, request: web.Request) -> web.Response:
        number, text, language = await self._written(request)
        if (await request.post()).get("change"):
            entry = await load_entry(self._desk, number)
            return await self._show_message(request, entry, draft=text, language=language)
        try:
            await answer_with_text(self._desk, number, text, language, who=actor_of(request).id)
        except (CannotAnswer, ProtocolError) as error:
            return await self._give_back(request, error)
        return await self._sent(number)

    async def _preview_text(self, request: web.Request) -> web.Response:
        number, text, language = await self._written(request)
        try:
            measured = await measure_text(self._desk, number, text, language)
        except (CannotAnswer, ProtocolError) as error:
            return await self._give_back(request, error)
        entry = await load_entry(self._desk, number)
        values = {"text": text, "draft_language": (language or entry.language).tag, "recording": None}
        return self._frame.html("answer_preview.html", request, self._measured(number, measured) | values)

    async def _cost(self, request: web.Request) -> web.Response:
        number, text, language = await self._written(request)
        try:
            measured = await measure_text(self._desk, number, text, language)
        except (CannotAnswer, ProtocolError) as error:
            values = {"sentence": self._frame.sentence(request, error)}
            return self._frame.html("answer_cost.html", request, values)
        return self._frame.html("answer_cost.html", request, self._measured(number, measured))

    async def _written(self, request: web.Request) -> tuple[int, str, Language | None]:
        form = await request.post()
        text = str(form.get("text", "")).replace("\r\n", "\n")
        return int(request.match_info["id"]), text, language_of_tag(str(form.get("language", "")))

    async def _give_back(self, request: web.Request, error: CannotAnswer | ProtocolError) -> web.Response:
        """Show the message again with what was typed, which is not thrown away."""
        number, text, language = await self._written(request)
        entry = await load_entry(self._desk, number)
        sentence = self._frame.sentence(request, error)
        return await self._show_message(request, entry, sentence=sentence, draft=text, language=language)

    async def _phrases(self, request: web.Request) -> web.Response:
        theirs = language_of_tag(request.query.get("language", "")) or Language.ENGLISH
        book = await asyncio.to_thread(load_phrases, self._desk.data)
        values = {
            "theirs": theirs,
            "reviewed": theirs in book.reviewed,
            "groups": book.in_language(theirs),
            "blanks": BLANKS,
        }
        return self._frame.html("phrases.html", request, values)

    # --- spoken --------------------------------------------------------------------------------------------

    async def _record(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        await check_can_answer(self._desk, number)
        try:
            packed, duration_ms = await asyncio.to_thread(pack_recording, request[UPLOAD].file)
        except ProtocolError as error:
            entry = await load_entry(self._desk, number)
            return await self._show_message(request, entry, sentence=self._frame.sentence(request, error))
        recording = Recording(entry=number, packed=packed, duration_ms=duration_ms)
        draft = secrets.token_hex(_DRAFT_BYTES)
        _keep(request[SESSION], draft, recording)
        return see_other(f"/messages/{number}/recordings/{draft}")

    async def _preview_recording(self, request: web.Request) -> web.Response:
        recording = _recording(request)
        entry = await load_entry(self._desk, recording.entry)
        measured = await measure_voice(self._desk, entry.id, recording.packed)
        values = {
            "text": "",
            "draft_language": entry.language.tag,
            "recording": recording,
            "languages": tuple(Language),
        }
        return self._frame.html("answer_preview.html", request, self._measured(entry.id, measured) | values)

    async def _recording_sound(self, request: web.Request) -> web.Response:
        packed = _recording(request).packed
        return wav_response(request, await asyncio.to_thread(self._shelf.wav, packed))

    async def _send_recording(self, request: web.Request) -> web.Response:
        recording = _recording(request)
        language = language_of_tag(str((await request.post()).get("language", "")))
        # Taken away first, so that pressed twice it is sent once: the second press finds nothing.
        draft = request.match_info["draft"]
        del request[SESSION].recordings[draft]
        try:
            await answer_with_voice(
                self._desk,
                recording.entry,
                recording.packed,
                recording.duration_ms,
                language,
                who=actor_of(request).id,
            )
        except (CannotAnswer, ProtocolError):
            request[SESSION].recordings[draft] = recording
            raise
        return await self._sent(recording.entry)

    # --- both ----------------------------------------------------------------------------------------------

    def _measured(self, number: int, measured: Measured) -> dict[str, object]:
        return {
            "entry_id": number,
            "sentence": "",
            "measured": measured,
            "settings": self._desk.settings,
        }

    async def _sent(self, number: int) -> web.Response:
        await self._changes.announce()
        return see_other(f"/messages/{number}#answers")


def language_of_tag(tag: str) -> Language | None:
    """Return the language of a form's field; None where it names none that there is."""
    return next((language for language in Language if language.tag == tag), None)


def _keep(session: Session, draft: str, recording: Recording) -> None:
    while len(session.recordings) >= _RECORDINGS_MAX:
        del session.recordings[next(iter(session.recordings))]
    session.recordings[draft] = recording


def _recording(request: web.Request) -> Recording:
    """Return what this session recorded for this message, or say that there is no such page."""
    found = request[SESSION].recordings.get(request.match_info["draft"])
    if found is None or found.entry != int(request.match_info["id"]):
        raise web.HTTPNotFound(text="error.recording-gone")
    return found
