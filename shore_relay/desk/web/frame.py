"""What all pages share: the language of whoever asks, who is logged in, and how a refusal looks."""

from collections.abc import Mapping

from aiohttp import hdrs, web

from protocol.errors import ProtocolError
from shore_relay.desk.app import Desk
from shore_relay.desk.errors import DeskError
from shore_relay.desk.people.roles import Permission, may
from shore_relay.desk.web.guard import PERSON, POLICY, SESSION, policy
from shore_relay.desk.web.rendering import Renderer
from shore_relay.desk.words import DEFAULT_LANGUAGE, LANGUAGES, Words

LANGUAGE_COOKIE = "seavoice-desk-language"


class Frame:
    """Makes responses for one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._words = {language: Words.load(language) for language in LANGUAGES}
        self._renderers = {language: Renderer(words) for language, words in self._words.items()}

    def words(self, request: web.Request) -> Words:
        """Return the texts in the language of whoever asks."""
        return self._words[language_of(request)]

    def html(
        self,
        template: str,
        request: web.Request,
        values: Mapping[str, object],
        status: int = 200,
        *,
        nonce: str = "",
    ) -> web.Response:
        """Return a page; a `nonce` lets styles in that carry it.

        Every template may use `may("permission")`, `person`, `token` and `path`.
        """
        session, person = request.get(SESSION), request.get(PERSON)
        words = self.words(request)
        shared: dict[str, object] = {
            "token": session.form_token if session else "",
            "person": person,
            "may": lambda name: person is not None and may(person.role, Permission(name)),
            "desk_name": self._desk.keyring.name,
            "path": request.path,
            "nonce": nonce,
            # After a form, what it led to has no address of its own.
            "path_again": request.path if request.method == hdrs.METH_GET else "/",
        }
        text = self._renderers[words.language].page(template, shared | dict(values))
        headers = {POLICY: policy(nonce)}
        return web.Response(text=text, content_type="text/html", status=status, headers=headers)

    def sentence(self, request: web.Request, error: DeskError | ProtocolError) -> str:
        """Return what went wrong, for whoever asked."""
        return self.words(request).trouble(error.code, str(error))

    def sorry(self, request: web.Request, sentence: str, status: int) -> web.Response:
        """Return the page that says that something did not work."""
        return self.html("error.html", request, {"sentence": sentence}, status)


def language_of(request: web.Request) -> str:
    """Return the language that was chosen here, or the first known one that the browser asks for."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    for wish in request.headers.get(hdrs.ACCEPT_LANGUAGE, "").split(","):
        tag = wish.partition(";")[0].strip().lower().partition("-")[0]
        if tag in LANGUAGES:
            return tag
    return DEFAULT_LANGUAGE


def see_other(path: str) -> web.Response:
    """Send the browser to another page of ours, after a form."""
    return web.Response(status=303, headers={"Location": path})
