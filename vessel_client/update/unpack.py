"""Lays out the files of a release: plain files and folders, and the one link to Debian's Python."""

import lzma
import tarfile
from io import BytesIO
from pathlib import Path, PurePosixPath

from vessel_client.errors import UpdateRefused

PYTHON_LINK = "bin/python3"
PYTHON = "/usr/bin/python3"


def unpack(payload: bytes, folder: Path, size_bytes_max: int) -> None:
    """Write the files of an archive (tar, xz) into an empty folder; raises `UpdateRefused`."""
    left = size_bytes_max
    try:
        with tarfile.open(fileobj=BytesIO(payload), mode="r:xz") as archive:
            for member in archive:
                left -= member.size
                if left < 0:
                    raise UpdateRefused("This update unpacks to more than it says; ask for another.")
                _lay_out(archive, member, folder)
        # Root's own mask must not keep the box's user out.
        for path in (folder, *folder.rglob("*")):
            if path.is_dir():
                path.chmod(0o755)
    except (tarfile.TarError, lzma.LZMAError, EOFError) as reason:
        raise UpdateRefused(f"This update cannot be unpacked ({reason}); ask for another.") from reason
    except OSError as reason:
        raise UpdateRefused(
            f"This update cannot be unpacked: {reason.strerror}. Make room first."
        ) from reason


def _lay_out(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts:
        raise UpdateRefused(f"This update would write outside its folder ({member.name}); ask for another.")
    path = folder / name
    content = archive.extractfile(member) if member.isreg() else None
    if content is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Never through a link, nor over what is there already.
        with path.open("xb") as file:
            file.write(content.read())
        path.chmod(0o755 if member.mode & 0o100 else 0o644)
    elif member.issym() and (member.name, member.linkname) == (PYTHON_LINK, PYTHON):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(PYTHON)
    elif not member.isdir():
        raise UpdateRefused(f"This update holds what no release has ({member.name}); ask for another.")
