import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocol.documents import MalformedDocument
from protocol.errors import NotAuthentic
from protocol.ids import UnixSeconds
from protocol.updates import (
    MAGIC,
    Release,
    Update,
    is_version,
    open_update,
    read_release,
    sign_update,
    write_release,
)

PRIVATE = bytes([7]) * 32
PUBLIC = Ed25519PrivateKey.from_private_bytes(PRIVATE).public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes([8]) * 32).public_key().public_bytes_raw()

RELEASES = st.builds(
    Release,
    version=st.from_regex(r"[0-9][A-Za-z0-9.+~]{0,63}", fullmatch=True),
    architecture=st.sampled_from(("amd64", "arm64")),
    python=st.sampled_from(("3.11", "3.13")),
    issued_at=st.integers(0, 2**40).map(UnixSeconds),
)
RELEASE = Release(version="1.2", architecture="arm64", python="3.11", issued_at=UnixSeconds(1_750_000_000))


@given(RELEASES)
def test_a_release_says_of_itself_what_it_is(release: Release) -> None:
    assert read_release(write_release(release)) == release


@given(RELEASES, st.binary(max_size=300), st.integers(0, 10**6))
def test_what_was_signed_is_what_is_opened(release: Release, payload: bytes, unpacked_bytes: int) -> None:
    data = sign_update(release, payload, unpacked_bytes, PRIVATE)
    expected = Update(release=release, unpacked_bytes=unpacked_bytes, payload=payload)
    assert open_update(data, [OTHER, PUBLIC]) == expected


@given(st.data())
def test_no_byte_can_be_changed(data: st.DataObject) -> None:
    signed = sign_update(RELEASE, b"the files of a release", 99, PRIVATE)
    at = data.draw(st.integers(0, len(signed) - 1))
    changed = bytearray(signed)
    changed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises((MalformedDocument, NotAuthentic)):
        open_update(bytes(changed), [PUBLIC])


@given(st.integers(0, 10_000), st.binary(max_size=3))
def test_a_file_that_was_cut_or_continued_is_refused(size_bytes: int, more: bytes) -> None:
    signed = sign_update(RELEASE, b"the files of a release", 99, PRIVATE)
    for changed in (signed[: size_bytes % len(signed)], signed + b"x" + more):
        with pytest.raises((MalformedDocument, NotAuthentic)):
            open_update(changed, [PUBLIC])


@given(st.binary(max_size=500))
def test_garbage_is_refused(garbage: bytes) -> None:
    for data in (garbage, MAGIC + garbage):
        with pytest.raises((MalformedDocument, NotAuthentic)):
            open_update(data, [PUBLIC])


def test_a_signature_of_somebody_else_is_refused() -> None:
    signed = sign_update(RELEASE, b"", 0, PRIVATE)
    for trusted in ([], [OTHER]):
        with pytest.raises(NotAuthentic):
            open_update(signed, trusted)


@pytest.mark.parametrize("text", ["", "../1", "1/2", ".1", "v1", "1 2", "1" * 65, "1\n"])
def test_what_can_be_no_folder_is_no_version(text: str) -> None:
    assert not is_version(text)
    note = write_release(RELEASE).replace(b'"1.2"', f'"{text}"'.encode().replace(b"\n", b"\\n"))
    with pytest.raises(MalformedDocument):
        read_release(note)
