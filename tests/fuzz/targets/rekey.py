"""Rekey requests at the relay, and answers at the vessel: the only packets that anybody may make for either.

Invariant: `open_request` and `open_answer` either raise `MalformedPacket`, `UnknownVersion` or
`NotAuthentic`, or return fields of one fixed size; a request becomes an answer only under the vessel's
own rekey key, and that answer opens; an answer gives a secret of 32 bytes only where the relay's key
authenticated it.
"""

from collections.abc import Iterator
from random import Random

from protocol import limits
from protocol.errors import CannotOpen, MalformedPacket, NotAuthentic, UnknownVersion
from protocol.hpke import decrypt, encrypt
from protocol.ids import VesselId
from protocol.linkguard import KEY_ID_BYTES, VERSION, Form
from protocol.origin import public_half
from protocol.rekey import RekeyRequest, make_answer, make_request, open_answer, open_request
from tests.fuzz.seeds import hexadecimal, vectors
from tests.fuzz.target import Mutate, Target, hold_to_manners

_EXCHANGE = vectors("rekey")[0]
_KEY = bytes.fromhex(_EXCHANGE["rekey_key"])
_RELAY_PRIVATE = bytes.fromhex(_EXCHANGE["relay_private"])
_EPHEMERAL_PRIVATE = bytes.fromhex(_EXCHANGE["ephemeral_private"])
_FORMS = {
    Form.REKEY_REQUEST: (_RELAY_PRIVATE, b"seavoice v1 rekey request"),
    Form.REKEY_ANSWER: (_EPHEMERAL_PRIVATE, b"seavoice v1 rekey answer"),
}
_SECRET = bytes(range(limits.LINK_SECRET_BYTES))
_VERSION_ELSEWHERE = VERSION + 1


def check(data: bytes) -> None:
    """Open the packet as a relay and as a vessel."""
    try:
        request = open_request(data, _RELAY_PRIVATE)
    except (MalformedPacket, UnknownVersion, NotAuthentic) as refused:
        hold_to_manners(refused)
    else:
        _check_request(request)
    try:
        answer = open_answer(data, _KEY, _EPHEMERAL_PRIVATE)
    except (MalformedPacket, UnknownVersion, NotAuthentic) as refused:
        hold_to_manners(refused)
    else:
        assert len(answer.secret) == limits.LINK_SECRET_BYTES


def _check_request(request: RekeyRequest) -> None:
    assert len(request.vessel) == limits.VESSEL_ID_BYTES
    assert len(request.key_id) == KEY_ID_BYTES
    assert len(request.ephemeral_public) == limits.X25519_KEY_BYTES
    try:
        answer = make_answer(request, _KEY, _SECRET, met=True)
    except NotAuthentic as refused:
        hold_to_manners(refused)
        return
    if request.ephemeral_public == public_half(_EPHEMERAL_PRIVATE):
        assert open_answer(answer, _KEY, _EPHEMERAL_PRIVATE).secret == _SECRET


def remake(data: bytes, mutate: Mutate, random: Random) -> bytes:
    """Open the packet, change what it says, and seal it again to whom it was for."""
    form = random.choice(list(_FORMS))
    private, info = _FORMS[form]
    try:
        content = decrypt(data[1:], private, info)
    except CannotOpen:
        content = data
    return bytes([VERSION << 5 | form]) + encrypt(mutate(content), public_half(private), info)


def seeds() -> Iterator[bytes]:
    """Give the vectors' exchange, and a request that this target's relay answers."""
    yield from hexadecimal("rekey", "request", "answer")
    vessel = bytes.fromhex(_EXCHANGE["vessel"])
    yield make_request(
        VesselId(vessel), bytes(KEY_ID_BYTES), _KEY, public_half(_RELAY_PRIVATE), _EPHEMERAL_PRIVATE
    )
    yield bytes([_VERSION_ELSEWHERE << 5])


TARGET = Target(check=check, seeds=seeds, remake=remake, largest_bytes=160)
