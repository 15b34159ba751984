"""The people of the desk, for administrators: who works here, and as what."""

from aiohttp import web

from shore_relay.desk.actor import Role
from shore_relay.desk.app import Desk
from shore_relay.desk.changes import Changes
from shore_relay.desk.errors import BadName, LastAdministrator
from shore_relay.desk.people.person import NAME_CHARACTERS_MAX, Person
from shore_relay.desk.people.ring import working
from shore_relay.desk.people.staff import add_person, change_role, drop_second_factor, revoke, start_anew
from shore_relay.desk.web.frame import Frame, see_other
from shore_relay.desk.web.guard import actor_of
from shore_relay.desk.web.session import Sessions


class PeoplePages:
    """Adding, changing and letting go."""

    def __init__(self, desk: Desk, frame: Frame, sessions: Sessions, changes: Changes) -> None:
        self._desk = desk
        self._frame = frame
        self._sessions = sessions
        self._changes = changes

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to serve."""
        person = r"/people/{person:[0-9a-f]{16}}"
        return [
            web.get("/people", self._people),
            web.post("/people", self._add),
            web.get(person, self._person),
            web.post(person + "/role", self._role),
            web.post(person + "/start", self._start),
            web.post(person + "/second-factor", self._drop),
            web.post(person + "/revoke", self._revoke),
        ]

    async def _people(self, request: web.Request) -> web.Response:
        return self._show(request)

    def _show(self, request: web.Request, sentence: str = "", name: str = "") -> web.Response:
        people = self._desk.keyring.keys.people
        values = {
            "working": [person for person in people if person.is_active],
            "gone": [person for person in people if not person.is_active],
            "recovery": self._desk.keyring.keys.recovery,
            "roles": tuple(Role),
            "name_characters_max": NAME_CHARACTERS_MAX,
            "sentence": sentence,
            "draft_name": name,
        }
        return self._frame.html("people.html", request, values, 409 if sentence else 200)

    async def _add(self, request: web.Request) -> web.Response:
        form = await request.post()
        name, role = str(form.get("name", "")), _role(str(form.get("role", "")))
        try:
            person, start = await add_person(self._desk, actor_of(request), name, role)
        except BadName as error:
            return self._show(request, self._frame.sentence(request, error), name)
        return self._started(request, person, start)

    def _started(self, request: web.Request, person: Person, start: str) -> web.Response:
        # Shown in the answer to the form and nowhere else: it has no address to come back to.
        return self._frame.html("person_started.html", request, {"somebody": person, "start": start})

    async def _person(self, request: web.Request) -> web.Response:
        return self._show_person(request, self._asked(request))

    def _show_person(self, request: web.Request, person: Person, sentence: str = "") -> web.Response:
        values = {"somebody": person, "roles": tuple(Role), "sentence": sentence}
        return self._frame.html("person.html", request, values, 409 if sentence else 200)

    async def _role(self, request: web.Request) -> web.Response:
        person, form = self._asked(request), await request.post()
        try:
            await change_role(self._desk, actor_of(request), person.id, _role(str(form.get("role", ""))))
        except LastAdministrator as error:
            return self._show_person(request, person, self._frame.sentence(request, error))
        await self._changes.announce()
        return see_other("/people")

    async def _start(self, request: web.Request) -> web.Response:
        person = self._asked(request)
        start = await start_anew(self._desk, actor_of(request), person.id)
        self._sessions.end_person(person.id)
        return self._started(request, person, start)

    async def _drop(self, request: web.Request) -> web.Response:
        person = self._asked(request)
        await drop_second_factor(self._desk, actor_of(request), person.id)
        return see_other(f"/people/{person.id.hex()}")

    async def _revoke(self, request: web.Request) -> web.Response:
        person, form = self._asked(request), await request.post()
        if not form.get("sure"):
            return self._show_person(request, person, self._frame.words(request)("person.revoke.tick"))
        try:
            await revoke(self._desk, actor_of(request), person.id)
        except LastAdministrator as error:
            return self._show_person(request, person, self._frame.sentence(request, error))
        self._sessions.end_person(person.id)
        await self._changes.announce()
        return see_other("/people")

    def _asked(self, request: web.Request) -> Person:
        return working(self._desk.keyring.keys, bytes.fromhex(request.match_info["person"]))


def _role(text: str) -> Role:
    """Return a role by its name; a form that names none was not ours, and the least is given."""
    return next((role for role in Role if role.value == text), Role.PARTNER)
