"""`seavoice-vessel doctor`: looks whether the box is in order, and says of each problem what to do."""

import asyncio
import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from protocol.deskkeys import key_in_use
from protocol.documents import Reader
from protocol.errors import KeyExpired
from protocol.provisioning import BearerKind
from vessel_client.clocks import require_clock
from vessel_client.commands.status import UNKNOWN_TO_RELAY
from vessel_client.commands.terminal import Surroundings, say
from vessel_client.errors import CertificateUnusable, ProblemsFound, VesselError
from vessel_client.store import ledger
from vessel_client.store.box import Box, load_box
from vessel_client.store.database import check_integrity, open_database
from vessel_client.store.ledger import Heard
from vessel_client.store.names import DATABASE_FILE

CONNECT_TIMEOUT_S = 10.0
CONTACT_AGE_S_MAX = 2 * 86_400
_LINKS_MAX = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `problem` is empty where all is well."""

    name: str
    words: str
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    box: Box
    heard: list[Heard]
    integrity: str


def run(surroundings: Surroundings, *, as_json: bool) -> None:
    """Print one line for each thing. Raises `ProblemsFound` at the end where there are any."""
    findings: list[Finding] = []
    for finding in _examine(surroundings):
        findings.append(finding)
        if not as_json:
            verdict = "problem" if finding.problem else "ok"
            say(f"{verdict:8}{finding.name}: {finding.problem or finding.words}")
    problems = sum(bool(finding.problem) for finding in findings)
    if as_json:
        listed = [
            {"name": each.name, "ok": not each.problem, "words": each.problem or each.words}
            for each in findings
        ]
        say(json.dumps({"ok": not problems, "findings": listed}, ensure_ascii=False))
    if problems:
        raise ProblemsFound(f"{problems} of {len(findings)} things are not in order; see above.")


def _examine(surroundings: Surroundings) -> Iterator[Finding]:
    yield _folder(surroundings.settings.data_dir)
    try:
        stored = asyncio.run(_load(surroundings.settings.data_dir))
    except VesselError as error:
        yield Finding(name="store", words="", problem=str(error))
        return
    ruined = (
        "" if stored.integrity == "ok" else f"The store is damaged: {stored.integrity}. Keep a copy of it."
    )
    yield Finding(name="store", words=f"box of {stored.box.vessel_name}", problem=ruined)
    now = surroundings.wall_clock()
    yield _caught("clock", "plausible", lambda: require_clock(stored.box.issued_at, now))
    yield _caught("desk key", "may be sealed to", lambda: key_in_use(stored.box.desk_keys, now))
    yield _caught("service", "answers", surroundings.client().box)
    yield from _known(surroundings)
    yield from _relays(stored.box, surroundings)
    if surroundings.settings.sbd.enabled:
        yield _modem(surroundings)
    if surroundings.settings.serves_phones():
        yield _certificate(surroundings, now)
    yield _last_contact(stored.heard, now)


async def _load(data_dir: Path) -> _Stored:
    database = await open_database(data_dir)
    try:
        async with database.reading() as connection:
            box, heard = await load_box(connection), await ledger.list_heard(connection)
    finally:
        await database.close()
    return _Stored(box=box, heard=heard, integrity=await check_integrity(data_dir))


def _caught(name: str, words: str, look: Callable[[], object]) -> Finding:
    try:
        look()
    except (VesselError, KeyExpired) as error:
        return Finding(name=name, words="", problem=str(error))
    return Finding(name=name, words=words)


def _known(surroundings: Surroundings) -> Iterator[Finding]:
    try:
        known = surroundings.client().status()["known_to_relay"]
    except VesselError:
        return
    yield Finding(
        name="link key", words="the relay has not refused it", problem="" if known else UNKNOWN_TO_RELAY
    )


def _folder(data_dir: Path) -> Finding:
    open_to_others = [
        path for path in (data_dir, data_dir / DATABASE_FILE) if path.exists() and path.stat().st_mode & 0o077
    ]
    problem = ""
    if open_to_others:
        problem = f"Others may read {open_to_others[0]}. Close it with `chmod -R go= {data_dir}`."
    return Finding(name="folder", words=f"{data_dir} is closed to others", problem=problem)


def _relays(box: Box, surroundings: Surroundings) -> Iterator[Finding]:
    for address in box.addresses:
        chosen = surroundings.settings.bearer(address.kind)
        # A datagram gets no answer from the relay before it has proved whose it is.
        if not chosen.enabled or address.kind is BearerKind.UDP:
            continue
        yield _reach(f"relay by {address.kind.value}", chosen.url or address.url)


def _reach(name: str, url: str) -> Finding:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "wss" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=CONNECT_TIMEOUT_S).close()
    except OSError as reason:
        problem = (
            f"{parts.hostname}, port {port}, cannot be reached ({reason}). "
            "Look at the modem and the network; messages wait on the box until it works."
        )
        return Finding(name=name, words="", problem=problem)
    return Finding(name=name, words=f"{parts.hostname}, port {port}, can be reached")


def _modem(surroundings: Surroundings) -> Finding:
    device = surroundings.settings.sbd.device
    problem = ""
    if find_spec("serial_asyncio_fast") is None:
        problem = "The library for serial ports is missing. Install seavoice with the extra sbd."
    elif not Path(device).exists():
        problem = f"There is no {device}. Plug the modem in, or correct bearers.sbd.device in settings.toml."
    elif not os.access(device, os.R_OK | os.W_OK):
        problem = f"This user may not use {device}. Make the user a member of the group that owns it."
    else:
        problem = _modem_trouble(surroundings)
    return Finding(name="satellite modem", words=f"{device} is in order", problem=problem)


def _modem_trouble(surroundings: Surroundings) -> str:
    """Return what the service says of the modem, which only one program at a time may ask."""
    try:
        links = Reader(surroundings.client().status(), "The box's status").each("links", most=_LINKS_MAX)
    except VesselError:
        # That the service does not answer has been said already.
        return ""
    trouble = next((link.text("problem") for link in links if link.text("name") == "sbd"), "")
    return f"{trouble[:1].upper()}{trouble[1:]}." if trouble else ""


def _certificate(surroundings: Surroundings, now: int) -> Finding:
    # Most boxes have none, and what reads one loads OpenSSL.
    from vessel_client.web.certificate import State, make_context, read_facts, state_of

    name, files = "certificate for phones", surroundings.settings.certificate_files()
    if not files.certificate.exists():
        problem = (
            "It has not come yet. Have the request signed that `seavoice-vessel certificate request` wrote."
        )
        return Finding(name=name, words="", problem=problem)
    try:
        facts = read_facts(files.certificate)
        make_context(files)
    except CertificateUnusable as error:
        return Finding(name=name, words="", problem=str(error))
    ends = datetime.fromtimestamp(facts.not_after, UTC)
    words = f"{', '.join(sorted(facts.names))}, valid until {ends:%Y-%m-%d}"
    renew = "Have it renewed on shore; `seavoice-relay vessel certificate` sends the new one."
    match state_of(facts, now):
        case State.ENDED:
            return Finding(name=name, words="", problem=f"It has ended, and phones refuse it. {renew}")
        case State.ENDS_SOON:
            days = (facts.not_after - now) // 86_400
            return Finding(name=name, words="", problem=f"It ends in {days} days. {renew}")
    return Finding(name=name, words=words, problem=_door_trouble(surroundings))


def _door_trouble(surroundings: Surroundings) -> str:
    """Return what the service says of its https, such as a port that it may not have."""
    try:
        phones = surroundings.client().status()["phones"]
    except VesselError:
        return ""
    if phones is None:
        return "The box was started before there was a key for phones. Restart it."
    return Reader(phones, "The box's status, phones").text("problem")


def _last_contact(heard: list[Heard], now: int) -> Finding:
    if not heard:
        problem = (
            "The relay was never heard. Start the box, and ask the operator whether the vessel is known."
        )
        return Finding(name="last contact", words="", problem=problem)
    latest = max(heard, key=lambda entry: entry.at)
    hours = max(0, now - latest.at) // 3_600
    words = f"{hours} hours ago by {latest.bearer}"
    if now - latest.at > CONTACT_AGE_S_MAX:
        return Finding(
            name="last contact", words="", problem=f"The relay was last heard {words}. Look at the link."
        )
    return Finding(name="last contact", words=words)
