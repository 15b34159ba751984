"""The pages of cases: the list, and one case."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web

from shore_relay.desk.app import Desk
from shore_relay.desk.cases.book import load_case, load_history
from shore_relay.desk.cases.documents import brief_of
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import (
    NOTE_CHARACTERS_MAX,
    STEPS,
    TASK_CHARACTERS_MAX,
    TITLE_CHARACTERS_MAX,
    Case,
    EvidenceState,
    Severity,
    Status,
)
from shore_relay.desk.cases.overview import Attention, CaseList, Choice, attention
from shore_relay.desk.cases.telling import names, tell
from shore_relay.desk.cases.work import (
    add_note,
    add_task,
    change_head,
    head_of,
    judge_evidence,
    merge,
    move,
    settle_task,
    split_off,
    take_up,
)
from shore_relay.desk.changes import Changes
from shore_relay.desk.errors import BadCaseText, DeskError, UnknownCase, WrongStep
from shore_relay.desk.inbox import load_entries
from shore_relay.desk.people.person import Person
from shore_relay.desk.people.roles import Permission, may
from shore_relay.desk.store import cases as stored
from shore_relay.desk.vessels import load_names
from shore_relay.desk.web.board_pages import CHOICES, BoardPages
from shore_relay.desk.web.case_forms import (
    REMINDER_DAYS,
    Form,
    due_in,
    evidence_in,
    head_in,
    number_of,
    person_of,
    text_of,
)
from shore_relay.desk.web.frame import Frame, see_other
from shore_relay.desk.web.guard import actor_of
from shore_relay.desk.web.referral_pages import CaseFacts
from shore_relay.desk.web.statistics_page import StatisticsPage

_PAGE = 50
"""Cases on one page, and messages of one case before somebody asks for all."""

_CASE = r"/cases/{case:\d{1,15}}"

_Work = Callable[[web.Request, int, Form], Awaitable[str]]
"""Does what a form asks for and returns where to go on, within the case where that begins with #."""


