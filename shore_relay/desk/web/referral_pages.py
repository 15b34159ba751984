"""From a case to a sealed file for a partner: choose, look at it, take it. And what a case says of money."""

from aiohttp import web

from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import load_case
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import NOTE_CHARACTERS_MAX, Case, EvidenceState
from shore_relay.desk.cases.money import (
    ACCOUNT_CHARACTERS_MAX,
    COMMENT_CHARACTERS_MAX,
    CURRENCIES,
    PARTY_CHARACTERS_MAX,
    MoneyKind,
    PartyRole,
)
from shore_relay.desk.cases.recording import add_money, add_trade, drop_money, drop_trade
from shore_relay.desk.cases.referral import ReferralState
from shore_relay.desk.cases.trade import TRADE_CHARACTERS_MAX, TradeKind
from shore_relay.desk.changes import Changes
from shore_relay.desk.errors import (
    BadCaseText,
    DeskError,
    NoConsent,
    NothingChosen,
    OnlyStatistics,
    PartnerNotConfirmed,
    PreviewChanged,
    TooLateToRevoke,
    UnknownPartner,
)
from shore_relay.desk.inbox import load_entries
from shore_relay.desk.referrals.describing import money_text
from shore_relay.desk.referrals.given import REQUEST_CHARACTERS_MAX
from shore_relay.desk.referrals.money_table import export_money
from shore_relay.desk.referrals.partners import PartnerKind, load_partners, partner_numbered
from shore_relay.desk.referrals.post import SUFFIX
from shore_relay.desk.referrals.sending import preview, refer, revoke
from shore_relay.desk.tables.formats import Format
from shore_relay.desk.vessels import load_names
from shore_relay.desk.web.case_forms import Form, text_of
from shore_relay.desk.web.frame import Frame
from shore_relay.desk.web.given_view import view_given
from shore_relay.desk.web.guard import actor_of
from shore_relay.desk.web.partner_pages import download
from shore_relay.desk.web.referral_forms import (
    ReferralForm,
    agreement_in,
    money_in,
    referral_in,
    trade_in,
)
from shore_relay.desk.words import Words

_CASE = r"/cases/{case:\d{1,15}}"
_NOT_FOR_REFERRALS = (PartnerKind.BUYER, PartnerKind.REFERRER)
_REFUSALS = (
    BadCaseText,
    NoConsent,
    NothingChosen,
    OnlyStatistics,
    PartnerNotConfirmed,
    PreviewChanged,
    UnknownPartner,
)


