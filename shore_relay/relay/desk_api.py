"""What desks ask over HTTP (SPEC §9): the feed, what they have taken, and bundles for their vessels."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from protocol import bundle as bundles
from protocol import deskfeed, limits
from protocol.bundle import Keys, Kind
from protocol.deskkeys import check_keys
from protocol.documents import MalformedDocument, Reader, dump, load
from protocol.errors import RemoteError
from protocol.ids import VesselId
from shore_relay.relay.bell import Bell
from shore_relay.relay.cluster import LOOK_S
from shore_relay.relay.desk_auth import SignedRequest, authorise
from shore_relay.relay.errors import (
    ClockSkew,
    NotAuthorised,
    QueueOverfull,
    RefTaken,
    RelayError,
    RequestRefused,
    StoreFailed,
    UnknownVessel,
)
from shore_relay.relay.fleet import Fleet
from shore_relay.relay.settings import Settings
from shore_relay.relay.store.repository import Desk, LearnedKeys, Repository, VesselStatus
from shore_relay.relay.surroundings import WallClock

DISPATCHED_KINDS = frozenset({Kind.MAIL, Kind.KEYS, Kind.DESK_RECEIPT})

_STATUS: dict[type[Exception], HTTPStatus] = {
    NotAuthorised: HTTPStatus.UNAUTHORIZED,
    ClockSkew: HTTPStatus.UNAUTHORIZED,
    RequestRefused: HTTPStatus.BAD_REQUEST,
    MalformedDocument: HTTPStatus.BAD_REQUEST,
    UnknownVessel: HTTPStatus.NOT_FOUND,
    RefTaken: HTTPStatus.CONFLICT,
    QueueOverfull: HTTPStatus.TOO_MANY_REQUESTS,
    StoreFailed: HTTPStatus.SERVICE_UNAVAILABLE,
}

Handler = Callable[[web.Request, Desk, bytes], Awaitable[web.Response]]


class DeskApi:
    """The requests of `protocol.deskfeed`."""

    def __init__(
        self,
        *,
        store: Repository,
        fleet: Fleet,
        bell: Bell,
        settings: Settings,
        wall: WallClock,
        refusals: Counter[str],
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._bell = bell
        self._settings = settings
        self._wall = wall
        self._refusals = refusals

    def routes(self) -> list[web.RouteDef]:
        """Return what the HTTP application serves for desks."""
        return [
            web.get("/v1/feed", self._for_desks(self._feed)),
            web.post("/v1/feed/taken", self._for_desks(self._taken)),
            web.get("/v1/vessels", self._for_desks(self._vessels)),
            web.post("/v1/vessels/{vessel}/bundles", self._for_desks(self._dispatch)),
        ]

    def _for_desks(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            try:
                body = await request.read()
                signed = SignedRequest(
                    authorization=request.headers.get("Authorization", ""),
                    method=request.method,
                    path=request.raw_path,
                    body=body,
                )
                desk = await authorise(signed, self._fleet.desk, self._wall())
                return await handler(request, desk, body)
            except (RelayError, RemoteError) as error:
                status = _STATUS.get(type(error), HTTPStatus.SERVICE_UNAVAILABLE)
                return self._refuse(error.code, str(error), status)

        return handle

    def _refuse(self, code: str, message: str, status: HTTPStatus) -> web.Response:
        self._refusals[f"desk-{code}"] += 1
        body = dump({"code": code, "message": message})
        return web.Response(body=body, status=status, content_type="application/json")

    # --- the feed -------------------------------------------------------------------------------------------

    async def _feed(self, request: web.Request, desk: Desk, _body: bytes) -> web.Response:
        after = _whole(request, "after", most=2**53)
        wait_s = _whole(request, "wait", most=deskfeed.WAIT_SECONDS_MAX)
        items: list[deskfeed.FeedItem] = []
        ends = asyncio.get_running_loop().time() + wait_s
        while True:
            news = self._bell.listen(desk.id)
            items = await self._page(desk, after)
            left_s = ends - asyncio.get_running_loop().time()
            if items or left_s <= 0 or self._bell.closed:
                break
            # An announcement can be missed, those of other relays at least, and a look costs little.
            await _wait(news, min(left_s, LOOK_S) if self._store.shared else left_s)
        page = deskfeed.FeedPage(items=tuple(items))
        return web.Response(body=deskfeed.write_page(page), content_type="application/json")

    async def _page(self, desk: Desk, after: int) -> list[deskfeed.FeedItem]:
        return await self._store.feed(
            desk.id, after, most_items=deskfeed.PAGE_ITEMS_MAX, most_bytes=self._settings.page_bytes_max
        )

    async def _taken(self, _request: web.Request, desk: Desk, body: bytes) -> web.Response:
        with load(body, "This request") as reader:
            through = reader.integer("through")
        self._fleet.released(await self._store.taken(desk.id, through))
        return web.Response(body=dump({"through": through}), content_type="application/json")

    async def _vessels(self, _request: web.Request, desk: Desk, _body: bytes) -> web.Response:
        vessels = (await self._store.status()).vessels
        # A desk's name is its alone on this relay.
        theirs = tuple(_contact(vessel) for vessel in vessels if vessel.desk_name == desk.name)
        body = deskfeed.write_contacts(theirs[: deskfeed.VESSELS_MAX])
        return web.Response(body=body, content_type="application/json")

    # --- dispatches -----------------------------------------------------------------------------------------

    async def _dispatch(self, request: web.Request, desk: Desk, body: bytes) -> web.Response:
        vessel = VesselId(
            Reader({"vessel": request.match_info["vessel"]}, "This path").hexadecimal(
                "vessel", size_bytes=limits.VESSEL_ID_BYTES
            )
        )
        dispatch = deskfeed.read_dispatch(body)
        new = await self._store.dispatch(
            desk.id,
            vessel,
            dispatch,
            self._wall(),
            keys=_checked(dispatch.bundle, desk),
            most_bytes=self._settings.queued_bytes_per_vessel_max,
        )
        if new:
            await self._fleet.refresh_directory()
            await self._fleet.dispatched(vessel)
        return web.Response(body=dump({"ref": dispatch.ref.hex()}), content_type="application/json")


def _contact(vessel: VesselStatus) -> deskfeed.VesselContact:
    sbd, near = vessel.sbd, None
    if sbd is not None and sbd.position is not None:
        near = deskfeed.Near(
            at=sbd.position_at,
            latitude_e4=round(sbd.position.latitude * 10_000),
            longitude_e4=round(sbd.position.longitude * 10_000),
            radius_km=round(sbd.position.radius_km),
        )
    return deskfeed.VesselContact(
        vessel=vessel.vessel, at=vessel.last_contact_at, bearer=vessel.last_bearer, near=near
    )


async def _wait(news: asyncio.Event, most_s: float) -> None:
    try:
        async with asyncio.timeout(most_s):
            await news.wait()
    except TimeoutError:
        return


def _whole(request: web.Request, name: str, *, most: int) -> int:
    text = request.query.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most):
        raise RequestRefused(f"{name} must be a whole number from 0 to {most}.")
    return int(text)


def _checked(data: bytes, desk: Desk) -> LearnedKeys | None:
    """Return the keys in a dispatched bundle, if it carries some; raises `RequestRefused`."""
    try:
        bundle = bundles.decode(data)
        if bundle.KIND not in DISPATCHED_KINDS:
            raise RequestRefused("A desk sends answers, keys and receipts; this bundle is of another kind.")
        if not isinstance(bundle, Keys):
            return None
        if bundle.desk != desk.id:
            raise RequestRefused("These keys are another desk's; a desk sends its own.")
        issued_at, keys = check_keys(bundle, desk.signing_public)
    except RemoteError as reason:
        raise RequestRefused(f"This bundle cannot be dispatched: {reason}.") from reason
    return LearnedKeys(issued_at=issued_at, keys=keys)
