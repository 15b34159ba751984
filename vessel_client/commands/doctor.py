"""`seavoice-vessel doctor`: looks whether the box is in order, and says of each problem what to do."""

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from protocol.deskkeys import key_in_use
from protocol.errors import KeyExpired
from protocol.provisioning import BearerKind
from vessel_client.clocks import require_clock
from vessel_client.commands.status import UNKNOWN_TO_RELAY
from vessel_client.commands.terminal import Surroundings, say
from vessel_client.errors import ProblemsFound, VesselError
from vessel_client.store import ledger
from vessel_client.store.box import Box, load_box
from vessel_client.store.database import check_integrity, open_database
from vessel_client.store.ledger import Heard
from vessel_client.store.names import DATABASE_FILE

CONNECT_TIMEOUT_S = 10.0
CONTACT_AGE_S_MAX = 2 * 86_400


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
