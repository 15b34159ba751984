"""The page's application: routes, handlers, and how errors look to a caseworker."""

import asyncio
import time

from aiohttp import web
from aiohttp.typedefs import Middleware

from protocol import limits
from protocol.errors import ProtocolError
from protocol.priming import Language
from shore_relay.desk.answering import why_no_answer
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.overview import CaseList
from shore_relay.desk.changes import Changes
from shore_relay.desk.errors import (
    CannotAnswer,
    DeskError,
    NoMailbox,
    NotPermitted,
    UnknownCase,
    UnknownEntry,
    UnknownPerson,
    UnknownVessel,
)
from shore_relay.desk.inbox import (
    Entry,
    load_answer_voice,
    load_answers,
    load_entry,
    load_voice,
    open_entry,
)
from shore_relay.desk.inbox_list import InboxList
from shore_relay.desk.lines import InboxLines
from shore_relay.desk.notices.channels import Channels
from shore_relay.desk.passage import load_passages
from shore_relay.desk.people.roles import Permission, may
from shore_relay.desk.sound import SoundShelf
from shore_relay.desk.trust import Origin
from shore_relay.desk.web.account_pages import AccountPages
from shore_relay.desk.web.answer_pages import AnswerPages
from shore_relay.desk.web.case_pages import CasePages
from shore_relay.desk.web.evidence_pages import EvidencePages
from shore_relay.desk.web.frame import Frame
from shore_relay.desk.web.guard import Guard, Handler, actor_of, add_headers, new_nonce, shown_to
from shore_relay.desk.web.inbox_pages import InboxPages
from shore_relay.desk.web.login_pages import LoginPages
from shore_relay.desk.web.notice_pages import NoticePages
from shore_relay.desk.web.partner_pages import PartnerPages
from shore_relay.desk.web.people_pages import PeoplePages
from shore_relay.desk.web.referral_pages import ReferralPages
from shore_relay.desk.web.release_pages import ReleasePages
from shore_relay.desk.web.rendering import FOLDER
from shore_relay.desk.web.search_page import SearchPage
from shore_relay.desk.web.session import MonotonicClock, Sessions
from shore_relay.desk.web.sounds import wav_response

_FORM_BYTES_MAX = 200_000
"""The longest answer, percent-encoded, with room."""

_EVENTS_BEAT_S = 20.0
"""A line on an idle event stream, so that a closed page is noticed."""


