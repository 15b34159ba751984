import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.deskkeys import DeskKey
from protocol.ids import UnixSeconds
from protocol.updates import sign_update
from scripts.packaging import cli, debian_package, target, tree, wheels
from scripts.packaging.errors import WheelsMissing
from scripts.packaging.target import Target, make_target
from scripts.packaging.tree import Release
from scripts.packaging.update_file import archive
from tests.scripts.packaging.machine import copy_of_this_machine
from tests.vessel_client.boxes import DESK_KEY, YEAR_S, provisioning, write_file

ISSUED_AT = 1_750_000_000
VERSION = "9.1~test"
SIGNING = bytes([31]) * 32
TRUSTED = Ed25519PrivateKey.from_private_bytes(SIGNING).public_key().public_bytes_raw()
HOME = f"/opt/seavoice-vessel/releases/{VERSION}"
AS_BOX = "setpriv --reuid seavoice --regid seavoice --init-groups"

INSTALL = """
before=$(mktemp) after=$(mktemp)
traces() { find / -xdev -path /tmp -prune -o -name '*seavoice-vessel*' -print | sort; }
traces >"$before"
dpkg -i "$PACKAGE" >/dev/null
dpkg --verify "$NAME"
"""


def release_for(chosen: Target) -> Release:
    return Release(target=chosen, version=VERSION, issued_at=ISSUED_AT, trusted=(TRUSTED,))


def debian_minor() -> int:
    """The Python that a package installed here will run under."""
    said = subprocess.run(
        ["/usr/bin/python3", "-c", "import sys; print(sys.version_info.minor)"],
        capture_output=True,
        text=True,
        check=False,
    )
    minor = int(said.stdout or 0)
    if minor < sys.version_info.minor:
        pytest.skip("Debian's python3 is not here, or older than the one that runs this")
    return minor


def release_target() -> Target:
    return make_target(target.own_architecture(), f"3.{debian_minor()}", voice=False)


def build(folder: Path) -> Path:
    try:
        return debian_package.build_package(release_for(release_target()), folder).path
    except WheelsMissing as reason:
        pytest.skip(f"no network and no wheels kept from before: {reason}")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("package"))


@pytest.fixture
def other_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def taken(name: str, digest: str) -> dict[str, object]:
    """What pip reports of one wheel."""
    return {
        "metadata": {"name": name},
        "download_info": {"archive_info": {"hashes": {"sha256": digest}}},
    }


def setting(package: Path) -> str:
    return f"PACKAGE={package}\nNAME={package.name.partition('_')[0]}\n{INSTALL}"


def provisioning_file(folder: Path) -> Path:
    now = int(time.time())
    key = DeskKey(
        public=DESK_KEY.public, not_before=UnixSeconds(now - 60), not_after=UnixSeconds(now + YEAR_S)
    )
    path = write_file(folder, provisioning(keys=(key,)))
    # The program gives root up before it reads.
    path.chmod(0o644)
    for parent in path.parents:
        if parent.stat().st_uid == os.geteuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    return path


def test_an_installed_package_serves_as_its_own_user_and_a_purge_keeps_the_box(
    package: Path, tmp_path: Path
) -> None:
    machine = copy_of_this_machine(tmp_path)
    document = provisioning_file(tmp_path)
    script = f"""{setting(package)}
seavoice-vessel --help | grep -q 'The SeaVoice box on a vessel'
[ "$(stat -c %U:%a /var/lib/seavoice-vessel)" = seavoice:700 ]
seavoice-vessel init {document} | tail -1
[ "$(stat -c %U:%a /var/lib/seavoice-vessel/box.sqlite3)" = seavoice:600 ]
export SEAVOICE_VESSEL_DATA=/var/lib/seavoice-vessel SEAVOICE_VESSEL_API_PORT=18700
mkfifo /run/said
{AS_BOX} seavoice-vessel serve >/run/said 2>/dev/null &
service=$!
read -r line </run/said
echo "$line"
seavoice-vessel status | head -1
kill $service
wait $service
[ -z "$(find /var/lib/seavoice-vessel ! -user seavoice)" ]
dpkg --verify "$NAME"
dpkg --purge "$NAME"
[ -s /var/lib/seavoice-vessel/box.sqlite3 ]
[ ! -e /opt/seavoice-vessel ]
[ ! -e /usr/bin/seavoice-vessel ]
"""
    done = machine.run(script)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ready: http://127.0.0.1:18700" in done.stdout
    assert "holds the box's keys" in done.stderr
    assert not list(Path("/opt").glob("seavoice-vessel*"))


