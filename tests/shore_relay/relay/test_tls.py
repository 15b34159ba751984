"""TLS of the relay's own: renewed files are taken up, old versions and open keys refused."""

import asyncio
import ssl
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shore_relay.relay.errors import CertificateUnusable, SecretUnreadable
from shore_relay.relay.operating_settings import TlsSettings
from shore_relay.relay.settings import Settings
from shore_relay.relay.tls import Certificate, certificate_ends_at
from tests.certificates import Authority, Key, key_pem, make_key, pem
from tests.shore_relay.relay.shore import SETTINGS, Shore

NAME = "relay.example"
TLS = TlsSettings(certificate_file="relay.pem", key_file="relay.key")


@dataclass(frozen=True, kw_only=True)
class Papers:
    """The files of a relay's certificate, and who signs them."""

    folder: Path
    authority: Authority
    key: Key

    def write(self, days: int) -> None:
        chain = self.authority.sign(
            self.key.public_key(), NAME, ends=datetime.now(UTC) + timedelta(days=days)
        )
        (self.folder / "relay.pem").write_bytes(pem(chain))
        (self.folder / "relay.key").write_bytes(key_pem(self.key))
        (self.folder / "relay.key").chmod(0o600)

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=pem([self.authority.root]).decode())


@pytest.fixture
def papers(shore: Shore) -> Papers:
    papers = Papers(folder=shore.folder, authority=Authority(), key=make_key())
    papers.write(90)
    return papers


@pytest.fixture
def settings(papers: Papers) -> Settings:
    assert (papers.folder / TLS.key_file).exists()
    return replace(SETTINGS, tls=TLS)


async def ask(port: int, context: ssl.SSLContext) -> tuple[bytes, int]:
    """Return the first line of the answer, and when the certificate ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=NAME)
    writer.write(f"GET /readyz HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
    line = await reader.readline()
    ends = int(ssl.cert_time_to_seconds(writer.get_extra_info("peercert")["notAfter"]))
    writer.close()
    await writer.wait_closed()
    return line, ends


async def test_the_http_port_speaks_tls(shore: Shore, papers: Papers, settings: Settings) -> None:
    async with shore.serving(settings) as relay:
        line, ends = await ask(relay.http_port, papers.trusting())
    assert b" 200 " in line
    assert ends == certificate_ends_at(shore.folder, TLS)
    assert settings.addresses()[1].url.startswith("wss://")


async def test_a_renewed_certificate_is_taken_up_and_half_a_renewal_is_not(papers: Papers) -> None:
    certificate = Certificate(papers.folder, TLS)
    assert not certificate.refresh()
    papers.write(30)
    assert certificate.refresh()
    (papers.folder / "relay.key").write_bytes(key_pem(make_key()))
    with pytest.raises(CertificateUnusable):
        certificate.refresh()
    (papers.folder / "relay.pem").unlink()
    with pytest.raises(CertificateUnusable, match="certificate_file"):
        certificate.refresh()


async def test_nothing_older_than_tls_1_2_is_spoken(
    shore: Shore, papers: Papers, settings: Settings, recwarn: pytest.WarningsRecorder
) -> None:
    old = papers.trusting()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with shore.serving(settings) as relay:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await ask(relay.http_port, old)
        assert b" 200 " in (await ask(relay.http_port, papers.trusting()))[0]
    assert all(issubclass(warning.category, DeprecationWarning) for warning in recwarn)


def test_a_key_that_others_may_read_is_refused(papers: Papers) -> None:
    (papers.folder / "relay.key").chmod(0o644)
    with pytest.raises(SecretUnreadable, match="chmod 600"):
        Certificate(papers.folder, TLS)
