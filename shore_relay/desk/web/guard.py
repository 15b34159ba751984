"""What every request passes first: the right host, a session, a permission, a form token, strict headers."""

import secrets
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.errors import KeysMoved
from shore_relay.desk.inbox import Entry, veiled
from shore_relay.desk.people.person import Person
from shore_relay.desk.people.roles import Permission, may, require
from shore_relay.desk.web.access import CASE_PARTS, Access, access_to
from shore_relay.desk.web.session import COOKIE, Session, Sessions, is_token
from shore_relay.desk.web.uploads import UPLOAD, UPLOADS, read_upload

SESSION: web.RequestKey["Session"] = web.RequestKey("session", Session)
PERSON: web.RequestKey["Person"] = web.RequestKey("person", Person)

_QUIET = frozenset(
    {"/events", "/inbox-list", "/messages/{id}/answers-list", "/messages/{id}/sound-state", *CASE_PARTS}
)
"""Asked for by a page on its own; they must not keep open what nobody uses."""

POLICY = "Content-Security-Policy"


def policy(nonce: str = "") -> str:
    """Return what a page may load; with a nonce also the style of the library that draws sound."""
    style = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    return (
        f"default-src 'none'; script-src 'self'; style-src {style}; img-src 'self'; media-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def new_nonce() -> str:
    """Return a nonce for one page."""
    return secrets.token_urlsafe(16)


_HEADERS = {
    POLICY: policy(),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # "no-referrer" would make browsers hide the origin of our own forms, which is checked.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def actor_of(request: web.Request) -> Actor:
    """Return who is logged in; only for pages that ask for more than `Access.OPEN`."""
    return request[PERSON].actor


def shown_to(request: web.Request, entries: list[Entry]) -> list[Entry]:
    """Return messages as whoever is logged in may see them."""
    is_plain = may(actor_of(request).role, Permission.CASEWORK)
    return entries if is_plain else [veiled(entry) for entry in entries]


class Guard:
    """The middleware of the page."""

    def __init__(self, desk: Desk, sessions: Sessions) -> None:
        self._desk = desk
        self._sessions = sessions
        self._hosts: frozenset[str] = frozenset()

    def allow_host(self, host: str, port: int) -> None:
        """Serve only requests that name this address: another name that leads here is somebody's trick."""
        named = f"[{host}]" if ":" in host else host
        names = {named, "localhost", "127.0.0.1"} if host == "127.0.0.1" else {named}
        self._hosts = frozenset(f"{name}:{port}" for name in names)

    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request through or turn it away; called by the middleware."""
        if request.headers.get(hdrs.HOST, "") not in self._hosts:
            raise web.HTTPMisdirectedRequest(text="error.host")
        self._check_origin(request)
        resource = request.match_info.route.resource
        access = access_to(request.method, resource.canonical) if resource else None
        if access is None:
            raise web.HTTPNotFound(text="error.not-found")
        if access is not Access.OPEN:
            route = resource.canonical if resource else ""
            self._admit(request, access, is_quiet=route in _QUIET)
            await self._check_token(request, route)
        return await handler(request)

    def signed_in(self, request: web.Request, *, is_use: bool) -> tuple[Session, Person] | None:
        """Return the session of a request and whose it is, if that person still works here."""
        cookie = request.cookies.get(COOKIE, "")
        session = self._sessions.find(cookie, is_use=is_use)
        if session is None:
            return None
        try:
            person = self._desk.keyring.keys.person(session.person)
        except KeysMoved:
            # Whoever logs in next brings the new keys; until then nobody is known here.
            return None
        if person is None or not person.is_active:
            self._sessions.end(cookie)
            return None
        return session, person

    def _admit(self, request: web.Request, access: Access | Permission, *, is_quiet: bool) -> None:
        found = self.signed_in(request, is_use=not is_quiet)
        if found is None:
            raise web.HTTPUnauthorized(text="error.expired") if is_quiet else web.HTTPSeeOther("/login")
        request[SESSION], request[PERSON] = found
        if isinstance(access, Permission):
            if request[PERSON].must_choose:
                raise web.HTTPSeeOther("/account")
            require(actor_of(request), access)

    async def _check_token(self, request: web.Request, route: str) -> None:
        if request.method != hdrs.METH_POST:
            return
        if route in UPLOADS:
            request[UPLOAD] = await read_upload(request, route)
            token = request[UPLOAD].token
        else:
            token = str((await request.post()).get("token", ""))
        if not is_token(request[SESSION], token):
            raise web.HTTPForbidden(text="error.expired")

    def _check_origin(self, request: web.Request) -> None:
        origin = request.headers.get(hdrs.ORIGIN)
        if request.method == hdrs.METH_POST and origin is not None:
            allowed = {f"http://{host}" for host in self._hosts}
            if origin not in allowed:
                raise web.HTTPForbidden(text="error.expired")


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the protective headers on every response; a signal of the application."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
