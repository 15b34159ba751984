"""What the box's program needs of a small machine: memory, time to start, idle work, and disk."""

import asyncio
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import psutil

from scripts.benchmarks import scenes
from scripts.benchmarks.errors import PackagesMissing
from scripts.benchmarks.report import Row
from scripts.benchmarks.runs import open_lab
from scripts.benchmarks.seavoice_side import READY_S_MAX, Voyage, sail

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
        with tempfile.TemporaryDirectory(prefix="seavoice-bench-") as folder:
            rows += asyncio.run(_measure_running(Path(folder)))
    if wanted(DISK):
        rows.append(_measure_disk())
    return [row for row in rows if wanted(row.row)]


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
    with tempfile.TemporaryDirectory(prefix="seavoice-bench-") as folder:
        target = Path(folder) / "packages"
        _install(target, Path(folder) / "constraints.txt")
        files = [path for path in target.rglob("*") if path.is_file() and not path.is_symlink()]
        plain = [path for path in files if path.suffix != ".pyc"]
        also = {"with compiled modules": _size(files)}
        measured = _size(plain)
        if shutil.which("strip") is not None:
            _strip([path for path in plain if ".so" in path.suffixes])
            also["without what only debuggers read"] = _size(plain)
    return Row(row=DISK, unit="MB", measured=measured, target=25, also=also)


def _size(files: list[Path]) -> float:
    return sum(path.stat().st_size for path in files) / MEGABYTE


def _strip(libraries: list[Path]) -> None:
    """Take the symbols out of compiled modules, as an installer for small boxes can."""
    subprocess.run(["strip", "--strip-unneeded", *map(str, libraries)], check=True)


def _install(target: Path, constraints: Path) -> None:
    """Install the extra `vessel` into an empty folder, in the versions of the lock file."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = project["dependencies"] + project["optional-dependencies"]["vessel"]
    constraints.write_text("\n".join(_locked(Path("requirements.lock").read_text(encoding="utf-8"))))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--only-binary", ":all:", "--target", str(target), "--constraint", str(constraints), *needed]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = done.stderr.strip().rpartition("\n")[2]
        raise PackagesMissing(f"The packages of the vessel could not be installed afresh: {last}")


def _locked(lock: str) -> list[str]:
    """Return `name==version` for each package of a lock file, without hashes."""
    return [line.split()[0] for line in lock.splitlines() if "==" in line and not line.startswith((" ", "#"))]
