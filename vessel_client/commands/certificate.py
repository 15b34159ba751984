"""`seavoice-vessel certificate`: a key that never leaves the box, its request, and what comes back."""

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from vessel_client.commands.terminal import Surroundings, say
from vessel_client.errors import CertificateUnusable, UnreadableFile
from vessel_client.host_names import is_host_name
from vessel_client.web.certificate import install as install_chain
from vessel_client.web.certificate import write_private

_FILE_BYTES_MAX = 100_000
_NEVER_SIGNED = frozenset(
    {"local", "lan", "home", "internal", "localhost", "test", "example", "invalid", "arpa"}
)
"""Last parts of names that no public authority vouches for (RFC 2606, RFC 6762 and what routers invent)."""

SigningKey = ec.EllipticCurvePrivateKey


def request(name: str, out: Path, surroundings: Surroundings) -> None:
    """Write a certificate request for the box's own key; the key is made where there is none.

    Raises: CertificateUnusable, UnreadableFile.
    """
    _require_name(name)
    files = surroundings.settings.certificate_files()
    key = _load_key(files.key) if files.key.exists() else _make_key(files.key)
    made = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if len(name) <= 64 else []))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, SHA256())
    )
    try:
        with out.open("xb") as file:
            file.write(made.public_bytes(Encoding.PEM))
    except FileExistsError as reason:
        raise UnreadableFile(f"{out} exists already; choose another name for the request.") from reason
    except OSError as reason:
        raise UnreadableFile(f"{out} cannot be written: {reason.strerror}.") from reason
    say(f"Carry {out} to the relay's operator; it holds nothing secret. The key stays in {files.key}.")
    say("It serves for every renewal too. Restart the box once, so that it looks for the certificate.")


def install(file: Path, surroundings: Surroundings) -> None:
    """Take a certificate chain that somebody has carried here.

    Raises: CertificateUnusable, UnreadableFile.
    """
    try:
        with file.open("rb") as opened:
            pem = opened.read(_FILE_BYTES_MAX)
    except OSError as reason:
        raise UnreadableFile(f"{file} cannot be read: {reason.strerror}.") from reason
    facts = install_chain(pem, surroundings.settings.certificate_files())
    ends = datetime.fromtimestamp(facts.not_after, UTC)
    say(f"Installed for {', '.join(sorted(facts.names)) or 'no name'}, valid until {ends:%Y-%m-%d}.")
    say("A box that runs takes it within a minute.")


def _require_name(name: str) -> None:
    if not is_host_name(name):
        raise CertificateUnusable(
            f'"{name}" is no name for a certificate; write a host of your own domain in small letters, '
            "such as box.fleet.org."
        )
    last = name.rpartition(".")[2]
    if last in _NEVER_SIGNED or last.isdecimal():
        raise CertificateUnusable(
            f"No public authority signs {name}; take a host of a domain that you own: box.fleet.org."
        )


def _load_key(path: Path) -> SigningKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as reason:
        raise CertificateUnusable(
            f"The key {path} cannot be read: {reason.strerror}. Run this as the user of the service."
        ) from reason
    except (ValueError, TypeError) as reason:
        raise CertificateUnusable(
            f"{path} holds no key that can be used. Move it away, then ask again."
        ) from reason
    if not isinstance(key, SigningKey):
        raise CertificateUnusable(f"{path} holds no elliptic key. Move it away, then ask again.")
    return key


def _make_key(path: Path) -> SigningKey:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        write_private(path, pem)
    except OSError as reason:
        raise UnreadableFile(f"The key {path} cannot be written: {reason.strerror}.") from reason
    return key
