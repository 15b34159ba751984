"""`/healthz`: the program runs. `/readyz`: it can take custody now, so vessels and desks may be sent here."""

from http import HTTPStatus

from aiohttp import web

from protocol.documents import dump
from shore_relay.relay.errors import StoreFailed
from shore_relay.relay.pace import Allowance
from shore_relay.relay.store.sql_store import SqlStore
from shore_relay.relay.surroundings import Clock

_LOOKS_PER_SECOND = 2


class Health:
    """Answers whoever watches: a service manager, a balancer, a monitor."""

    def __init__(self, store: SqlStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._looks = Allowance(burst=_LOOKS_PER_SECOND, per_second=_LOOKS_PER_SECOND)
        self._failed: StoreFailed | None = None
        self._stopping = False

    def routes(self) -> list[web.RouteDef]:
        """Return what an HTTP application serves for them."""
        return [web.get("/healthz", self._alive), web.get("/readyz", self._ready)]

    def stop(self) -> None:
        """Say from now on that nobody should be sent here: the relay stops."""
        self._stopping = True

    async def _alive(self, _request: web.Request) -> web.Response:
        return _answer("ok", HTTPStatus.OK)

    async def _ready(self, _request: web.Request) -> web.Response:
        return await self.ready()

    async def ready(self) -> web.Response:
        """Answer whether this relay can take custody now."""
        if self._stopping:
            return _answer("stopping", HTTPStatus.SERVICE_UNAVAILABLE)
        # Anybody may ask, and each look is a flush of the disk; in between, the last one counts.
        if self._looks.take(self._clock()):
            try:
                await self._store.check_writable()
                self._failed = None
            except StoreFailed as reason:
                self._failed = reason
        if self._failed is not None:
            return _answer(self._failed.code, HTTPStatus.SERVICE_UNAVAILABLE)
        return _answer("ok", HTTPStatus.OK)


def _answer(status: str, code: HTTPStatus) -> web.Response:
    return web.Response(body=dump({"status": status}), status=code, content_type="application/json")
