"""The releases of the program on this machine, side by side, and the link that says which one runs."""

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from protocol.updates import Release, read_release
from vessel_client.errors import UpdateRefused

RELEASE_NOTE = "release.json"
KEYS_FILE = "update-keys"
"""Public halves of the release keys that a release trusts for the next one, in hexadecimal, one a line."""

_BROUGHT = "came-by-update"
"""Marks what no package owns, and what may be taken away when it is old."""

_CURRENT, _PREVIOUS = "current", "previous"
_KEY_DIGITS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """The folder with all of them."""

    root: Path

    def home(self, version: str) -> Path:
        """Return the folder of one release, whether it exists or not."""
        return self.root / "releases" / version

    def current(self) -> Release:
        """Return what runs at the next start."""
        return read_release((self.root / _CURRENT / RELEASE_NOTE).read_bytes())

    def previous(self) -> Release | None:
        """Return what ran before, where it is still here."""
        note = self.root / _PREVIOUS / RELEASE_NOTE
        return read_release(note.read_bytes()) if note.exists() else None

    def trusted_keys(self) -> list[bytes]:
        """Return whose signatures the current release accepts."""
        path = self.root / _CURRENT / KEYS_FILE
        if not path.exists():
            return []
        lines = path.read_text("ascii").split()
        return [bytes.fromhex(line) for line in lines if len(line) == _KEY_DIGITS]

    def room_for(self, version: str) -> Path:
        """Return an empty folder in which a release can be made, on the file system of the others."""
        folder = self.home(f".{version}.partial")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def take(self, folder: Path, version: str) -> None:
        """Put what was made in a `room_for` among the releases; all of it is on the disk after this."""
        (folder / _BROUGHT).touch()
        home = self.home(version)
        shutil.rmtree(home, ignore_errors=True)
        # A rename may reach the disk before the files do, and a power cut between would leave empty ones.
        os.sync()
        folder.rename(home)
        os.sync()

    def switch(self, version: str) -> None:
        """Let a release be the current one, and the one before it the previous one."""
        before = self.current().version
        if before != version:
            self._point(_PREVIOUS, before)
        self._point(_CURRENT, version)
        os.sync()

    def forget_old(self) -> None:
        """Take away what came by an update, or never came whole, and is neither current nor previous."""
        kept = {each.version for each in (self.current(), self.previous()) if each is not None}
        for home in (self.root / "releases").iterdir():
            if home.name not in kept and ((home / _BROUGHT).exists() or home.name.startswith(".")):
                shutil.rmtree(home)

    def _point(self, link: str, version: str) -> None:
        new = self.root / f"{link}.new"
        new.unlink(missing_ok=True)
        new.symlink_to(Path("releases") / version)
        # One rename: whoever starts the program meanwhile finds one release or the other.
        new.replace(self.root / link)


def own_releases() -> Releases:
    """Return the releases among which this program is one; raises `UpdateRefused`."""
    home = Path(sys.prefix)
    root = home.parent.parent
    if home.parent.name != "releases" or not (root / _CURRENT).is_symlink():
        raise UpdateRefused(
            "This program did not come from the Debian package, so it cannot be updated by a file; "
            "install the package, or update it the way it came."
        )
    if not os.access(root, os.W_OK):
        raise UpdateRefused("Only root may change the program; put sudo before the command.")
    return Releases(root=root)
