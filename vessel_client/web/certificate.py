"""The certificate for phones: its files, what it says of itself, and whether it fits the box's key.

Loaded only where the box has a key for phones: everything here needs OpenSSL, which most boxes do without
(docs/decisions/0020).
"""

import os
import ssl
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID

from vessel_client.errors import CertificateUnusable, UnreadableFile
from vessel_client.settings import CertificateFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a certificate says of itself; times in Unix seconds."""

    names: frozenset[str]
    not_before: int
    not_after: int


RENEW_BEFORE_S = 21 * 86_400
"""An authority's certificate lasts 90 days and less, and a vessel may be out of touch for weeks."""


class State(Enum):
    """How a certificate is, as the status names it."""

    NONE = "none"
    GOOD = "good"
    ENDS_SOON = "ends-soon"
    ENDED = "ended"


def state_of(facts: Facts | None, now: int) -> State:
    """Return how a certificate is at `now`, in Unix seconds."""
    if facts is None:
        return State.NONE
    if facts.not_after <= now:
        return State.ENDED
    return State.ENDS_SOON if facts.not_after - now < RENEW_BEFORE_S else State.GOOD


def read_facts(path: Path) -> Facts:
    """Return what the first certificate of a file says. Raises: CertificateUnusable."""
    try:
        return facts_of(x509.load_pem_x509_certificate(path.read_bytes()))
    except OSError as reason:
        raise CertificateUnusable(f"The certificate {path} cannot be read: {reason.strerror}.") from reason
    except ValueError as reason:
        raise CertificateUnusable(
            f"{path} holds no certificate in PEM form; name the file with the whole chain, as fullchain.pem."
        ) from reason


def facts_of(certificate: x509.Certificate) -> Facts:
    """Return what a certificate says of itself."""
    return Facts(
        names=_names(certificate),
        not_before=int(certificate.not_valid_before_utc.timestamp()),
        not_after=int(certificate.not_valid_after_utc.timestamp()),
    )


def _names(certificate: x509.Certificate) -> frozenset[str]:
    try:
        extension = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    except (x509.ExtensionNotFound, ValueError):
        # Browsers have not looked at any other field for years.
        return frozenset()
    assert isinstance(extension.value, x509.SubjectAlternativeName)
    return frozenset(name.lower() for name in extension.value.get_values_for_type(x509.DNSName))


def make_context(files: CertificateFiles) -> ssl.SSLContext:
    """Return what serves a certificate, once it and the key fit. Raises: CertificateUnusable."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    load_into(context, files)
    return context


def load_into(context: ssl.SSLContext, files: CertificateFiles) -> None:
    """Have a context serve a certificate from now on. Raises: CertificateUnusable."""
    try:
        files.key.open("rb").close()
        # An empty passphrase, so that an encrypted key is an error and no question on the terminal.
        context.load_cert_chain(files.certificate, files.key, password="")
    except ssl.SSLError as reason:
        if reason.reason == "KEY_VALUES_MISMATCH":
            raise CertificateUnusable(
                f"The certificate does not belong to the key {files.key}; have the box's own request signed, "
                "which `seavoice-vessel certificate request` writes."
            ) from reason
        raise CertificateUnusable(
            f"{files.key} holds no key that can be used; it must be in PEM form and without a passphrase."
        ) from reason
    except OSError as reason:
        raise CertificateUnusable(
            f"The key {files.key} cannot be read: {reason.strerror}. The user of the service must own it."
        ) from reason


def facts_of_chain(chain: tuple[bytes, ...]) -> Facts:
    """Return what the first certificate of a chain in DER form says. Raises: CertificateUnusable."""
    return facts_of(_load_chain(chain)[0])


def join_chain(chain: tuple[bytes, ...]) -> bytes:
    """Return certificates in DER form as one PEM file. Raises: CertificateUnusable."""
    return b"".join(each.public_bytes(Encoding.PEM) for each in _load_chain(chain))


def _load_chain(chain: tuple[bytes, ...]) -> list[x509.Certificate]:
    try:
        return [x509.load_der_x509_certificate(each) for each in chain]
    except ValueError as reason:
        raise CertificateUnusable(
            "What came from shore is no certificate; the operator must send it again."
        ) from reason


def install(pem: bytes, files: CertificateFiles) -> Facts:
    """Put a chain in place of the one in use, if it fits the key: all of it or nothing.

    Raises: CertificateUnusable, UnreadableFile.
    """
    new = files.certificate.with_name(f".{files.certificate.name}.new")
    try:
        write_private(new, pem)
        facts = read_facts(new)
        make_context(CertificateFiles(certificate=new, key=files.key))
        new.replace(files.certificate)
    except OSError as reason:
        raise UnreadableFile(f"{files.certificate} cannot be written: {reason.strerror}.") from reason
    finally:
        new.unlink(missing_ok=True)
    return facts


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read, down to the disk. Raises: OSError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
