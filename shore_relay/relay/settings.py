"""The relay's settings: one frozen object from `settings.toml` in the data folder and the environment."""

import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import TypeVar, get_type_hints

from protocol.links import LinkKind, LinkProfile
from protocol.provisioning import BearerKind, RelayAddress
from shore_relay.post.mail import SECURITY
from shore_relay.relay.errors import SecretUnreadable, SettingsInvalid
from shore_relay.relay.operating_settings import DoorSettings, NoticeSettings, OperatorSettings, TlsSettings
from shore_relay.relay.store.postgres_address import holds_password

T = TypeVar("T")

_SBD_PATIENCE_S = 28_800.0
"""A box lets its receipts wait up to six hours for something to ride with; asking sooner costs a credit."""

ENVIRONMENT_PREFIX = "SEAVOICE_RELAY_"
DATA_VARIABLE = ENVIRONMENT_PREFIX + "DATA"
FILE_NAME = "settings.toml"
LINK_PATH = "/v1/link"

_UDP_PAYLOAD_BYTES = 1_200
"""Fits every path that IPv6 allows (1,280), with room for a tunnel."""
_RECORD_BYTES = 65_535
_PORT_MAX = 65_535
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerSettings:
    """What is known of the links that come over one bearer; a rate of 0 leaves the pace to the bearer."""

    rate_up_bps: float = 0.0
    rate_down_bps: float = 0.0
    round_trip_s: float = 1.5
    contact_bytes_expected: int = 10_000_000
    price_per_megabyte: float = 0.0
    """In `currency`, for what the operator's page shows as spent; caps are `vessel cap`'s."""

    def profile(self, kind: BearerKind) -> LinkProfile:
        """Return what the engine has to know of this bearer."""
        datagram = kind is BearerKind.UDP
        mtu_bytes = _UDP_PAYLOAD_BYTES if datagram else _RECORD_BYTES
        return LinkProfile(
            name=kind.value,
            kind=LinkKind.DATAGRAM if datagram else LinkKind.STREAM,
            mtu_up_bytes=mtu_bytes,
            mtu_down_bytes=mtu_bytes,
            rate_up_bps=self.rate_up_bps or None,
            rate_down_bps=self.rate_down_bps or None,
            round_trip_s=self.round_trip_s,
            contact_bytes_expected=self.contact_bytes_expected,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SbdSettings:
    """Short messages over satellite: their sizes and price, what is worth one, and the gateways.

    The webhook is on where `rockblock_key_file` exists, messages down over RockBLOCK where
    `rockblock_secret_file` does; DirectIP is on where `directip_from` and `directip_gateway` say so.
    """

    mtu_up_bytes: int = 340
    mtu_down_bytes: int = 270
    """The sizes of Iridium 9602 and 9603 modems; newer ones carry up to 100 kB."""
    step_bytes: int = 50
    """One credit pays for so many bytes of one message, begun ones included."""
    price_per_credit: float = 0.0
    """In `currency`, for what the operator's page shows as spent."""
    mail_bytes_max: int = 1_500
    """What is larger, and not urgent, waits for another bearer."""
    queued_messages_max: int = 8
    """How many may wait at the gateway for one vessel; RockBLOCK itself keeps at most 50."""
    queued_hours_max: float = 120.0
    """After so long a gateway has dropped what its modem did not fetch."""
    urgent_receipt: bool = True
    """Whether a receipt for an urgent report alone is worth a message."""
    urgent_receipt_minutes: float = 2.0
    """How long that waits, so that the desk's own receipt, or an answer, can ride along."""
    receipt_hours: float = 6.0
    """After how long any other receipt is worth a message of its own; 0: it always waits for mail."""
    keep_positions: bool = False
    """Whether each vessel's last position, as the satellite guesses it, is kept and shown in `status`."""
    rockblock_url: str = "https://rockblock.rock7.com/rockblock/MT"
    rockblock_key_file: str = "rockblock.pem"
    """The operator's RSA public key; a relative path is in the data folder."""
    rockblock_secret_file: str = "rockblock.toml"  # noqa: S105  # A file's name.
    """Holds `username` and `password`, for its owner's eyes alone."""
    gateway_patience_s: float = 30.0
    directip_from: str = ""
    """Addresses or networks, joined by commas, from which the Iridium gateway may connect; empty: none."""
    directip_port: int = 8704
    directip_gateway: str = ""
    """host:port of the Iridium gateway that takes messages down; empty: none."""

    def profile(self) -> LinkProfile:
        """Return what the engine has to know of this bearer."""
        return LinkProfile(
            name="sbd",
            kind=LinkKind.MESSAGE,
            mtu_up_bytes=self.mtu_up_bytes,
            mtu_down_bytes=self.mtu_down_bytes,
            identifies_vessel=True,
            patience_s=_SBD_PATIENCE_S,
        )

    def credits(self, size_bytes: int) -> int:
        """Return what one message costs; an empty one costs a credit, too."""
        return max(1, -(-size_bytes // self.step_bytes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that an operator can set; a port of 0 takes any free one."""

    public_host: str = "localhost"
    """The name under which vessels reach this relay; it goes into provisioning files."""
    public_websocket_url: str = ""
    """Where a proxy gives TLS: wss://host/v1/link. Empty: ws:// with `public_host` and `http_port`, or wss://
    where this relay has a certificate of its own."""
    store: str = field(default="", repr=False)
    """postgresql://user@host/database for a relay that shares its store with others; empty: a file."""
    store_password_file: str = ""
    """Holds the database's password, for its owner's eyes alone; a relative path is in the data folder."""
    listen_host: str = "0.0.0.0"  # noqa: S104  # A server for vessels anywhere; its ports are hostile ground.
    http_port: int = 8701
    tcp_port: int = 8702
    udp_port: int = 8702
    tcp: BearerSettings = field(default_factory=BearerSettings)
    websocket: BearerSettings = field(default_factory=BearerSettings)
    udp: BearerSettings = field(default_factory=BearerSettings)
    sbd: SbdSettings = field(default_factory=SbdSettings)
    tls: TlsSettings = field(default_factory=TlsSettings)
    door: DoorSettings = field(default_factory=DoorSettings)
    operator: OperatorSettings = field(default_factory=OperatorSettings)
    notices: NoticeSettings = field(default_factory=NoticeSettings)
    currency: str = "US$"
    """What prices are in."""
    log_format: str = "text"
    """"text": at=… event=… key=value; "json": one object on each line."""
    connections_per_address_max: int = 64
    """Vessels behind one satellite gateway share an address."""
    vessels_in_memory_max: int = 2_000
    held_bytes_per_vessel_max: int = 64_000_000
    """Sealed bytes that may wait for desks; beyond it a vessel is told to come again."""
    queued_bytes_per_vessel_max: int = 64_000_000
    request_bytes_max: int = 1_500_000
    """One bundle of the largest size, as base64url in JSON."""
    page_bytes_max: int = 4_000_000
    """Bundles in one page of a feed; a single larger one still goes."""
    database_bytes_max: int = 0
    """0: only the disk bounds it; a PostgreSQL server has bounds of its own."""
    first_record_s: float = 10.0
    """A connection that has not said whose it is by then is closed."""
    rekey_wait_s: float = 60.0
    """How long a vessel whose keys are unknown has to ask for new ones: two slow round trips and a queue."""
    stream_idle_s: float = 3_600.0
    udp_idle_s: float = 300.0
    """Address translators on the way forget a quiet vessel after about that long."""
    store_retry_s: float = 5.0
    """After a failed commit a vessel's link rests this long."""

    def profile(self, kind: BearerKind) -> LinkProfile:
        """Return what the engine has to know of one bearer."""
        match kind:
            case BearerKind.TCP:
                return self.tcp.profile(kind)
            case BearerKind.WEBSOCKET:
                return self.websocket.profile(kind)
            case BearerKind.UDP:
                return self.udp.profile(kind)

    def price_per_megabyte(self, bearer: str) -> float:
        """Return what bytes over a bearer cost; 0 for one that is paid otherwise, or not at all."""
        prices = {"tcp": self.tcp, "websocket": self.websocket, "udp": self.udp}
        return prices[bearer].price_per_megabyte if bearer in prices else 0.0

    def addresses(self) -> tuple[RelayAddress, ...]:
        """Return the ways to this relay for provisioning files, the cheapest first."""
        host = f"[{self.public_host}]" if ":" in self.public_host else self.public_host
        scheme = "wss" if self.tls.is_on else "ws"
        websocket_url = self.public_websocket_url or f"{scheme}://{host}:{self.http_port}{LINK_PATH}"
        return (
            RelayAddress(kind=BearerKind.TCP, url=f"tcp://{host}:{self.tcp_port}"),
            RelayAddress(kind=BearerKind.WEBSOCKET, url=websocket_url),
            RelayAddress(kind=BearerKind.UDP, url=f"udp://{host}:{self.udp_port}"),
        )


Values = Mapping[str, object]


def load_settings(data_folder: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the file, then the environment, which wins; raises `SettingsInvalid`."""
    values = _read_file(data_folder / FILE_NAME)
    _require_secrecy(data_folder / FILE_NAME, values)
    tables: dict[str, dict[str, object]] = {
        name: dict(_table(name, values.pop(name, {}))) for name in _SECTIONS
    }
    for variable, text in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable == DATA_VARIABLE:
            continue
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        section, _, key = name.partition("_")
        if section in _SECTIONS and key in _names(_SECTIONS[section]):
            tables[section][key] = _from_text(_SECTIONS[section], key, text, variable)
        else:
            values[name] = _from_text(Settings, name, text, variable)
    built: dict[str, object] = {
        name: _build(_SECTIONS[name], table, f"{name}.") for name, table in tables.items()
    }
    return _build(Settings, values | built, "")


_SECTIONS: dict[str, type] = {
    "tcp": BearerSettings,
    "websocket": BearerSettings,
    "udp": BearerSettings,
    "sbd": SbdSettings,
    "tls": TlsSettings,
    "door": DoorSettings,
    "operator": OperatorSettings,
    "notices": NoticeSettings,
}
_TRUTHS = {"true": True, "false": False}
_CHOICES = {"log_format": ("text", "json"), "notices.smtp_security": SECURITY}
_LEAST = {
    # Below these an engine could not even name what it holds.
    "sbd.mtu_up_bytes": 50,
    "sbd.mtu_down_bytes": 50,
    "sbd.step_bytes": 1,
    "sbd.queued_messages_max": 1,
    "sbd.gateway_patience_s": 1,
    # With less, nobody at all could come in.
    "door.connections_max": 1,
    "door.connections_per_minute_max": 1,
    "door.requests_per_minute_max": 1,
    "door.packets_per_vessel_s_max": 1,
    "door.http_idle_s": 0.01,
    "door.http_body_s": 0.01,
    # A desk that is only slow is no news.
    "notices.after_minutes": 1,
    "notices.remind_hours": 1,
}


def _read_file(path: Path) -> dict[str, object]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as reason:
        raise SettingsInvalid(f"{path} cannot be read ({reason}); correct it or delete it.") from reason
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as reason:
        raise SettingsInvalid(f"{path} is not TOML ({reason}); correct that line.") from reason


def _require_secrecy(path: Path, values: Values) -> None:
    """Raise `SecretUnreadable` where others can read a password in the file."""
    store = values.get("store")
    if isinstance(store, str) and store and holds_password(store) and path.stat().st_mode & _OTHERS:
        raise SecretUnreadable(f"{path} holds a password and can be read by others; run: chmod 600 {path}")


def _table(name: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise SettingsInvalid(f"The setting {name} must be a table: write [{name}] on a line of its own.")
    return value


def _names(kind: type) -> set[str]:
    assert is_dataclass(kind)
    return {entry.name for entry in fields(kind)}


def _from_text(kind: type, name: str, text: str, variable: str) -> object:
    wanted = get_type_hints(kind).get(name)
    if wanted is None or wanted in _SECTIONS.values():
        raise SettingsInvalid(f"The environment variable {variable} names no setting; correct or unset it.")
    if wanted is bool:
        if text.lower() not in _TRUTHS:
            raise SettingsInvalid(f"The environment variable {variable} must be true or false.")
        return _TRUTHS[text.lower()]
    try:
        return wanted(text)
    except ValueError:
        raise SettingsInvalid(f"The environment variable {variable} must be a number.") from None


def _build(kind: type[T], values: Values, prefix: str) -> T:
    hints = get_type_hints(kind)
    checked: dict[str, object] = {}
    for name, value in values.items():
        if name not in hints:
            raise SettingsInvalid(f"The setting {prefix}{name} is not known; correct or remove it.")
        checked[name] = _checked(prefix + name, hints[name], value)
    return kind(**checked)


def _checked(name: str, wanted: type, value: object) -> object:
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, wanted) or isinstance(value, bool) is not (wanted is bool):
        raise SettingsInvalid(f"The setting {name} must be of the kind {wanted.__name__}.")
    if name in _CHOICES and value not in _CHOICES[name]:
        raise SettingsInvalid(f"The setting {name} must be one of: {', '.join(_CHOICES[name])}.")
    if isinstance(value, int | float):
        least = _LEAST.get(name, 0)
        most = _PORT_MAX if name.endswith("_port") else float("inf")
        if not least <= value <= most:
            raise SettingsInvalid(f"The setting {name} must lie between {least} and {most:g}.")
    return value
