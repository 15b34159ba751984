"""The settings of what surrounds a relay: its certificate, its doors, its operator's port."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsSettings:
    """A certificate of the relay's own, for its HTTP port; empty where a proxy in front has one."""

    certificate_file: str = ""
    """The chain in PEM form; a relative path is in the data folder. A renewed file is taken up by itself."""
    key_file: str = ""
    """Its private key, for its owner's eyes alone."""

    @property
    def is_on(self) -> bool:
        """Whether the HTTP port speaks TLS."""
        return bool(self.certificate_file)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """How much strangers may ask for; every bound is per address or in all, and refuses, never crashes."""

    connections_max: int = 20_000
    """Open connections of all bearers together."""
    connections_per_minute_max: int = 1_200
    """New connections of one address in a minute; vessels behind one satellite gateway share an address."""
    requests_per_minute_max: int = 600
    """HTTP requests of one address in a minute."""
    packets_per_vessel_s_max: int = 500
    """Packets of one vessel in a second; one that sends more is read more slowly, and loses nothing."""
    http_idle_s: float = 30.0
    """An HTTP connection that neither asks nor takes its answer is closed then: also one that dribbles."""
    http_body_s: float = 120.0
    """A request's body has to be there by then."""
    trusted_proxies: str = "127.0.0.1, ::1"
    """Addresses or networks of proxies whose X-Forwarded-For is believed, joined by commas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSettings:
    """The operator's own port: metrics and the page. Off unless it is turned on."""

    enabled: bool = False
    host: str = "127.0.0.1"
    """Another address needs TLS: a passphrase goes over it."""
    port: int = 8705
    session_minutes: float = 60.0
    """A page that nobody used for so long asks for the passphrase again."""
    metrics_by_vessel: bool = False
    """Whether the metrics tell vessels apart, by number: who sees them then sees when each one spoke."""
    metrics_token_file: str = "metrics.token"  # noqa: S105  # A file's name.
    """Where this file exists, who reads the metrics shows what it holds as a bearer token."""
    silent_hours: float = 72.0
    """A vessel that was not heard for so long is an alarm."""
    waiting_hours: float = 24.0
    """What a desk has not fetched for so long is an alarm."""
    backup_hours: float = 36.0
    """A last backup that is older is an alarm."""
    disk_free_bytes_min: int = 1_000_000_000
    """Less room on the disk is an alarm."""
    backup_to: str = ""
    """The age recipient that `backup` encrypts to where the command names none: age1…"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSettings:
    """When a desk's office hears that something waits, and the mail server for it (`desk notify`)."""

    after_minutes: float = 15.0
    """A desk whose program runs has fetched everything long before."""
    remind_hours: float = 24.0
    """Who was told, and still fetches nothing, is told again after so long."""
    smtp_host: str = ""
    """The server that takes e-mail; empty for none."""
    smtp_port: int = 587
    smtp_security: str = "starttls"
    """"starttls", "tls", or "none" for a server on this machine."""
    smtp_user: str = ""
    smtp_password_file: str = "smtp.password"  # noqa: S105  # A file's name.
    """For its owner's eyes alone; a relative path is in the data folder."""
    smtp_from: str = ""
    """The address that notices come from."""