class Page:
    """The local page of one desk."""

    def __init__(
        self,
        desk: Desk,
        changes: Changes,
        clock: MonotonicClock = time.monotonic,
        channels: Channels | None = None,
    ) -> None:
        self._desk = desk
        self._changes = changes
        self._frame = Frame(desk)
        self._sessions = Sessions(desk.settings.session_minutes * 60, clock)
        self._guard = Guard(desk, self._sessions)
        self._shelf = SoundShelf()
        self._login = LoginPages(desk, self._frame, self._sessions, self._shelf, clock)
        self._account = AccountPages(desk, self._frame, self._sessions)
        self._people = PeoplePages(desk, self._frame, self._sessions, changes)
        self._answering = AnswerPages(desk, self._frame, changes, self._shelf, self._show_message)
        cases, lines = CaseList(desk), InboxLines(desk)
        self._cases = CasePages(desk, self._frame, changes, cases)
        self._inbox = InboxPages(desk, self._frame, changes, InboxList(desk, lines, cases))
        self._search = SearchPage(desk, self._frame, lines)
        self._evidence = EvidencePages(desk, self._frame, changes)
        self._notices = NoticePages(desk, self._frame, channels or Channels())
        self._partners = PartnerPages(desk, self._frame, changes)
        self._referrals = ReferralPages(desk, self._frame, changes)
        self._releases = ReleasePages(desk, self._frame)
        self._closing = asyncio.Event()

    def listen_on(self, host: str, port: int) -> None:
        """Say at which address the page is; before this, every request is turned away."""
        self._guard.allow_host(host, port)

    async def warm(self) -> None:
        """Do before anybody comes what the first one would have to wait for; raises `StoreFailed`."""
        await self._cases.warm()
        await self._inbox.warm()

    def close(self) -> None:
        """End the event streams, so that the server can stop."""
        self._closing.set()

    def application(self) -> web.Application:
        """Return the application to serve."""
        application = web.Application(middlewares=[self._middleware()], client_max_size=_FORM_BYTES_MAX)
        application.on_response_prepare.append(add_headers)
        application.add_routes(
            [
                *self._login.routes(),
                *self._account.routes(),
                *self._people.routes(),
                *self._answering.routes(),
                *self._cases.routes(),
                *self._search.routes(),
                *self._evidence.routes(),
                *self._inbox.routes(),
                *self._notices.routes(),
                *self._partners.routes(),
                *self._referrals.routes(),
                *self._releases.routes(),
                web.get("/events", self._events),
                web.get(r"/messages/{id:\d{1,15}}", self._message),
                web.get(r"/messages/{id:\d{1,15}}/answers-list", self._answers_list),
                web.get(r"/messages/{id:\d{1,15}}/sound.wav", self._sound),
                web.get(r"/messages/{id:\d{1,15}}/sound-state", self._sound_state),
                web.get(r"/messages/{id:\d{1,15}}/answers/{answer:\d{1,15}}.wav", self._answer_sound),
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
            except (UnknownCase, UnknownEntry, UnknownVessel, UnknownPerson):
                return self._sorry(request, "error.not-found", 404)
            except (DeskError, ProtocolError) as error:
                status = 403 if isinstance(error, NotPermitted) else 409
                return self._frame.sorry(request, self._frame.sentence(request, error), status)
            except web.HTTPRedirection:
                raise
            except web.HTTPException as error:
                return self._sorry(request, error.text or "", error.status)

        return guarded

    def _sorry(self, request: web.Request, key: str, status: int) -> web.Response:
        words = self._frame.words(request)
        return self._frame.sorry(request, words(key if words.has(key) else "error.not-found"), status)

    # --- changes -------------------------------------------------------------------------------------------

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
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
                if self._guard.signed_in(request, is_use=False) is None:
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
        if not may(actor_of(request).role, Permission.ANSWER):
            # Whoever only reads has not opened it: the fisher is not told that help looks at it.
            return await self._show_message(request, await load_entry(self._desk, number))
        entry = await open_entry(self._desk, number, actor_of(request))
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
            "entry": shown_to(request, [entry])[0],
            "case_number": await self._cases.number_of(entry.id),
            "answers": await load_answers(self._desk, entry.id),
            "passages": await load_passages(self._desk, entry),
            "currency": self._desk.settings.currency,
            "obstacle": _obstacle(why_no_answer(entry), entry),
            "characters_max": limits.TEXT_CHARACTERS_MAX,
            "voice_seconds_max": limits.VOICE_SECONDS_MAX,
            "sentence": sentence,
            "draft": draft,
            "draft_language": (entry.language if language is None else language).tag,
            "languages": tuple(Language),
        }
        status = 409 if sentence else 200
        return self._frame.html("message.html", request, values, status, nonce=new_nonce())

    async def _answers_list(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        answers = await load_answers(self._desk, number)
        return self._frame.html("answers_list.html", request, {"entry_id": number, "answers": answers})

    async def _sound(self, request: web.Request) -> web.Response:
        entry = await load_entry(self._desk, int(request.match_info["id"]))
        # The address names the form, so that a player which asks for pieces never gets those of another.
        form = entry.form_with(int(request.query_string)) if request.query_string.isdigit() else None
        return await self._wav(request, await load_voice(self._desk, form or entry.best))

    async def _sound_state(self, request: web.Request) -> web.Response:
        entry = await load_entry(self._desk, int(request.match_info["id"]))
        if not entry.has_sound:
            raise web.HTTPNotFound(text="error.not-found")
        return self._frame.html("sound_state.html", request, {"entry": entry})

    async def _answer_sound(self, request: web.Request) -> web.Response:
        number, answer = int(request.match_info["id"]), int(request.match_info["answer"])
        return await self._wav(request, await load_answer_voice(self._desk, number, answer))

    async def _wav(self, request: web.Request, packed: bytes) -> web.Response:
        if not packed:
            raise web.HTTPNotFound(text="error.not-found")
        return wav_response(request, await asyncio.to_thread(self._shelf.wav, packed))


def _obstacle(reason: CannotAnswer | None, entry: Entry) -> str:
    if reason is None:
        return ""
    if entry.content is None:
        return "answer.unopened"
    if isinstance(reason, NoMailbox):
        return "answer.no-mailbox"
    return "answer.not-confirmed" if entry.origin is Origin.UNCONFIRMED else "answer.forged"
