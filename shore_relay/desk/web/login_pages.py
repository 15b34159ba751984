"""Logging in and out: name and passphrase, then the second factor of whoever has one."""

import asyncio
import hashlib
import math
import secrets
from collections.abc import Sequence

from aiohttp import hdrs, web

from shore_relay.desk.app import Desk
from shore_relay.desk.errors import KeysMoved, WrongPassphrase, WrongSecondFactor
from shore_relay.desk.log import log
from shore_relay.desk.people import second_factor
from shore_relay.desk.people.keys import DAY_S
from shore_relay.desk.people.person import Person
from shore_relay.desk.people.proving import prove_code, prove_passkey
from shore_relay.desk.sound import SoundShelf
from shore_relay.desk.web.frame import LANGUAGE_COOKIE, Frame, see_other
from shore_relay.desk.web.session import COOKIE, MonotonicClock, Session, Sessions
from shore_relay.desk.words import LANGUAGES
from shore_relay.lockout import ADDRESS_PACE, PERSON_PACE, Lockout

_HALF_COOKIE = "seavoice-desk-second"
_HALF_S = 300.0
"""So long the second step may take."""

_KNOWN_COOKIE = "seavoice-desk-known-"
_KNOWN_DAYS = 180
_NONCE_BYTES = 16
_YEAR_S = 365 * DAY_S


