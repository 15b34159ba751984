"""What RockBLOCK posts to the relay, and what it answers to a message handed over.

Invariant: `read_webhook` either raises a `MessageRefused` with a sentence that can be sent back, or
returns a message within every bound that the store relies on, and only where the operator's key signed
its IMEI, number, time and data; `read_answer` always returns, and repeats nothing of what it read.
"""

import json
from collections.abc import Iterator, Mapping
from random import Random
from urllib.parse import parse_qsl, urlencode

import jwt

from protocol.documents import Json
from shore_relay.relay.bearers.sbd.rockblock import TOKEN_FIELD, read_answer, read_webhook
from shore_relay.relay.errors import MessageRefused
from tests.fuzz.documents import changed_document
from tests.fuzz.keys import rsa_key
from tests.fuzz.satellite import DATA_BYTES_MAX, IMEI, hold_to_bounds
from tests.fuzz.target import Mutate, Target, hold_to_manners

_KEY = rsa_key()
_PUBLIC = _KEY.public_key()
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_CODE_CHARACTERS_MAX = 30


def check(data: bytes) -> None:
    """Read the input as a request of its kind, and as an answer."""
    kind = _JSON if data[:1] == b"{" else _FORM
    try:
        message = read_webhook(kind, data, _PUBLIC, data_bytes_max=DATA_BYTES_MAX)
    except MessageRefused as refused:
        hold_to_manners(refused)
    else:
        hold_to_bounds(message)
    for status in (200, 500):
        refusal = read_answer(status, data)
        if refusal is not None:
            assert len(refusal.code) <= _CODE_CHARACTERS_MAX
            refusal.code.encode("ascii")


def remake(data: bytes, mutate: Mutate, random: Random) -> bytes:
    """Change the fields, sign them as the operator would, and write them as a form or as JSON.

    One time in four the request is changed behind the operator's back, its token too.
    """
    if not random.getrandbits(2):
        return changed_document(data, mutate, random)
    changed = changed_document(json.dumps(_fields(data)).encode(), mutate, random)
    try:
        fields = json.loads(changed)
        token = jwt.encode({str(name): _text(value) for name, value in fields.items()}, _KEY, "RS256")
    except (ValueError, AttributeError, jwt.PyJWTError):
        return changed
    signed = fields | {TOKEN_FIELD: token}
    if random.getrandbits(1):
        return json.dumps(signed).encode()
    return urlencode({name: _text(value) for name, value in signed.items()}, errors="replace").encode()


def _fields(data: bytes) -> Mapping[str, Json]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        document = dict(parse_qsl(data.decode("latin-1"))[:20])
    if not isinstance(document, dict) or "imei" not in document:
        return _message(b"")
    return {name: value for name, value in document.items() if name != TOKEN_FIELD}


def _text(value: Json) -> str:
    return str(value).encode("utf-8", "replace").decode()


def _message(data: bytes) -> dict[str, Json]:
    return {
        "imei": IMEI,
        "serial": 12_345,
        "momsn": 1,
        "transmit_time": "21-10-31 10:41:50",
        "iridium_latitude": 12.5867,
        "iridium_longitude": 100.9938,
        "iridium_cep": 8,
        "data": data.hex(),
    }


def seeds() -> Iterator[bytes]:
    """Give a right request of each kind, a time of the newer kind, and answers."""
    for message in (_message(b"packet"), _message(b"") | {"transmit_time": "2025-10-31T10:41:50Z"}):
        token = jwt.encode({name: str(value) for name, value in message.items()}, _KEY, "RS256")
        signed = message | {TOKEN_FIELD: token}
        yield json.dumps(signed).encode()
        yield urlencode(signed).encode()
    yield from (b"OK,12", b"FAILED,10,Invalid login", b"FAILED,77,New", b"<html>")


TARGET = Target(
    check=check,
    seeds=seeds,
    remake=remake,
    words=(b"FAILED,", b"OK,", b'"JWT":', b"&JWT="),
    largest_bytes=1_400,
)
