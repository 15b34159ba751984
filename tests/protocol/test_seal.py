"""Seals: only the right key, vessel and mailbox open them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import CannotOpen, NotAuthentic
from protocol.ids import BundleNumber, MailboxId, VesselId
from protocol.origin import desk_key_id, public_half
from protocol.seal import new_private_key, open_mail, open_report, opened_proof, seal_mail, seal_report

DESK, FISHER = bytes([1]) * 32, bytes([2]) * 32
VESSEL, MAILBOX = VesselId(b"vessel-1"), MailboxId(b"mailbox-16-bytes")
LOW_ORDER = [bytes(32), b"\x01" + bytes(31)]


@given(st.binary(max_size=300))
def test_a_report_opens_with_the_desks_key_for_its_vessel_alone(plaintext: bytes) -> None:
    sealed = seal_report(plaintext, public_half(DESK), VESSEL)
    assert len(sealed) == len(plaintext) + 48
    assert open_report(sealed, DESK, VESSEL) == plaintext
    with pytest.raises(CannotOpen):
        open_report(sealed, DESK, VesselId(b"vessel-2"))
    with pytest.raises(CannotOpen):
        open_report(sealed, FISHER, VESSEL)


@given(st.binary(max_size=200))
def test_random_bytes_do_not_open(data: bytes) -> None:
    with pytest.raises(CannotOpen):
        open_report(data, DESK, VESSEL)


@settings(deadline=None)
@given(st.binary(max_size=60), st.data())
def test_one_changed_bit_closes_a_seal(plaintext: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal_report(plaintext, public_half(DESK), VESSEL))
    at = data.draw(st.integers(0, len(sealed) * 8 - 1) | st.just(255))
    # The highest bit of a public key counts for nothing in X25519, but HPKE binds the bytes as they came.
    sealed[at // 8] ^= 1 << at % 8
    with pytest.raises(CannotOpen):
        open_report(bytes(sealed), DESK, VESSEL)


def test_an_answer_opens_in_its_mailbox_and_names_its_desk() -> None:
    mail = seal_mail(b"answer", mailbox=MAILBOX, mailbox_public=public_half(FISHER), desk_private=DESK)
    assert open_mail(mail, mailbox_private=FISHER, desk_public=public_half(DESK)) == b"answer"
    with pytest.raises(NotAuthentic):
        open_mail(mail, mailbox_private=FISHER, desk_public=public_half(bytes([9]) * 32))
    with pytest.raises(NotAuthentic):
        open_mail(mail, mailbox_private=bytes([9]) * 32, desk_public=public_half(DESK))


@pytest.mark.parametrize("public", LOW_ORDER)
def test_keys_that_anybody_could_open_are_refused(public: bytes) -> None:
    with pytest.raises(NotAuthentic):
        seal_report(b"x", public, VESSEL)
    with pytest.raises(NotAuthentic):
        seal_mail(b"x", mailbox=MAILBOX, mailbox_public=public, desk_private=DESK)
    with pytest.raises(NotAuthentic):
        opened_proof(DESK, public, desk_key=desk_key_id(public), vessel=VESSEL, number=BundleNumber(1))


def test_desk_and_fisher_make_the_same_proof_for_one_bundle_alone() -> None:
    key = desk_key_id(public_half(DESK))

    def proof(private: bytes, public: bytes, number: int) -> bytes:
        return opened_proof(private, public, desk_key=key, vessel=VESSEL, number=BundleNumber(number))

    assert proof(DESK, public_half(FISHER), 7) == proof(FISHER, public_half(DESK), 7)
    assert proof(DESK, public_half(FISHER), 7) != proof(DESK, public_half(FISHER), 8)


def test_fresh_keys_differ() -> None:
    assert new_private_key() != new_private_key()
