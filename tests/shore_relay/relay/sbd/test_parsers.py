"""Both parsers on any bytes at all: a message within every bound, or a declared refusal, and nothing else."""

import json
import math
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from shore_relay.relay.bearers.sbd.directip_elements import (
    HEAD,
    frame_bytes,
    read_downward_confirmation,
    read_upward,
    write_downward,
)
from shore_relay.relay.bearers.sbd.rockblock import body_bytes_max, check_url, read_answer, read_webhook
from shore_relay.relay.errors import MessageRefused, SettingsInvalid
from shore_relay.relay.store.sbd_rows import MobileOriginated
from tests.shore_relay.relay.sbd.elements import element, frame, header, location
from tests.shore_relay.relay.sbd.sky import IMEI, RockBlock, fields, new_key

KEY = new_key()
ROCKBLOCK = RockBlock(KEY)
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
TEXTS = st.text(max_size=30)
SCALARS = TEXTS | st.integers() | st.floats() | st.none() | st.booleans() | st.lists(TEXTS, max_size=2)


def read(content_type: str, body: bytes, key: RSAPrivateKey = KEY) -> MobileOriginated | None:
    try:
        message = read_webhook(content_type, body, key.public_key(), data_bytes_max=340)
    except MessageRefused:
        return None
    check(message)
    return message


def check(message: MobileOriginated) -> None:
    """Hold a message to every bound that the rest of the relay relies on."""
    assert len(message.imei) == 15
    assert message.imei.isascii()
    assert message.imei.isdigit()
    assert 0 <= message.momsn <= 65_535
    assert len(message.data) <= 340
    assert -(2**63) <= message.transmitted_at < 2**63
    if message.position is not None:
        where = message.position
        assert all(math.isfinite(value) for value in (where.latitude, where.longitude, where.radius_km))
        assert abs(where.latitude) <= 90
        assert abs(where.longitude) <= 180


def signed(message: dict[str, object]) -> dict[str, object]:
    return message | {"JWT": ROCKBLOCK.sign(message)}


@given(st.sampled_from([FORM, JSON, "text/plain"]), st.binary(max_size=400))
def test_any_body_is_refused_in_an_orderly_way(content_type: str, body: bytes) -> None:
    assert read(content_type, body) is None


@given(st.dictionaries(st.sampled_from([*fields(b""), "JWT", "x"]), SCALARS))
def test_any_document_is_refused_in_an_orderly_way(document: dict[str, object]) -> None:
    assert read(JSON, json.dumps(document).encode()) is None


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from([*fields(b"")]), SCALARS), st.binary(max_size=360))
def test_anything_signed_is_a_message_within_bounds_or_refused(
    changes: dict[str, object], data: bytes
) -> None:
    message = signed(fields(data) | changes)
    read(JSON, json.dumps(message).encode())
    form = {name: str(value).encode("utf-8", "replace") for name, value in message.items()}
    read(FORM, urlencode(form).encode())


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=340), st.integers(0, 65_535))
def test_a_message_comes_out_as_it_went_in(data: bytes, momsn: int) -> None:
    message = signed(fields(data, momsn=momsn))
    form = urlencode({name: str(value) for name, value in message.items()}).encode()
    assert len(form) <= body_bytes_max(340)
    for content_type, body in ((FORM, form), (JSON, json.dumps(message).encode())):
        seen = read(content_type, body)
        assert seen is not None
        assert (seen.imei, seen.momsn, seen.data) == (IMEI, momsn, data)
        assert seen.transmitted_at == 1_635_676_910
        assert seen.position is not None
        assert seen.position.radius_km == 8.0


@pytest.mark.parametrize("token", ["\ud800", "é.é.é", "\udcff" * 300])
def test_a_token_that_is_no_ascii_is_refused(token: str) -> None:
    assert read(JSON, json.dumps(fields(b"") | {"JWT": token}).encode()) is None


def test_a_deep_document_is_refused() -> None:
    assert read(JSON, b"[" * 100_000) is None


@pytest.mark.parametrize("body", [b"imei=1&imei=2", b"=&=", b"imei", "imei=ä".encode(), b"a=%ff" * 3])
def test_forms_that_are_ambiguous_are_refused(body: bytes) -> None:
    assert read(FORM, body) is None


@given(st.integers(), st.binary(max_size=200))
def test_whatever_the_service_answers_is_understood(status: int, answer: bytes) -> None:
    refusal = read_answer(status, answer)
    assert (refusal is None) is (status == 200 and answer.split(b",")[0].strip() == b"OK")


# --- DirectIP ---


def read_elements(body: bytes) -> MobileOriginated | None:
    try:
        upward = read_upward(body, data_bytes_max=340)
    except MessageRefused:
        return None
    check(upward.message)
    return upward.message


@given(st.binary(max_size=600))
def test_any_elements_are_refused_in_an_orderly_way(body: bytes) -> None:
    read_elements(body)


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=40)), max_size=10), st.data())
def test_a_real_frame_with_anything_around_and_in_it(
    more: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    parts = [header(), location(), *[element(kind, content) for kind, content in more]]
    body = bytearray(b"".join(data.draw(st.permutations(parts))))
    for at in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=3)):
        body[at] = data.draw(st.integers(0, 255))
    read_elements(bytes(body))


@given(
    st.binary(max_size=340),
    st.integers(0, 65_535),
    st.integers(0, 2**32 - 1),
    st.integers(0, 3),
)
def test_a_frame_comes_out_as_it_went_in(data: bytes, momsn: int, at: int, flags: int) -> None:
    whole = frame(header(momsn=momsn, at=at), element(2, data), location(flags=flags))
    assert frame_bytes(whole[: HEAD.size], most=1_000) == len(whole) - HEAD.size
    message = read_elements(whole[HEAD.size :])
    assert message is not None
    assert (message.imei, message.momsn, message.transmitted_at, message.data) == (IMEI, momsn, at, data)
    assert message.position is not None
    assert (message.position.latitude < 0, message.position.longitude < 0) == (flags & 2 != 0, flags & 1 != 0)


@pytest.mark.parametrize("place", [location(latitude=90), location(longitude=180), location(latitude=255)])
def test_a_place_beyond_a_pole_or_the_date_line_is_refused(place: bytes) -> None:
    assert read_elements(header() + place) is None


@given(st.binary(max_size=100))
def test_any_confirmation_is_refused_in_an_orderly_way(body: bytes) -> None:
    with pytest.raises(MessageRefused):
        read_downward_confirmation(body, 1, IMEI)


@given(st.integers(0, 2**32 - 1), st.binary(min_size=1, max_size=1_890), st.booleans())
def test_a_message_down_names_its_modem(message_id: int, packet: bytes, flush: bool) -> None:
    whole = write_downward(message_id, IMEI, packet, flush=flush)
    expected_header = message_id.to_bytes(4) + IMEI.encode() + bytes([0, flush])
    assert whole == frame(element(0x41, expected_header), element(0x42, packet))


@pytest.mark.parametrize("url", ["http://rockblock.example/MT", "https://", "ftp://x/", "http://[::1", ""])
def test_a_password_goes_nowhere_in_the_clear(url: str) -> None:
    with pytest.raises(SettingsInvalid, match="rockblock_url"):
        check_url(url)
