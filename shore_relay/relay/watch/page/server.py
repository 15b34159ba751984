"""The page's routes: the login, the fleet, the way out."""

import asyncio
import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qsl

import jinja2
from aiohttp import hdrs, web

from shore_relay.lockout import ADDRESS_PACE, PERSON_PACE, Lockout
from shore_relay.relay.bearers.gate import Gate
from shore_relay.relay.errors import SecretUnreadable, StoreFailed
from shore_relay.relay.watch.accounts import Account, Accounts, is_passphrase
from shore_relay.relay.watch.facts import Watcher
from shore_relay.relay.watch.page.sessions import (
    COOKIE,
    KNOWN_COOKIE,
    KNOWN_DAYS,
    Session,
    Sessions,
    is_token,
    known_count,
    known_value,
)
from shore_relay.relay.watch.page.view import view
from shore_relay.relay.watch.page.words import DEFAULT_LANGUAGE, LANGUAGES, Words

_FOLDER = Path(__file__).parent
_LANGUAGE_COOKIE = "seavoice-operator-language"
_FIELDS_MAX = 10
_DAY_S = 86_400
_YEAR_S = 365 * _DAY_S
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_STATIC = {
    "/static/operator.css": ("operator.css", "text/css"),
    "/static/icon.svg": ("icon.svg", "image/svg+xml"),
}


