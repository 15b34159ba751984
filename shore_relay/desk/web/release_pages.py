"""What a buyer may know: choose a quarter and vessels, look at it, take the sealed file."""

from aiohttp import web

from protocol.ids import VesselId
from shore_relay.desk.app import Desk
from shore_relay.desk.errors import (
    NotReleasable,
    OnlyStatistics,
    PartnerNotConfirmed,
    UnknownPartner,
    UnknownVessel,
)
from shore_relay.desk.referrals.describing import statistics_lines
from shore_relay.desk.referrals.partners import PartnerKind, load_partners
from shore_relay.desk.referrals.post import SUFFIX
from shore_relay.desk.referrals.releasing import load_releases, prepare, release
from shore_relay.desk.referrals.statistics import Quarter
from shore_relay.desk.vessels import load_names
from shore_relay.desk.web.case_forms import number_of, text_of
from shore_relay.desk.web.frame import Frame
from shore_relay.desk.web.guard import actor_of
from shore_relay.desk.web.partner_pages import download
from shore_relay.desk.web.referral_forms import vessel_of

_REFUSALS = (NotReleasable, OnlyStatistics, PartnerNotConfirmed, UnknownPartner, UnknownVessel)
_QUARTERS_SHOWN = 8


class ReleasePages:
    """Statistics for buyers."""

    def __init__(self, desk: Desk, frame: Frame) -> None:
        self._desk = desk
        self._frame = frame

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to serve."""
        return [web.get("/partners/statistics", self._page), web.post("/partners/statistics", self._release)]

    async def _page(self, request: web.Request) -> web.Response:
        return await self._show(request)

    async def _show(
        self,
        request: web.Request,
        *,
        sentence: str = "",
        lines: tuple[str, ...] = (),
        chosen: frozenset[VesselId] = frozenset(),
        quarter: str = "",
        partner: int = 0,
    ) -> web.Response:
        names = await load_names(self._desk)
        words = self._frame.words(request)
        values = {
            "buyers": [
                one
                for one in await load_partners(self._desk)
                if one.kind is PartnerKind.BUYER and one.is_confirmed
            ],
            "vessels": sorted(names.items(), key=lambda pair: pair[1].casefold()),
            "quarters": self._quarters(),
            "people_min": self._desk.settings.statistics_people_min,
            "released": [statistics_lines(one.statistics, words) for one in await load_releases(self._desk)],
            "sentence": sentence,
            "lines": lines,
            "chosen": chosen,
            "quarter": quarter,
            "partner": partner,
        }
        return self._frame.html("release.html", request, values, 409 if sentence else 200)

    def _quarters(self) -> list[str]:
        quarter, found = Quarter.of(self._desk.now()), []
        for _ in range(_QUARTERS_SHOWN):
            quarter = quarter.before
            found.append(str(quarter))
        return found

    async def _release(self, request: web.Request) -> web.Response:
        form = await request.post()
        named = [vessel_of(str(each)) for each in form.getall("vessel", [])]
        vessels = frozenset(vessel for vessel in named if vessel is not None)
        partner, wanted = number_of(form, "partner"), text_of(form, "quarter")
        try:
            quarter = Quarter.read(wanted)
            if text_of(form, "do") == "take":
                _, letter = await release(self._desk, actor_of(request), partner, quarter, vessels)
                return download(letter, f"statistics-{quarter}{SUFFIX}")
            statistics = await prepare(self._desk, actor_of(request), quarter, vessels)
        except _REFUSALS as error:
            sentence = self._frame.sentence(request, error)
            return await self._show(
                request, sentence=sentence, chosen=vessels, quarter=wanted, partner=partner
            )
        lines = tuple(statistics_lines(statistics, self._frame.words(request)))
        return await self._show(request, lines=lines, chosen=vessels, quarter=wanted, partner=partner)
