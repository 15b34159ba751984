"""Certificates for a vessel's phones, as the operator signs them."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocol import bundle, limits
from protocol.bundle import OperatorSettings
from protocol.caps import SignedCap, check_caps, sign_caps
from protocol.chains import check_chain, holds_chain, sign_chain
from protocol.errors import MalformedBundle, RemoteError
from protocol.ids import UnixSeconds
from tests.memory_link import VESSEL

OPERATOR = bytes([13]) * 32
PUBLIC = Ed25519PrivateKey.from_private_bytes(OPERATOR).public_key().public_bytes_raw()
CHAINS = st.lists(st.binary(min_size=1, max_size=64), min_size=1, max_size=limits.CHAIN_CERTIFICATES_MAX)


@given(CHAINS.map(tuple), st.integers(0, 2**40))
def test_a_chain_comes_back_as_it_was_signed(chain: tuple[bytes, ...], at: int) -> None:
    carried = bundle.decode(bundle.encode(sign_chain(chain, OPERATOR, VESSEL, UnixSeconds(at))))
    assert isinstance(carried, OperatorSettings)
    assert holds_chain(carried)
    assert check_chain(carried, PUBLIC, VESSEL) == (at, chain)


@given(st.binary(max_size=200))
def test_no_bytes_make_a_reader_do_more_than_refuse(signed: bytes) -> None:
    forged = OperatorSettings(signature=bytes(64), signed=signed)
    assert holds_chain(forged) in (True, False)
    with pytest.raises(RemoteError):
        check_chain(forged, PUBLIC, VESSEL)


def test_caps_and_chains_are_never_taken_for_each_other() -> None:
    caps = sign_caps(
        (SignedCap(bearer="tcp", money_nano=1, size_bytes=None),), OPERATOR, VESSEL, UnixSeconds(5)
    )
    chain = sign_chain((b"certificate",), OPERATOR, VESSEL, UnixSeconds(5))
    assert not holds_chain(caps)
    with pytest.raises(MalformedBundle):
        check_chain(caps, PUBLIC, VESSEL)
    with pytest.raises(MalformedBundle):
        check_caps(chain, PUBLIC, VESSEL)