def test_a_package_without_a_box_leaves_nothing_behind(package: Path, tmp_path: Path) -> None:
    script = f"""{setting(package)}
[ -n "$(find {HOME}/lib -name '*.pyc' | head -1)" ]
mkdir /opt/seavoice-vessel/releases/9.2
dpkg --remove "$NAME" >/dev/null
[ -d /var/lib/seavoice-vessel ]
dpkg --purge "$NAME" >/dev/null
traces >"$after"
diff "$before" "$after"
"""
    done = copy_of_this_machine(tmp_path).run(script)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_newer_package_takes_the_place_of_the_older_one(package: Path, tmp_path: Path) -> None:
    script = f"""{setting(package)}
dpkg-deb --raw-extract "$PACKAGE" /run/newer
mv /run/newer{HOME} /run/newer/opt/seavoice-vessel/releases/9.2
sed -i 's/{VERSION}/9.2/' /run/newer/DEBIAN/* /run/newer/opt/seavoice-vessel/releases/9.2/bin/seavoice-vessel
dpkg-deb --build -Znone /run/newer /run/newer.deb >/dev/null
dpkg -i /run/newer.deb >/dev/null
readlink /opt/seavoice-vessel/current
[ ! -e {HOME} ]
seavoice-vessel --help >/dev/null
"""
    done = copy_of_this_machine(tmp_path).run(script)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip() == "releases/9.2"


def newer_update(package: Path, folder: Path) -> Path:
    """An update of the package's own files under another version, as a newer commit would make it."""
    subprocess.run(["dpkg-deb", "--extract", package, folder / "root"], check=True)
    home = folder / "root" / HOME.lstrip("/")
    newer = Release(target=release_target(), version="9.2", issued_at=ISSUED_AT + 1, trusted=(TRUSTED,))
    (home / "release.json").write_bytes(newer.note())
    launcher = home / "bin" / "seavoice-vessel"
    launcher.write_text(launcher.read_text().replace(VERSION, "9.2"))
    data = sign_update(newer.stated(), archive(home), tree.size_bytes(home), SIGNING)
    path = folder / "newer.update"
    path.write_bytes(data)
    return path


def test_a_signed_file_updates_an_installed_box_and_back(package: Path, tmp_path: Path) -> None:
    machine = copy_of_this_machine(tmp_path)
    update = newer_update(package, tmp_path)
    script = f"""{setting(package)}
seavoice-vessel init {provisioning_file(tmp_path)} >/dev/null
umask 077
seavoice-vessel update install {update}
readlink /opt/seavoice-vessel/current
[ -z "$(find /var/lib/seavoice-vessel ! -user seavoice)" ]
{AS_BOX} env SEAVOICE_VESSEL_DATA=/var/lib/seavoice-vessel seavoice-vessel update check
seavoice-vessel update install {update} || echo "again: $?"
{AS_BOX} seavoice-vessel update back || echo "without rights: $?"
seavoice-vessel update back
readlink /opt/seavoice-vessel/current
seavoice-vessel --help >/dev/null
dpkg --purge "$NAME" >/dev/null
[ ! -e /opt/seavoice-vessel ]
"""
    done = machine.run(script)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        "Release 9.2 is in place. Start the box again, and it runs.",
        "releases/9.2",
        "It works here.",
        "again: 35",
        "without rights: 35",
        f"Release {VERSION} is in place. Start the box again, and it runs.",
        f"releases/{VERSION}",
    ]


@pytest.mark.usefixtures("other_umask")
def test_the_same_commit_makes_the_same_bytes_whoever_builds(package: Path, tmp_path: Path) -> None:
    assert build(tmp_path).read_bytes() == package.read_bytes()


