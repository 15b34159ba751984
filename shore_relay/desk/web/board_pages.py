"""The check-in board, and what a case page says and asks about check-ins."""

from aiohttp import web

from shore_relay.desk.app import Desk
from shore_relay.desk.cases.board import EVERY_H, GRACE_H, SECOND_H, expect, expect_no_more, load_board
from shore_relay.desk.cases.climbing import hears
from shore_relay.desk.cases.ladder import Silence
from shore_relay.desk.cases.model import Plan, Rung
from shore_relay.desk.cases.overview import CaseList
from shore_relay.desk.cases.telling import names
from shore_relay.desk.changes import Changes
from shore_relay.desk.vessels import load_names
from shore_relay.desk.web.case_forms import Form, mailbox_of, number_of, person_of, text_of
from shore_relay.desk.web.frame import Frame
from shore_relay.desk.web.guard import actor_of

CHOICES = {"every": EVERY_H, "grace": GRACE_H, "second": SECOND_H}
"""Hours that can be chosen, for the form on a case's page."""


class BoardPages:
    """Who is expected to be heard, and who is silent."""

    def __init__(self, desk: Desk, frame: Frame, changes: Changes, cases: CaseList) -> None:
        self._desk = desk
        self._frame = frame
        self._changes = changes
        self._cases = cases

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to serve."""
        return [web.get("/board", self._board), web.get("/board-list", self._board_part)]

    async def _board(self, request: web.Request) -> web.Response:
        return self._frame.html("board.html", request, await self._values(request))

    async def _board_part(self, request: web.Request) -> web.Response:
        return self._frame.html("board_list.html", request, await self._values(request))

    async def _values(self, request: web.Request) -> dict[str, object]:
        return {
            "board": await load_board(self._desk, self._cases),
            "vessel_names": await load_names(self._desk),
            "name_of": names(self._desk, self._frame.words(request)),
            "is_deaf": not hears(self._changes.reached_at, self._desk.now()),
            "reached_at": self._changes.reached_at,
            "Rung": Rung,
            "Silence": Silence,
        }

    # --- from the page of a case ---------------------------------------------------------------------------

    async def expect(self, request: web.Request, number: int, form: Form) -> str:
        """Do what the form of a case asks about one person's check-ins; return where to go on."""
        mailbox = mailbox_of(form)
        if text_of(form, "end"):
            await expect_no_more(self._desk, actor_of(request), number, mailbox)
            return "#check-ins"
        plan = Plan(
            mailbox=mailbox,
            label=text_of(form, "label").strip(),
            every_h=number_of(form, "every"),
            grace_h=number_of(form, "grace"),
            second_h=number_of(form, "second"),
            second=person_of(form, "second-person"),
            sends_reminder=bool(text_of(form, "reminder")),
        )
        await expect(self._desk, actor_of(request), number, plan)
        return "#check-ins"
