"""`/usr/bin/seavoice-vessel` of the Debian package: the same program, with the box's own folder and user."""

import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

from vessel_client import cli
from vessel_client.store.names import SERVICE_FOLDER

_DATA = "SEAVOICE_VESSEL_DATA"


def main() -> int:
    """Run one command of the command line and return its exit code."""
    os.environ.setdefault(_DATA, SERVICE_FOLDER)
    if not needs_root(sys.argv[1:]):
        give_up_root(Path(os.environ[_DATA]))
    return cli.main()


def needs_root(arguments: Sequence[str]) -> bool:
    """Return whether a command works on what belongs to root, or in another folder than the box's."""
    return arguments[:1] == ["update"] or any(each.partition("=")[0] == "--data" for each in arguments)


def give_up_root(data_dir: Path) -> None:
    """Become the owner of the box's folder: `sudo` must leave no file there that the service cannot use."""
    if os.geteuid() != 0 or not data_dir.exists():
        return
    owner = data_dir.stat()
    if owner.st_uid == 0:
        return
    os.initgroups(pwd.getpwuid(owner.st_uid).pw_name, owner.st_gid)
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)