class LoginPages:
    """The way in, and the way out."""

    def __init__(
        self, desk: Desk, frame: Frame, sessions: Sessions, shelf: SoundShelf, clock: MonotonicClock
    ) -> None:
        self._desk = desk
        self._frame = frame
        self._sessions = sessions
        self._shelf = shelf
        self._halves = Sessions(_HALF_S, clock)
        self._people = Lockout(PERSON_PACE, clock)
        self._addresses = Lockout(ADDRESS_PACE, clock)
        self._one_login = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to serve."""
        return [
            web.get("/login", self._form),
            web.post("/login", self._passphrase),
            web.get("/login/second", self._second_form),
            web.post("/login/code", self._code),
            web.post("/login/passkey", self._passkey),
            web.post("/lock", self._lock),
            web.post("/language", self._language),
        ]

    # --- name and passphrase -------------------------------------------------------------------------------

    async def _form(self, request: web.Request) -> web.Response:
        return self._show(request, "")

    def _show(self, request: web.Request, sentence: str, status: int = 200, name: str = "") -> web.Response:
        values = {
            "sentence": sentence,
            "name": name,
            "minutes": self._desk.settings.session_minutes,
            "ask_name": len(self._desk.keyring.last_known.active) > 1,
        }
        return self._frame.html("login.html", request, values, status)

    async def _passphrase(self, request: web.Request) -> web.Response:
        form = await request.post()
        active = self._desk.keyring.last_known.active
        name = str(form.get("name", "")) or (active[0].name if len(active) == 1 else "")
        # One at a time: each try costs 64 MiB and a tenth of a second, which also slows a guesser down.
        async with self._one_login:
            counts = self._counts(request, name)
            wait_s = self._wait_s(counts)
            if wait_s:
                return self._must_wait(request, wait_s)
            try:
                person = await asyncio.to_thread(
                    self._desk.keyring.admit, name, str(form.get("passphrase", ""))
                )
            except WrongPassphrase:
                self._failed(counts)
                return self._show(request, self._frame.words(request)("login.wrong"), 403, name)
        if not person.has_second_factor:
            return self._finish(request, person)
        response = see_other("/login/second")
        response.set_cookie(
            _HALF_COOKIE, self._halves.begin(person.id), httponly=True, samesite="Strict", path="/login"
        )
        return response

    # --- the second factor ---------------------------------------------------------------------------------

    async def _second_form(self, request: web.Request) -> web.Response:
        session, person = self._half(request)
        return self._show_second(request, session, person, "")

    def _show_second(
        self, request: web.Request, session: Session, person: Person, sentence: str, status: int = 200
    ) -> web.Response:
        options = ""
        if person.passkeys and is_at_localhost(request):
            asked = second_factor.ask_for_passkey(person)
            session.challenge, options = asked.challenge, asked.options
        values = {
            "sentence": sentence,
            "somebody": person,
            "options": options,
            "localhost": localhost_of(request),
            "half_token": session.form_token,
        }
        return self._frame.html("login_second.html", request, values, status)

    async def _code(self, request: web.Request) -> web.Response:
        form = await request.post()
        return await self._second(request, code=str(form.get("code", "")))

    async def _passkey(self, request: web.Request) -> web.Response:
        form = await request.post()
        return await self._second(request, credential=str(form.get("credential", "")))

    async def _second(self, request: web.Request, *, code: str = "", credential: str = "") -> web.Response:
        session, person = self._half(request)
        async with self._one_login:
            counts = self._counts(request, person.name)
            wait_s = self._wait_s(counts)
            if wait_s:
                return self._must_wait(request, wait_s)
            try:
                if credential:
                    challenge, session.challenge = session.challenge, b""
                    origin = localhost_of(request)
                    await prove_passkey(self._desk, person, credential, challenge, origin)
                else:
                    await prove_code(self._desk, person, code)
            except WrongSecondFactor as wrong:
                self._failed(counts)
                sentence = self._frame.sentence(request, wrong)
                return self._show_second(request, session, person, sentence, 403)
        return self._finish(request, person)

    def _half(self, request: web.Request) -> tuple[Session, Person]:
        session = self._halves.find(request.cookies.get(_HALF_COOKIE, ""), is_use=False)
        person = self._desk.keyring.keys.person(session.person) if session else None
        if session is None or person is None or not person.is_active:
            raise web.HTTPSeeOther("/login")
        return session, person

    def _finish(self, request: web.Request, person: Person) -> web.Response:
        self._people.succeeded(person.id)
        known = self._known_count(request, person.id)
        if known:
            self._people.succeeded(known)
        self._halves.end(request.cookies.get(_HALF_COOKIE, ""))
        log("signed-in", person=person.id.hex())
        response = see_other("/account" if person.must_choose else "/")
        response.del_cookie(_HALF_COOKIE, path="/login")
        response.set_cookie(
            _KNOWN_COOKIE + person.id.hex(),
            self._known_value(person.id),
            max_age=_KNOWN_DAYS * DAY_S,
            httponly=True,
            samesite="Strict",
            path="/login",
        )
        response.set_cookie(
            COOKIE, self._sessions.begin(person.id), httponly=True, samesite="Strict", path="/"
        )
        return response

    # --- waiting -------------------------------------------------------------------------------------------

    def _counts(self, request: web.Request, name: str) -> Sequence[tuple[Lockout, bytes]]:
        person = self._desk.keyring.last_known.named(name)
        if person is None:
            key = hashlib.sha256(name.casefold().encode(errors="surrogatepass")).digest()
        else:
            key = person.id
            known = self._known_count(request, person.id)
            if known:
                # Their own browser: what an attacker does elsewhere is not held against it.
                return ((self._people, known),)
        return (self._people, key), (self._addresses, (request.remote or "").encode())

    def _wait_s(self, counts: Sequence[tuple[Lockout, bytes]]) -> int:
        return math.ceil(max(lockout.wait_s(key) for lockout, key in counts))

    def _failed(self, counts: Sequence[tuple[Lockout, bytes]]) -> None:
        for lockout, key in counts:
            lockout.failed(key)

    def _must_wait(self, request: web.Request, wait_s: int) -> web.Response:
        sentence = self._frame.words(request)("login.wait", seconds=wait_s)
        response = self._show(request, sentence, 429)
        response.headers[hdrs.RETRY_AFTER] = str(wait_s)
        return response

    def _known_value(self, person: bytes) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return (nonce + self._desk.vault.blind("browser", person + nonce)).hex()

    def _known_count(self, request: web.Request, person: bytes) -> bytes:
        """Return under what this browser's failures are counted for this person; empty if it is a new one."""
        try:
            given = bytes.fromhex(request.cookies.get(_KNOWN_COOKIE + person.hex(), ""))
            nonce, mark = given[:_NONCE_BYTES], given[_NONCE_BYTES:]
            marks = self._desk.vault.blinds("browser", person + nonce)
        except (ValueError, KeysMoved):
            # Nothing that we gave, or nothing that can be checked before somebody brings the new keys.
            return b""
        return b"browser" + nonce if any(secrets.compare_digest(mark, one) for one in marks) else b""

    # --- out, and the language -----------------------------------------------------------------------------

    async def _lock(self, request: web.Request) -> web.Response:
        self._sessions.end(request.cookies.get(COOKIE, ""))
        if not self._sessions.any_open:
            self._shelf.clear()
        response = see_other("/login")
        response.del_cookie(COOKIE, path="/")
        return response

    async def _language(self, request: web.Request) -> web.Response:
        form = await request.post()
        language, path = str(form.get("language", "")), str(form.get("path", "/"))
        # Only a path of ours: "//host" and "/\host" would lead away.
        is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
        response = see_other(path if is_ours else "/")
        if language in LANGUAGES:
            response.set_cookie(
                LANGUAGE_COOKIE, language, max_age=_YEAR_S, httponly=True, samesite="Strict", path="/"
            )
        return response


def is_at_localhost(request: web.Request) -> bool:
    """Return whether browsers let this page use passkeys: only under a name, and this is this machine's."""
    return request.host.partition(":")[0] == second_factor.RELYING_PARTY


def localhost_of(request: web.Request) -> str:
    """Return the page's address by that name."""
    return f"http://{second_factor.RELYING_PARTY}:{request.host.rpartition(':')[2]}"
