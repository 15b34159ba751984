"""The token with which a desk signs each request to a relay, from anybody who can reach the relay's port.

Invariant: `authorise` either raises `NotAuthorised` or `ClockSkew` with a sentence that can be sent back,
or returns the desk, and then only where the desk's key signed this very request for this time.
"""

import hashlib
import json
from base64 import urlsafe_b64decode
from collections.abc import Coroutine, Iterator
from random import Random

import jwt

from protocol.deskfeed import AUDIENCE
from protocol.deskkeys import desk_id
from protocol.documents import Json, to_text
from protocol.ids import DeskId, UnixSeconds
from shore_relay.relay.desk_auth import SignedRequest, authorise
from shore_relay.relay.errors import ClockSkew, NotAuthorised
from shore_relay.relay.store.repository import Desk
from tests.fuzz.documents import changed_document
from tests.fuzz.keys import ed25519_key
from tests.fuzz.target import Mutate, Target, hold_to_manners

_KEY = ed25519_key()
_PUBLIC = _KEY.public_key().public_bytes_raw()
_DESK = Desk(id=desk_id(_PUBLIC), name="Harbour", signing_public=_PUBLIC)
_NOW = 1_760_000_000
_CLAIMS: dict[str, Json] = {
    "iss": _DESK.id.hex(),
    "aud": AUDIENCE,
    "iat": _NOW,
    "exp": _NOW + 60,
    "htm": "POST",
    "htu": "/v1/feed/taken",
    "bod": to_text(hashlib.sha256(b"{}").digest()),
}


def check(data: bytes) -> None:
    """Authorise a request that carries the input as its header."""
    # A web server hands over bytes that are no UTF-8 like this.
    authorization = data.decode("utf-8", "surrogateescape")
    request = SignedRequest(authorization=authorization, method="POST", path="/v1/feed/taken", body=b"{}")
    try:
        found = _outcome(authorise(request, _find, UnixSeconds(_NOW)))
    except (NotAuthorised, ClockSkew) as refused:
        hold_to_manners(refused)
        return
    assert found == _DESK
    signed = jwt.decode(authorization.partition(" ")[2], options={"verify_signature": False})
    assert {name: signed[name] for name in ("htm", "htu", "bod")} == {
        name: _CLAIMS[name] for name in ("htm", "htu", "bod")
    }


async def _find(desk: DeskId) -> Desk | None:
    return _DESK if desk == _DESK.id else None


def _outcome(work: Coroutine[object, object, Desk]) -> Desk:
    """Run what never waits for anything, without an event loop."""
    try:
        work.send(None)
    except StopIteration as ended:
        found: Desk = ended.value
        return found
    raise AssertionError("it waits for something")


def remake(data: bytes, mutate: Mutate, random: Random) -> bytes:
    """Change the claims, and sign them as the desk would."""
    part = data.split(b".")[1] if data.count(b".") == 2 else b""
    try:
        claims = urlsafe_b64decode(part + b"===")
    except ValueError:
        claims = b""
    changed = changed_document(claims or json.dumps(_CLAIMS).encode(), mutate, random)
    signer = jwt.PyJWS()
    return b"Bearer " + signer.encode(changed, _KEY, algorithm="EdDSA").encode()


def seeds() -> Iterator[bytes]:
    """Give a right token, an old one, one for another request, and some that are none."""
    for changes in ({}, {"iat": 0, "exp": 60}, {"htu": "/v1/feed"}, {"iat": 10**400, "exp": 10**400}):
        yield b"Bearer " + jwt.encode(_CLAIMS | changes, _KEY, algorithm="EdDSA").encode()
    yield b"Bearer \xff.\xff.\xff"
    yield b"Basic dXNlcjpwYXNz"


TARGET = Target(check=check, seeds=seeds, remake=remake, largest_bytes=600)
