"""Releases in temporary folders: small programs with Debian's Python, of which each says whether it works."""

import io
import lzma
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.ids import UnixSeconds
from protocol.updates import Release, Update, write_release
from vessel_client.errors import UpdateFailed
from vessel_client.update.releases import KEYS_FILE, RELEASE_NOTE, Releases
from vessel_client.update.steps import Machine
from vessel_client.update.unpack import PYTHON, PYTHON_LINK

SIGNING = bytes([21]) * 32
TRUSTED = Ed25519PrivateKey.from_private_bytes(SIGNING).public_key().public_bytes_raw()
FIRST_AT = 1_750_000_000

_PROGRAM = "import sys\nprint('started', sys.argv[1:])\nsys.exit({complaint!r} or 0)\n"


def release(version: str, /, **changes: object) -> Release:
    """A release for the machine of these tests; a higher minor number is a newer one."""
    values: dict[str, object] = {
        "version": version,
        "architecture": "arm64",
        "python": "3.11",
        "issued_at": UnixSeconds(FIRST_AT + int(version.partition(".")[2])),
    }
    return Release(**(values | changes))  # type: ignore[arg-type]  # Wrong on purpose in some tests.


def files_of(stated: Release, complaint: str = "") -> dict[str, bytes]:
    """What a release consists of; with a complaint, it ends with that instead of working."""
    if not Path(PYTHON).exists():
        pytest.skip("Debian's python3 is not here")
    library = f"lib/{Path(PYTHON).resolve().name}/site-packages/vessel_client"
    return {
        "pyvenv.cfg": b"home = /usr/bin\n",
        RELEASE_NOTE: write_release(stated),
        KEYS_FILE: f"{TRUSTED.hex()}\n".encode(),
        f"{library}/__init__.py": b"",
        f"{library}/cli.py": _PROGRAM.format(complaint=complaint).encode(),
    }


def archive(files: dict[str, bytes], *members: tarfile.TarInfo) -> bytes:
    """The payload of an update, with more members where a test wants odd ones."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as made:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            made.addfile(member, io.BytesIO(data))
        for member in members:
            made.addfile(member)
    return lzma.compress(plain.getvalue(), preset=0)


def python_link() -> tarfile.TarInfo:
    """The one link that a release has."""
    member = tarfile.TarInfo(PYTHON_LINK)
    member.type, member.linkname = tarfile.SYMTYPE, PYTHON
    return member


def update(stated: Release, complaint: str = "") -> Update:
    """A release as it comes out of a signed file."""
    files = files_of(stated, complaint)
    return Update(
        release=stated,
        unpacked_bytes=sum(map(len, files.values())),
        payload=archive(files, python_link()),
    )


def place(folder: Path, version: str = "1.0") -> Releases:
    """A machine on which one release came by a package."""
    releases = Releases(root=folder / "program")
    home = releases.home(version)
    for name, data in files_of(release(version)).items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(data)
    (home / "bin").mkdir()
    (home / PYTHON_LINK).symlink_to(PYTHON)
    (releases.root / "current").symlink_to(f"releases/{version}")
    return releases


@dataclass(kw_only=True)
class Runner:
    """What runs the box: a release that is not in `broken` comes up when it is started."""

    releases: Releases
    broken: set[str] = field(default_factory=set)
    unstartable: set[str] = field(default_factory=set)
    running: str = ""
    started: list[str] = field(default_factory=list)

    def restart(self) -> None:
        """Start the current release."""
        version = self.releases.current().version
        self.started.append(version)
        self.running = ""
        if version in self.unstartable:
            raise UpdateFailed("systemd would not.")
        self.running = version

    def answers(self) -> bool:
        """Whether what runs answers."""
        return bool(self.running) and self.running not in self.broken

    def machine(self, data_dir: Path) -> Machine:
        """The box of this program."""
        return Machine(
            releases=self.releases, data_dir=data_dir, unit=self, answers=self.answers, patience_s=0.05
        )
