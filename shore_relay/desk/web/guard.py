"""What every request passes first: the right host, a session, a form token, strict headers."""

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from shore_relay.desk.web.session import COOKIE, Session, Sessions, is_token

SESSION: web.RequestKey["Session"] = web.RequestKey("session", Session)

_OPEN_PATHS = frozenset({"/login"})
_OPEN_PREFIX = "/static/"
_QUIET_PATHS = frozenset({"/events", "/inbox-list", "/answers-list"})
"""Asked for by a page on its own; they must not keep open what nobody uses."""

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # "no-referrer" would make browsers hide the origin of our own forms, which is checked.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Guard:
    """The middleware of the page."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._hosts: frozenset[str] = frozenset()

    def allow_host(self, host: str, port: int) -> None:
        """Serve only requests that name this address: another name that leads here is somebody's trick."""
        named = f"[{host}]" if ":" in host else host
        names = {named, "localhost", "127.0.0.1"} if host == "127.0.0.1" else {named}
        self._hosts = frozenset(f"{name}:{port}" for name in names)

    @property
    def hosts(self) -> frozenset[str]:
        """The addresses under which the page answers."""
        return self._hosts

    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request through or turn it away; called by the middleware."""
        if request.headers.get(hdrs.HOST, "") not in self._hosts:
            raise web.HTTPMisdirectedRequest(text="error.host")
        self._check_origin(request)
        is_open = request.path in _OPEN_PATHS or request.path.startswith(_OPEN_PREFIX)
        if not is_open:
            session = self._sessions.find(
                request.cookies.get(COOKIE, ""), is_use=request.path not in _QUIET_PATHS
            )
            if session is None:
                if request.path in _QUIET_PATHS:
                    raise web.HTTPUnauthorized(text="error.expired")
                raise web.HTTPSeeOther("/login")
            request[SESSION] = session
            if request.method == hdrs.METH_POST:
                form = await request.post()
                if not is_token(session, str(form.get("token", ""))):
                    raise web.HTTPForbidden(text="error.expired")
        return await handler(request)

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
