import importlib.util
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.packaging.errors import ToolFailed
from scripts.packaging.symbols import can_load, find_strip, strip_modules
from scripts.packaging.target import MACHINES, Target, make_target, own_architecture

PYTHON = f"3.{sys.version_info.minor}"


def folder_of(package: str) -> Path:
    """Where a wheel was installed; a folder beside it holds the libraries that it ships along."""
    found = importlib.util.find_spec(package)
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent


@pytest.mark.parametrize("package", ["numpy", "pycodec2", "soxr", "webrtc_noise_gain"])
def test_stripped_modules_still_load(package: str, tmp_path: Path) -> None:
    strip = find_strip(make_target(own_architecture(), PYTHON, voice=True))
    if not strip:
        pytest.skip("there is no strip here")
    site = folder_of(package).parent
    for name in {package, f"{package}.libs", "numpy", "numpy.libs"}:
        if (site / name).exists():
            shutil.copytree(site / name, tmp_path / name, ignore=shutil.ignore_patterns("tests"))
    copies = [path for name in (package, f"{package}.libs") for path in (tmp_path / name).rglob("*.so*")]
    before = sum(path.stat().st_size for path in copies)
    left = strip_modules(strip, copies)
    assert len(left) < len(copies)
    assert sum(path.stat().st_size for path in copies) <= before
    look = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import {package}; print({package}.__file__)"
    done = subprocess.run([sys.executable, "-I", "-c", look], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path))


def test_a_segment_that_no_loader_accepts_is_seen() -> None:
    header = bytearray(64 + 56)
    header[:6] = b"\x7fELF\x02\x01"
    struct.pack_into("<Q", header, 32, 64)
    struct.pack_into("<HH", header, 54, 56, 1)
    struct.pack_into("<IIQQQQQQ", header, 64, 1, 4, 0x1000, 0x3000, 0, 0, 0, 0x1000)
    assert can_load(bytes(header))
    struct.pack_into("<Q", header, 64 + 8, 0x1800)
    assert not can_load(bytes(header))


def test_what_is_no_module_of_the_box_is_refused() -> None:
    for data in (b"", b"#!/bin/sh\n", b"\x7fELF\x01\x01" + bytes(64)):
        with pytest.raises(ToolFailed):
            can_load(data)


def test_modules_of_another_processor_are_stripped_by_a_tool_that_knows_it_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = next(name for name in MACHINES if name != own_architecture())
    monkeypatch.setenv("PATH", str(tmp_path))
    chosen = Target(architecture=other, python_minor=11)
    assert find_strip(chosen) == ""
    tool = tmp_path / f"{chosen.machine}-linux-gnu-strip"
    for name in ("strip", tool.name):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    assert find_strip(chosen) == str(tool)
