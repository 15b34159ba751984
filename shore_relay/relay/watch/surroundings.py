"""What the doctor looks at around the database: modes, secrets, ports, the machine."""

import resource
import socket
import ssl
import stat
from pathlib import Path

import aiohttp

from shore_relay.relay.bearers.sbd.secrets_on_disk import load_credentials, load_public_key
from shore_relay.relay.errors import RelayError
from shore_relay.relay.settings import Settings
from shore_relay.relay.tls import Certificate, environment_or_file
from shore_relay.relay.watch.accounts import Accounts
from shore_relay.relay.watch.findings import Finding, broken, fine, look

_ASK_S = 10.0
_FILES_BESIDE_CONNECTIONS = 200
_PUBLIC_ENDS = (".pem", ".crt")
"""Certificates and public keys may be read by anybody; a private key is looked at where it is loaded."""


def modes(folder: Path) -> list[Finding]:
    """Look at who may enter the folder and read its files."""
    findings: list[Finding] = []
    if folder.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        findings.append(broken("modes", f"Others may look into {folder}.", f"Run: chmod 700 {folder}"))
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or not path.is_file() or path.name.endswith(_PUBLIC_ENDS):
            continue
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            findings.append(broken("modes", f"Others may read {path}.", f"Run: chmod 600 {path}"))
    return findings or [fine("modes", "Only this user may read the data folder.")]


def secrets(folder: Path, settings: Settings) -> list[Finding]:
    """Load every file with a secret, as the relay would."""
    findings: list[Finding] = []
    try:
        load_credentials(folder / settings.sbd.rockblock_secret_file)
        load_public_key(folder / settings.sbd.rockblock_key_file)
        if settings.tls.is_on:
            Certificate(folder, settings.tls)
        environment_or_file("SEAVOICE_METRICS_TOKEN", folder / settings.operator.metrics_token_file)
        accounts = Accounts(folder).all()
    except RelayError as reason:
        return [broken("secrets", str(reason))]
    findings.append(fine("secrets", "Keys and passwords can be read, by this user alone."))
    if settings.operator.enabled and not accounts:
        findings.append(
            look(
                "operators",
                "Nobody can log in to the operator's page.",
                "Run: seavoice-relay operator add NAME",
            )
        )
    if not settings.operator.enabled:
        findings.append(
            look(
                "operators", "The operator's page and the metrics are off.", "Set: [operator] enabled = true"
            )
        )
    if not settings.operator.backup_to:
        findings.append(
            look(
                "backup-to",
                "No recipient for backups is set.",
                "Run `seavoice-relay backup-key FILE`, and set [operator] backup_to to what it prints.",
            )
        )
    return findings


async def ports(settings: Settings, *, is_serving: bool) -> list[Finding]:
    """Ask a relay that serves, or see whether one could."""
    if is_serving:
        return [await _ask(settings)]
    wanted = [
        ("http_port", settings.http_port, socket.SOCK_STREAM),
        ("tcp_port", settings.tcp_port, socket.SOCK_STREAM),
        ("udp_port", settings.udp_port, socket.SOCK_DGRAM),
    ]
    if settings.operator.enabled:
        wanted.append(("operator.port", settings.operator.port, socket.SOCK_STREAM))
    findings = [look("serving", "No relay serves this folder now.", "Start it with: seavoice-relay serve")]
    for name, port, kind in wanted:
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                if kind is socket.SOCK_STREAM:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((settings.listen_host, port))
            except OSError as reason:
                findings.append(
                    broken(
                        "ports",
                        f"{name} {port} cannot be had ({reason.strerror}).",
                        f"Stop the program that has it, or set {name} to another.",
                    )
                )
    if len(findings) == 1:
        findings.append(fine("ports", "All ports can be had."))
    return findings


async def _ask(settings: Settings) -> Finding:
    scheme = "https" if settings.tls.is_on else "http"
    host = "127.0.0.1" if settings.listen_host in ("0.0.0.0", "::") else settings.listen_host  # noqa: S104
    url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.http_port}/readyz"
    # The certificate names the public host, and this machine is asked; its days are looked at elsewhere.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ASK_S), trust_env=False) as session,
            session.get(url, ssl=context) as answer,
        ):
            if answer.status == 200:
                return fine("serving", "The relay serves, and can take custody.")
            return broken(
                "serving",
                f"The relay serves, and is not ready: {(await answer.text()).strip()[:200]}.",
                "Look at its log; most often its disk is full.",
            )
    except (aiohttp.ClientError, TimeoutError) as reason:
        return look(
            "serving",
            f"A relay serves this folder, and {url} does not answer ({type(reason).__name__}).",
            "If it was started with other settings, give them here too; else start it again.",
        )


def machine(settings: Settings) -> list[Finding]:
    """Look at limits of the process, and at the name by which vessels come."""
    findings: list[Finding] = []
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.door.connections_max + _FILES_BESIDE_CONNECTIONS
    if most != resource.RLIM_INFINITY and most < wanted:
        findings.append(
            look(
                "open-files",
                f"This user may open {most:,} files, and door.connections_max asks for {wanted:,}.",
                f"Set LimitNOFILE={wanted} in the service, or lower door.connections_max.",
            )
        )
    else:
        findings.append(fine("open-files", "Enough files may be open for every connection."))
    if settings.public_host in ("localhost", "127.0.0.1"):
        findings.append(
            look(
                "public-host",
                "Vessels are told to come to localhost, which is their own box.",
                "Set public_host to the relay's name; vessels that were added before keep the old one.",
            )
        )
        return findings
    try:
        socket.getaddrinfo(settings.public_host, None)
        findings.append(fine("public-host", f"{settings.public_host} leads to an address."))
    except OSError as reason:
        findings.append(
            look(
                "public-host",
                f"{settings.public_host} leads nowhere from here ({reason}).",
                "Correct public_host, or the name service.",
            )
        )
    return findings
