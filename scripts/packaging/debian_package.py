"""The Debian package round one release: its files, its control folder, and dpkg-deb."""

import gzip
import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from scripts.packaging.target import INSTALLED, PROGRAM, ROOT, run_tool
from scripts.packaging.tree import Built, Licence, Release, build_tree, require_tool, settle
from vessel_client.kiosk.units import packaged_unit

UNIT = f"{PROGRAM}.service"
USER = "seavoice"
"""Whom the box runs as; the files for systemd-sysusers and systemd-tmpfiles say the same."""

MAINTAINER = "SeaVoice maintainers <maintainers@seavoice.invalid>"
"""Debian asks for an address; this one reaches nobody."""

_SCRIPTS = ("postinst", "prerm", "postrm")
_BLOCK_BYTES = 1024
"""Installed-Size counts in these (policy 5.6.20)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package that was made."""

    path: Path
    built: Built


def build_package(release: Release, folder: Path) -> Package:
    """Write the package to `folder` and return it; raises `WheelsMissing`, `ToolMissing`, `ToolFailed`."""
    require_tool("dpkg-deb", "dpkg")
    target = release.target
    path = folder / f"{target.package}_{release.version}_{target.architecture}.deb"
    with tempfile.TemporaryDirectory(prefix="seavoice-package-") as room:
        root = Path(room) / "root"
        built = build_tree(release, root / release.home)
        _write_system_files(root, release, built.licences)
        _write_control(root, release)
        settle(root, release.issued_at)
        folder.mkdir(parents=True, exist_ok=True)
        # One thread: how xz cuts its blocks must not depend on the processors of whoever builds.
        run_tool(
            *(
                "env",
                f"SOURCE_DATE_EPOCH={release.issued_at}",
                "dpkg-deb",
                "--root-owner-group",
                "--threads-max=1",
            ),
            *("-Zxz", "--build", str(root), str(path)),
        )
    return Package(path=path, built=built)


def service_unit() -> str:
    """Return the package's unit; `seavoice-vessel kiosk` writes the same, cut to one machine, over it."""
    return packaged_unit(f"/usr/bin/{PROGRAM}", USER)


def _write_system_files(root: Path, release: Release, licences: tuple[Licence, ...]) -> None:
    programs = root / "usr" / "bin"
    programs.mkdir(parents=True)
    (programs / PROGRAM).symlink_to(f"/{INSTALLED}/current/bin/{PROGRAM}")
    _put(root / "usr" / "lib" / "systemd" / "system" / UNIT, service_unit().encode())
    for kind in ("sysusers", "tmpfiles"):
        _put(root / "usr" / "lib" / f"{kind}.d" / f"{PROGRAM}.conf", _template(f"{kind}.conf").encode())
    documents = root / "usr" / "share" / "doc" / release.target.package
    _put(documents / "copyright", _copyright(licences).encode())
    _put(documents / "changelog.gz", gzip.compress((ROOT / "CHANGELOG.md").read_bytes(), mtime=0))
    _put(documents / "box-image.md", (ROOT / "docs" / "box-image.md").read_bytes())


def _write_control(root: Path, release: Release) -> None:
    paths = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    # The sums are for `dpkg --verify`, which finds what a worn-out card has changed.
    sums = [f"{_md5(path)}  {path.relative_to(root)}\n" for path in paths]
    size_blocks = sum(-(-path.stat().st_size // _BLOCK_BYTES) for path in paths)
    control = root / "DEBIAN"
    _put(control / "control", control_text(release, size_blocks).encode())
    _put(control / "md5sums", "".join(sums).encode())
    for name in _SCRIPTS:
        _put(control / name, _template(name).replace("@VERSION@", release.version).encode())
        (control / name).chmod(0o755)


def control_text(release: Release, installed_blocks: int) -> str:
    """Return the control file; `installed_blocks` are of 1,024 bytes."""
    target = release.target
    other = PROGRAM if target.voice else f"{PROGRAM}-voice"
    minor = target.python_minor
    needed = f"python3 (>= 3.{minor}~), python3 (<< 3.{minor + 1}), libc6 (>= 2.28)"
    needed += ", systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles"
    fields: Mapping[str, str] = {
        "Package": target.package,
        "Version": release.version,
        "Architecture": target.architecture,
        "Maintainer": MAINTAINER,
        "Installed-Size": str(installed_blocks),
        "Depends": f"{needed}, libopus0" if target.voice else needed,
        "Suggests": "chromium, cage, gpsd, chrony",
        "Conflicts": other,
        "Replaces": other,
        "Section": "net",
        "Priority": "optional",
        "Description": "SeaVoice box on a vessel"
        + (", with the sound of its own screen" if target.voice else "")
        + "\n Takes what fishers say or write, sealed, keeps it while there is no link, and"
        + "\n carries it to shore in few bytes. Holds no key that opens a message.",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def _copyright(licences: tuple[Licence, ...]) -> str:
    """Return whose work the package carries, with every licence that came with a wheel."""
    parts = [
        "SeaVoice is Apache-2.0; see /usr/share/common-licenses/Apache-2.0.\n",
        (ROOT / "NOTICE").read_text(encoding="utf-8"),
    ]
    parts += [f"--- {', '.join(licence.packages)}\n\n{licence.text}\n" for licence in licences]
    return "\n".join(parts)


def _template(name: str) -> str:
    return files("scripts.packaging").joinpath("debian", name).read_text(encoding="utf-8")


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
