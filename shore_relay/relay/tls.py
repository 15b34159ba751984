"""The relay's own certificate: loaded with its key, taken up anew when the files change, and its last day."""

import os
import ssl
import stat
from pathlib import Path

from cryptography import x509

from protocol.ids import UnixSeconds
from shore_relay.relay.errors import CertificateUnusable, SecretUnreadable, SettingsInvalid
from shore_relay.relay.operating_settings import TlsSettings

_PEM_BYTES_MAX = 200_000


class Certificate:
    """The context that a server uses; `refresh` takes up files that were renewed."""

    def __init__(self, folder: Path, settings: TlsSettings) -> None:
        """Load the files. Raises `SettingsInvalid`, `SecretUnreadable` or `CertificateUnusable`."""
        if not settings.key_file:
            raise SettingsInvalid(
                "tls.certificate_file needs tls.key_file: name the file of its private key."
            )
        self._chain = folder / settings.certificate_file
        self._key = folder / settings.key_file
        # The defaults of the library, and nothing older than TLS 1.2.
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.options |= ssl.OP_NO_RENEGOTIATION
        self._loaded: tuple[int, int] = (0, 0)
        self._load()

    def refresh(self) -> bool:
        """Take up renewed files; return whether there were some. Raises what loading them raises."""
        if self._changed_at() == self._loaded:
            return False
        self._load()
        return True

    def _changed_at(self) -> tuple[int, int]:
        try:
            return self._chain.stat().st_mtime_ns, self._key.stat().st_mtime_ns
        except OSError as reason:
            raise CertificateUnusable(
                f"The certificate {self._chain} or its key cannot be read ({reason.strerror}); correct "
                "tls.certificate_file and tls.key_file."
            ) from reason

    def _load(self) -> None:
        changed_at = self._changed_at()
        if self._key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise SecretUnreadable(f"{self._key} can be read by others; run: chmod 600 {self._key}")
        try:
            self.context.load_cert_chain(self._chain, self._key, password=_no_passphrase)
        except (ssl.SSLError, OSError) as reason:
            raise CertificateUnusable(
                f"{self._chain} and {self._key} are no certificate with its key, both in PEM and the key "
                "without a passphrase; ask for them again where they come from."
            ) from reason
        self._loaded = changed_at


def _no_passphrase() -> str:
    # Without this, OpenSSL would ask whoever sits at the terminal, and a service for ever.
    return ""


def certificate_ends_at(folder: Path, settings: TlsSettings) -> UnixSeconds | None:
    """Return when the relay's own certificate ends, or None where there is none that can be read."""
    if not settings.is_on:
        return None
    try:
        with open(folder / settings.certificate_file, "rb") as file:
            certificates = x509.load_pem_x509_certificates(file.read(_PEM_BYTES_MAX))
    except (OSError, ValueError):
        return None
    return UnixSeconds(int(min(each.not_valid_after_utc for each in certificates).timestamp()))


def environment_or_file(variable: str, path: Path) -> str:
    """Return a secret from the environment, else from a file that only its owner may read; "" for none.

    Raises `SecretUnreadable` where the file is open to others or cannot be read.
    """
    if variable in os.environ:
        return os.environ[variable].strip()
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SecretUnreadable(f"{path} can be read by others; run: chmod 600 {path}")
            return file.read(_PEM_BYTES_MAX).decode().strip()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as reason:
        raise SecretUnreadable(
            f"{path} cannot be read ({reason}); correct its path or its rights."
        ) from reason
