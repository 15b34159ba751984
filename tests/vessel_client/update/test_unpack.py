import tarfile
from pathlib import Path

import pytest

from tests.vessel_client.update.fleet import archive, python_link
from vessel_client.errors import UpdateRefused
from vessel_client.update.unpack import unpack

PLENTY = 10**6


def odd(name: str, kind: bytes, linkname: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, linkname
    return member


@pytest.mark.parametrize(
    "member",
    [
        odd("../outside", tarfile.REGTYPE),
        odd("/tmp/outside", tarfile.REGTYPE),  # It must not be written.
        odd("lib/../../outside", tarfile.REGTYPE),
        odd("../folder", tarfile.DIRTYPE),
        odd("bin/sh", tarfile.SYMTYPE, "/bin/sh"),
        odd("bin/python3", tarfile.SYMTYPE, "/tmp/python3"),  # The same.
        odd("lib/hard", tarfile.LNKTYPE, "/etc/shadow"),
        odd("pipe", tarfile.FIFOTYPE),
        odd("disk", tarfile.BLKTYPE),
    ],
    ids=lambda member: member.name,
)
def test_what_no_release_has_is_refused(member: tarfile.TarInfo, tmp_path: Path) -> None:
    folder = tmp_path / "release"
    folder.mkdir()
    with pytest.raises(UpdateRefused):
        unpack(archive({"fine": b"1"}, member), folder, PLENTY)
    assert [path.name for path in tmp_path.iterdir()] == ["release"]


def test_a_file_is_never_written_through_a_link(tmp_path: Path) -> None:
    data = archive({}, python_link(), odd("bin/python3", tarfile.REGTYPE))
    with pytest.raises(UpdateRefused):
        unpack(data, tmp_path, PLENTY)


def test_more_than_was_signed_for_is_refused(tmp_path: Path) -> None:
    data = archive({"one": bytes(600), "two": bytes(600)})
    with pytest.raises(UpdateRefused, match="more than it says"):
        unpack(data, tmp_path, 1_000)


@pytest.mark.parametrize("payload", [b"", b"no archive", archive({"one": bytes(range(256)) * 40})[:200]])
def test_a_damaged_archive_is_refused(payload: bytes, tmp_path: Path) -> None:
    with pytest.raises(UpdateRefused):
        unpack(payload, tmp_path, PLENTY)


def test_only_the_bit_that_lets_a_file_run_is_taken_over(tmp_path: Path) -> None:
    program, setuid = odd("bin/run", tarfile.REGTYPE), odd("lib/plain", tarfile.REGTYPE)
    program.mode, setuid.mode = 0o4777, 0o4666
    unpack(archive({}, program, setuid, python_link()), tmp_path, PLENTY)
    assert (tmp_path / "bin" / "run").stat().st_mode & 0o7777 == 0o755
    assert (tmp_path / "lib" / "plain").stat().st_mode & 0o7777 == 0o644
    assert (tmp_path / "bin" / "python3").readlink() == Path("/usr/bin/python3")
