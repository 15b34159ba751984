"""The settings of a box: `settings.toml` in the data folder, and over it the environment.

An environment variable is the setting's name behind `SEAVOICE_VESSEL_`: `SEAVOICE_VESSEL_API_PORT`, and for a
bearer `SEAVOICE_VESSEL_TCP_RATE_UP_BPS` where the file has `rate_up_bps` under `[bearers.tcp]`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from protocol.frames import Priority
from protocol.links import LinkKind, LinkProfile
from protocol.provisioning import BearerKind
from vessel_client.errors import UnreadableFile, WrongSettings

ENVIRONMENT = "SEAVOICE_VESSEL_"
SETTINGS_FILE = "settings.toml"

_UDP_MTU_BYTES = 1_200
"""Fits every path without fragments (RFC 9000 §14 takes the same number)."""

_RECORD_BYTES_MAX = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerSettings:
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
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SbdSettings:
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
        )


PRIORITY_WORDS: Mapping[str, Priority] = {
    priority.name.lower().replace("_", "-"): priority for priority in Priority
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything about a box that its operator may choose."""

    data_dir: Path
    api_host: str = "127.0.0.1"
    api_port: int = 8700
    api_hosts_allowed: str = ""
    """More names under which a browser may reach the local API, with commas between them."""
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
    link_speed: float = 1.0
    """Seconds of the link in one second of the machine: above 1 only with a simulated sky."""
    tcp: BearerSettings = field(default_factory=BearerSettings)
    websocket: BearerSettings = field(default_factory=BearerSettings)
    udp: BearerSettings = field(default_factory=BearerSettings)
    sbd: SbdSettings = field(default_factory=SbdSettings)

    def bearer(self, kind: BearerKind) -> BearerSettings:
        """Return the settings of one bearer."""
        return {
            BearerKind.TCP: self.tcp,
            BearerKind.WEBSOCKET: self.websocket,
            BearerKind.UDP: self.udp,
        }[kind]


Made = TypeVar("Made", Settings, BearerSettings, SbdSettings)

_KIND_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
_SBD = "sbd"
_BEARERS = (*(kind.value for kind in BearerKind), _SBD)
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "api_port": (0, 65_535),
    "queue_bytes_max": (1_000_000, 10**12),
    "queue_bundles_max": (1, 1_000_000),
    "reserve_bytes": (0, 10**12),
    "reserve_bundles": (0, 1_000_000),
    "mail_bytes_max": (1_000_000, 10**12),
    "retry_delay_s_min": (0.001, 3_600),
    "retry_delay_s_max": (0.001, 86_400),
    "connect_timeout_s": (0.1, 3_600),
    "keepalive_s": (10, 86_400),
    "health_interval_s": (1, 604_800),
    "link_speed": (0.1, 1_000),
    "rate_up_bps": (0, 10**12),
    "rate_down_bps": (0, 10**12),
    "round_trip_s": (0.001, 600),
    "contact_bytes_expected": (1_000, 10**12),
    "mtu_bytes": (256, 65_507),
    "baud": (300, 4_000_000),
    "mtu_up_bytes": (100, 65_535),
    "mtu_down_bytes": (100, 65_535),
    "credit_step_bytes": (1, 100_000),
    "signal_min": (1, 5),
    "signal_interval_s": (1, 3_600),
    "signal_wait_s": (0, 86_400),
    "mailbox_interval_s": (0, 31_536_000),
    "receipt_wait_s": (0, 604_800),
    "patience_s": (60, 604_800),
    "answer_timeout_s": (0.1, 300),
    "session_timeout_s": (10, 3_600),
}


def default_data_dir(environment: Mapping[str, str] | None = None) -> Path:
    """Return the data folder of whoever runs this: `SEAVOICE_VESSEL_DATA`, or one under the home folder."""
    known = os.environ if environment is None else environment
    named = known.get(f"{ENVIRONMENT}DATA")
    return Path(named) if named else Path.home() / ".local" / "share" / "seavoice" / "vessel"


def load_settings(data_dir: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raises `WrongSettings` with the name of the setting, or `UnreadableFile`."""
    values = _read_file(data_dir / SETTINGS_FILE)
    bearers = values.pop("bearers", {})
    if not isinstance(bearers, dict):
        raise WrongSettings(f"In {SETTINGS_FILE}, bearers must be tables such as [bearers.tcp].")
    for name in bearers:
        if name not in _BEARERS:
            raise WrongSettings(f"{SETTINGS_FILE} has a bearer that is not known: {name}.")
    known = os.environ if environment is None else environment
    for variable, text in known.items():
        _take_variable(variable, text, values, bearers)
    settings = _build(Settings(data_dir=data_dir), values, "")
    made = {
        kind.value: _build(BearerSettings(), bearers.get(kind.value, {}), f"bearers.{kind.value}.")
        for kind in BearerKind
    }
    sbd = _build(SbdSettings(), bearers.get(_SBD, {}), f"bearers.{_SBD}.")
    if sbd.carries not in PRIORITY_WORDS:
        raise WrongSettings(f"The setting bearers.{_SBD}.carries must be one of {', '.join(PRIORITY_WORDS)}.")
    return replace(settings, tcp=made["tcp"], websocket=made["websocket"], udp=made["udp"], sbd=sbd)


def _read_file(path: Path) -> dict[str, Any]:
    import tomllib  # Most boxes have no such file, and the service starts sooner without the parser.

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as reason:
        raise UnreadableFile(f"The settings cannot be read: {path} ({reason.strerror}).") from reason
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as reason:
        raise WrongSettings(f"{path} is not TOML: {reason}. Correct that line.") from reason


def _take_variable(variable: str, text: str, values: dict[str, Any], bearers: dict[str, Any]) -> None:
    if not variable.startswith(ENVIRONMENT) or variable == f"{ENVIRONMENT}DATA":
        return
    name = variable.removeprefix(ENVIRONMENT).lower()
    for bearer in _BEARERS:
        if name.startswith(f"{bearer}_"):
            bearers.setdefault(bearer, {})[name.removeprefix(f"{bearer}_")] = _from_text(text)
            return
    values[name] = _from_text(text)


def _from_text(text: str) -> object:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def _build(base: Made, values: object, where: str) -> Made:
    if not isinstance(values, Mapping):
        raise WrongSettings(f"In {SETTINGS_FILE}, {where.rstrip('.')} must be a table.")
    types = {each.name: type(getattr(base, each.name)) for each in fields(base)}
    chosen: dict[str, Any] = {}
    for name, value in values.items():
        if types.get(name) not in (bool, int, float, str):
            raise WrongSettings(f"There is no setting {where}{name}; correct its name or take it out.")
        chosen[name] = _check(f"{where}{name}", name, value, types[name])
    return replace(base, **chosen)


def _check(shown: str, name: str, value: object, kind: type) -> object:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if kind is str and isinstance(value, int | float):
        value = str(value)
    if type(value) is not kind:
        raise WrongSettings(f"The setting {shown} must be {_KIND_WORDS[kind]}.")
    if isinstance(value, int | float) and name in _BOUNDS:
        least, most = _BOUNDS[name]
        if not least <= value <= most:
            raise WrongSettings(f"The setting {shown} must be from {least:g} to {most:g}.")
    return value
