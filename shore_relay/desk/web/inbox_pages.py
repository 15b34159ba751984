"""The pages of the inbox and of the vessels that messages come from."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from aiohttp import web

from protocol.ids import VesselId
from protocol.limits import VESSEL_ID_BYTES
from protocol.priming import Language
from shore_relay.desk.app import Desk
from shore_relay.desk.changes import Changes
from shore_relay.desk.inbox_list import InboxList, InboxPage, ListedKind, Onlooker, Since, Which, Wish
from shore_relay.desk.people.roles import Permission, may
from shore_relay.desk.vessels import box_to_confirm, confirm, find_vessel, load_vessels
from shore_relay.desk.web.case_forms import number_of
from shore_relay.desk.web.frame import Frame, see_other
from shore_relay.desk.web.guard import actor_of, shown_to

_VESSEL = r"/vessels/{vessel:[0-9a-f]{16}}"


class InboxPages:
    """What came, and from where."""

    def __init__(self, desk: Desk, frame: Frame, changes: Changes, inbox: InboxList) -> None:
        self._desk = desk
        self._frame = frame
        self._changes = changes
        self._list = inbox

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to serve."""
        return [
            web.get("/", self._inbox),
            web.get("/inbox-list", self._inbox_part),
            web.get("/vessels", self._vessels),
            web.get(_VESSEL, self._vessel),
            web.post(_VESSEL + "/confirm", self._confirm),
        ]

    async def warm(self) -> None:
        """Open what the list needs before anybody waits for it; raises `StoreFailed`."""
        await self._list.warm()

    async def _inbox(self, request: web.Request) -> web.Response:
        return self._frame.html("inbox.html", request, await self._inbox_values(request))

    async def _inbox_part(self, request: web.Request) -> web.Response:
        return self._frame.html("inbox_list.html", request, await self._inbox_values(request))

    async def _inbox_values(self, request: web.Request) -> dict[str, object]:
        wish, onlooker = wish_in(request.query), _onlooker(request)
        vessels = await load_vessels(self._desk)
        hidden = set() if onlooker.sees_cases else {Which.MINE}
        return {
            **self._list_values(request, wish, await self._list.page(wish, onlooker)),
            "whiches": [
                (one, query_of(replace(wish, which=one, page=1))) for one in Which if one not in hidden
            ],
            "vessels": vessels,
            "kinds": tuple(ListedKind),
            "languages": tuple(Language),
            "sinces": tuple(Since),
            "gaps": [vessel for vessel in vessels if vessel.missing],
            "to_confirm": [vessel for vessel in vessels if vessel.pending],
        }

    def _list_values(self, request: web.Request, wish: Wish, page: InboxPage) -> dict[str, object]:
        return {
            "wish": wish,
            "inbox": page,
            "entries": shown_to(request, list(page.entries)),
            "is_narrowed": replace(wish, page=1) != Wish(),
            "address": query_of(wish),
            "before": query_of(replace(wish, page=page.page - 1)),
            "after": query_of(replace(wish, page=page.page + 1)),
        }

    # --- vessels -------------------------------------------------------------------------------------------

    async def _vessels(self, request: web.Request) -> web.Response:
        return self._frame.html("vessels.html", request, {"vessels": await load_vessels(self._desk)})

    async def _vessel(self, request: web.Request) -> web.Response:
        vessel = await find_vessel(self._desk, request.match_info["vessel"])
        wish = replace(wish_in(request.query), vessel=vessel.id)
        page = await self._list.page(wish, _onlooker(request))
        values = {"vessel": vessel, **self._list_values(request, wish, page)}
        return self._frame.html("vessel.html", request, values)

    async def _confirm(self, request: web.Request) -> web.Response:
        vessel = await find_vessel(self._desk, request.match_info["vessel"])
        # The form repeats the fingerprint that was on the screen: what came meanwhile is not confirmed.
        box = box_to_confirm(vessel, str((await request.post()).get("fingerprint", "")))
        await confirm(self._desk, box)
        await self._changes.announce()
        return see_other(f"/vessels/{vessel.id.hex()}")


def wish_in(query: Mapping[str, str]) -> Wish:
    """Return what an address asks for; what it says that nobody knows is passed over."""
    which, kind, since = (query.get(name, "") for name in ("which", "kind", "since"))
    tags = {language.tag: language for language in Language}
    return Wish(
        which=Which(which) if which in set(Which) else Which.ALL,
        vessel=_vessel_in(query.get("vessel", "")),
        kind=ListedKind(kind) if kind in set(ListedKind) else None,
        language=tags.get(query.get("language", "")),
        since=Since(since) if since in set(Since) else Since.EVER,
        page=max(1, number_of(query, "page")),
    )


def query_of(wish: Wish) -> str:
    """Return the part of an address that asks for this; empty where it is everything."""
    usual = Wish()
    said = {
        "which": wish.which.value if wish.which is not usual.which else "",
        "vessel": wish.vessel.hex() if wish.vessel else "",
        "kind": wish.kind.value if wish.kind else "",
        "language": wish.language.tag if wish.language is not None else "",
        "since": wish.since.value if wish.since is not usual.since else "",
        "page": str(wish.page) if wish.page > 1 else "",
    }
    query = urlencode({name: value for name, value in said.items() if value})
    return f"?{query}" if query else ""


def _vessel_in(text: str) -> VesselId | None:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        return None
    return VesselId(found) if len(found) == VESSEL_ID_BYTES else None


def _onlooker(request: web.Request) -> Onlooker:
    actor = actor_of(request)
    return Onlooker(id=actor.id, sees_cases=may(actor.role, Permission.CASEWORK))
