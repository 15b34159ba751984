"""The page's application: routes, handlers, and how errors look to a caseworker."""

import asyncio
import time
from collections.abc import Mapping

from aiohttp import web
from aiohttp.typedefs import Middleware

from protocol import limits
from protocol.errors import ProtocolError
from protocol.priming import Language
from shore_relay.desk.answering import answer_with_text, why_no_answer
from shore_relay.desk.app import Desk
from shore_relay.desk.changes import Changes
from shore_relay.desk.errors import (
    CannotAnswer,
    DeskError,
    NoMailbox,
    UnknownEntry,
    UnknownVessel,
    WrongPassphrase,
)
from shore_relay.desk.inbox import (
    Entry,
    load_answer_voice,
    load_answers,
    load_entry,
    load_inbox,
    load_voice,
    open_entry,
)
from shore_relay.desk.keyring import Keyring
from shore_relay.desk.sound import SoundShelf
from shore_relay.desk.trust import Origin
from shore_relay.desk.vessels import box_to_confirm, confirm, find_vessel, load_vessels
from shore_relay.desk.web.guard import SESSION, Guard, Handler, add_headers
from shore_relay.desk.web.rendering import FOLDER, Renderer
from shore_relay.desk.web.session import COOKIE, MonotonicClock, Sessions
from shore_relay.desk.web.sounds import wav_response
from shore_relay.desk.words import Words

_FORM_BYTES_MAX = 200_000
"""The longest answer, percent-encoded, with room."""

_EVENTS_BEAT_S = 20.0
"""A line on an idle event stream, so that a closed page is noticed."""


