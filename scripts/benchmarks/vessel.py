"""What the box's program needs of a small machine: memory, time to start, idle work, and disk."""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from scripts.benchmarks import scenes
from scripts.benchmarks.errors import PackagesMissing
from scripts.benchmarks.report import Row
from scripts.benchmarks.runs import open_lab
from scripts.benchmarks.seavoice_side import READY_S_MAX, Voyage, sail
from scripts.packaging.debian_package import Package, build_package
from scripts.packaging.errors import PackagingError
from scripts.packaging.target import make_target, own_architecture, project_version, run_tool, source_date
from scripts.packaging.tree import Release, compiled_bytes, size_bytes

MEGABYTE = 1_000_000
SETTLING_S = 5.0
IDLE_S = 20.0
STARTS = 5
MODULE = "vessel_client.cli"

MEMORY = "resident memory, idle and connected"
START = "start to ready"
IDLE = "processor time, idle and connected"
DISK = "installed size of what the box's program needs, without voice"


def measure(wanted: Callable[[str], bool]) -> list[Row]:
    """Measure the wanted rows; raises `PackagesMissing` or `ProgramFailed`."""
    rows: list[Row] = []
    if any(wanted(name) for name in (MEMORY, START, IDLE)):
        with tempfile.TemporaryDirectory(prefix="seavoice-bench-") as folder, keeping_modules(folder):
            rows += asyncio.run(_measure_running(Path(folder)))
    if wanted(DISK):
        rows.append(_measure_disk())
    return [row for row in rows if wanted(row.row)]


@contextmanager
def keeping_modules(folder: str) -> Iterator[None]:
    """Let the programs keep their compiled modules, as a package does when it is installed."""
    before = dict(os.environ)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = f"{folder}/modules"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


async def _measure_running(folder: Path) -> list[Row]:
    lab = await open_lab(folder)
    async with sail(lab.fleet, lab.room("vessel"), scenes.FAST) as voyage:
        await voyage.until_linked(limit_s=READY_S_MAX)
        await asyncio.sleep(SETTLING_S)
        process = _vessel_process()
        idle_ms_per_minute = await _idle_ms(process) * 60 / IDLE_S
        memory = process.memory_info().rss / MEGABYTE
        own = process.memory_full_info().uss / MEGABYTE
        starts_s = [await _start_s(voyage) for _ in range(STARTS)]
    return [
        Row(row=MEMORY, unit="MB", measured=memory, target=45, also={"shared with nobody": own}),
        Row(
            row=START,
            unit="s",
            measured=statistics.median(starts_s),
            target=0.8,
            also={"fastest": min(starts_s), "slowest": max(starts_s)},
        ),
        Row(row=IDLE, unit="ms in 60 s", measured=idle_ms_per_minute),
    ]


def _vessel_process() -> psutil.Process:
    return next(child for child in psutil.Process().children() if MODULE in child.cmdline())


async def _idle_ms(process: psutil.Process) -> float:
    before = process.cpu_times()
    await asyncio.sleep(IDLE_S)
    after = process.cpu_times()
    used_s: float = after.user + after.system - before.user - before.system
    return used_s * 1_000


async def _start_s(voyage: Voyage) -> float:
    """Stop the program and return how long it takes from its start until it says that it is ready."""
    await voyage.vessel.stop()
    began_s = time.monotonic()
    await voyage.vessel.start()
    return time.monotonic() - began_s


def _measure_disk() -> Row:
    """Measure what the Debian package leaves on a box: its files, and the modules it compiles there."""
    with tempfile.TemporaryDirectory(prefix="seavoice-bench-") as folder:
        try:
            package, installed_bytes, compiled_bytes = _package(Path(folder))
        except PackagingError as reason:
            raise PackagesMissing(f"The package of the box could not be made: {reason}") from reason
        also = {
            "before the modules are compiled": installed_bytes / MEGABYTE,
            "wheels as they come": package.built.as_they_come_bytes / MEGABYTE,
            "the package as a file": package.path.stat().st_size / MEGABYTE,
        }
    return Row(
        row=DISK, unit="MB", measured=(installed_bytes + compiled_bytes) / MEGABYTE, target=25, also=also
    )


def _package(folder: Path) -> tuple[Package, int, int]:
    target = make_target(own_architecture(), f"3.{sys.version_info.minor}", voice=False)
    release = Release(target=target, version=project_version(), issued_at=source_date())
    package = build_package(release, folder)
    root = folder / "root"
    run_tool("dpkg-deb", "--extract", str(package.path), str(root))
    return package, size_bytes(root), compiled_bytes(root / release.home)
