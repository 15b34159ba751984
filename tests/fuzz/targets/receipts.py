"""Desk receipts and reports under the key that a box shares with its desk, carried by a relay that has it
not.

Invariant: whatever bundle `decode` returns, the key either authenticates it or raises `NotAuthentic`; a
tag that a holder of the key makes for it is accepted, is refused for another vessel's key, and does not
depend on how the receipt was written.
"""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from protocol.bundle import DeskReceipt, DeskState, Report, decode, encode
from protocol.errors import MalformedBundle, NotAuthentic
from protocol.ids import BundleNumber, DeskKeyId, VesselId
from protocol.origin import OriginKey, public_half
from tests.fuzz.seeds import hexadecimal, vectors
from tests.fuzz.target import Mutate, Target, hold_to_manners

_BOX_PRIVATE, _DESK_PRIVATE = bytes([1]) * 32, bytes([2]) * 32
_KEY = OriginKey.for_box(_BOX_PRIVATE, public_half(_DESK_PRIVATE), VesselId(bytes(8)))
_OTHER_KEY = OriginKey.for_box(_BOX_PRIVATE, public_half(_DESK_PRIVATE), VesselId(bytes([9]) * 8))
_NUMBER = BundleNumber(7)


def check(data: bytes) -> None:
    """Judge the bundle as it came, then with a right tag."""
    try:
        found = decode(data)
    except MalformedBundle as refused:
        hold_to_manners(refused)
        return
    if isinstance(found, DeskReceipt):
        _accepts_receipt(_KEY, found)
        tagged = replace(found, tag=_KEY.tag_receipt(found.state, found.numbers, found.proofs))
        again = decode(encode(tagged))
        assert isinstance(again, DeskReceipt)
        assert _accepts_receipt(_KEY, again)
        assert not _accepts_receipt(_OTHER_KEY, again)
    elif isinstance(found, Report):
        _KEY.check_bundle(_NUMBER, found.sealed, _KEY.tag_bundle(_NUMBER, found.sealed))
        assert _KEY.tag_bundle(BundleNumber(8), found.sealed) != _KEY.tag_bundle(_NUMBER, found.sealed)


def _accepts_receipt(key: OriginKey, receipt: DeskReceipt) -> bool:
    try:
        key.check_receipt(receipt)
    except NotAuthentic as refused:
        hold_to_manners(refused)
        return False
    return True


def remake(data: bytes, mutate: Mutate, _random: Random) -> bytes:
    """Give a changed receipt a right tag."""
    try:
        found = decode(mutate(data))
    except MalformedBundle:
        return mutate(data)
    if not isinstance(found, DeskReceipt):
        return encode(found)
    return encode(replace(found, tag=_KEY.tag_receipt(found.state, found.numbers, found.proofs)))


def seeds() -> Iterator[bytes]:
    """Give the vectors' bundles, and the receipts of the vectors of tags."""
    yield from hexadecimal("bundles", "bytes")
    for entry in vectors("origin"):
        if "numbers" in entry:
            receipt = DeskReceipt(
                desk_key=DeskKeyId(bytes(4)),
                state=DeskState(entry["state"]),
                numbers=tuple((start, end) for start, end in entry["numbers"]),
                tag=bytes.fromhex(entry["tag"]),
                proofs=tuple(bytes.fromhex(proof) for proof in entry["proofs"]),
            )
            yield encode(receipt)


TARGET = Target(check=check, seeds=seeds, remake=remake, largest_bytes=160)
