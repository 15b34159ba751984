"""Partner organisations, what was given to them, what came from them, and statistics for a buyer."""

import asyncio

from aiohttp import web

from protocol.documents import MalformedDocument
from protocol.errors import ProtocolError
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.referral import REFERRAL_STEPS, REPLIES, ReferralState
from shore_relay.desk.changes import Changes
from shore_relay.desk.errors import DeskError, PartnerNotConfirmed, UnknownEntry, UnknownPartner, WrongStep
from shore_relay.desk.referrals.describing import statistics_lines
from shore_relay.desk.referrals.given import read_given
from shore_relay.desk.referrals.partners import (
    Partner,
    PartnerKind,
    add_partner,
    confirm_partner,
    load_partners,
    partner_numbered,
    remove_partner,
)
from shore_relay.desk.referrals.post import SUFFIX, LetterKind, own_card
from shore_relay.desk.referrals.receiving import (
    Taken,
    load_received,
    load_received_given,
    load_received_letter,
    reply,
    take_in,
)
from shore_relay.desk.referrals.sending import REPLY_CHARACTERS_MAX, load_referrals
from shore_relay.desk.referrals.statistics import read_statistics
from shore_relay.desk.sound import wav_of
from shore_relay.desk.web.case_forms import text_of
from shore_relay.desk.web.frame import Frame, see_other
from shore_relay.desk.web.given_view import view_given
from shore_relay.desk.web.guard import actor_of
from shore_relay.desk.web.sounds import wav_response
from shore_relay.desk.web.uploads import UPLOAD
from shore_relay.desk.words import Words

_PARTNER = r"/partners/{partner:\d{1,15}}"
_RECEIVED = r"/received/{received:\d{1,15}}"
MEDIA_TYPE = "application/octet-stream"