class ReferralPages:
    """Referring a case."""

    def __init__(self, desk: Desk, frame: Frame, changes: Changes) -> None:
        self._desk = desk
        self._frame = frame
        self._changes = changes

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to serve."""
        return [
            web.get(_CASE + "/refer", self._choose),
            web.post(_CASE + "/refer/preview", self._preview),
            web.post(_CASE + "/refer", self._refer),
            web.post(_CASE + "/referrals/{referral:[0-9a-f]{32}}/revoke", self._revoke),
            web.post(_CASE + "/money/export", self._export),
        ]

    async def _choose(self, request: web.Request) -> web.Response:
        return await self._show(request, referral_in(request.query.items()))

    async def _show(
        self, request: web.Request, form: ReferralForm, error: DeskError | None = None
    ) -> web.Response:
        case = await load_case(self._desk, _number(request))
        words = self._frame.words(request)
        values = {
            "case": case,
            "form": form,
            "sentence": self._frame.sentence(request, error) if error else "",
            "partners": [
                one
                for one in await load_partners(self._desk)
                if one.is_confirmed and one.kind not in _NOT_FOR_REFERRALS
            ],
            "entries": await load_entries(self._desk, [facts.message for facts in case.messages]),
            "indicators": [each for each in Indicator if case.shown(each, EvidenceState.CONFIRMED)],
            "money": _money_lines(case, words),
            "request_max": REQUEST_CHARACTERS_MAX,
            "note_max": NOTE_CHARACTERS_MAX,
        }
        return self._frame.html("refer.html", request, values, 409 if error else 200)

    async def _preview(self, request: web.Request) -> web.Response:
        posted = await request.post()
        form = referral_in(posted.items())
        if "back" in posted:
            return await self._show(request, form)
        number = _number(request)
        try:
            given = await preview(
                self._desk, actor_of(request), number, form.partner, form.choice, form.agreement
            )
            partner = await partner_numbered(self._desk, form.partner)
        except _REFUSALS as error:
            return await self._show(request, form, error)
        values = {
            "case_number": number,
            "shown": view_given(given, self._frame.words(request)),
            "partner": partner,
            "form": form,
            "seen": given.digest,
        }
        return self._frame.html("refer_preview.html", request, values)

    async def _refer(self, request: web.Request) -> web.Response:
        posted = await request.post()
        form = referral_in(posted.items())
        try:
            referral, letter = await refer(
                self._desk,
                actor_of(request),
                _number(request),
                form.partner,
                form.choice,
                form.agreement,
                seen=text_of(posted, "seen") or "-",
            )
        except _REFUSALS as error:
            return await self._show(request, form, error)
        await self._changes.announce()
        return download(letter, f"referral-{referral.id.hex()[:8]}{SUFFIX}")

    async def _revoke(self, request: web.Request) -> web.Response:
        case = await load_case(self._desk, _number(request))
        referral = case.referral(bytes.fromhex(request.match_info["referral"]))
        if referral is None:
            raise web.HTTPNotFound(text="error.not-found")
        try:
            letter = await revoke(self._desk, actor_of(request), referral.id)
        except TooLateToRevoke as error:
            return self._frame.sorry(request, self._frame.sentence(request, error), 409)
        await self._changes.announce()
        return download(letter, f"revocation-{referral.id.hex()[:8]}{SUFFIX}")

    async def _export(self, request: web.Request) -> web.Response:
        number, form = _number(request), await request.post()
        kind = Format.JSON if text_of(form, "format") == Format.JSON.value else Format.CSV
        agreement = agreement_in(text_of(form, "consent"), text_of(form, "words"))
        data = await export_money(self._desk, actor_of(request), number, kind, agreement)
        await self._changes.announce()
        return download(data, f"money-case-{number}.{kind.value}", kind.media_type)


class CaseFacts:
    """What the page of a case says and asks about money, trade and referrals."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def values(self, case: Case, words: Words) -> dict[str, object]:
        """Return what the templates need."""
        names = await load_names(self._desk)
        return {
            "money_lines": _money_lines(case, words),
            "money_kinds": tuple(MoneyKind),
            "money_roles": tuple(PartyRole),
            "currencies": sorted(CURRENCIES),
            "party_max": PARTY_CHARACTERS_MAX,
            "account_max": ACCOUNT_CHARACTERS_MAX,
            "comment_max": COMMENT_CHARACTERS_MAX,
            "trade_kinds": tuple(TradeKind),
            "trade_max": TRADE_CHARACTERS_MAX,
            "case_vessels": [
                (vessel, names.get(vessel, "")) for vessel in sorted({f.vessel for f in case.messages})
            ],
            "trade_vessels": names,
            "ReferralState": ReferralState,
        }

    async def add_money(self, request: web.Request, number: int, form: Form) -> str:
        """Do what the form asks; return where to go on."""
        await add_money(self._desk, actor_of(request), number, money_in(form))
        return "#money"

    async def drop_money(self, request: web.Request, number: int, _form: Form) -> str:
        """Do what the form asks; return where to go on."""
        await drop_money(self._desk, actor_of(request), number, int(request.match_info["fact"]))
        return "#money"

    async def add_trade(self, request: web.Request, number: int, form: Form) -> str:
        """Do what the form asks; return where to go on."""
        await add_trade(self._desk, actor_of(request), number, trade_in(form))
        return "#trade"

    async def drop_trade(self, request: web.Request, number: int, _form: Form) -> str:
        """Do what the form asks; return where to go on."""
        await drop_trade(self._desk, actor_of(request), number, int(request.match_info["fact"]))
        return "#trade"


def _money_lines(case: Case, words: Words) -> list[tuple[int, str]]:
    return [(fact.number, money_text(fact, words)) for fact in case.money]


def _number(request: web.Request) -> int:
    return int(request.match_info["case"])
