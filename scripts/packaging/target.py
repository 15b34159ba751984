"""For which machine a package is made, and from what."""

import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from protocol.updates import is_version
from scripts.packaging.errors import ToolFailed, WrongTarget

ROOT = Path(__file__).parent.parent.parent
PROGRAM = "seavoice-vessel"
INSTALLED = Path("opt") / PROGRAM
"""Where the package's releases lie, from the root of a machine."""

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Debian's name of an architecture, and the name that wheels and compilers use."""

_GLIBC_MINOR_MAX = 36
"""Debian 12 has glibc 2.36: wheels for any older one run there too."""

_GLIBC_MINOR_MIN = 17
"""The oldest that wheels are tagged with (PEP 600)."""

_PYTHON_MINOR_MIN = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One kind of box."""

    architecture: str
    """As Debian names it."""
    python_minor: int
    """Of Python 3: what Debian's python3 on the box is. Compiled wheels fit only one."""
    voice: bool = False

    @property
    def machine(self) -> str:
        """Return the name of the processor as compilers know it."""
        return MACHINES[self.architecture]

    @property
    def package(self) -> str:
        """Return the package's name."""
        return f"{PROGRAM}-voice" if self.voice else PROGRAM

    @property
    def extras(self) -> tuple[str, ...]:
        """Return what of the project's optional dependencies the box needs."""
        return ("vessel", "sbd", "voice") if self.voice else ("vessel", "sbd")

    @property
    def platforms(self) -> tuple[str, ...]:
        """Return the tags of wheels that run there, the newest first."""
        newest_first = range(_GLIBC_MINOR_MAX, _GLIBC_MINOR_MIN - 1, -1)
        return tuple(f"manylinux_2_{minor}_{self.machine}" for minor in newest_first)


def own_architecture() -> str:
    """Return Debian's name for this machine's processor; raises `WrongTarget`."""
    machine = os.uname().machine
    for architecture, name in MACHINES.items():
        if name == machine:
            return architecture
    raise WrongTarget(f"This machine is a {machine}; name the box's with --arch, amd64 or arm64.")


def make_target(architecture: str, python: str, *, voice: bool) -> Target:
    """Return the target for a Python such as "3.11"; raises `WrongTarget`."""
    major, _, minor = python.partition(".")
    if major != "3" or not minor.isdecimal() or int(minor) < _PYTHON_MINOR_MIN:
        raise WrongTarget(f"The box needs Python 3.11 or newer, not {python}: 3.11 for Debian 12.")
    # pip reads the conditions of dependencies for the Python it runs under, and they only ever add
    # something for an older one.
    if int(minor) < sys.version_info.minor:
        raise WrongTarget(
            f"A package for Python {python} needs Python {python} or older to be made; "
            f"this is 3.{sys.version_info.minor}. Set SEAVOICE_PYTHON and remove .venv."
        )
    return Target(architecture=architecture, python_minor=int(minor), voice=voice)


def check_version(text: str) -> str:
    """Return a version that Debian and a folder's name both take; raises `WrongTarget`."""
    if not is_version(text):
        raise WrongTarget(f'"{text}" is no version: digits first, then letters, digits and . + ~ only.')
    return text


def project_version() -> str:
    """Return the version that pyproject.toml states."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def source_date() -> int:
    """Return SOURCE_DATE_EPOCH, or the date of the last commit; raises `WrongTarget`, `ToolFailed`."""
    stated = os.environ.get("SOURCE_DATE_EPOCH", "")
    if stated:
        if not stated.isdecimal():
            raise WrongTarget(f'SOURCE_DATE_EPOCH must be seconds since 1970, not "{stated}".')
        return int(stated)
    return int(run_tool("git", "-C", str(ROOT), "log", "-1", "--format=%ct"))


def run_tool(*command: str) -> str:
    """Run a program and return what it says; raises `ToolFailed`."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as reason:
        raise ToolFailed(f"{command[0]} is not installed; install it and run this again.") from reason
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip()).rpartition("\n")[2]
        raise ToolFailed(f"{Path(command[0]).name} ended with {done.returncode}: {last}")
    return done.stdout
