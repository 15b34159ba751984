"""The page of counts over cases, with charts; for the office itself."""

from datetime import UTC, datetime

from aiohttp import web

from protocol.ids import UnixSeconds
from protocol.message import Category
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import Severity, Status
from shore_relay.desk.cases.overview import CaseList
from shore_relay.desk.cases.statistics import Month, Statistics, count
from shore_relay.desk.vessels import load_names
from shore_relay.desk.web.charts import Column, bars, columns
from shore_relay.desk.web.frame import Frame
from shore_relay.desk.words import Words

_DAY_S = 86_400
_FOREVER = UnixSeconds(2**53)


class StatisticsPage:
    """Counts in the browser."""

    def __init__(self, desk: Desk, frame: Frame, cases: CaseList) -> None:
        self._desk = desk
        self._frame = frame
        self._cases = cases

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to serve."""
        return [web.get("/cases/statistics", self._statistics)]

    async def _statistics(self, request: web.Request) -> web.Response:
        since, until = (_day(request, name) for name in ("since", "until"))
        found = count(
            await self._cases.briefs(),
            UnixSeconds(since or 0),
            UnixSeconds(until + _DAY_S) if until is not None else _FOREVER,
        )
        values = {
            "found": found,
            "since": request.query.get("since", "") if since is not None else "",
            "until": request.query.get("until", "") if until is not None else "",
            "months": _month_columns(found.by_month),
            "charts": await self._charts(found, self._frame.words(request)),
            "indicators": tuple(Indicator),
        }
        return self._frame.html("case_statistics.html", request, values)

    async def _charts(self, found: Statistics, words: Words) -> list[tuple[str, object]]:
        names = await load_names(self._desk)
        categories = [
            (words(f"category.{one.value}"), found.by_category[one])
            for one in sorted(Category, key=lambda category: -found.by_category.get(category, 0))
            if found.by_category.get(one)
        ]
        severities = [
            (words(f"severity.{one.value}"), found.by_severity.get(one, 0)) for one in reversed(Severity)
        ]
        vessels = sorted(
            ((names.get(vessel, vessel.hex()), number) for vessel, number in found.by_vessel.items()),
            key=lambda row: (-row[1], row[0]),
        )
        statuses = [
            (words(f"status.{one.value}"), found.by_status.get(one, 0))
            for one in Status
            if one is not Status.MERGED
        ]
        return [
            (words("message.about"), bars(categories)),
            (words("case.severity"), bars(severities)),
            (words("nav.vessels"), bars(vessels)),
            (words("case.status"), bars(statuses)),
        ]


def _month_columns(months: tuple[Month, ...]) -> list[Column]:
    # The year stands below its first month only, so that labels never run into each other.
    return columns(
        [
            (month.name, str(month.year) if month.month == 1 or not at else "", month.cases)
            for at, month in enumerate(months)
        ]
    )


def _day(request: web.Request, name: str) -> int | None:
    try:
        day = datetime.fromisoformat(request.query.get(name, "")).replace(tzinfo=UTC)
        return int(day.timestamp())
    except (ValueError, OverflowError):
        return None
