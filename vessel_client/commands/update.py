"""`seavoice-vessel update`: another release of the program, from a signed file, and the way back."""

import asyncio
import subprocess
from pathlib import Path

from protocol import limits
from protocol.documents import MalformedDocument
from protocol.errors import NotAuthentic
from protocol.updates import Update, open_update
from vessel_client.commands.terminal import Surroundings, say
from vessel_client.errors import UnreadableFile, UpdateFailed, UpdateRefused, VesselError
from vessel_client.store.names import DATABASE_FILE
from vessel_client.update import steps
from vessel_client.update.releases import Releases, own_releases
from vessel_client.update.trial import try_release

PATIENCE_S = 60.0
"""A small box is slow to start, and slower just after an update."""

_SYSTEMD = Path("/run/systemd/system")
_UNIT = "seavoice-vessel.service"
_RESTART_S_MAX = 90.0


class SystemdUnit:
    """The box as a service of this machine."""

    def restart(self) -> None:
        """Start the current release in place of what runs; raises `UpdateFailed`."""
        try:
            subprocess.run(  # noqa: S603  # Constant words.
                ["/usr/bin/systemctl", "restart", _UNIT],
                check=True,
                capture_output=True,
                timeout=_RESTART_S_MAX,
            )
        except (OSError, subprocess.SubprocessError) as reason:
            raise UpdateFailed(f"{_UNIT} could not be started again ({reason}).") from reason


def install(file: Path | None, surroundings: Surroundings) -> None:
    """Take a release. Raises: UnreadableFile, UpdateRefused, UpdateFailed."""
    if file is None:
        raise UpdateRefused("Name the file of the update: `seavoice-vessel update install FILE`.")
    releases = own_releases()
    update = read_update(file, releases)
    machine = _machine(releases, surroundings)
    steps.install(update, machine)
    _say_what_runs(releases, machine)


def back(surroundings: Surroundings) -> None:
    """Take the release before. Raises: UpdateRefused, UpdateFailed."""
    releases = own_releases()
    machine = _machine(releases, surroundings)
    steps.go_back(machine)
    _say_what_runs(releases, machine)


def check(surroundings: Surroundings) -> None:
    """Try this release on a copy of the store. Raises what the start of the box raises."""
    tried = asyncio.run(try_release(surroundings.settings, surroundings.wall_clock))
    say("It works here." if tried else "It can be started; there is no box here to try it on.")


def read_update(file: Path, releases: Releases) -> Update:
    """Return what a file brings, if the current release trusts it.

    Raises: UnreadableFile, UpdateRefused.
    """
    trusted = releases.trusted_keys()
    if not trusted:
        raise UpdateRefused(
            "This release trusts nobody's updates; install a package that was made with --trust."
        )
    try:
        with file.open("rb") as stream:
            data = stream.read(limits.UPDATE_BYTES_MAX + 1)
    except OSError as reason:
        raise UnreadableFile(f"{file} cannot be read: {reason.strerror}.") from reason
    if len(data) > limits.UPDATE_BYTES_MAX:
        raise UpdateRefused(f"{file} is larger than any update; ask for the file again.")
    try:
        return open_update(data, trusted)
    except (MalformedDocument, NotAuthentic) as reason:
        raise UpdateRefused(str(reason)) from reason


def _machine(releases: Releases, surroundings: Surroundings) -> steps.Machine:
    data_dir = surroundings.settings.data_dir
    # A machine that is no box yet has nothing that could answer.
    runs = _SYSTEMD.exists() and (data_dir / DATABASE_FILE).exists()

    def answers() -> bool:
        try:
            surroundings.client().box()
        except VesselError:
            return False
        return True

    return steps.Machine(
        releases=releases,
        data_dir=data_dir,
        unit=SystemdUnit() if runs else None,
        answers=answers,
        patience_s=PATIENCE_S,
    )


def _say_what_runs(releases: Releases, machine: steps.Machine) -> None:
    version = releases.current().version
    if machine.unit is None:
        say(f"Release {version} is in place. Start the box again, and it runs.")
    else:
        say(f"Release {version} runs, and answers.")
