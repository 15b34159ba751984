"""The page of the search, for everybody who may read messages."""

from aiohttp import web

from shore_relay.desk.app import Desk
from shore_relay.desk.lines import InboxLines
from shore_relay.desk.searching import FOUND_MAX, QUERY_CHARACTERS_MAX, SearchIndex
from shore_relay.desk.web.frame import Frame
from shore_relay.desk.web.guard import shown_to


class SearchPage:
    """One page: what was asked, and what was found."""

    def __init__(self, desk: Desk, frame: Frame, lines: InboxLines) -> None:
        self._frame = frame
        self._index = SearchIndex(desk, lines)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to serve."""
        return [web.get("/search", self._search)]

    async def _search(self, request: web.Request) -> web.Response:
        query = request.query.get("q", "")[:QUERY_CHARACTERS_MAX].encode(errors="ignore").decode()
        found = await self._index.search(query)
        values = {
            "query": query,
            "entries": shown_to(request, list(found.entries)),
            "count": found.count,
            "left_out": max(0, found.count - FOUND_MAX),
        }
        return self._frame.html("search.html", request, values)
