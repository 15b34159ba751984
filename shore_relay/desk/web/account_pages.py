"""What each person sees of themselves: passphrase, one-time codes, passkeys."""

from aiohttp import web

from shore_relay.desk.app import Desk
from shore_relay.desk.errors import BadName, DeskError, NoPassphrase, WrongPassphrase, WrongSecondFactor
from shore_relay.desk.people import second_factor
from shore_relay.desk.people.staff import (
    add_passkey,
    choose_passphrase,
    confirm_passphrase,
    drop_second_factor,
    use_codes,
)
from shore_relay.desk.web.frame import Frame, see_other
from shore_relay.desk.web.guard import PERSON, SESSION, actor_of
from shore_relay.desk.web.login_pages import is_at_localhost, localhost_of
from shore_relay.desk.web.session import COOKIE, Sessions


class AccountPages:
    """The pages of one's own keys."""

    def __init__(self, desk: Desk, frame: Frame, sessions: Sessions) -> None:
        self._desk = desk
        self._frame = frame
        self._sessions = sessions

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to serve."""
        return [
            web.get("/account", self._account),
            web.post("/account/passphrase", self._passphrase),
            web.get("/account/code", self._code_form),
            web.post("/account/code", self._code),
            web.post("/account/passkeys", self._passkey),
            web.post("/account/second-factor", self._drop),
        ]

    async def _account(self, request: web.Request) -> web.Response:
        return self._show(request, "", "")

    def _show(self, request: web.Request, where: str, sentence: str) -> web.Response:
        person, session = request[PERSON], request[SESSION]
        options = ""
        if is_at_localhost(request) and not person.must_choose:
            asked = second_factor.ask_for_new_passkey(person, self._desk.keyring.name)
            session.challenge, options = asked.challenge, asked.options
        values = {
            "where": where,
            "sentence": sentence,
            "options": options,
            "localhost": localhost_of(request),
        }
        return self._frame.html("account.html", request, values, 409 if sentence else 200)

    def _again(self, request: web.Request, where: str, error: DeskError) -> web.Response:
        return self._show(request, where, self._frame.sentence(request, error))

    async def _passphrase(self, request: web.Request) -> web.Response:
        form = await request.post()
        new = str(form.get("new", ""))
        if new != str(form.get("again", "")):
            return self._show(request, "passphrase", self._frame.words(request)("account.differ"))
        try:
            await choose_passphrase(self._desk, actor_of(request), str(form.get("present", "")), new)
        except (WrongPassphrase, NoPassphrase) as error:
            return self._again(request, "passphrase", error)
        # Whoever knew the old one is out.
        self._sessions.end_person(request[PERSON].id, but=request.cookies.get(COOKIE, ""))
        return see_other("/account")

    async def _code_form(self, request: web.Request) -> web.Response:
        request[SESSION].code_secret = second_factor.new_code_secret()
        return self._show_code(request, "")

    def _show_code(self, request: web.Request, sentence: str) -> web.Response:
        secret = request[SESSION].code_secret
        address = second_factor.code_address(secret, request[PERSON].name, self._desk.keyring.name)
        values = {
            "sentence": sentence,
            "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
            "picture": second_factor.code_picture(address),
        }
        return self._frame.html("account_code.html", request, values, 409 if sentence else 200)

    async def _code(self, request: web.Request) -> web.Response:
        session, form = request[SESSION], await request.post()
        if not session.code_secret:
            return see_other("/account/code")
        try:
            await use_codes(self._desk, actor_of(request), session.code_secret, str(form.get("code", "")))
        except WrongSecondFactor as error:
            return self._show_code(request, self._frame.sentence(request, error))
        session.code_secret = ""
        return see_other("/account")

    async def _passkey(self, request: web.Request) -> web.Response:
        session, form = request[SESSION], await request.post()
        challenge, session.challenge = session.challenge, b""
        try:
            passkey = second_factor.read_new_passkey(
                str(form.get("credential", "")),
                challenge,
                localhost_of(request),
                str(form.get("name", "")),
                self._desk.now(),
            )
            await add_passkey(self._desk, actor_of(request), passkey)
        except (WrongSecondFactor, BadName) as error:
            return self._again(request, "passkeys", error)
        return see_other("/account")

    async def _drop(self, request: web.Request) -> web.Response:
        form = await request.post()
        actor = actor_of(request)
        try:
            await confirm_passphrase(self._desk, actor, str(form.get("passphrase", "")))
        except WrongPassphrase as error:
            return self._again(request, "drop", error)
        await drop_second_factor(self._desk, actor, actor.id)
        return see_other("/account")
