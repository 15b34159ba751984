"""One release of the box's program as a folder: a virtual environment that needs only Debian's Python."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from protocol import updates
from protocol.ids import UnixSeconds
from scripts.packaging.errors import ToolMissing
from scripts.packaging.symbols import find_strip, strip_modules
from scripts.packaging.target import INSTALLED, Target, run_tool
from scripts.packaging.wheels import install_project, install_wheels
from vessel_client.update.releases import KEYS_FILE, RELEASE_NOTE
from vessel_client.update.unpack import PYTHON, PYTHON_LINK

_NEVER_LOADED = (
    # They compile bindings; those of the box are compiled, and `_cffi_backend` stays.
    "cffi",
    "pycparser",
    # The twin in Python of a compiled module.
    "multidict/_multidict_py.py",
    # They serve tests, and another server.
    "aiohttp/pytest_plugin.py",
    "aiohttp/test_utils.py",
    "aiohttp/worker.py",
    # Other systems' serial ports, and tools for a terminal.
    "serial/serialcli.py",
    "serial/serialjava.py",
    "serial/serialwin32.py",
    "serial/tools",
    "serial/win32.py",
)

_TEST_FOLDERS = ("tests", "test")
_SOURCES = (".pyx", ".pxd", ".pyi", ".h", ".c", ".hash")
_LICENCE_NAMES = ("LICEN", "COPYING", "NOTICE", "AUTHORS")
_KEPT_NOTES = ("METADATA", "sboms")
"""What tools that look for known holes read; of the licences the package has one copy of each text."""

_LAUNCHER = """\
#!/{home}/bin/python3 -I
from vessel_client.installed import main

raise SystemExit(main())
"""
"""Isolated: neither the environment nor the folder it is started in can make it load other code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What one release is."""

    target: Target
    version: str
    issued_at: int
    """Seconds since 1970; what decides which of two releases is newer."""
    trusted: tuple[bytes, ...] = ()
    """Public halves of the keys whose updates a box with this release takes."""

    @property
    def home(self) -> Path:
        """Return where it lies on a box, from the root."""
        return INSTALLED / "releases" / self.version

    def note(self) -> bytes:
        """Return what the release says of itself on the box."""
        return updates.write_release(self.stated())

    def stated(self) -> updates.Release:
        """Return what is signed of it."""
        return updates.Release(
            version=self.version,
            architecture=self.target.architecture,
            python=f"3.{self.target.python_minor}",
            issued_at=UnixSeconds(self.issued_at),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """One text, and the packages that came with it."""

    packages: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What became of the wheels."""

    licences: tuple[Licence, ...]

    as_they_come_bytes: int
    """The wheels of others and the project, before anything was taken out."""


def build_tree(release: Release, folder: Path) -> Built:
    """Write the release to `folder`; raises `WheelsMissing`, `ToolFailed`."""
    library = folder / "lib" / f"python3.{release.target.python_minor}" / "site-packages"
    library.mkdir(parents=True)
    install_wheels(release.target, library)
    install_project(library, release.issued_at)
    as_they_come = size_bytes(library)
    licences = collect_licences(library)
    _prune(library)
    strip = find_strip(release.target)
    if strip:
        strip_modules(strip, _compiled_modules(library))
    _write_environment(release, folder)
    settle(folder, release.issued_at)
    return Built(licences=licences, as_they_come_bytes=as_they_come)


def size_bytes(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def settle(folder: Path, date_s: int) -> None:
    """Give everything in a folder the modes and the date that do not depend on who builds it, and when."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            runs = path.is_dir() or os.access(path, os.X_OK, follow_symlinks=False)
            path.chmod(0o755 if runs and not _is_library(path) else 0o644)
        os.utime(path, (date_s, date_s), follow_symlinks=False)


def compiled_bytes(folder: Path) -> int:
    """Compile the modules as the package does when it is installed, and return what that adds."""
    before = size_bytes(folder)
    with tempfile.TemporaryDirectory(prefix="seavoice-package-") as room:
        copy = Path(room) / "release"
        shutil.copytree(folder, copy, symlinks=True)
        python = (str(copy / "bin" / "python3"), "-I", "-X", "no_debug_ranges")
        run_tool(*python, "-m", "compileall", "-q", str(copy / "lib"))
        return size_bytes(copy) - before


def _prune(library: Path) -> None:
    shutil.rmtree(library / "bin")
    for name in _NEVER_LOADED:
        _remove(library / name)
    for path in sorted(library.rglob("*")):
        is_test = path.is_dir() and path.name in _TEST_FOLDERS and not _is_ours(path, library)
        is_note = path.parent.suffix == ".dist-info" and path.name not in _KEPT_NOTES
        if is_test or is_note or path.suffix in _SOURCES:
            _remove(path)
    for metadata in library.glob("*.dist-info/METADATA"):
        # Behind the headers comes what a package index shows.
        headers = metadata.read_text(encoding="utf-8").partition("\n\n")[0]
        metadata.write_text(headers + "\n", encoding="utf-8")


def collect_licences(library: Path) -> tuple[Licence, ...]:
    """Return the licences that came with the wheels: most are a few texts, again and again."""
    packages: dict[str, set[str]] = {}
    for notes in sorted(library.glob("*.dist-info")):
        name = notes.name.removesuffix(".dist-info").replace("-", " ", 1)
        for path in sorted(notes.rglob("*")):
            if path.is_file() and path.name.upper().startswith(_LICENCE_NAMES):
                text = path.read_text(encoding="utf-8", errors="replace").strip()
                packages.setdefault(text, set()).add(name)
    return tuple(Licence(packages=tuple(sorted(names)), text=text) for text, names in packages.items())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _is_ours(path: Path, library: Path) -> bool:
    return path.relative_to(library).parts[0] in ("protocol", "vessel_client")


def _compiled_modules(library: Path) -> Iterator[Path]:
    return (path for path in library.rglob("*") if path.is_file() and _is_library(path))


def _is_library(path: Path) -> bool:
    return ".so" in path.suffixes and path.is_file()


def _write_environment(release: Release, folder: Path) -> None:
    (folder / "pyvenv.cfg").write_text(
        f"home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.{release.target.python_minor}\n"
    )
    programs = folder / "bin"
    programs.mkdir()
    (folder / PYTHON_LINK).symlink_to(PYTHON)
    launcher = programs / "seavoice-vessel"
    launcher.write_text(_LAUNCHER.format(home=release.home))
    launcher.chmod(0o755)
    (folder / RELEASE_NOTE).write_bytes(release.note())
    if release.trusted:
        (folder / KEYS_FILE).write_text("".join(f"{key.hex()}\n" for key in release.trusted))


def require_tool(name: str, package: str) -> None:
    """Raise `ToolMissing` where a program of a Debian package is not installed."""
    if shutil.which(name) is None:
        raise ToolMissing(f"{name} is not installed; install Debian's package {package} and run this again.")
