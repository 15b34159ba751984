"""Takes out of compiled modules what only debuggers read, where they still load after it."""

import shutil
import struct
import tempfile
from collections.abc import Iterable
from pathlib import Path

from scripts.packaging.errors import ToolFailed
from scripts.packaging.target import Target, own_architecture, run_tool

_ELF_64_LITTLE = b"\x7fELF\x02\x01"
_HEADER = struct.Struct("<16xHHIQQQIHHHHHH")
"""An ELF file's first 64 bytes; the program headers' offset is field 4, their size 8, their count 9."""

_SEGMENT = struct.Struct("<IIQQQQQQ")
"""A program header: type, flags, offset, address, physical address, sizes in file and memory, alignment."""

_SEGMENT_LOADED = 1


def find_strip(target: Target) -> str:
    """Return the program that strips modules of the target's processor, or nothing."""
    own = "strip" if target.architecture == own_architecture() else f"{target.machine}-linux-gnu-strip"
    return shutil.which(own) or shutil.which("llvm-strip") or ""


def strip_modules(strip: str, modules: Iterable[Path]) -> list[Path]:
    """Strip compiled modules, and return those that were left as they came; raises `ToolFailed`.

    Whoever makes wheels moves the segments of libraries that are shipped along, and strip puts some of those
    where no loader accepts them: what comes out is looked at before it takes the place of what went in.
    """
    left: list[Path] = []
    with tempfile.TemporaryDirectory(prefix="seavoice-package-") as room:
        for module in sorted(modules):
            stripped = Path(room) / "stripped"
            run_tool(strip, "--strip-unneeded", "-o", str(stripped), str(module))
            if can_load(stripped.read_bytes()):
                module.write_bytes(stripped.read_bytes())
            else:
                left.append(module)
    return left


def can_load(data: bytes) -> bool:
    """Return whether each segment lies in the file as it has to lie in memory; raises `ToolFailed`."""
    if not data.startswith(_ELF_64_LITTLE) or len(data) < _HEADER.size:
        raise ToolFailed("A compiled module of a wheel is no module of a 64-bit machine; look at the lock.")
    fields = _HEADER.unpack_from(data)
    table_at, entry_bytes, entries = fields[4], fields[8], fields[9]
    for number in range(entries):
        kind, _, offset, address, *_, alignment = _SEGMENT.unpack_from(data, table_at + number * entry_bytes)
        if kind == _SEGMENT_LOADED and alignment > 1 and (address - offset) % alignment:
            return False
    return True
