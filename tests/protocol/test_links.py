"""Packet sizes, from a link's numbers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.links import PACKET_BYTES_LEAST, LinkKind, LinkProfile, Side
from tests.memory_link import DATAGRAM, MESSAGE, STREAM


@given(
    st.sampled_from(LinkKind),
    st.integers(200, 65_535),
    st.none() | st.floats(1.0, 1e9),
    st.integers(0, 10**9),
    st.sampled_from(Side),
)
def test_a_packet_is_never_larger_than_the_link_nor_too_small_to_carry_anything(
    kind: LinkKind, mtu_bytes: int, rate_bps: float | None, expected_bytes: int, side: Side
) -> None:
    link = LinkProfile(
        name="any",
        kind=kind,
        mtu_up_bytes=mtu_bytes,
        mtu_down_bytes=mtu_bytes,
        rate_up_bps=rate_bps,
        rate_down_bps=rate_bps,
        contact_bytes_expected=expected_bytes,
    )
    assert PACKET_BYTES_LEAST <= link.packet_bytes(side) <= mtu_bytes


@pytest.mark.parametrize(
    ("link", "size_bytes"),
    [
        (MESSAGE, 340),
        (DATAGRAM, 1_200),
        (replace(DATAGRAM, rate_up_bps=2_400.0), 750),
        (replace(STREAM, contact_bytes_expected=18_000), 734),
        (replace(MESSAGE, rate_up_bps=10.0), 340),
    ],
)
def test_the_size_follows_rate_and_expected_contact(link: LinkProfile, size_bytes: int) -> None:
    assert link.packet_bytes(Side.VESSEL) == size_bytes
    assert MESSAGE.packet_bytes(Side.RELAY) == 270
