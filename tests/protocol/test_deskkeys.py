"""Which desk key to use, and who may bring new ones."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocol.bundle import Keys
from protocol.deskkeys import DeskKey, check_keys, desk_id, key_in_use, sign_keys
from protocol.errors import KeyExpired, MalformedBundle, NotAuthentic
from protocol.ids import DeskId, UnixSeconds
from protocol.wire import WireValue, pack

SIGNER = bytes([5]) * 32
SIGNER_PUBLIC = Ed25519PrivateKey.from_private_bytes(SIGNER).public_key().public_bytes_raw()
TIMES = st.integers(0, 2**40).map(UnixSeconds)
KEYS = st.builds(DeskKey, public=st.binary(min_size=32, max_size=32), not_before=TIMES, not_after=TIMES)
LISTS = st.lists(KEYS, min_size=1, max_size=8).map(tuple)


@given(LISTS, TIMES)
def test_a_signed_list_survives(keys: tuple[DeskKey, ...], issued_at: UnixSeconds) -> None:
    bundle = sign_keys(keys, SIGNER, issued_at)
    assert bundle.desk == desk_id(SIGNER_PUBLIC)
    assert check_keys(bundle, SIGNER_PUBLIC) == (issued_at, keys)


@given(LISTS, st.data())
def test_a_changed_list_is_refused(keys: tuple[DeskKey, ...], data: st.DataObject) -> None:
    bundle = sign_keys(keys, SIGNER, UnixSeconds(1))
    signed = bytearray(bundle.signed)
    signed[data.draw(st.integers(0, len(signed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(NotAuthentic):
        check_keys(replace(bundle, signed=bytes(signed)), SIGNER_PUBLIC)


@pytest.mark.parametrize(
    "content",
    [
        (1,),
        5,
        (1, (bytes(32), 1)),
        (1, (bytes(31), 1, 2)),
        (2**41, (bytes(32), 1, 2)),
        (1, *[(b"", 1, 2)] * 9),
    ],
    ids=str,
)
def test_a_signed_list_of_the_wrong_shape_is_refused(content: WireValue) -> None:
    signed = pack(content)
    desk = desk_id(SIGNER_PUBLIC)
    signature = Ed25519PrivateKey.from_private_bytes(SIGNER).sign(b"seavoice v1 desk keys" + desk + signed)
    with pytest.raises(MalformedBundle):
        check_keys(Keys(desk=desk, signature=signature, signed=signed), SIGNER_PUBLIC)


def test_a_list_that_names_another_desk_is_refused_though_the_signature_holds() -> None:
    signed = sign_keys((), SIGNER, UnixSeconds(1)).signed
    desk = DeskId(b"somebody")
    signature = Ed25519PrivateKey.from_private_bytes(SIGNER).sign(b"seavoice v1 desk keys" + desk + signed)
    with pytest.raises(NotAuthentic):
        check_keys(Keys(desk=desk, signature=signature, signed=signed), SIGNER_PUBLIC)


@given(LISTS, TIMES)
def test_the_newest_usable_key_is_used_or_none(keys: tuple[DeskKey, ...], now: UnixSeconds) -> None:
    usable = [key for key in keys if key.not_before <= now < key.not_after]
    if not usable:
        with pytest.raises(KeyExpired):
            key_in_use(keys, now)
        return
    chosen = key_in_use(keys, now)
    assert chosen in usable
    assert chosen.not_before == max(key.not_before for key in usable)
