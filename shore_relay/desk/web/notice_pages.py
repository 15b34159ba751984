"""What each person chooses about notices, and the calendar behind a secret address."""

from collections.abc import Mapping

from aiohttp import web

from shore_relay.desk.app import Desk
from shore_relay.desk.errors import BadNoticeChoice, NoticeFailed
from shore_relay.desk.notices.calendar import MEDIA_TYPE, calendar_for
from shore_relay.desk.notices.channels import Channels
from shore_relay.desk.notices.choosing import calendar_of, choose, load_choice, renew_calendar
from shore_relay.desk.notices.delivering import send_test
from shore_relay.desk.notices.model import HOURS, Choice
from shore_relay.desk.notices.occasions import Occasions
from shore_relay.desk.notices.outbox import load_waiting
from shore_relay.desk.web.case_forms import number_of, text_of
from shore_relay.desk.web.frame import Frame, see_other
from shore_relay.desk.web.guard import PERSON, actor_of
from shore_relay.desk.words import Words

PATH = "/account/notices"


class NoticePages:
    """The page of one's own notices."""

    def __init__(self, desk: Desk, frame: Frame, channels: Channels) -> None:
        self._desk = desk
        self._frame = frame
        self._channels = channels
        self._occasions = Occasions(desk)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to serve."""
        return [
            web.get(PATH, self._page),
            web.post(PATH, self._choose),
            web.post(PATH + "/test", self._test),
            web.post(PATH + "/calendar", self._renew),
            web.get(r"/calendar/{secret:[\w-]{43}}.ics", self._calendar),
        ]

    async def _page(self, request: web.Request) -> web.Response:
        return await self._show(request)

    async def _show(
        self, request: web.Request, *, sentence: str = "", said: str = "", draft: Choice | None = None
    ) -> web.Response:
        person = request[PERSON].id
        kept = await load_choice(self._desk, person)
        choice = kept or Choice(language=self._frame.words(request).language)
        async with self._desk.database.reading() as connection:
            waiting = await load_waiting(connection, self._desk)
        troubles = [notice.trouble for notice in waiting if notice.person == person and notice.trouble]
        words = self._frame.words(request)
        values = {
            "choice": draft or choice,
            "is_new": kept is None,
            "has_mail": self._channels.mail is not None,
            "has_webhook": self._channels.webhook is not None,
            "hours": HOURS,
            "zone": self._desk.settings.time_zone,
            "trouble": words.trouble(troubles[0], troubles[0]) if troubles else "",
            "calendar": f"http://{request.host}/calendar/{choice.calendar_secret}.ics"
            if choice.calendar_secret
            else "",
            "sentence": sentence,
            "said": said,
        }
        return self._frame.html("notices.html", request, values, 409 if sentence else 200)

    async def _choose(self, request: web.Request) -> web.Response:
        wanted = _choice_in(await request.post())
        try:
            await choose(self._desk, actor_of(request), wanted)
        except BadNoticeChoice as error:
            return await self._show(request, sentence=self._frame.sentence(request, error), draft=wanted)
        return see_other(PATH)

    async def _test(self, request: web.Request) -> web.Response:
        choice = await load_choice(self._desk, request[PERSON].id) or Choice()
        try:
            await send_test(self._desk, self._channels, request[PERSON].id, choice)
        except NoticeFailed as error:
            return await self._show(request, sentence=self._frame.sentence(request, error))
        return await self._show(request, said=self._frame.words(request)("notices.tested"))

    async def _renew(self, request: web.Request) -> web.Response:
        is_wanted = text_of(await request.post(), "do") != "none"
        language = self._frame.words(request).language
        await renew_calendar(self._desk, actor_of(request), is_wanted=is_wanted, language=language)
        return see_other(PATH)

    async def _calendar(self, request: web.Request) -> web.Response:
        # Calendar programs log in nowhere: the address itself is the secret.
        found = await calendar_of(self._desk, request.match_info["secret"])
        if found is None:
            raise web.HTTPNotFound(text="error.not-found")
        person, choice = found
        made = await calendar_for(self._desk, self._occasions, person.id, Words.load(choice.language))
        return web.Response(body=made, content_type=MEDIA_TYPE, charset="utf-8")


def _choice_in(form: Mapping[str, object]) -> Choice:
    hour = text_of(form, "hour")
    return Choice(
        address=text_of(form, "address"),
        webhook=text_of(form, "webhook") == "yes",
        urgent=text_of(form, "urgent") == "yes",
        new=text_of(form, "new") == "yes",
        overdue=text_of(form, "overdue") == "yes",
        hour=number_of(form, "hour") if hour else -1,
        language=text_of(form, "language"),
    )