def test_a_package_holds_no_installer_no_tests_and_nothing_of_the_shore(package: Path) -> None:
    listed = subprocess.run(
        ["dpkg-deb", "--contents", package], capture_output=True, text=True, check=True
    ).stdout
    paths = [line.split()[5] for line in listed.splitlines()]
    for name in (
        "/pip/",
        "/setuptools/",
        "/tests/",
        "/shore_relay/",
        "/__pycache__/",
        "/pycparser/",
        "RECORD",
    ):
        assert not [path for path in paths if name in path], name
    assert all(line.split()[1] == "root/root" for line in listed.splitlines())
    assert any(path.endswith("/_rust.abi3.so") for path in paths)


def test_compiled_modules_come_without_symbols(package: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path], check=True)
    modules = list(tmp_path.rglob("*.so"))
    assert modules
    said = subprocess.run(
        ["readelf", "--sections", "--wide", *modules], capture_output=True, text=True, check=True
    ).stdout
    assert ".dynsym" in said
    assert ".symtab" not in said


def test_every_module_of_the_box_loads_from_the_package_alone(package: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path], check=True)
    home = tmp_path / HOME.lstrip("/")
    look = (
        "import importlib, pkgutil, vessel_client\n"
        "for each in pkgutil.walk_packages(vessel_client.__path__, 'vessel_client.'):\n"
        "    importlib.import_module(each.name)\n"
        "print(vessel_client.__file__)\n"
    )
    done = subprocess.run(
        [home / "bin" / "python3", "-I", "-B", "-c", look], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(home))


def test_a_lock_file_gives_each_package_with_its_hashes() -> None:
    lock = (
        "# made by a tool\n"
        "aiohttp==3.14.5 \\\n    --hash=sha256:0133 \\\n    --hash=sha256:0380\n"
        "Ruff_thing==2.1.1 ; python_version < '4' \\\n    --hash=sha256:aa\n"
    )
    entries = wheels.locked_entries(lock)
    assert list(entries) == ["aiohttp", "ruff-thing"]
    assert entries["aiohttp"].count("--hash=") == 2
    assert entries["ruff-thing"].split()[0] == "Ruff_thing==2.1.1"


def test_a_wheel_of_which_the_lock_has_other_bytes_is_refused() -> None:
    entries = wheels.locked_entries("aiohttp==3.14.5 \\\n    --hash=sha256:0133\n")
    assert wheels._held_against(entries, taken("AioHTTP", "0133")) == "aiohttp"
    for other in (taken("aiohttp", "013"), taken("unknown", "0133")):
        with pytest.raises(WheelsMissing):
            wheels._held_against(entries, other)


def test_the_control_file_asks_for_the_python_that_the_modules_were_compiled_for() -> None:
    plain = debian_package.control_text(
        release_for(Target(architecture="arm64", python_minor=13)), installed_blocks=20_000
    )
    assert "\nArchitecture: arm64\n" in plain
    assert "python3 (>= 3.13~), python3 (<< 3.14)" in plain
    assert "libopus0" not in plain
    voice = debian_package.control_text(
        release_for(Target(architecture="arm64", python_minor=13, voice=True)), installed_blocks=20_000
    )
    assert voice.startswith("Package: seavoice-vessel-voice\n")
    assert "libopus0\n" in voice
    assert "\nConflicts: seavoice-vessel\n" in voice


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--python", "3.9"], "3.11"),
        (["--python", "two"], "3.11"),
        (["--version", "../up"], "is no version"),
        (["--version", "v1"], "is no version"),
    ],
)
def test_a_package_that_cannot_be_made_is_refused_with_a_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.main([*arguments, "--out", str(tmp_path)]) == cli.EXIT_CANNOT_PACKAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence in line
    assert line.endswith(".")


def test_a_date_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    assert cli.main(["--out", str(tmp_path)]) == cli.EXIT_CANNOT_PACKAGE
    assert "SOURCE_DATE_EPOCH" in capsys.readouterr().err
