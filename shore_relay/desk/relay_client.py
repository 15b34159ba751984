"""Speaks `protocol.deskfeed` to the relay over HTTP: each request signed, each refusal in our words."""

import hashlib
import http
import os
from email.utils import parsedate_to_datetime

import aiohttp
import jwt

from protocol import limits
from protocol.deskfeed import (
    AUDIENCE,
    PAGE_ITEMS_MAX,
    TOKEN_SECONDS_MAX,
    Dispatch,
    FeedPage,
    VesselContact,
    read_contacts,
    read_page,
    write_dispatch,
)
from protocol.documents import MalformedDocument, dump, load, to_text
from protocol.ids import VesselId
from shore_relay.desk.app import Desk
from shore_relay.desk.errors import ClocksDiffer, RelayRefused, RelayUnreachable

_CONNECT_S = 10
_ANSWER_S = 30
"""Beyond what the request itself asks the relay to wait."""

_CLOCK_SKEW_S_MAX = 60
"""A refusal is blamed on the clocks only where they differ by more than a token can bear."""

_SAYING_BYTES_MAX = 2_000

_ANSWER_BYTES_MAX = PAGE_ITEMS_MAX * (limits.BUNDLE_BYTES_MAX * 4 // 3 + 2_000)


class DispatchRefused(RelayRefused):
    """The relay will never take this bundle for this vessel; sending it again helps nobody."""

    code = "dispatch-refused"


class RelayClient:
    """One desk's connection to its relay."""

    def __init__(self, desk: Desk, session: aiohttp.ClientSession) -> None:
        self._desk = desk
        self._session = session

    async def feed(self, after: int, wait_s: int) -> FeedPage:
        """Return what came behind the cursor, waiting for it up to `wait_s`.

        Raises: RelayUnreachable, RelayRefused, MalformedDocument.
        """
        body = await self._request("GET", f"/v1/feed?after={after}&wait={wait_s}", b"", wait_s)
        page = read_page(body)
        # A relay that was restored begins anew where this cursor lies in its future; what was kept is known.
        at = 0
        for item in page.items:
            if item.cursor <= at:
                raise MalformedDocument("The relay's answer is not in the order of its cursors.")
            at = item.cursor
        return page

    async def contacts(self) -> tuple[VesselContact, ...]:
        """Return when the relay last heard each vessel; nothing from a relay that cannot tell yet.

        Raises: RelayUnreachable, RelayRefused, MalformedDocument.
        """
        try:
            return read_contacts(await self._request("GET", "/v1/vessels", b""))
        except _Refused as reason:
            if reason.status in (http.HTTPStatus.NOT_FOUND, http.HTTPStatus.METHOD_NOT_ALLOWED):
                return ()
            raise

    async def taken(self, through: int) -> None:
        """Say that everything up to `through` is kept here; raises as `feed`."""
        await self._request("POST", "/v1/feed/taken", dump({"through": through}))

    async def dispatch(self, vessel: VesselId, dispatch: Dispatch) -> None:
        """Hand over a bundle for a vessel; the same `ref` again is harmless.

        Raises: DispatchRefused, RelayUnreachable, RelayRefused.
        """
        try:
            await self._request("POST", f"/v1/vessels/{vessel.hex()}/bundles", write_dispatch(dispatch))
        except _Refused as reason:
            if reason.status in _NEVER:
                raise DispatchRefused(str(reason)) from reason
            raise

    async def _request(self, method: str, path: str, body: bytes, wait_s: int = 0) -> bytes:
        url = self._desk.settings.relay.rstrip("/") + path
        headers = {"Authorization": f"Bearer {self._token(method, path, body)}"}
        if body:
            headers["Content-Type"] = "application/json"
        timeout = aiohttp.ClientTimeout(total=wait_s + _ANSWER_S, sock_connect=_CONNECT_S)
        try:
            async with self._session.request(
                method, url, data=body or None, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                data = await _bounded(answer)
                self._check(answer, data)
                return data
        except (TimeoutError, aiohttp.ClientError, OSError) as reason:
            raise RelayUnreachable(
                f"The relay at {self._desk.settings.relay} cannot be reached ({_why(reason)}). Check the "
                "internet connection and the setting `relay`; whatever waits here is kept and goes out later."
            ) from reason

    def _token(self, method: str, path: str, body: bytes) -> str:
        keys, now = self._desk.keyring.keys, self._desk.now()
        claims = {
            "iss": keys.desk.hex(),
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + TOKEN_SECONDS_MAX // 2,
            "htm": method,
            "htu": path,
            "bod": to_text(hashlib.sha256(body).digest()),
        }
        return jwt.encode(claims, keys.signer, algorithm="EdDSA")

    def _check(self, answer: aiohttp.ClientResponse, data: bytes) -> None:
        status = answer.status
        if 200 <= status < 300:
            return
        if status in (http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN):
            self._check_clocks(answer)
            raise _Refused(
                f"The relay does not accept this desk{_reason(data)}. Give the relay's operator the card "
                "that `seavoice-desk card` writes, and check that the setting `relay` names the right relay.",
                status,
            )
        if status >= 500 or status == http.HTTPStatus.TOO_MANY_REQUESTS:
            raise RelayUnreachable(
                f"The relay cannot answer now (status {status}). Try again later; "
                "whatever waits here is kept."
            )
        raise _Refused(f"The relay refused this request{_reason(data)} (status {status}).", status)

    def _check_clocks(self, answer: aiohttp.ClientResponse) -> None:
        try:
            theirs = parsedate_to_datetime(answer.headers.get("Date", "")).timestamp()
        except (ValueError, OverflowError):
            # A year of twenty digits is a number to the library, and no date.
            return
        ahead_s = self._desk.now() - int(theirs)
        if abs(ahead_s) > _CLOCK_SKEW_S_MAX:
            raise ClocksDiffer(
                f"The relay refused because this computer's clock is {_duration(abs(ahead_s))} "
                f"{'ahead of' if ahead_s > 0 else 'behind'} the relay's. Set the clock of this computer."
            )


class _Refused(RelayRefused):
    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.status = status


_NEVER = frozenset(
    {
        http.HTTPStatus.BAD_REQUEST,
        http.HTTPStatus.NOT_FOUND,
        http.HTTPStatus.CONFLICT,
        http.HTTPStatus.GONE,
        http.HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        http.HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    data = bytearray()
    async for piece in answer.content.iter_chunked(65_536):
        data += piece
        if len(data) > _ANSWER_BYTES_MAX:
            raise MalformedDocument("The relay's answer is larger than any answer may be.")
    return bytes(data)


def _reason(data: bytes) -> str:
    """Return what the relay says, without anything that could play tricks on a terminal."""
    try:
        with load(data[:_SAYING_BYTES_MAX], "A refusal") as reader:
            reader.text("code")
            text = reader.text("message")
    except MalformedDocument:
        return ""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return f" and says: {shown.rstrip('.')}"


def _why(reason: BaseException) -> str:
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(reason, aiohttp.ClientConnectorError):
        return os.strerror(reason.os_error.errno) if reason.os_error.errno else "no connection"
    return type(reason).__name__


def _duration(seconds: int) -> str:
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"
