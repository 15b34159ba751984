"""Which machine and which disk this is, so that a copy of a box's disk is noticed before it says anything."""

import hashlib
import os
from pathlib import Path

_OF_THE_MACHINE = ("etc/machine-id", "sys/firmware/devicetree/base/serial-number")
_OF_THE_DISK = ("device/cid", "serial", "device/serial", "device/wwid", "wwid")
"""A memory card has its maker's number in `cid`."""


def machine_mark(data_dir: Path, root: Path = Path("/")) -> bytes:
    """Return 16 bytes that differ on another machine or disk; none where this one has no number."""
    known = [_read(root / name) for name in _OF_THE_MACHINE]
    try:
        device = data_dir.stat().st_dev
        part = (root / "sys/dev/block" / f"{os.major(device)}:{os.minor(device)}").resolve()
    except OSError:
        part = root / "nowhere"
    # A partition lies within its disk.
    known += [_read(folder / name) for folder in (part, part.parent) for name in _OF_THE_DISK]
    return hashlib.sha256(b"\0".join(known)).digest()[:16] if any(known) else b""


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes().strip(b"\0\n ")
    except OSError:
        return b""
