"""Bundles of every kind."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import limits
from protocol.bundle import (
    Bundle,
    DeskReceipt,
    DeskState,
    Introduction,
    Keys,
    Mail,
    Report,
    decode,
    encode,
)
from protocol.errors import LocalError, MalformedBundle
from protocol.fragment import RangeSet
from protocol.ids import DeskId, DeskKeyId, MailboxId


def exactly(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


LIFETIMES = st.integers(0, 15)
SEALED = st.binary(min_size=49, max_size=200)
KEY_IDS = exactly(4).map(DeskKeyId)
NUMBERS = st.lists(
    st.tuples(st.integers(1, limits.BUNDLE_NUMBER_MAX - 50), st.integers(1, 50)), min_size=1, max_size=20
).map(lambda drawn: tuple(RangeSet((start, start + size) for start, size in drawn)))
BUNDLES: st.SearchStrategy[Bundle] = st.one_of(
    st.builds(Report, desk_key=KEY_IDS, origin_tag=exactly(8), sealed=SEALED, lifetime=LIFETIMES),
    st.builds(Introduction, box_public=exactly(32), lifetime=LIFETIMES),
    st.builds(
        Mail,
        mailbox=exactly(16).map(MailboxId),
        desk_key=KEY_IDS,
        tag=exactly(16),
        sealed=SEALED,
        lifetime=LIFETIMES,
    ),
    st.builds(
        Keys,
        desk=exactly(8).map(DeskId),
        signature=exactly(64),
        signed=st.binary(min_size=1, max_size=90),
        lifetime=LIFETIMES,
    ),
    st.builds(
        DeskReceipt,
        desk_key=KEY_IDS,
        state=st.sampled_from(DeskState),
        numbers=NUMBERS,
        tag=exactly(8),
        proofs=st.lists(exactly(8) | st.just(b""), max_size=5).map(tuple),
        lifetime=LIFETIMES,
    ),
)


@given(BUNDLES)
def test_every_bundle_survives(bundle: Bundle) -> None:
    assert decode(encode(bundle)) == bundle


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda data: b"\x40" + data))
def test_random_bytes_raise_only_the_declared_error(data: bytes) -> None:
    try:
        decode(data)
    except MalformedBundle:
        return


@given(BUNDLES, st.data())
def test_changed_and_cut_bundles_raise_only_the_declared_error(bundle: Bundle, data: st.DataObject) -> None:
    changed = bytearray(encode(bundle))
    changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        decode(bytes(changed[: data.draw(st.integers(0, len(changed)))]))
    except MalformedBundle:
        return


def test_a_lifetime_without_a_code_is_our_own_mistake() -> None:
    with pytest.raises(LocalError):
        encode(Introduction(box_public=bytes(32), lifetime=16))
