"""A relay of one desk, in memory: the HTTP side of `protocol.deskfeed`, on a thread and a port of its own."""

import asyncio
import hashlib
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from protocol.deskfeed import (
    AUDIENCE,
    Dispatch,
    FeedItem,
    FeedPage,
    VesselContact,
    read_dispatch,
    write_contacts,
    write_page,
)
from protocol.documents import dump, load, to_text
from protocol.provisioning import DeskCard


@dataclass
class SmallRelay:
    """What the relay holds and has heard; a test reads and changes it under `changed`."""

    card: DeskCard | None = None
    items: list[FeedItem] = field(default_factory=list)
    taken: int = 0
    dispatches: dict[bytes, Dispatch] = field(default_factory=dict)
    refusals: int = 0
    answer_with: tuple[int, bytes] | None = None
    """Status and body for every request, in place of an honest answer."""
    refuse_dispatches: bool = False
    contacts: tuple[VesselContact, ...] = ()
    clock: Callable[[], float] = time.time
    changed: threading.Condition = field(default_factory=threading.Condition)
    port: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def put(self, *items: FeedItem) -> None:
        """Add items to the feed."""
        with self.changed:
            for item in items:
                self.items.append(replace(item, cursor=len(self.items) + 1))
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._news.set)

    def wait_until(self, condition: Callable[[], bool], timeout_s: float = 15) -> None:
        """Wait for something that the desk does."""
        with self.changed:
            assert self.changed.wait_for(condition, timeout_s), "the desk did not do it in time"

    @property
    def raw(self) -> list[bytes]:
        return [dispatch.bundle for dispatch in self.dispatches.values()]

    # --- HTTP ----------------------------------------------------------------------------------------------

    async def _feed(self, request: web.Request) -> web.Response:
        after, wait_s = int(request.query["after"]), int(request.query["wait"])
        if not self._after(after) and wait_s:
            self._news.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._news.wait()
            except TimeoutError:
                pass
        return web.Response(body=write_page(FeedPage(items=tuple(self._after(after)[:200]))))

    def _last_cursor(self) -> int:
        return max((item.cursor for item in self.items), default=0)

    def _after(self, cursor: int) -> list[FeedItem]:
        # As the relay does where a desk is ahead of it: it was restored, and begins anew.
        after = 0 if cursor > self._last_cursor() else cursor
        return [item for item in self.items if item.cursor > after]

    async def _taken(self, request: web.Request) -> web.Response:
        with load(await request.read(), "This request") as reader, self.changed:
            through = reader.integer("through")
            if through > self._last_cursor():
                body = dump({"code": "request-refused", "message": "This cursor was never given out."})
                return web.Response(status=400, body=body)
            self.taken = max(self.taken, through)
            self.changed.notify_all()
        return web.Response(body=b"{}")

    async def _contacts(self, _request: web.Request) -> web.Response:
        return web.Response(body=write_contacts(self.contacts))

    async def _dispatch(self, request: web.Request) -> web.Response:
        dispatch = read_dispatch(await request.read())
        if self.refuse_dispatches:
            body = dump({"code": "unknown-vessel", "message": "No vessel has this id here.\x1b[31m"})
            return web.Response(status=404, body=body)
        with self.changed:
            assert self.dispatches.setdefault(dispatch.ref, dispatch) == dispatch
            self.changed.notify_all()
        return web.Response(body=dump({"ref": dispatch.ref.hex()}))

    async def _checked(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if self.answer_with is not None:
            status, body = self.answer_with
            return web.Response(status=status, body=body)
        if not self._is_signed(request, await request.read()):
            self.refusals += 1
            date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(self.clock()))
            body = dump({"code": "not-authorised", "message": "The token does not fit."})
            return web.Response(status=401, body=body, headers={"Date": date})
        return await handler(request)

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        assert self.card is not None
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            claims = jwt.decode(
                token,
                key=Ed25519PublicKey.from_public_bytes(self.card.signing_public),
                algorithms=["EdDSA"],
                audience=AUDIENCE,
                options={"verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError:
            return False
        return (
            scheme == "Bearer"
            and claims["iss"] == self.card.id.hex()
            and claims["htm"] == request.method
            and claims["htu"] == request.raw_path
            and claims["bod"] == to_text(hashlib.sha256(body).digest())
            and claims["iat"] - 60 <= self.clock() <= claims["exp"] + 60
            and claims["exp"] - claims["iat"] <= 120
        )


@contextmanager
def running_relay() -> Iterator[SmallRelay]:
    """A relay that listens, until the end of the block."""
    relay = SmallRelay()
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    @web.middleware
    async def checked(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        return await relay._checked(request, handler)

    async def run() -> None:
        application = web.Application(middlewares=[checked], client_max_size=4_000_000)
        application.add_routes(
            [
                web.get("/v1/feed", relay._feed),
                web.post("/v1/feed/taken", relay._taken),
                web.get("/v1/vessels", relay._contacts),
                web.post("/v1/vessels/{vessel}/bundles", relay._dispatch),
            ]
        )
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        relay.port = runner.addresses[0][1]
        relay._loop = loop
        ready.set()
        await stop.wait()
        relay._news.set()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    assert ready.wait(10)
    try:
        yield relay
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
