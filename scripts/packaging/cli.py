"""The `package` program: one Debian package of the box for each run, or one signed update."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts.packaging import debian_package, update_file
from scripts.packaging.errors import PackagingError
from scripts.packaging.symbols import find_strip
from scripts.packaging.target import (
    MACHINES,
    ROOT,
    check_version,
    make_target,
    own_architecture,
    project_version,
    run_tool,
    source_date,
)
from scripts.packaging.tree import Release, require_tool

EXIT_CANNOT_PACKAGE = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Make one package. Returns 0, or 3 where it could not be made."""
    options = _parser().parse_args(arguments)
    try:
        if options.security:
            print(exposure())
        elif options.new_key:
            print(update_file.new_key(options.new_key))
        else:
            _package(options)
    except PackagingError as error:
        print(f"package: {error}", file=sys.stderr)
        return EXIT_CANNOT_PACKAGE
    return 0


def exposure() -> str:
    """Return what systemd says of how exposed the box's unit is; raises `ToolMissing`, `ToolFailed`."""
    require_tool("systemd-analyze", "systemd")
    with tempfile.TemporaryDirectory(prefix="seavoice-package-") as folder:
        unit = Path(folder) / debian_package.UNIT
        unit.write_text(debian_package.service_unit(), encoding="utf-8")
        # Other locales would give other words; the figure is the last line.
        command = ("env", "LC_ALL=C.UTF-8", "systemd-analyze", "security", "--offline=true", "--no-pager")
        return run_tool(*command, str(unit)).rstrip("\n")


def _package(options: argparse.Namespace) -> None:
    key = update_file.read_key(options.update) if options.update else None
    trusted = {update_file.read_public(path) for path in options.trust}
    if key is not None:
        # Else a box that took this update could take no other.
        trusted.add(key.public_key().public_bytes_raw())
    release = Release(
        target=make_target(options.arch or own_architecture(), options.python, voice=options.voice),
        version=check_version(options.version or project_version()),
        issued_at=source_date(),
        trusted=tuple(sorted(trusted)),
    )
    if not find_strip(release.target):
        tool = f"binutils-{release.target.machine}-linux-gnu"
        print(
            f"package: Compiled modules keep their symbols: install Debian's {tool} or llvm to strip them.",
            file=sys.stderr,
        )
    if key is not None:
        print(update_file.build_update(release, key, options.out))
    else:
        print(debian_package.build_package(release, options.out).path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="package",
        description="Make the Debian package of the box, or an update: the same bytes for the same commit.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--arch", choices=sorted(MACHINES), help="the box's processor (default: this machine's)")
    add(
        "--python",
        default=f"3.{sys.version_info.minor}",
        metavar="3.N",
        help="the box's Python: 3.11 for Debian 12, 3.13 for 13 (default: the one that runs this)",
    )
    add("--voice", action="store_true", help="with the sound libraries that the box's own screen needs")
    add("--version", metavar="TEXT", help="the version (default: the project's)")
    add("--out", type=Path, default=ROOT / "build" / "package", metavar="DIR", help="where the package goes")
    add(
        "--trust",
        type=Path,
        action="append",
        default=[],
        metavar="FILE.pub",
        help="whose updates a box with this release takes; may be given again",
    )
    add("--update", type=Path, metavar="KEY", help="make an update signed with this release key, no package")
    add(
        "--new-key",
        type=Path,
        metavar="FILE",
        help="make a release key, to be kept off every network, and end",
    )
    add("--security", action="store_true", help="print what systemd-analyze says of the unit, and end")
    return parser


if __name__ == "__main__":
    sys.exit(main())
