"""Certificates of an authority that exists only in tests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey

_DAY = timedelta(days=1)


def make_key() -> Key:
    """Return a new key."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: Key) -> bytes:
    """Return a key as a file holds it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def pem(certificates: Sequence[x509.Certificate]) -> bytes:
    """Return certificates as a file holds them."""
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def der(certificates: Sequence[x509.Certificate]) -> tuple[bytes, ...]:
    """Return certificates as the link carries them."""
    return tuple(each.public_bytes(Encoding.DER) for each in certificates)


class Authority:
    """A root, and one authority below it that signs."""

    def __init__(self) -> None:
        root_key, self._key = make_key(), make_key()
        self.root = _sign(
            "Root of tests", root_key.public_key(), "Root of tests", root_key, ends=_days(3_000)
        )
        self._name = "Authority of tests"
        self._own = _sign(self._name, self._key.public_key(), "Root of tests", root_key, ends=_days(2_000))

    def sign(
        self,
        public: ec.EllipticCurvePublicKey,
        *names: str,
        begins: datetime | None = None,
        ends: datetime | None = None,
    ) -> list[x509.Certificate]:
        """Return a chain for these names, the server's certificate first."""
        first = _sign(
            "server", public, self._name, self._key, names=names, begins=begins, ends=ends or _days(90)
        )
        return [first, self._own]

    def sign_request(
        self, request: bytes, *, begins: datetime | None = None, ends: datetime | None = None
    ) -> list[x509.Certificate]:
        """Return a chain for what a request asks for."""
        asked = x509.load_pem_x509_csr(request)
        assert asked.is_signature_valid
        names = asked.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        public = asked.public_key()
        assert isinstance(public, ec.EllipticCurvePublicKey)
        return self.sign(public, *names.get_values_for_type(x509.DNSName), begins=begins, ends=ends)


def _days(count: int) -> datetime:
    return datetime.now(UTC) + count * _DAY


def _sign(
    subject: str,
    public: ec.EllipticCurvePublicKey,
    issuer: str,
    key: Key,
    *,
    ends: datetime,
    begins: datetime | None = None,
    names: Sequence[str] = (),
) -> x509.Certificate:
    is_server = bool(names)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_called(subject))
        .issuer_name(_called(issuer))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins or datetime.now(UTC) - _DAY)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=not is_server, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    if is_server:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternatives, critical=False)
    return builder.sign(key, SHA256())


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
