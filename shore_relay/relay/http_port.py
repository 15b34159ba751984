"""An HTTP port on hostile ground: who dribbles, floods or never reads an answer is let go.

aiohttp bounds what a request may hold, not how long it may take to come; that is done here, one connection at
a time, around aiohttp's own protocol.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from protocol.documents import dump
from shore_relay.relay.bearers.crowd import Allowances
from shore_relay.relay.bearers.gate import Gate

_SHUTDOWN_S = 2.0
_LINGERING_S = 1.0
"""So long a client that still sends may go on, so that it comes to read why it was refused."""
_HANDSHAKE_S = 10.0
_BACKLOG = 1_024
_BEARER = "http"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_HEADERS = {
    # Nothing here is a page for a browser to frame, sniff or keep; the operator's page adds its own.
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class HttpPort:
    """One port that serves an application's routes; `start` and `stop` it."""

    def __init__(
        self,
        gate: Gate,
        routes: Sequence[web.RouteDef | web.StaticDef],
        *,
        context: ssl.SSLContext | None = None,
        read_their_own: frozenset[str] = frozenset(),
    ) -> None:
        """`read_their_own`: paths whose handlers read the body within bounds of their own."""
        self._gate = gate
        self._read_their_own = read_their_own
        self._context = context
        self._requests: Allowances[str] = Allowances(
            gate.settings.door.requests_per_minute_max / 60, gate.settings.door.requests_per_minute_max
        )
        self._connections: dict[asyncio.BaseTransport, _Connection] = {}
        application = web.Application(
            client_max_size=gate.settings.request_bytes_max, middlewares=[self._bounded()]
        )
        application.on_response_prepare.append(_add_headers)
        application.add_routes(routes)
        self._runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=_SHUTDOWN_S, lingering_time=_LINGERING_S
        )
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port; raises `OSError` where it cannot be had."""
        await self._runner.setup()
        assert self._runner.server is not None
        make = self._runner.server
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(make(), self._gate, self._connections),
            host,
            port,
            backlog=_BACKLOG,
            ssl=self._context,
            ssl_handshake_timeout=_HANDSHAKE_S if self._context is not None else None,
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Let requests end, and listen no more."""
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()

    def _bounded(self) -> Middleware:
        @web.middleware
        async def bounded(request: web.Request, handler: Handler) -> web.StreamResponse:
            connection = self._connections.get(request.transport) if request.transport is not None else None
            if connection is not None:
                connection.work()
            try:
                return await self._judge(request, handler)
            finally:
                if connection is not None:
                    connection.rest()

        return bounded

    async def _judge(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        address = self._gate.proxies.address_of(request)
        if not self._requests.take(address, self._gate.clock()):
            self._gate.refuse("too-many-requests", _BEARER)
            return _refusal(
                "too-many-requests",
                "Too many requests come from this address; ask again in a minute.",
                HTTPStatus.TOO_MANY_REQUESTS,
                {hdrs.RETRY_AFTER: "60"},
            )
        try:
            if request.method == hdrs.METH_POST and request.path not in self._read_their_own:
                # Read here, within a time; handlers then find it read.
                async with asyncio.timeout(self._gate.settings.door.http_body_s):
                    await request.read()
            return await handler(request)
        except TimeoutError:
            self._gate.refuse("request-too-slow", _BEARER)
            answer = _refusal(
                "request-too-slow",
                "The request did not come whole in time; send it again.",
                HTTPStatus.REQUEST_TIMEOUT,
            )
            answer.force_close()
            return answer
        except web.HTTPRequestEntityTooLarge:
            self._gate.refuse("request-too-large", _BEARER)
            return _refusal(
                "request-too-large",
                f"A request has at most {self._gate.settings.request_bytes_max} bytes.",
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            )
        except web.HTTPException as error:
            if error.status < HTTPStatus.BAD_REQUEST:
                raise
            return _refusal(
                f"http-{error.status}", f"{error.reason}.", HTTPStatus(error.status), error.headers
            )


def _refusal(
    code: str, message: str, status: HTTPStatus, headers: Mapping[str, str] | None = None
) -> web.Response:
    kept = {name: value for name, value in (headers or {}).items() if name in (hdrs.ALLOW, hdrs.RETRY_AFTER)}
    return web.Response(
        body=dump({"code": code, "message": message}),
        status=status,
        headers=kept,
        content_type="application/json",
    )


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)


class _Connection(asyncio.Protocol):
    """Passes everything on to aiohttp's protocol, and ends what neither asks nor takes its answer in time."""

    def __init__(
        self,
        inner: asyncio.Protocol,
        gate: Gate,
        connections: "dict[asyncio.BaseTransport, _Connection]",
    ) -> None:
        self._inner = inner
        self._gate = gate
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._address = ""
        self._counted = False
        self._timer: asyncio.TimerHandle | None = None
        self._unsent_bytes = 0

    # --- what asyncio calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection, or end it at once."""
        assert isinstance(transport, asyncio.Transport)
        self._address = str((transport.get_extra_info("peername") or ("unknown",))[0])
        if not self._gate.proxies.trusts(self._address):
            if not self._gate.enter(self._address, _BEARER):
                transport.abort()
                return
            self._counted = True
        self._transport = transport
        self._connections[transport] = self
        self._inner.connection_made(transport)
        self.rest()

    def data_received(self, data: bytes) -> None:
        """Hand bytes to aiohttp."""
        if self._transport is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Tell aiohttp that the peer says no more."""
        return self._inner.eof_received() if self._transport is not None else None

    def pause_writing(self) -> None:
        """Tell aiohttp that the peer takes nothing now."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Tell aiohttp that the peer takes more."""
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        if self._transport is None:
            return
        self.work()
        del self._connections[self._transport]
        if self._counted:
            self._gate.leave(self._address, _BEARER)
        self._inner.connection_lost(exc)
        self._transport = None

    # --- what the port calls ---

    def work(self) -> None:
        """Let a handler take its time: it has bounds of its own."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def rest(self) -> None:
        """Give the peer a while to take its answer, and to ask the next thing."""
        self.work()
        if self._transport is None or self._transport.is_closing():
            return
        self._unsent_bytes = self._transport.get_write_buffer_size()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._gate.settings.door.http_idle_s, self._waited)

    def _waited(self) -> None:
        assert self._transport is not None
        unsent_bytes = self._transport.get_write_buffer_size()
        if 0 < unsent_bytes < self._unsent_bytes or unsent_bytes > 0 == self._unsent_bytes:
            # The answer is on its way, slowly: that is no attack on a slow link.
            self.rest()
            return
        self._gate.refuse("idle", _BEARER)
        self._transport.abort()