class PartnerPages:
    """The pages about other desks."""

    def __init__(self, desk: Desk, frame: Frame, changes: Changes) -> None:
        self._desk = desk
        self._frame = frame
        self._changes = changes

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to serve."""
        return [
            web.get("/partners", self._partners),
            web.post("/partners", self._add),
            web.get("/partners/own-card", self._own_card),
            web.post(_PARTNER + "/confirm", self._confirm),
            web.post(_PARTNER + "/remove", self._remove),
            web.get("/referrals", self._referrals),
            web.post("/referrals", self._open),
            web.get(_RECEIVED, self._received),
            web.get(_RECEIVED + r"/sounds/{sound:\d{1,15}}.wav", self._sound),
            web.post(_RECEIVED + "/reply", self._reply),
        ]

    # --- partners ------------------------------------------------------------------------------------------

    async def _partners(self, request: web.Request) -> web.Response:
        return await self._show_partners(request)

    async def _show_partners(self, request: web.Request, sentence: str = "", about: int = 0) -> web.Response:
        values = {
            "partners": await load_partners(self._desk),
            "kinds": tuple(PartnerKind),
            "own_fingerprint": self._desk.keyring.keys.signing_fingerprint,
            "sentence": sentence,
            "about": about,
        }
        return self._frame.html("partners.html", request, values, 409 if sentence else 200)

    async def _own_card(self, _request: web.Request) -> web.Response:
        return download(own_card(self._desk), "partner-card.json", "application/json")

    async def _add(self, request: web.Request) -> web.Response:
        form = request[UPLOAD]
        try:
            kind = _kind_in(form.fields.get("kind", ""))
            await add_partner(self._desk, actor_of(request), form.file, kind, form.fields.get("name", ""))
        except (DeskError, ProtocolError) as error:
            return await self._show_partners(request, self._frame.sentence(request, error))
        return see_other("/partners")

    async def _confirm(self, request: web.Request) -> web.Response:
        partner = await self._asked(request)
        if not (await request.post()).get("sure"):
            sentence = self._frame.words(request)("partners.confirm.tick")
            return await self._show_partners(request, sentence, partner.number)
        await confirm_partner(self._desk, actor_of(request), partner.number, partner.fingerprint)
        return see_other("/partners")

    async def _remove(self, request: web.Request) -> web.Response:
        await remove_partner(self._desk, actor_of(request), (await self._asked(request)).number)
        return see_other("/partners")

    async def _asked(self, request: web.Request) -> Partner:
        try:
            return await partner_numbered(self._desk, int(request.match_info["partner"]))
        except UnknownPartner as reason:
            raise web.HTTPNotFound(text="error.not-found") from reason

    # --- what was given and what came ----------------------------------------------------------------------

    async def _referrals(self, request: web.Request) -> web.Response:
        return await self._show_referrals(request)

    async def _show_referrals(
        self, request: web.Request, *, sentence: str = "", said: str = ""
    ) -> web.Response:
        received = await load_received(self._desk)
        senders = {one.partner: (await partner_numbered(self._desk, one.partner)).name for one in received}
        values = {
            "given": await load_referrals(self._desk),
            "received": received,
            "senders": senders,
            "LetterKind": LetterKind,
            "sentence": sentence,
            "said": said,
        }
        return self._frame.html("referrals.html", request, values, 409 if sentence else 200)

    async def _open(self, request: web.Request) -> web.Response:
        form = request[UPLOAD]
        try:
            taken = await take_in(
                self._desk, actor_of(request), form.file, digits=form.fields.get("digits", "")
            )
        except PartnerNotConfirmed as error:
            # With the name and the fingerprint that are to be compared: no catalogue has those.
            return await self._show_referrals(request, sentence=str(error))
        except (DeskError, ProtocolError) as error:
            return await self._show_referrals(request, sentence=self._frame.sentence(request, error))
        await self._changes.announce()
        if taken.received is not None:
            return see_other(f"/received/{taken.received.number}")
        return await self._show_referrals(request, said=_said(taken, self._frame.words(request)))

    # --- one letter that came ------------------------------------------------------------------------------

    async def _received(self, request: web.Request) -> web.Response:
        return await self._show_received(request)

    async def _show_received(self, request: web.Request, sentence: str = "") -> web.Response:
        number = int(request.match_info["received"])
        received, opened, partner = await load_received_letter(self._desk, number)
        words = self._frame.words(request)
        values: dict[str, object] = {
            "received": received,
            "partner": partner,
            "sentence": sentence,
            "words_max": REPLY_CHARACTERS_MAX,
            "shown": None,
            "statistics": (),
            "states": [
                state
                for state in REPLIES
                if state is received.state or state in REFERRAL_STEPS[received.state]
            ],
        }
        if received.kind is LetterKind.REFERRAL:
            values["shown"] = view_given(read_given(opened.content), words)
        else:
            values["statistics"] = statistics_lines(read_statistics(opened.content), words)
        return self._frame.html("received.html", request, values, 409 if sentence else 200)

    async def _sound(self, request: web.Request) -> web.Response:
        _, given, _ = await load_received_given(self._desk, int(request.match_info["received"]))
        wanted = int(request.match_info["sound"])
        sound = next((m.sound for m in given.messages if m.number == wanted and m.sound), b"")
        if not sound:
            raise UnknownEntry("There is no such sound.")
        return wav_response(request, await asyncio.to_thread(wav_of, sound))

    async def _reply(self, request: web.Request) -> web.Response:
        number, form = int(request.match_info["received"]), await request.post()
        try:
            state = _state_in(text_of(form, "state"))
            letter = await reply(self._desk, actor_of(request), number, state, text_of(form, "words"))
        except (WrongStep, PartnerNotConfirmed) as error:
            return await self._show_received(request, self._frame.sentence(request, error))
        return download(letter, f"reply-{number}-{state.value}{SUFFIX}")


def download(data: bytes, name: str, media_type: str = MEDIA_TYPE) -> web.Response:
    """Return a file for the browser to keep."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=data, content_type=media_type, headers=headers)


def _kind_in(text: str) -> PartnerKind:
    if text not in set(PartnerKind):
        raise MalformedDocument("This form is not complete; open the page again.")
    return PartnerKind(text)


def _state_in(text: str) -> ReferralState:
    if text not in set(REPLIES):
        raise WrongStep("This form is not complete; open the page again.")
    return ReferralState(text)


def _said(taken: Taken, words: Words) -> str:
    if taken.reply is not None:
        said = words(
            "referrals.took-in",
            name=taken.reply.partner,
            what=words(f"referral.state.{taken.reply.state.value}"),
            number=taken.reply.case,
        )
        return f"{said} {words('referral.was-revoked')}" if taken.reply.was_revoked else said
    assert taken.sender is not None
    if taken.revoked is None:
        return words("received.revoked", name=taken.sender.name)
    return words("received.revoked.late", name=taken.sender.name, number=taken.revoked.number)
