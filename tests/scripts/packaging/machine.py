"""A copy of this machine that is thrown away: packages are really installed there, and nothing stays here."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_ENTER = """\
umask 022
mount -t tmpfs tmpfs "$1"
mkdir "$1/changes" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/changes,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
exec chroot "$1/root" sh -ec "$2"
"""
"""What is mounted here is seen by this shell and its children only, and goes when they end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where the copy is mounted."""

    folder: Path

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a shell script as root in a fresh copy of this machine, up to the first command that fails."""
        clean = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        return subprocess.run(
            [
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-ec",
                _ENTER,
                "sh",
                self.folder,
                script,
            ],
            env=clean,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def copy_of_this_machine(folder: Path) -> Machine:
    """Return a machine to install on; skips the test where this user or this kernel cannot have one."""
    for program in ("unshare", "dpkg", "systemd-sysusers", "setpriv"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    if os.geteuid() != 0:
        pytest.skip("only root can install a package, also into a copy of this machine")
    machine = Machine(folder=folder)
    if machine.run("true").returncode != 0:
        pytest.skip("this kernel lays no file system over another for us")
    return machine
