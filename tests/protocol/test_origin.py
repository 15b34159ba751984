"""What box and desk prove to each other past the relay."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.bundle import DeskReceipt, DeskState, decode, encode
from protocol.errors import NotAuthentic
from protocol.fragment import Range
from protocol.ids import BundleNumber, DeskKeyId, VesselId
from protocol.limits import BUNDLE_NUMBER_MAX
from protocol.origin import OriginKey, exchange, fingerprint, public_half
from tests.protocol.test_bundle import NUMBERS

BOX, DESK = bytes([1]) * 32, bytes([2]) * 32
VESSEL = VesselId(b"vessel-1")
ON_BOX = OriginKey.for_box(BOX, public_half(DESK), VESSEL)
AT_DESK = OriginKey.for_desk(DESK, public_half(BOX), VESSEL)
ANY_NUMBER = st.integers(1, BUNDLE_NUMBER_MAX).map(BundleNumber)


@given(ANY_NUMBER, ANY_NUMBER, st.binary(max_size=100))
def test_a_tag_holds_for_one_number_alone(number: BundleNumber, other: BundleNumber, sealed: bytes) -> None:
    tag = ON_BOX.tag_bundle(number, sealed)
    AT_DESK.check_bundle(number, sealed, tag)
    if number != other:
        with pytest.raises(NotAuthentic):
            AT_DESK.check_bundle(other, sealed, tag)
    with pytest.raises(NotAuthentic):
        AT_DESK.check_bundle(number, sealed + b"x", tag)


@given(NUMBERS, st.lists(st.binary(min_size=8, max_size=8) | st.just(b""), max_size=4).map(tuple))
def test_a_receipt_of_any_numbers_holds_after_its_journey(
    numbers: tuple[Range, ...], proofs: tuple[bytes, ...]
) -> None:
    tag = AT_DESK.tag_receipt(DeskState.OPENED, numbers, proofs)
    receipt = DeskReceipt(
        desk_key=DeskKeyId(b"desk"), state=DeskState.OPENED, numbers=numbers, tag=tag, proofs=proofs
    )
    arrived = decode(encode(receipt))
    assert isinstance(arrived, DeskReceipt)
    ON_BOX.check_receipt(arrived)
    with pytest.raises(NotAuthentic):
        OriginKey.for_box(BOX, public_half(DESK), VesselId(b"vessel-2")).check_receipt(arrived)


def test_a_receipt_for_the_highest_number_can_be_checked() -> None:
    numbers = ((1, 2), (BUNDLE_NUMBER_MAX, BUNDLE_NUMBER_MAX + 1))
    tag = AT_DESK.tag_receipt(DeskState.FETCHED, numbers, ())
    receipt = DeskReceipt(desk_key=DeskKeyId(b"desk"), state=DeskState.FETCHED, numbers=numbers, tag=tag)
    arrived = decode(encode(receipt))
    assert isinstance(arrived, DeskReceipt)
    ON_BOX.check_receipt(arrived)


def test_a_public_key_that_yields_no_secret_is_refused() -> None:
    with pytest.raises(NotAuthentic):
        exchange(BOX, bytes(32))


@given(st.binary(min_size=32, max_size=32))
def test_a_fingerprint_is_six_groups_of_four_digits(public: bytes) -> None:
    assert re.fullmatch(r"\d{4}( \d{4}){5}", fingerprint(public))
