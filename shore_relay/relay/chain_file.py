"""Reads the certificate that an authority has made for a vessel's phones, before it costs a link anything."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID

from protocol import limits
from protocol.ids import UnixSeconds
from shore_relay.relay.errors import ChainUnusable

_FILE_BYTES_MAX = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFile:
    """A chain in DER form, the vessel's own certificate first, and what that one says."""

    chain: tuple[bytes, ...]
    names: tuple[str, ...]
    not_after: datetime

    @property
    def size_bytes(self) -> int:
        """What the link carries, but for some seventy bytes around it."""
        return sum(len(each) for each in self.chain)


def read_chain(path: Path, now: UnixSeconds) -> ChainFile:
    """Read a PEM file. Raises: ChainUnusable."""
    certificates = _parse(path, _read(path))
    first = certificates[0]
    names = _names(first)
    if not names:
        raise ChainUnusable(f"The first certificate in {path} names no host, so no browser would take it.")
    if not first.not_valid_before_utc <= datetime.fromtimestamp(now, UTC) < first.not_valid_after_utc:
        raise ChainUnusable(
            f"The certificate in {path} is valid from {first.not_valid_before_utc:%Y-%m-%d} to "
            f"{first.not_valid_after_utc:%Y-%m-%d}, which is not today; have a new one made."
        )
    chain = tuple(each.public_bytes(Encoding.DER) for each in _ordered(path, certificates))
    if max(map(len, chain)) > limits.CERTIFICATE_BYTES_MAX:
        raise ChainUnusable(
            f"One in {path} has more than {limits.CERTIFICATE_BYTES_MAX} bytes: ask for fewer names."
        )
    return ChainFile(chain=chain, names=names, not_after=first.not_valid_after_utc)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_BYTES_MAX + 1)
    except OSError as reason:
        raise ChainUnusable(f"{path} cannot be read ({reason.strerror}); check its path.") from reason
    if len(data) > _FILE_BYTES_MAX:
        raise ChainUnusable(f"{path} is too large for a certificate; name the file fullchain.pem.")
    if b"PRIVATE KEY" in data:
        raise ChainUnusable(
            f"{path} holds a private key. The box's key never leaves the box: have the request signed that "
            "`seavoice-vessel certificate request` wrote, and name the file that comes of it."
        )
    return data


def _parse(path: Path, data: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError as reason:
        raise ChainUnusable(
            f"{path} holds no certificate in PEM form; name the file fullchain.pem of the authority."
        ) from reason


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)
    except (x509.ExtensionNotFound, ValueError):
        return ()
    assert isinstance(extension.value, x509.SubjectAlternativeName)
    return tuple(extension.value.get_values_for_type(x509.DNSName))


def _ordered(path: Path, certificates: list[x509.Certificate]) -> list[x509.Certificate]:
    """Return the chain without the root, which every phone has already."""
    chain = [each for at, each in enumerate(certificates) if at == 0 or each.issuer != each.subject]
    if len(chain) > limits.CHAIN_CERTIFICATES_MAX:
        raise ChainUnusable(
            f"{path} holds more than {limits.CHAIN_CERTIFICATES_MAX} certificates; name the one chain alone."
        )
    for lower, upper in pairwise(chain):
        try:
            lower.verify_directly_issued_by(upper)
        except (ValueError, TypeError, InvalidSignature) as reason:
            raise ChainUnusable(
                f"The certificates in {path} do not follow from each other; name the file fullchain.pem, "
                "with the vessel's own first."
            ) from reason
    return chain