class Page:
    """The local page of one desk."""

    def __init__(self, desk: Desk, changes: Changes, clock: MonotonicClock = time.monotonic) -> None:
        self._desk = desk
        self._changes = changes
        self._words = Words.load()
        self._renderer = Renderer(self._words)
        self._sessions = Sessions(desk.settings.session_minutes * 60, clock)
        self._guard = Guard(self._sessions)
        self._shelf = SoundShelf()
        self._one_login = asyncio.Lock()
        self._closing = asyncio.Event()

    def listen_on(self, host: str, port: int) -> None:
        """Say at which address the page is; before this, every request is turned away."""
        self._guard.allow_host(host, port)

    def close(self) -> None:
        """End the event streams, so that the server can stop."""
        self._closing.set()

    def application(self) -> web.Application:
        """Return the application to serve."""
        application = web.Application(middlewares=[self._middleware()], client_max_size=_FORM_BYTES_MAX)
        application.on_response_prepare.append(add_headers)
        application.add_routes(
            [
                web.get("/login", self._login_form),
                web.post("/login", self._login),
                web.post("/lock", self._lock),
                web.get("/", self._inbox),
                web.get("/inbox-list", self._inbox_list),
                web.get("/events", self._events),
                web.get(r"/messages/{id:\d{1,15}}", self._message),
                web.post(r"/messages/{id:\d{1,15}}/answers", self._answer),
                web.get(r"/messages/{id:\d{1,15}}/answers-list", self._answers_list),
                web.get(r"/messages/{id:\d{1,15}}/sound.wav", self._sound),
                web.get(r"/messages/{id:\d{1,15}}/answers/{answer:\d{1,15}}.wav", self._answer_sound),
                web.get("/vessels", self._vessels),
                web.get(r"/vessels/{vessel:[0-9a-f]{16}}", self._vessel),
                web.post(r"/vessels/{vessel:[0-9a-f]{16}}/confirm", self._confirm),
                web.static("/static", FOLDER / "static"),
            ]
        )
        return application

    # --- what every request passes -------------------------------------------------------------------------

    def _middleware(self) -> Middleware:
        @web.middleware
        async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                return await self._guard.check(request, handler)
            except (UnknownEntry, UnknownVessel):
                return self._sorry(request, self._words("error.not-found"), 404)
            except (DeskError, ProtocolError) as error:
                return self._sorry(request, str(error), 409)
            except web.HTTPRedirection:
                raise
            except web.HTTPException as error:
                text = error.text or ""
                known = text if self._words.has(text) else "error.not-found"
                return self._sorry(request, self._words(known), error.status)

        return guarded

    def _sorry(self, request: web.Request, sentence: str, status: int) -> web.Response:
        return self._html("error.html", request, {"sentence": sentence}, status)

    def _html(
        self, template: str, request: web.Request, values: Mapping[str, object], status: int = 200
    ) -> web.Response:
        session = request.get(SESSION)
        shared: dict[str, object] = {
            "token": session.form_token if session else "",
            "desk_name": self._desk.keyring.keys.name,
            "path": request.path,
        }
        text = self._renderer.page(template, shared | dict(values))
        return web.Response(text=text, content_type="text/html", status=status)

    # --- login ---------------------------------------------------------------------------------------------

    async def _login_form(self, request: web.Request) -> web.Response:
        return self._show_login(request, wrong=False)

    def _show_login(self, request: web.Request, *, wrong: bool) -> web.Response:
        minutes = self._desk.settings.session_minutes
        return self._html("login.html", request, {"wrong": wrong, "minutes": minutes}, 403 if wrong else 200)

    async def _login(self, request: web.Request) -> web.Response:
        form = await request.post()
        # One at a time: each try costs 64 MiB and a tenth of a second, which also slows a guesser down.
        async with self._one_login:
            try:
                await asyncio.to_thread(Keyring.unlock, self._desk.data, str(form.get("passphrase", "")))
            except WrongPassphrase:
                return self._show_login(request, wrong=True)
        response = _see_other("/")
        response.set_cookie(COOKIE, self._sessions.begin(), httponly=True, samesite="Strict", path="/")
        return response

    async def _lock(self, request: web.Request) -> web.Response:
        self._sessions.end(request.cookies.get(COOKIE, ""))
        if not self._sessions.any_open:
            self._shelf.clear()
        response = _see_other("/login")
        response.del_cookie(COOKIE, path="/")
        return response

    # --- the inbox -----------------------------------------------------------------------------------------

    async def _inbox(self, request: web.Request) -> web.Response:
        return self._html("inbox.html", request, await self._inbox_values())

    async def _inbox_list(self, request: web.Request) -> web.Response:
        return self._html("inbox_list.html", request, await self._inbox_values())

    async def _inbox_values(self) -> dict[str, object]:
        vessels = await load_vessels(self._desk)
        return {
            "entries": await load_inbox(self._desk),
            "gaps": [vessel for vessel in vessels if vessel.missing],
            "to_confirm": [vessel for vessel in vessels if vessel.pending],
        }

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        cookie = request.cookies.get(COOKIE, "")
        seen = self._changes.count
        closing = asyncio.create_task(self._closing.wait())
        try:
            while not closing.done():
                growing = asyncio.create_task(self._changes.wait_beyond(seen, _EVENTS_BEAT_S))
                await asyncio.wait({growing, closing}, return_when=asyncio.FIRST_COMPLETED)
                if not growing.done():
                    growing.cancel()
                    break
                found = growing.result()
                if self._sessions.find(cookie, is_use=False) is None:
                    # The browser asks again, is turned away, and the page shows the lock.
                    break
                await response.write(b"data: changed\n\n" if found > seen else b": still here\n\n")
                seen = found
        except ConnectionResetError:
            # The browser has left the page.
            pass
        finally:
            closing.cancel()
        return response

    # --- one message ---------------------------------------------------------------------------------------

    async def _message(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        entry = await open_entry(self._desk, number)
        await self._changes.announce()
        return await self._show_message(request, entry)

    async def _show_message(
        self,
        request: web.Request,
        entry: Entry,
        *,
        sentence: str = "",
        draft: str = "",
        language: Language | None = None,
    ) -> web.Response:
        values = {
            "entry": entry,
            "answers": await load_answers(self._desk, entry.id),
            "obstacle": _obstacle(why_no_answer(entry), entry),
            "characters_max": limits.TEXT_CHARACTERS_MAX,
            "sentence": sentence,
            "draft": draft,
            "draft_language": (entry.language if language is None else language).tag,
            "languages": tuple(Language),
        }
        return self._html("message.html", request, values, 409 if sentence else 200)

    async def _answer(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        form = await request.post()
        text = str(form.get("text", "")).replace("\r\n", "\n")
        language = _language(str(form.get("language", "")))
        try:
            await answer_with_text(self._desk, number, text, language)
        except (CannotAnswer, ProtocolError) as error:
            # What was typed is given back, not thrown away.
            entry = await load_entry(self._desk, number)
            return await self._show_message(
                request, entry, sentence=str(error), draft=text, language=language
            )
        await self._changes.announce()
        return _see_other(f"/messages/{number}#answers")

    async def _answers_list(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        answers = await load_answers(self._desk, number)
        return self._html("answers_list.html", request, {"entry_id": number, "answers": answers})

    async def _sound(self, request: web.Request) -> web.Response:
        entry = await load_entry(self._desk, int(request.match_info["id"]))
        return await self._wav(request, await load_voice(self._desk, entry) if entry.has_sound else b"")

    async def _answer_sound(self, request: web.Request) -> web.Response:
        number, answer = int(request.match_info["id"]), int(request.match_info["answer"])
        return await self._wav(request, await load_answer_voice(self._desk, number, answer))

    async def _wav(self, request: web.Request, packed: bytes) -> web.Response:
        if not packed:
            raise web.HTTPNotFound(text="error.not-found")
        return wav_response(request, await asyncio.to_thread(self._shelf.wav, packed))

    # --- vessels -------------------------------------------------------------------------------------------

    async def _vessels(self, request: web.Request) -> web.Response:
        return self._html("vessels.html", request, {"vessels": await load_vessels(self._desk)})

    async def _vessel(self, request: web.Request) -> web.Response:
        vessel = await find_vessel(self._desk, request.match_info["vessel"])
        entries = [entry for entry in await load_inbox(self._desk) if entry.vessel == vessel.id]
        return self._html("vessel.html", request, {"vessel": vessel, "entries": entries})

    async def _confirm(self, request: web.Request) -> web.Response:
        vessel = await find_vessel(self._desk, request.match_info["vessel"])
        # The form repeats the fingerprint that was on the screen: what came meanwhile is not confirmed.
        box = box_to_confirm(vessel, str((await request.post()).get("fingerprint", "")))
        await confirm(self._desk, box)
        await self._changes.announce()
        return _see_other(f"/vessels/{vessel.id.hex()}")


def _language(tag: str) -> Language | None:
    return next((language for language in Language if language.tag == tag), None)


def _see_other(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path})


def _obstacle(reason: CannotAnswer | None, entry: Entry) -> str:
    if reason is None:
        return ""
    if entry.content is None:
        return "answer.unopened"
    if isinstance(reason, NoMailbox):
        return "answer.no-mailbox"
    return "answer.not-confirmed" if entry.origin is Origin.UNCONFIRMED else "answer.forged"
