"""An office with somebody in each role, and a browser without a window for each of them."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from shore_relay.desk.actor import Role
from shore_relay.desk.app import Desk
from shore_relay.desk.people import ring as rings
from shore_relay.desk.people.person import FOUNDER_NAME
from shore_relay.desk.people.ring import Ring
from tests.shore_relay.desk.conftest import PASSPHRASE

PEOPLE: Mapping[Role, tuple[str, str]] = {
    Role.ADMINISTRATOR: (FOUNDER_NAME, PASSPHRASE),
    Role.SUPERVISOR: ("Malee Srisuk", "green crab walks sideways"),
    Role.CASEWORKER: ("Tom", "old rope under the pier"),
    Role.PARTNER: ("ဒေါ်ခင်", "paper boats in the rain"),
}


def staffed(ring: Ring) -> Ring:
    """Return the ring of a new desk with the other three people."""
    for role, (name, passphrase) in PEOPLE.items():
        if role is not Role.ADMINISTRATOR:
            ring = rings.add(ring, name, role, passphrase, ring.keys.epochs[0].not_before, must_choose=False)
    return ring


def person_id(desk: Desk, role: Role) -> bytes:
    """Return who has the role in this office."""
    found = desk.keyring.keys.named(PEOPLE[role][0])
    assert found is not None
    return found.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    status: int
    text: str
    path: str
    """Where the browser ended up."""


class Browser:
    """Cookies and forms, and nothing that anybody sees."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self._address = address
        self.token = ""

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answered:
        async with self._session.get(self._address + path, headers=headers) as answer:
            return await self._answered(answer)

    async def post(self, path: str, form: Mapping[str, str] | None = None, **fields: str) -> Answered:
        data = {"token": self.token, **(form or {}), **fields}
        async with self._session.post(self._address + path, data=data) as answer:
            return await self._answered(answer)

    async def send(self, path: str, form: aiohttp.FormData) -> Answered:
        """Send a form that carries a file."""
        async with self._session.post(self._address + path, data=form) as answer:
            return await self._answered(answer)

    async def status_of(self, method: str, path: str) -> int:
        """Return the answer's status, without going where it sends the browser."""
        data = {"token": self.token} if method == "POST" else None
        url = self._address + path
        async with self._session.request(method, url, data=data, allow_redirects=False) as answer:
            return answer.status

    async def log_in(self, role: Role) -> Answered:
        name, passphrase = PEOPLE[role]
        return await self.post("/login", name=name, passphrase=passphrase)

    async def _answered(self, answer: aiohttp.ClientResponse) -> Answered:
        text = await answer.text(errors="replace")
        found = re.search(r'name="token" value="([^"]+)"', text)
        if found:
            self.token = found[1]
        return Answered(status=answer.status, text=text, path=answer.url.path)


@asynccontextmanager
async def browsing(address: str) -> AsyncIterator[Browser]:
    """A browser that has not been here before."""
    # Cookies of numeric hosts are refused unless asked for.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Browser(session, address)
