"""From a signed file to a running release: try it, switch, look, and go back where it does not come up."""

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from protocol.updates import Release, Update
from vessel_client.errors import UpdateFailed, UpdateRefused
from vessel_client.store.peek import stored_schema
from vessel_client.update.releases import Releases
from vessel_client.update.unpack import unpack

_SPACE_FACTOR = 1.5
"""Its files, and its modules compiled beside them."""

_TRIAL_S_MAX = 300.0
_LOOK_S = 0.5


class Unit(Protocol):
    """What runs the box."""

    def restart(self) -> None:
        """Start the current release in place of what runs; raises `UpdateFailed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The box that is updated."""

    releases: Releases
    data_dir: Path
    unit: Unit | None
    """None where nothing runs the box by itself."""
    answers: Callable[[], bool]
    """Whether the box answers now."""
    patience_s: float


def install(update: Update, machine: Machine) -> None:
    """Put a newer release in the place of the current one; raises `UpdateRefused` or `UpdateFailed`."""
    releases, release = machine.releases, update.release
    _require_fitting(release, releases.current())
    needed_bytes = update.unpacked_bytes * _SPACE_FACTOR
    if shutil.disk_usage(releases.root).free < needed_bytes:
        raise UpdateRefused(
            f"{releases.root} needs {needed_bytes / 1_000_000:.0f} MB of room for release {release.version}; "
            "make room first."
        )
    folder = releases.room_for(release.version)
    try:
        unpack(update.payload, folder, update.unpacked_bytes)
        # As the package does it, without the columns that a traceback could point at: a twelfth less.
        compiling = ["-X", "no_debug_ranges", "-m", "compileall", "-q", str(folder / "lib")]
        _run(folder, compiling, machine.data_dir, as_root=True)
        _try(folder, release.version, machine.data_dir)
        releases.take(folder, release.version)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _switch(release.version, machine)
    releases.forget_old()


def go_back(machine: Machine) -> Release:
    """Put the release before in the place of the current one; raises `UpdateRefused` or `UpdateFailed`."""
    before = machine.releases.previous()
    if before is None or before.version == machine.releases.current().version:
        raise UpdateRefused("There is no release before this one here; install a package or an update.")
    _try(machine.releases.home(before.version), before.version, machine.data_dir)
    _switch(before.version, machine)
    return before


def _require_fitting(release: Release, current: Release) -> None:
    if (release.architecture, release.python) != (current.architecture, current.python):
        raise UpdateRefused(
            f"This update is for {release.architecture} with Python {release.python}, and this box is "
            f"{current.architecture} with {current.python}; ask for the right one."
        )
    # An old release with a known hole is signed too.
    if release.issued_at <= current.issued_at or release.version == current.version:
        raise UpdateRefused(
            f"Release {release.version} is not newer than {current.version}, which runs here. "
            "`seavoice-vessel update back` returns to the one before."
        )


def _try(home: Path, version: str, data_dir: Path) -> None:
    try:
        _run(home, ["-m", "vessel_client.cli", "update", "check"], data_dir, as_root=False)
    except UpdateRefused as reason:
        raise UpdateRefused(
            f"Release {version} does not work on this box, and nothing was changed: {reason}"
        ) from reason


def _run(home: Path, arguments: list[str], data_dir: Path, *, as_root: bool) -> None:
    """Run a release's Python to its end, for what concerns the box as the box's own user."""
    owner = data_dir.stat() if data_dir.exists() and os.geteuid() == 0 and not as_root else None
    groups = os.getgrouplist(pwd.getpwuid(owner.st_uid).pw_name, owner.st_gid) if owner else None
    try:
        done = subprocess.run(  # noqa: S603  # A release that was signed, with arguments of ours.
            [home / "bin" / "python3", "-I", *arguments],
            env=os.environ | {"SEAVOICE_VESSEL_DATA": str(data_dir)},
            user=owner.st_uid if owner else None,
            group=owner.st_gid if owner else None,
            extra_groups=groups,
            umask=0o022 if as_root else 0o077,
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TRIAL_S_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired as reason:
        raise UpdateRefused(f"it took longer than {_TRIAL_S_MAX:.0f} s.") from reason
    except OSError as reason:
        raise UpdateRefused(f"it cannot be started ({reason.strerror}).") from reason
    if done.returncode != 0:
        raise UpdateRefused(done.stderr.strip().rpartition("\n")[2] or f"it ended with {done.returncode}.")


def _switch(version: str, machine: Machine) -> None:
    before = machine.releases.current().version
    schema = stored_schema(machine.data_dir)
    machine.releases.switch(version)
    if machine.unit is None:
        return
    if _comes_up(machine.unit, machine):
        return
    if stored_schema(machine.data_dir) != schema:
        # The release before refuses a newer store, and an older copy of the store would use packet
        # counters again that have been used.
        raise UpdateFailed(
            f"Release {version} does not answer, and has changed the store, so {before} cannot run any more. "
            "Nothing is lost; look at `journalctl -u seavoice-vessel`."
        )
    machine.releases.switch(before)
    if _comes_up(machine.unit, machine):
        raise UpdateFailed(f"Release {version} did not come up, so {before} runs again.")
    raise UpdateFailed(
        f"Neither release {version} nor {before} comes up; look at `journalctl -u seavoice-vessel`."
    )


def _comes_up(unit: Unit, machine: Machine) -> bool:
    try:
        unit.restart()
    except UpdateFailed:
        return False
    until_s = time.monotonic() + machine.patience_s
    while time.monotonic() < until_s:
        if machine.answers():
            return True
        time.sleep(_LOOK_S)
    return False