class OperatorPage:
    """The operator's page of one relay."""

    def __init__(self, folder: Path, gate: Gate, watcher: Watcher, *, is_secure: bool) -> None:
        settings = gate.settings.operator
        self._gate = gate
        self._watcher = watcher
        self._is_secure = is_secure
        self._accounts = Accounts(folder)
        self._sessions = Sessions(settings.session_minutes * 60, gate.clock)
        self._people = Lockout(PERSON_PACE, gate.clock)
        self._addresses = Lockout(ADDRESS_PACE, gate.clock)
        self._one_login = asyncio.Lock()
        self._words = {language: Words(language) for language in LANGUAGES}
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_FOLDER / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._static = {
            path: ((_FOLDER / "static" / name).read_bytes(), kind) for path, (name, kind) in _STATIC.items()
        }

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to serve."""
        return [
            web.get("/", self._fleet),
            web.get("/login", self._form),
            web.post("/login", self._log_in),
            web.post("/logout", self._log_out),
            web.post("/language", self._language),
            *(web.get(path, self._file) for path in _STATIC),
        ]

    # --- the fleet ------------------------------------------------------------------------------------------

    async def _fleet(self, request: web.Request) -> web.Response:
        self._check_host(request)
        # The page asks again by itself; that must not keep open what nobody uses.
        session = self._session(request, is_use="again" not in request.query)
        if session is None:
            return _see_other("/login")
        words = self._words[_language_of(request)]
        try:
            facts = await self._watcher.facts()
        except StoreFailed as error:
            return self._html(request, "sorry.html", {"sentence": str(error)}, 503, session)
        return self._html(request, "fleet.html", {"fleet": view(facts, words)}, 200, session)

    def _session(self, request: web.Request, *, is_use: bool) -> Session | None:
        cookie = request.cookies.get(COOKIE, "")
        session = self._sessions.find(cookie, is_use=is_use)
        if session is None:
            return None
        account = self._account(session.name)
        if account is None or account.salt != session.salt:
            self._sessions.end(cookie)
            return None
        return session

    def _account(self, name: str) -> Account | None:
        try:
            return self._accounts.find(name)
        except SecretUnreadable as reason:
            self._gate.note(reason.code, "operator")
            return None

    # --- in and out -----------------------------------------------------------------------------------------

    async def _form(self, request: web.Request) -> web.Response:
        self._check_host(request)
        return self._show_login(request, "")

    def _show_login(
        self, request: web.Request, sentence: str, status: int = 200, name: str = ""
    ) -> web.Response:
        values = {
            "sentence": sentence,
            "name": name,
            "minutes": int(self._gate.settings.operator.session_minutes),
        }
        return self._html(request, "login.html", values, status)

    async def _log_in(self, request: web.Request) -> web.Response:
        self._check_host(request)
        self._check_origin(request)
        form = await _form(request)
        name, passphrase = form.get("name", ""), form.get("passphrase", "")
        words = self._words[_language_of(request)]
        # One at a time: each try costs 64 MiB and a tenth of a second, which also slows a guesser down.
        async with self._one_login:
            account = self._account(name)
            counts = self._counts(request, name, account)
            wait_s = max(count.wait_s(key) for count, key in counts)
            if wait_s:
                response = self._show_login(
                    request, words("login.wait", seconds=math.ceil(wait_s)), 429, name
                )
                response.headers[hdrs.RETRY_AFTER] = str(math.ceil(wait_s))
                return response
            if not await asyncio.to_thread(is_passphrase, account, passphrase) or account is None:
                for count, key in counts:
                    count.failed(key)
                self._gate.refuse("wrong-passphrase", "operator")
                return self._show_login(request, words("login.wrong"), 403, name)
            for count, key in counts:
                count.succeeded(key)
        self._gate.note("operator-signed-in", "operator")
        response = _see_other("/")
        self._set(response, COOKIE, self._sessions.begin(account))
        self._set(response, KNOWN_COOKIE, known_value(account), path="/login", max_age=KNOWN_DAYS * _DAY_S)
        return response

    def _counts(
        self, request: web.Request, name: str, account: Account | None
    ) -> Sequence[tuple[Lockout, bytes]]:
        if account is not None:
            # Who has been in from this browser before is not made to wait for what others try elsewhere.
            known = known_count(account, request.cookies.get(KNOWN_COOKIE, ""))
            if known is not None:
                return ((self._people, known),)
        address = self._gate.proxies.address_of(request).encode(errors="surrogatepass")
        person = hashlib.sha256(name.encode(errors="surrogatepass")).digest()
        return (self._people, person), (self._addresses, address)

    async def _log_out(self, request: web.Request) -> web.Response:
        self._check_host(request)
        form = await _form(request)
        session = self._session(request, is_use=False)
        if session is not None:
            if not is_token(session, form.get("token", "")):
                raise web.HTTPForbidden
            self._sessions.end(request.cookies.get(COOKIE, ""))
        response = _see_other("/login")
        response.del_cookie(COOKIE, path="/")
        return response

    async def _language(self, request: web.Request) -> web.Response:
        self._check_host(request)
        self._check_origin(request)
        language = (await _form(request)).get("language", "")
        response = _see_other("/")
        if language in LANGUAGES:
            self._set(response, _LANGUAGE_COOKIE, language, max_age=_YEAR_S)
        return response

    # --- what all of them share -----------------------------------------------------------------------------

    async def _file(self, request: web.Request) -> web.Response:
        body, kind = self._static[request.path]
        return web.Response(body=body, content_type=kind, headers=_HEADERS)

    def _check_host(self, request: web.Request) -> None:
        """Turn away a name that leads here and is not ours: somebody's trick with a browser."""
        name = request.url.host or ""
        ours = {
            "localhost",
            "127.0.0.1",
            "::1",
            self._gate.settings.operator.host,
            self._gate.settings.public_host,
        }
        if name not in ours:
            raise web.HTTPMisdirectedRequest

    def _check_origin(self, request: web.Request) -> None:
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and origin.partition("://")[2] != request.headers.get(hdrs.HOST, ""):
            raise web.HTTPForbidden

    def _html(
        self,
        request: web.Request,
        template: str,
        values: Mapping[str, object],
        status: int,
        session: Session | None = None,
    ) -> web.Response:
        shared: dict[str, object] = {
            "w": self._words[_language_of(request)],
            "LANGUAGES": LANGUAGES,
            "host": self._gate.settings.public_host,
            "token": session.form_token if session is not None else "",
            "operator": session.name if session is not None else "",
        }
        text = self._templates.get_template(template).render(shared | dict(values))
        return web.Response(text=text, content_type="text/html", status=status, headers=_HEADERS)

    def _set(
        self, response: web.Response, name: str, value: str, *, path: str = "/", max_age: int | None = None
    ) -> None:
        response.set_cookie(
            name, value, httponly=True, samesite="Strict", secure=self._is_secure, path=path, max_age=max_age
        )


def _language_of(request: web.Request) -> str:
    chosen = request.cookies.get(_LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    for wish in request.headers.get(hdrs.ACCEPT_LANGUAGE, "").split(","):
        tag = wish.partition(";")[0].strip().lower().partition("-")[0]
        if tag in LANGUAGES:
            return tag
    return DEFAULT_LANGUAGE


async def _form(request: web.Request) -> dict[str, str]:
    """Return the fields of one of our own forms; nothing else is taken apart."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    text = (await request.read()).decode(errors="replace")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS_MAX))
    except ValueError:
        raise web.HTTPBadRequest from None


def _see_other(path: str) -> web.Response:
    return web.Response(status=303, headers={"Location": path} | _HEADERS)
