import io
import os
import tarfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from scripts.packaging import cli
from scripts.packaging.errors import WrongKey
from scripts.packaging.update_file import archive, new_key, read_key, read_public

Captured = pytest.CaptureFixture[str]


def test_a_new_key_is_its_owners_alone_and_never_overwrites_another(tmp_path: Path) -> None:
    path = tmp_path / "release.key"
    public = new_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_public(public) == read_key(path).public_key().public_bytes_raw()
    kept = path.read_bytes()
    with pytest.raises(WrongKey, match="Choose another name"):
        new_key(path)
    assert path.read_bytes() == kept


def test_halves_are_not_taken_for_each_other_nor_other_keys(tmp_path: Path) -> None:
    path = tmp_path / "release.key"
    public = new_key(path)
    other = tmp_path / "other.key"
    other.write_bytes(
        X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    for read, wrong in ((read_key, public), (read_public, path), (read_key, other), (read_key, tmp_path)):
        with pytest.raises(WrongKey):
            read(wrong)


def test_the_program_says_which_key_is_wrong(tmp_path: Path, capsys: Captured) -> None:
    missing = tmp_path / "no.key"
    for arguments in (["--update", str(missing)], ["--trust", str(missing)]):
        assert cli.main(arguments) == cli.EXIT_CANNOT_PACKAGE
        (line,) = capsys.readouterr().err.splitlines()
        assert str(missing) in line
    assert cli.main(["--new-key", str(missing)]) == 0
    assert capsys.readouterr().out == f"{missing}.pub\n"


def test_the_same_files_make_the_same_archive_whoever_owns_them(tmp_path: Path) -> None:
    made = []
    for order in (("b", "a"), ("a", "b")):
        folder = tmp_path / "".join(order)
        (folder / "bin").mkdir(parents=True)
        for name in order:
            (folder / "bin" / name).write_text(name)
        (folder / "bin" / "python3").symlink_to("/usr/bin/python3")
        for path in (folder / "bin", *(folder / "bin").iterdir()):
            os.utime(path, (1_750_000_000, 1_750_000_000), follow_symlinks=False)
        made.append(archive(folder))
    assert made[0] == made[1]
    with tarfile.open(fileobj=io.BytesIO(made[0]), mode="r:xz") as opened:
        assert [member.name for member in opened] == ["bin", "bin/a", "bin/b", "bin/python3"]
        assert {member.uid for member in opened.getmembers()} == {0}
