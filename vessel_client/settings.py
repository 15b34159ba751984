"""What the operator of a box may choose, and what comes of it: links, tariffs, shapes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from protocol.frames import Priority
from protocol.links import LinkKind, LinkProfile
from protocol.provisioning import BearerKind
from protocol.shape import Shape
from vessel_client.errors import WrongSettings
from vessel_client.policy import ALL_PRIORITIES, NANO, Cap, Hours, Tariff

SETTINGS_FILE = "settings.toml"
CERTIFICATE_FILE = "phones.pem"
CERTIFICATE_KEY_FILE = "phones.key"

_UDP_MTU_BYTES = 1_200
"""Fits every path without fragments (RFC 9000 §14 takes the same number)."""

_RECORD_BYTES_MAX = 65_535

SBD = "sbd"
"""The name of the satellite modem's bearer; the others have those of `BearerKind`."""

BEARERS = (*(kind.value for kind in BearerKind), SBD)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingSettings:
    """When a bearer may be used, and for how much."""

    cap_money: float = -1.0
    """What may be spent in a month; -1 for any amount."""
    cap_bytes: int = -1
    hours: str = ""
    """Hours of the day in UTC when anything but what is urgent may go: 22-6. Empty: always."""
    over_cap: str = "urgent"
    """Priorities that may go although the cap is reached; "none" for none."""
    escalate_after_h: float = 0.0
    """After waiting so many hours, other priorities than it carries go too, but clear-voice; 0: never."""
    shape_bytes: int = 0
    """Send a packet of this size at set times, whether anybody speaks or not; 0: send what there is."""
    shape_interval_s: float = 900.0
    answered_in_shape: ClassVar[bool]
    """Whether the relay answers each such packet with one as large."""

    def shape(self) -> Shape | None:
        """Return the constant shape; None where there is none."""
        if not self.shape_bytes:
            return None
        return Shape(
            packet_bytes=self.shape_bytes,
            answer_bytes=self.shape_bytes if self.answered_in_shape else 0,
            interval_s=self.shape_interval_s,
        )

    def rules(self) -> Tariff:
        """Return these as a tariff without prices; raises `WrongSettings`."""
        return Tariff(
            cap=Cap(
                money_nano=None if self.cap_money < 0 else round(self.cap_money * NANO),
                size_bytes=None if self.cap_bytes < 0 else self.cap_bytes,
            ),
            hours=_read_hours(self.hours),
            over_cap=_read_priorities("over_cap", self.over_cap),
            escalate_after_s=self.escalate_after_h * 3_600 or None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerSettings(SpendingSettings):
    """What the box knows of one way to its relay, as numbers; 0 leaves the pace to the bearer."""

    enabled: bool = True
    url: str = ""
    """Overrides the address of the provisioning file."""
    rate_up_bps: float = 0.0
    rate_down_bps: float = 0.0
    round_trip_s: float = 1.0
    contact_bytes_expected: int = 10_000_000
    mtu_bytes: int = _UDP_MTU_BYTES
    """For datagrams only."""
    price_per_byte: float = 0.0
    price_per_message: float = 0.0
    step_bytes: int = 1
    """Each packet is billed in whole steps, and at least one."""
    overhead_bytes: int = 0
    """Billed with each packet beside its own bytes: 40 where IP and TCP headers are."""
    carries: str = ""
    """Priorities with commas between them. Empty: all, but over a bearer with a price no clear-voice."""
    answered_in_shape: ClassVar[bool] = True

    def tariff(self) -> Tariff:
        """Return what the bearer costs and may carry; raises `WrongSettings`."""
        free = not self.price_per_byte and not self.price_per_message
        usual = ALL_PRIORITIES if free else ALL_PRIORITIES - {Priority.CLEAR_VOICE}
        return replace(
            self.rules(),
            byte_nano=round(self.price_per_byte * NANO),
            message_nano=round(self.price_per_message * NANO),
            step_bytes=self.step_bytes,
            overhead_bytes=self.overhead_bytes,
            carries=_read_priorities("carries", self.carries) or usual,
        )

    def profile(self, kind: BearerKind) -> LinkProfile:
        """Return the link as the engine wants it described."""
        datagram = kind is BearerKind.UDP
        mtu = self.mtu_bytes if datagram else _RECORD_BYTES_MAX
        return LinkProfile(
            name=kind.value,
            kind=LinkKind.DATAGRAM if datagram else LinkKind.STREAM,
            mtu_up_bytes=mtu,
            mtu_down_bytes=mtu,
            rate_up_bps=self.rate_up_bps or None,
            rate_down_bps=self.rate_down_bps or None,
            round_trip_s=self.round_trip_s,
            contact_bytes_expected=self.contact_bytes_expected,
            shape=self.shape(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SbdSettings(SpendingSettings):
    """A satellite modem for short messages; times are seconds of the link.

    The defaults are those of an Iridium 9602 or 9603; a modem with larger messages only has other numbers.
    """

    enabled: bool = False
    device: str = "/dev/ttyUSB0"
    baud: int = 19_200
    mtu_up_bytes: int = 340
    mtu_down_bytes: int = 270
    carries: str = "thin-voice"
    """The last priority that may go over it: urgent, check-in, text, thin-voice or clear-voice."""
    credit_step_bytes: int = 50
    price_per_credit: float = 0.0
    at_once: str = ""
    """Priorities up to `carries` that need not wait for `escalate_after_h`. Empty: all of them."""
    signal_min: int = 2
    """Bars of 5."""
    signal_interval_s: float = 20.0
    signal_wait_s: float = 300.0
    """After so long under a weak sky, one bar is enough to try."""
    mailbox_interval_s: float = 43_200.0
    """How often to look for mail when nothing rings and nothing goes, for one credit each; 0 for never."""
    receipt_wait_s: float = 21_600.0
    """How long a receipt for mail waits for a message to travel with before it goes by itself."""
    patience_s: float = 1_800.0
    """How long to wait for the relay's word before asking; it doubles while no word comes."""
    retry_delay_s_min: float = 20.0
    retry_delay_s_max: float = 300.0
    answer_timeout_s: float = 10.0
    session_timeout_s: float = 300.0
    answered_in_shape: ClassVar[bool] = False
    """Mail comes as it is ready, since each message down costs money."""

    def profile(self) -> LinkProfile:
        """Return the link as the engine wants it described."""
        return LinkProfile(
            name="sbd",
            kind=LinkKind.MESSAGE,
            mtu_up_bytes=self.mtu_up_bytes,
            mtu_down_bytes=self.mtu_down_bytes,
            round_trip_s=80.0,
            identifies_vessel=True,
            patience_s=self.patience_s,
            answer_wait_s=self.receipt_wait_s,
            priority_max=PRIORITY_WORDS[self.carries],
            shape=self.shape(),
        )

    def tariff(self) -> Tariff:
        """Return what the modem costs and may carry; raises `WrongSettings`."""
        return replace(
            self.rules(),
            byte_nano=round(self.price_per_credit * NANO / self.credit_step_bytes),
            step_bytes=self.credit_step_bytes,
            carries=_read_priorities("at_once", self.at_once) or ALL_PRIORITIES,
            billed_by_session=True,
        )


PRIORITY_WORDS: Mapping[str, Priority] = {
    priority.name.lower().replace("_", "-"): priority for priority in Priority
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFiles:
    """Where the certificate for phones and its key are, whether they exist or not."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything about a box that its operator may choose."""

    data_dir: Path
    api_host: str = "127.0.0.1"
    api_port: int = 8700
    api_hosts_allowed: str = ""
    """More names under which a browser may reach the local API, with commas between them."""
    tls_certificate: str = ""
    """The file with the certificate and its chain (PEM) for phones; empty for the one in the data folder."""
    tls_key: str = ""
    """The file with its key; phones get https where it exists."""
    api_tls_host: str = ""
    """Where https is served: empty for every address of the box."""
    api_tls_port: int = 443
    requests_per_minute_max: int = 3_000
    """Of one client, and as many at once: a first visit asks for some three hundred files."""
    bundles_per_minute_max: int = 60
    """Of one client: a phone that kept messages while away hands over all of them."""
    lookups_per_minute_max: int = 20
    """Of one client: mailboxes in which nothing was found, which is what a wrong code finds."""
    queue_bytes_max: int = 200_000_000
    queue_bundles_max: int = 5_000
    reserve_bytes: int = 20_000_000
    """Room behind the bound that only urgent messages and check-ins may use."""
    reserve_bundles: int = 500
    mail_bytes_max: int = 100_000_000
    retry_delay_s_min: float = 1.0
    """Seconds of the link before the first new try; each further one takes twice as long."""
    retry_delay_s_max: float = 60.0
    connect_timeout_s: float = 30.0
    keepalive_s: int = 300
    """After this silence the system asks whether a TCP connection still stands; no byte of ours goes."""
    health_interval_s: float = 3_600.0
    """Seconds of the link between two reports of the box's health, which go only where UDP is used."""
    crew_size: int = 0
    """People aboard, for `seavoice-vessel budget`: the law of Thailand asks for 1 MB a person and month."""
    currency: str = "USD"
    """What prices and caps are in; it is only shown."""
    link_speed: float = 1.0
    """Seconds of the link in one second of the machine: above 1 only with a simulated sky."""
    tcp: BearerSettings = field(default_factory=BearerSettings)
    websocket: BearerSettings = field(default_factory=BearerSettings)
    udp: BearerSettings = field(default_factory=BearerSettings)
    sbd: SbdSettings = field(default_factory=SbdSettings)

    def certificate_files(self) -> CertificateFiles:
        """Return the files of the certificate for phones."""
        if self.tls_certificate:
            return CertificateFiles(certificate=Path(self.tls_certificate), key=Path(self.tls_key))
        return CertificateFiles(
            certificate=self.data_dir / CERTIFICATE_FILE, key=self.data_dir / CERTIFICATE_KEY_FILE
        )

    def serves_phones(self) -> bool:
        """Return whether the box has a key for phones, and so needs TLS."""
        return self.certificate_files().key.exists()

    def tariffs(self) -> dict[str, Tariff]:
        """Return what each bearer that is in use costs; raises `WrongSettings`."""
        return {name: chosen.tariff() for name, chosen in self._in_use().items()}

    def shapes(self) -> dict[str, Shape | None]:
        """Return the constant shape of each bearer that is in use, or None where it has none."""
        return {name: chosen.shape() for name, chosen in self._in_use().items()}

    def named(self, bearer: str) -> BearerSettings | SbdSettings:
        """Return the settings of the bearer of this name."""
        return self.sbd if bearer == SBD else self.bearer(BearerKind(bearer))

    def _in_use(self) -> dict[str, BearerSettings | SbdSettings]:
        known = {name: self.named(name) for name in BEARERS}
        return {name: chosen for name, chosen in known.items() if chosen.enabled}

    def bearer(self, kind: BearerKind) -> BearerSettings:
        """Return the settings of one bearer."""
        return {
            BearerKind.TCP: self.tcp,
            BearerKind.WEBSOCKET: self.websocket,
            BearerKind.UDP: self.udp,
        }[kind]


def _read_hours(text: str) -> Hours | None:
    if not text:
        return None
    start, dash, end = text.partition("-")
    numbers = [int(each) for each in (start, end) if each.strip().isdecimal()]
    if not dash or len(numbers) != 2 or max(numbers) > 24 or numbers[0] == numbers[1]:  # From and to.
        raise WrongSettings(
            f'The setting hours must be two hours of the day in UTC such as "22-6", not "{text}".'
        )
    return Hours(start=numbers[0] % 24, end=numbers[1] % 24)


def _read_priorities(setting: str, text: str) -> frozenset[Priority]:
    words = [word.strip() for word in text.split(",") if word.strip() and word.strip() != "none"]
    known = PRIORITY_WORDS
    for word in words:
        if word not in known:
            raise WrongSettings(
                f"The setting {setting} names a priority that is not known: {word}. "
                f"Known are {', '.join(known)}."
            )
    return frozenset(known[word] for word in words)
