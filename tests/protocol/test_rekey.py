"""How two sides that lost each other's keys meet again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import MalformedPacket, NotAuthentic, RemoteError
from protocol.ids import Instant, VesselId
from protocol.linkguard import rekey_secret
from protocol.links import Side
from protocol.origin import public_half
from protocol.rekey import (
    RekeyAnswer,
    RekeyRequest,
    make_answer,
    make_request,
    open_answer,
    open_request,
)
from protocol.rekeying import INTERVAL_S, Rekey
from tests.memory_link import RELAY_PRIVATE, SECRET, VESSEL

KEY = rekey_secret(SECRET)
KEY_ID = b"key1"


def vessel_side() -> Rekey:
    return Rekey(Side.VESSEL, VESSEL, KEY, public_half(RELAY_PRIVATE))


def count_up(count: int) -> bytes:
    return bytes(range(count))


def test_one_packet_each_way_gives_both_the_same_secret() -> None:
    vessel, relay = vessel_side(), Rekey(Side.RELAY, VESSEL, KEY, None)
    vessel.due = True
    request = vessel.request(KEY_ID, Instant(5.0))
    assert len(request) == 109
    secret, answer = relay.answer(open_request(request, RELAY_PRIVATE), (KEY_ID,), count_up)
    assert len(answer) == 98
    assert vessel.on_answer(answer) == RekeyAnswer(secret=bytes(range(32)), met=True)
    assert secret == bytes(range(32))
    assert not vessel.due
    assert vessel.may_ask_at() == 5.0 + INTERVAL_S


def test_the_relay_says_whether_it_could_read_what_the_vessel_sent() -> None:
    vessel, relay = vessel_side(), Rekey(Side.RELAY, VESSEL, KEY, None)
    request = open_request(vessel.request(KEY_ID, Instant(0.0)), RELAY_PRIVATE)
    _, answer = relay.answer(request, (b"key2", b"key3"), count_up)
    assert not vessel.on_answer(answer).met


def test_a_repeated_request_gets_the_same_answer_and_no_new_secret() -> None:
    vessel, relay = vessel_side(), Rekey(Side.RELAY, VESSEL, KEY, None)
    request = open_request(vessel.request(KEY_ID, Instant(0.0)), RELAY_PRIVATE)
    _, first = relay.answer(request, (KEY_ID,), count_up)
    assert relay.answer(request, (KEY_ID,), count_up) == (None, first)


def test_an_answer_counts_once_and_only_if_something_was_asked() -> None:
    vessel, relay = vessel_side(), Rekey(Side.RELAY, VESSEL, KEY, None)
    _, answer = relay.answer(
        open_request(vessel.request(KEY_ID, Instant(0.0)), RELAY_PRIVATE), (KEY_ID,), count_up
    )
    with pytest.raises(NotAuthentic):
        vessel_side().on_answer(answer)
    vessel.on_answer(answer)
    with pytest.raises(NotAuthentic):
        vessel.on_answer(answer)


def test_a_wrong_answer_leaves_the_question_open() -> None:
    vessel, relay = vessel_side(), Rekey(Side.RELAY, VESSEL, KEY, None)
    _, answer = relay.answer(
        open_request(vessel.request(KEY_ID, Instant(0.0)), RELAY_PRIVATE), (KEY_ID,), count_up
    )
    with pytest.raises(NotAuthentic):
        vessel.on_answer(answer[:-1] + bytes([answer[-1] ^ 1]))
    assert vessel.on_answer(answer).secret == bytes(range(32))


def test_a_relay_never_asks_and_a_vessel_without_its_relays_key_neither() -> None:
    for rekey in (Rekey(Side.RELAY, VESSEL, KEY, None), Rekey(Side.VESSEL, VESSEL, KEY, None)):
        rekey.due = True
        assert not rekey.due


def test_a_request_from_another_vessels_key_is_refused() -> None:
    packet = make_request(VESSEL, KEY_ID, bytes(32), public_half(RELAY_PRIVATE), bytes([3]) * 32)
    with pytest.raises(NotAuthentic):
        make_answer(open_request(packet, RELAY_PRIVATE), KEY, bytes(32), met=True)


def test_a_useless_ephemeral_key_is_refused_with_our_own_error() -> None:
    from protocol.rekey import _mac

    mac = _mac(KEY, b"request", VESSEL + KEY_ID + bytes(32))
    request = RekeyRequest(vessel=VesselId(VESSEL), key_id=KEY_ID, ephemeral_public=bytes(32), mac=mac)
    with pytest.raises(NotAuthentic):
        make_answer(request, KEY, bytes(32), met=True)


@given(st.binary(max_size=150), st.sampled_from([b"", b"\x23", b"\x24"]))
def test_random_bytes_raise_only_refusals(data: bytes, head: bytes) -> None:
    with pytest.raises(RemoteError):
        open_request(head + data, RELAY_PRIVATE)
    with pytest.raises((NotAuthentic, MalformedPacket, RemoteError)):
        open_answer(head + data, KEY, RELAY_PRIVATE)
