"""What an operator signs, past the signature: whoever got hold of the key may write anything there.

Invariant: `read_caps` and `read_chain` either raise `MalformedBundle`, or return at most as many entries as
their limits allow, which write to bytes from which the same are read again; no bytes are both, and
`holds_chain` tells a chain from caps.
"""

from collections.abc import Iterator

from protocol import limits
from protocol.bundle import OperatorSettings
from protocol.caps import SignedCap, read_caps, write_caps
from protocol.chains import holds_chain, read_chain
from protocol.errors import MalformedBundle
from protocol.operators import write_list
from tests.fuzz.seeds import vectors
from tests.fuzz.target import Target, hold_to_manners


def check(data: bytes) -> None:
    """Read the list as either kind, and write it again."""
    is_chain = holds_chain(OperatorSettings(signature=b"", signed=data))
    assert not (_check_caps(data) and is_chain)
    assert is_chain or not _check_chain(data)


def _check_caps(data: bytes) -> bool:
    try:
        issued_at, caps = read_caps(data)
    except MalformedBundle as refused:
        hold_to_manners(refused)
        return False
    assert len(caps) <= limits.CAPS_MAX
    for cap in caps:
        _check_bounds(cap)
    assert read_caps(write_caps(caps, issued_at)) == (issued_at, caps)
    return True


def _check_bounds(cap: SignedCap) -> None:
    assert 1 <= len(cap.bearer.encode()) <= limits.BEARER_NAME_BYTES_MAX
    for amount in (cap.money_nano, cap.size_bytes):
        assert amount is None or 0 <= amount <= limits.MONEY_NANO_MAX


def _check_chain(data: bytes) -> bool:
    try:
        issued_at, chain = read_chain(data)
    except MalformedBundle as refused:
        hold_to_manners(refused)
        return False
    assert 1 <= len(chain) <= limits.CHAIN_CERTIFICATES_MAX
    assert all(1 <= len(certificate) <= limits.CERTIFICATE_BYTES_MAX for certificate in chain)
    assert read_chain(write_list(chain, issued_at)) == (issued_at, chain)
    return True


def seeds() -> Iterator[bytes]:
    """Give the vectors' lists."""
    for entry in (*vectors("caps"), *vectors("chains")):
        yield bytes.fromhex(entry["bundle"]["signed"])


TARGET = Target(check=check, seeds=seeds, largest_bytes=160)
