"""`seavoice-vessel kiosk`: writes what a box with a screen needs, and says where each file goes."""

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vessel_client.commands.terminal import Surroundings, say
from vessel_client.errors import KioskRefused, UnreadableFile
from vessel_client.kiosk import units
from vessel_client.kiosk.plan import SCREEN_PROGRAM, KioskPlan
from vessel_client.kiosk.policy import chromium_policy
from vessel_client.store.names import SERVICE_FOLDER

LIST_FILE = "written.sha256"
"""What was written, so that a second run knows its own files from those that somebody has changed."""

_AVAHI_HOSTS = "/etc/avahi/hosts"


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskArguments:
    """What the user asked for."""

    out: Path
    screen_user: str
    service_user: str
    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskFile:
    """One file, and where on the box it belongs."""

    name: str
    place: str
    text: str


def run(arguments: KioskArguments, surroundings: Surroundings) -> None:
    """Write the files. Raises: KioskRefused, UnreadableFile."""
    settings = surroundings.settings
    plan = KioskPlan(
        program=_program(),
        port=settings.api_port,
        tls_port=settings.api_tls_port,
        screen_user=arguments.screen_user,
        service_user=arguments.service_user,
        modem=settings.sbd.device if settings.sbd.enabled else "",
        name=arguments.name,
        address=arguments.address,
    )
    files = kiosk_files(plan)
    _write(arguments.out, files)
    for line in _steps(plan, arguments.out, files):
        say(line)


def kiosk_files(plan: KioskPlan) -> list[KioskFile]:
    """Return every file that a plan asks for."""
    policy = json.dumps(chromium_policy(plan.url), indent=2) + "\n"
    made = [
        KioskFile(name="seavoice-users.conf", place="/etc/sysusers.d/seavoice.conf", text=units.users(plan)),
        _unit("seavoice-vessel.service", units.service_unit(plan)),
        _unit("seavoice-screen.service", units.screen_unit(plan)),
        KioskFile(name="screen", place=SCREEN_PROGRAM, text=units.screen_program(plan)),
        KioskFile(
            name="seavoice-policy.json", place="/etc/chromium/policies/managed/seavoice.json", text=policy
        ),
    ]
    if plan.name:
        place = "/etc/dnsmasq.d/seavoice.conf" if plan.is_certified else _AVAHI_HOSTS
        made.append(KioskFile(name="seavoice-name.conf", place=place, text=units.name_on_board(plan)))
    return made


def _unit(name: str, text: str) -> KioskFile:
    return KioskFile(name=name, place=f"/etc/systemd/system/{name}", text=text)


def _program() -> Path:
    beside = Path(sys.executable).with_name("seavoice-vessel")
    found = shutil.which("seavoice-vessel")
    # The unit must name the link that outlives an update, and not the release it leads to today.
    if beside.exists() and not (found and Path(found).samefile(beside)):
        found = str(beside)
    if found is None:
        raise KioskRefused(
            "seavoice-vessel is not installed here, so no unit can start it; install it first."
        )
    return Path(found)


def _write(folder: Path, files: list[KioskFile]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        known = _listed(folder / LIST_FILE)
        for file in files:
            _require_own(folder / file.name, known)
        for file in files:
            (folder / file.name).write_text(file.text, "utf-8")
        listed = "".join(f"{_digest(file.text.encode())}  {file.name}\n" for file in files)
        (folder / LIST_FILE).write_text(listed, "utf-8")
    except OSError as reason:
        raise UnreadableFile(f"{reason.filename or folder} cannot be written: {reason.strerror}.") from reason


def _listed(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = (line.partition("  ") for line in path.read_text("utf-8", "replace").splitlines())
    return {name: digest for digest, _, name in lines}


def _require_own(path: Path, known: dict[str, str]) -> None:
    if path.exists() and known.get(path.name) != _digest(path.read_bytes()):
        raise KioskRefused(
            f"{path} is not as this command wrote it. Move it away, or choose another folder with --out; "
            "nothing was written."
        )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _steps(plan: KioskPlan, folder: Path, files: list[KioskFile]) -> Iterator[str]:
    yield f"Written to {folder}. On the box, as root:"
    yield "  apt install cage chromium" + (" dnsmasq" if plan.is_certified else "")
    for file in files:
        if file.place == _AVAHI_HOSTS:
            yield f"  cat {folder / file.name} >> {file.place}"
        else:
            yield f"  install -D -m 644 {folder / file.name} {file.place}"
    yield "  systemd-sysusers"
    yield f"  install -d -m 700 -o {plan.service_user} -g {plan.service_user} {SERVICE_FOLDER}"
    yield f"  sudo -u {plan.service_user} {plan.program} init FILE --data {SERVICE_FOLDER}"
    if plan.is_certified:
        yield (
            f"  sudo -u {plan.service_user} {plan.program} certificate request {plan.name} "
            f"--out /tmp/{plan.name}.csr --data {SERVICE_FOLDER}"
        )
    yield "  systemctl daemon-reload"
    yield "  systemctl enable --now seavoice-vessel.service seavoice-screen.service"
    if plan.is_certified:
        yield f"Phones find the box as https://{plan.name} once it has a certificate (docs/box-screen.md)."
    elif plan.name:
        yield f'In settings.toml set api_host = "0.0.0.0" and api_hosts_allowed = "{plan.name}". Phones find'
        yield f"the box as http://{plan.name}:{plan.port}, without protection; the page says what that means."
    yield "The screen shows the page, starts it again whenever it ends, and reaches nothing but this machine."