class CasePages:
    """Cases in the browser."""

    def __init__(self, desk: Desk, frame: Frame, changes: Changes, cases: CaseList) -> None:
        self._desk = desk
        self._frame = frame
        self._changes = changes
        self._list = cases
        self._board = BoardPages(desk, frame, changes, self._list)
        self._facts = CaseFacts(desk)
        self._statistics = StatisticsPage(desk, frame, self._list)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to serve."""
        return [
            *self._board.routes(),
            *self._statistics.routes(),
            web.get("/cases", self._cases),
            web.get("/cases-list", self._cases_part),
            web.get(_CASE, self._case),
            web.get(_CASE + "/messages-list", self._messages_part),
            web.get(_CASE + "/history-list", self._history_part),
            web.post(_CASE + "/head", self._doing(self._head)),
            web.post(_CASE + "/notes", self._doing(self._note)),
            web.post(_CASE + "/tasks", self._doing(self._add_task)),
            web.post(_CASE + r"/tasks/{task:\d{1,15}}", self._doing(self._settle)),
            web.post(_CASE + "/evidence", self._doing(self._evidence)),
            web.post(_CASE + "/check-ins", self._doing(self._board.expect)),
            web.post(_CASE + "/money", self._doing(self._facts.add_money)),
            web.post(_CASE + r"/money/{fact:\d{1,15}}", self._doing(self._facts.drop_money)),
            web.post(_CASE + "/trade", self._doing(self._facts.add_trade)),
            web.post(_CASE + r"/trade/{fact:\d{1,15}}", self._doing(self._facts.drop_trade)),
            web.post(_CASE + "/merge", self._doing(self._merge)),
            web.post(_CASE + r"/messages/{id:\d{1,15}}", self._doing(self._move)),
            web.post(r"/messages/{id:\d{1,15}}/case", self._take_up),
        ]

    async def warm(self) -> None:
        """Open the list of cases before anybody waits for it; raises `StoreFailed`."""
        await self._list.briefs()

    async def number_of(self, message: int) -> int:
        """Return the case that holds a message; 0 where none does."""
        async with self._desk.database.reading() as connection:
            return await stored.case_of(connection, message) or 0

    # --- the list ------------------------------------------------------------------------------------------

    async def _cases(self, request: web.Request) -> web.Response:
        return self._frame.html("cases.html", request, await self._list_values(request))

    async def _cases_part(self, request: web.Request) -> web.Response:
        return self._frame.html("cases_list.html", request, await self._list_values(request))

    async def _list_values(self, request: web.Request) -> dict[str, object]:
        wanted = request.query.get("which", "")
        choice = Choice(wanted) if wanted in set(Choice) else Choice.ACTIVE
        every = await self._list.listed(choice, actor_of(request).id)
        page = max(1, number_of(request.query, "page"))
        return {
            "choice": choice,
            "choices": tuple(Choice),
            "found": len(every),
            "page": page,
            "pages": max(1, -(-len(every) // _PAGE)),
            "listed": every[(page - 1) * _PAGE : page * _PAGE],
            "vessel_names": await load_names(self._desk),
            "name_of": names(self._desk, self._frame.words(request)),
            "Attention": Attention,
            "Severity": Severity,
        }

    # --- one case ------------------------------------------------------------------------------------------

    async def _case(self, request: web.Request) -> web.Response:
        return await self._show(request, await load_case(self._desk, _number(request)))

    async def _show(
        self, request: web.Request, case: Case, where: str = "", sentence: str = "", draft: Form | None = None
    ) -> web.Response:
        values = {
            "case": case,
            "head": head_of(case),
            "where": where,
            "sentence": sentence,
            "draft": draft or {},
            "attention": attention(brief_of(case), self._desk.now(), has_unopened=False),
            "now": self._desk.now(),
            "today": datetime.fromtimestamp(self._desk.now(), UTC).date().isoformat(),
            "statuses": [s for s in Status if s is case.status or s in STEPS[case.status] - {Status.MERGED}],
            "severities": tuple(Severity),
            "indicators": tuple(Indicator),
            "EvidenceState": EvidenceState,
            "Attention": Attention,
            "reminder_days": REMINDER_DAYS,
            "colleagues": self._colleagues(case),
            # Whoever wrote last stands first.
            "persons": list(dict.fromkeys(f.mailbox for f in reversed(case.messages) if f.mailbox)),
            "hour_choices": CHOICES,
            "title_max": TITLE_CHARACTERS_MAX,
            "note_max": NOTE_CHARACTERS_MAX,
            "task_max": TASK_CHARACTERS_MAX,
            **await self._facts.values(case, self._frame.words(request)),
            **await self._message_values(request, case),
            **await self._history_values(request, case.id),
        }
        return self._frame.html("case.html", request, values, 409 if sentence else 200)

    def _colleagues(self, case: Case) -> list[Person]:
        active = self._desk.keyring.keys.active
        # Whoever has left and still has the case stays to be seen, until somebody else takes it.
        known = [p for p in self._desk.keyring.keys.people if p.id == case.assignee and not p.is_active]
        return [person for person in active if may(person.role, Permission.CASEWORK)] + known

    async def _message_values(self, request: web.Request, case: Case) -> dict[str, object]:
        newest = sorted((facts.message for facts in case.messages), reverse=True)
        shown = newest if request.query.get("messages") == "all" else newest[:_PAGE]
        duress = {facts.message for facts in case.messages if facts.is_duress}
        entries = await load_entries(self._desk, shown)
        return {
            "case": case,
            "entries": entries,
            "left_out": len(newest) - len(shown),
            "duress": sorted(duress),
        }

    async def _history_values(self, request: web.Request, number: int) -> dict[str, object]:
        words = self._frame.words(request)
        name_of = names(self._desk, words)
        entries = await load_history(self._desk, number)
        return {"history": [tell(entry, words, name_of) for entry in entries], "name_of": name_of}

    async def _messages_part(self, request: web.Request) -> web.Response:
        case = await load_case(self._desk, _number(request))
        return self._frame.html("case_messages.html", request, await self._message_values(request, case))

    async def _history_part(self, request: web.Request) -> web.Response:
        values = await self._history_values(request, _number(request))
        return self._frame.html("case_history.html", request, values)

    # --- what is done to it --------------------------------------------------------------------------------

    def _doing(self, work: _Work) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            number, form = _number(request), await request.post()
            try:
                where = await work(request, number, form)
            except (BadCaseText, WrongStep) as error:
                return await self._again(request, number, error, form)
            await self._changes.announce()
            return see_other(f"/cases/{number}{where}" if where.startswith("#") else where)

        return handle

    async def _again(self, request: web.Request, number: int, error: DeskError, form: Form) -> web.Response:
        # What was typed is given back, not thrown away.
        where = request.path.removeprefix(f"/cases/{number}/").partition("/")[0]
        case = await load_case(self._desk, number)
        return await self._show(request, case, where, self._frame.sentence(request, error), form)

    async def _head(self, request: web.Request, number: int, form: Form) -> str:
        await change_head(self._desk, actor_of(request), number, head_in(form, "was-"), head_in(form))
        return "#head"

    async def _note(self, request: web.Request, number: int, form: Form) -> str:
        await add_note(self._desk, actor_of(request), number, text_of(form, "text"))
        return "#notes"

    async def _add_task(self, request: web.Request, number: int, form: Form) -> str:
        due_at, remind_at = due_in(form)
        await add_task(
            self._desk,
            actor_of(request),
            number,
            text_of(form, "text"),
            due_at,
            remind_at=remind_at,
            assignee=person_of(form, "assignee"),
        )
        return "#tasks"

    async def _settle(self, request: web.Request, number: int, form: Form) -> str:
        task = int(request.match_info["task"])
        is_done = text_of(form, "done") == "yes"
        await settle_task(self._desk, actor_of(request), number, task, is_done=is_done)
        return "#tasks"

    async def _evidence(self, request: web.Request, number: int, form: Form) -> str:
        indicator, message, state = evidence_in(form)
        await judge_evidence(self._desk, actor_of(request), number, indicator, message, state)
        return "#indicators"

    async def _merge(self, request: web.Request, number: int, form: Form) -> str:
        other = number_of(form, "other")
        await self._existing(other)
        await merge(self._desk, actor_of(request), number, other)
        return "#messages"

    async def _move(self, request: web.Request, number: int, form: Form) -> str:
        message, to = int(request.match_info["id"]), text_of(form, "to").strip()
        if not to:
            return f"/cases/{await split_off(self._desk, actor_of(request), number, message)}"
        other = number_of(form, "to")
        await self._existing(other)
        await move(self._desk, actor_of(request), number, message, other)
        return "#messages"

    async def _existing(self, other: int) -> None:
        try:
            await load_case(self._desk, other)
        except UnknownCase as reason:
            # Typed by a person into a field of this case: no reason to show them a page that is not there.
            raise WrongStep("There is no case with this number; nothing was changed.") from reason

    async def _take_up(self, request: web.Request) -> web.Response:
        number = await take_up(self._desk, actor_of(request), int(request.match_info["id"]))
        await self._changes.announce()
        return see_other(f"/cases/{number}")


def _number(request: web.Request) -> int:
    return int(request.match_info["case"])
