"""The locked wheels of the box, for its processor and its Python, and nothing that the lock does not name."""

import json
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.packaging.errors import ToolFailed, WheelsMissing
from scripts.packaging.target import ROOT, Target, run_tool

_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def needed(target: Target) -> list[str]:
    """Return what the project asks for on such a box, as pyproject.toml has it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked: list[str] = list(project["dependencies"])
    for extra in target.extras:
        asked += project["optional-dependencies"][extra]
    return asked


def locked_entries(lock: str) -> dict[str, str]:
    """Return each package's lines of a lock file, with its hashes, by its name."""
    entries: dict[str, str] = {}
    name = ""
    for line in lock.splitlines():
        if not line.startswith((" ", "#")) and "==" in line:
            name = canonical(line.partition("==")[0])
            entries[name] = line
        elif name and line.startswith(" "):
            entries[name] += f"\n{line}"
    return entries


def canonical(name: str) -> str:
    """Return a package's name as the lock file spells it."""
    return name.strip().lower().replace("_", "-").replace(".", "-")


def install_wheels(target: Target, folder: Path) -> list[str]:
    """Put the box's wheels into `folder`, each held against its hashes in the lock, and return their names.

    Nothing of a wheel runs while it is unpacked; with an error, `folder` is not to be used.

    Raises: WheelsMissing.
    """
    entries = locked_entries((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="seavoice-package-") as room:
        # pip takes hashes only where every package is named, and the lock does not say what the box needs
        # of it. So pip chooses by the versions of the lock, and says what it took.
        constraints, report = Path(room) / "constraints.txt", Path(room) / "report.json"
        constraints.write_text("\n".join(entry.split()[0] for entry in entries.values()), encoding="utf-8")
        try:
            run_tool(
                *(*_PIP, "install", "--quiet", "--no-compile", "--report", str(report)),
                *(*_for(target, folder), "--constraint", str(constraints), *needed(target)),
            )
        except ToolFailed as reason:
            raise WheelsMissing(
                f"The wheels for {target.architecture} could not be installed: {reason}"
            ) from reason
        taken = json.loads(report.read_text(encoding="utf-8"))["install"]
    return sorted(_held_against(entries, each) for each in taken)


def _held_against(entries: Mapping[str, str], taken: Any) -> str:
    """Return the name of a package that pip took; raises `WheelsMissing` where the lock has other bytes."""
    name = canonical(taken["metadata"]["name"])
    digest = taken["download_info"]["archive_info"]["hashes"]["sha256"]
    if f"--hash=sha256:{digest}" not in entries.get(name, "").split():
        raise WheelsMissing(
            f"requirements.lock does not have these bytes of {name}; lock them, or find out why."
        )
    return name


def _for(target: Target, folder: Path) -> list[str]:
    chosen = ["--only-binary", ":all:", "--target", str(folder), "--implementation", "cp"]
    chosen += ["--python-version", f"3.{target.python_minor}"]
    for platform in target.platforms:
        chosen += ["--platform", platform]
    return chosen


def install_project(folder: Path, date_s: int) -> None:
    """Put the box's own program into `folder`, without what only the shore runs; raises `ToolFailed`."""
    with tempfile.TemporaryDirectory(prefix="seavoice-package-") as room:
        copy_sources(Path(room) / "source")
        run_tool(
            *("env", f"SOURCE_DATE_EPOCH={date_s}", *_PIP, "install", "--quiet", "--no-deps"),
            *("--no-compile", "--target", str(folder), "--upgrade", str(Path(room) / "source")),
        )


def copy_sources(folder: Path) -> None:
    """Copy what the wheel of the box is made from: a build in the tree would find what older ones left."""
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    for package in ("protocol", "vessel_client"):
        for path in sorted((ROOT / package).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                copy = folder / path.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
