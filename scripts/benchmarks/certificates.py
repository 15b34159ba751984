"""The certificates of a web server as the public ones are: a leaf and one intermediate, both sent."""

import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
    ObjectIdentifier,
)

HOST = "reports.harbour-light.example.org"

_TIMESTAMPS = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_TIMESTAMPS_BYTES = 242
"""Two signed timestamps of 119 bytes with their lengths, which browsers demand of every public leaf."""

_DOMAIN_VALIDATED = ObjectIdentifier("2.23.140.1.2.1")
_PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def write_certificates(folder: Path) -> tuple[Path, Path, Path]:
    """Write chain, key and root as PEM files and return their paths."""
    root_key = rsa.generate_private_key(public_exponent=65_537, key_size=4_096)
    middle_key, leaf_key = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP256R1())
    root_name, middle_name = _name("Bench Root X1"), _name("B5")
    root = _authority(root_name, root_key, root_name, root_key, path_length=None)
    middle = _authority(middle_name, middle_key, root_name, root_key, path_length=0)
    leaf = _leaf(leaf_key, middle_name, middle_key)
    chain, key, anchor = folder / "chain.pem", folder / "key.pem", folder / "root.pem"
    pem = serialization.Encoding.PEM
    chain.write_bytes(leaf.public_bytes(pem) + middle.public_bytes(pem))
    anchor.write_bytes(root.public_bytes(pem))
    key.write_bytes(
        leaf_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return chain, key, anchor


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "US"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Bench Certificates"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _builder(subject: x509.Name, key: _PrivateKey, issuer: x509.Name) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=90))
    )


def _authority(
    subject: x509.Name,
    key: _PrivateKey,
    issuer: x509.Name,
    issuer_key: _PrivateKey,
    *,
    path_length: int | None,
) -> x509.Certificate:
    builder = _builder(subject, key, issuer)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=path_length), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return _with_origin(builder, key, issuer_key).sign(issuer_key, hashes.SHA256())


def _leaf(key: _PrivateKey, issuer: x509.Name, issuer_key: _PrivateKey) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    builder = _builder(subject, key, issuer)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
    builder = builder.add_extension(
        x509.UnrecognizedExtension(_TIMESTAMPS, bytes(_TIMESTAMPS_BYTES)), critical=False
    )
    return _with_origin(builder, key, issuer_key).sign(issuer_key, hashes.SHA384())


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _with_origin(
    builder: x509.CertificateBuilder, key: _PrivateKey, issuer_key: _PrivateKey
) -> x509.CertificateBuilder:
    """Add what says whose the keys are and where the issuer's certificate and list are found."""
    issuers = x509.AccessDescription(
        AuthorityInformationAccessOID.CA_ISSUERS,
        x509.UniformResourceIdentifier("http://b5.i.bench.example.org/"),
    )
    list_url = x509.UniformResourceIdentifier("http://b5.c.bench.example.org/42.crl")
    point = x509.DistributionPoint([list_url], None, None, None)
    policy = x509.PolicyInformation(_DOMAIN_VALIDATED, None)
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    builder = builder.add_extension(issuer_id, critical=False)
    builder = builder.add_extension(x509.AuthorityInformationAccess([issuers]), critical=False)
    builder = builder.add_extension(x509.CertificatePolicies([policy]), critical=False)
    return builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
