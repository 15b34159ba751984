"""The desk as far as a measurement needs it: it reads the relay's feed, and sends answers."""

import hashlib
import secrets
import time
from http import HTTPStatus

import aiohttp
import jwt

from protocol import bundle as bundles
from protocol import deskfeed, message, seal
from protocol.bundle import Mail
from protocol.deskfeed import Dispatch, FeedItem
from protocol.documents import to_text
from protocol.frames import Priority
from protocol.ids import UnixSeconds, VesselId
from protocol.mailbox import Mailbox
from protocol.message import Message, Text
from protocol.priming import Language
from scripts.benchmarks.cargo import Desk
from scripts.voyage.programs import ProgramFailed

ANSWER = (
    "We have read your message and believe you. A union officer will meet your vessel in port on Friday "
    "morning. Keep your papers with you."
)


def answer_to(desk: Desk, mailbox: Mailbox) -> Mail:
    """Return a short answer, sealed and padded as a caseworker's program does it."""
    plain = message.encode(
        Message(created_at=UnixSeconds(int(time.time())), language=Language.ENGLISH, body=Text(text=ANSWER))
    )
    return seal.seal_mail(plain, mailbox=mailbox.id, mailbox_public=mailbox.public, desk_private=desk.private)


class DeskClient:
    """Signs requests of one desk to one relay."""

    def __init__(self, desk: Desk, relay_url: str, session: aiohttp.ClientSession) -> None:
        self._desk = desk
        self._relay_url = relay_url
        self._session = session

    async def dispatch(self, vessel: VesselId, mail: Mail) -> None:
        """Hand an answer over; raises `ProgramFailed`."""
        dispatch = Dispatch(
            ref=secrets.token_bytes(deskfeed.REF_BYTES),
            priority=Priority.TEXT,
            bundle=bundles.encode(mail),
        )
        path = f"/v1/vessels/{vessel.hex()}/bundles"
        await self._ask("POST", path, deskfeed.write_dispatch(dispatch))

    async def feed(self) -> tuple[FeedItem, ...]:
        """Return all that the relay has for the desk; raises `ProgramFailed`."""
        return deskfeed.read_page(await self._ask("GET", "/v1/feed?after=0&wait=0", b"")).items

    async def _ask(self, method: str, path: str, body: bytes) -> bytes:
        headers = {"Authorization": f"Bearer {self._token(method, path, body)}"}
        async with self._session.request(
            method, self._relay_url + path, data=body or None, headers=headers
        ) as response:
            answer = await response.read()
            if response.status >= HTTPStatus.BAD_REQUEST:
                raise ProgramFailed(f"The relay refused the desk: {answer.decode(errors='replace')[:200]}")
            return answer

    def _token(self, method: str, path: str, body: bytes) -> str:
        now = int(time.time())
        claims = {
            "iss": self._desk.card("").id.hex(),
            "aud": deskfeed.AUDIENCE,
            "iat": now,
            "exp": now + deskfeed.TOKEN_SECONDS_MAX // 2,
            "htm": method,
            "htu": path,
            "bod": to_text(hashlib.sha256(body).digest()),
        }
        return jwt.encode(claims, self._desk.signer, algorithm="EdDSA")
