"""The desk's settings: defaults, then `settings.toml` in the data folder, then the environment."""

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shore_relay.desk.errors import BadSettings

ENVIRONMENT_PREFIX = "SEAVOICE_DESK_"
NOT_SETTINGS = frozenset(
    {
        "SEAVOICE_DESK_DATA",
        "SEAVOICE_DESK_PERSON",
        "SEAVOICE_DESK_PASSPHRASE",
        "SEAVOICE_DESK_NEW_PASSPHRASE",
        "SEAVOICE_DESK_SMTP_PASSWORD",
        "SEAVOICE_DESK_WEBHOOK_SECRET",
    }
)
"""These name the folder or are secrets; they cannot stand in a settings file inside the folder."""

SMTP_SECURITY = ("tls", "starttls", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything about a desk that its operator may choose."""

    relay: str = "http://127.0.0.1:8701"
    """Where the relay's HTTP side listens."""
    host: str = "127.0.0.1"
    """Where the page listens. It shows what fishers said: leave it on this machine."""
    port: int = 8703
    wait_s: int = 25
    """How long one request for new items may wait; proxies commonly cut at 30."""
    retry_delay_s_min: float = 1.0
    retry_delay_s_max: float = 60.0
    session_minutes: int = 30
    """The page asks for the passphrase again after so long without use."""
    key_roll_days: int = 90
    """`serve` makes a new sealing key when the newest is so old; 0 leaves it to `keys roll`. Each new key
    costs every vessel a message."""
    satellite_message_bytes: int = 270
    """What one short message down carries (Iridium 9602 and 9603); the relay's `sbd.mtu_down_bytes`."""
    satellite_mail_bytes_max: int = 1_500
    """A larger answer that is not urgent waits for another bearer; the relay's `sbd.mail_bytes_max`."""
    credit_bytes: int = 50
    """One credit pays for so many bytes of one message, begun ones included."""
    credit_price: float = 0.0
    """What one credit costs the desk or its operator; 0: not known, so no money is shown."""
    currency: str = "USD"

    vessel_silence_hours: int = 24
    """The check-in board calls a vessel silent that was not heard for so long."""
    unopened_overdue_hours: int = 24
    """The inbox calls a message overdue that nobody has opened for so long since the relay had it."""

    statistics_people_min: int = 5
    """Statistics for a buyer count only what is true of so many people, and not true of so many others."""

    time_zone: str = "UTC"
    """In which the hour of the daily notice is meant, such as Asia/Bangkok."""
    smtp_host: str = ""
    """The server that takes notices by e-mail; empty for none."""
    smtp_port: int = 587
    smtp_security: str = "starttls"
    """`tls` from the first byte (port 465), `starttls` (587), or `none` for a server on this machine."""
    smtp_user: str = ""
    """Empty for a server that asks for no login."""
    smtp_password_file: str = ""
    """A file that only its owner may read; else SEAVOICE_DESK_SMTP_PASSWORD."""
    smtp_from: str = ""
    """The address that notices come from."""
    webhook_url: str = ""
    """Where notices go as signed webhooks; empty for nowhere."""
    webhook_secret_file: str = ""
    """A file that only its owner may read, with `whsec_` and base64; else SEAVOICE_DESK_WEBHOOK_SECRET."""


def load_settings(data: Path, environment: Mapping[str, str]) -> Settings:
    """Return the settings of a data folder; raises `BadSettings`."""
    values = _from_file(data / "settings.toml") | _from_environment(environment)
    kinds = {field.name: type(field.default) for field in dataclasses.fields(Settings)}
    checked = {name: _checked(name, value, kinds[name]) for name, value in values.items()}
    settings = dataclasses.replace(Settings(), **checked)  # type: ignore[arg-type]  # Checked against the fields.
    return _within_bounds(settings)


def write_settings(path: Path, settings: Settings) -> None:
    """Write the settings that differ from the defaults, for a new desk."""
    lines = ["# Settings of this desk. A key that is not known is refused, with a list of those that are.\n"]
    for field in dataclasses.fields(Settings):
        value = getattr(settings, field.name)
        if value != field.default:
            lines.append(f"{field.name} = {_toml(value)}\n")
    path.write_text("".join(lines), encoding="utf-8")


def _toml(value: str | float) -> str:
    if not isinstance(value, str):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _from_file(path: Path) -> dict[str, object]:
    try:
        values: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as reason:
        raise BadSettings(f"The settings in {path} cannot be read: {reason}. Correct the file.") from reason
    known = {field.name for field in dataclasses.fields(Settings)}
    for name in values:
        if name not in known:
            raise BadSettings(
                f"{path} has a setting that is not known: {name}. Known are {', '.join(sorted(known))}."
            )
    return values


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    known = {field.name: field.default for field in dataclasses.fields(Settings)}
    values: dict[str, object] = {}
    for variable, text in environment.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable in NOT_SETTINGS:
            continue
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        if name not in known:
            raise BadSettings(f"The environment has a setting that is not known: {variable}. Remove it.")
        values[name] = _parsed(variable, text, type(known[name]))
    return values


def _parsed(variable: str, text: str, kind: type) -> object:
    try:
        return kind(text)
    except ValueError as reason:
        raise BadSettings(f"{variable} must be a number, and is: {text}.") from reason


def _checked(name: str, value: object, kind: type) -> object:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not kind:
        raise BadSettings(f"The setting {name} must be a {_KIND_NAMES[kind]}, and is: {value}.")
    return value


_KIND_NAMES: Mapping[type, str] = {str: "text", int: "whole number", float: "number"}


def _within_bounds(settings: Settings) -> Settings:
    for name, least, most in (
        ("port", 0, 65_535),
        ("wait_s", 1, 60),
        ("retry_delay_s_min", 0.01, 3_600),
        ("retry_delay_s_max", 0.01, 3_600),
        ("session_minutes", 1, 1_440),
        ("key_roll_days", 0, 3_650),
        ("satellite_message_bytes", 120, 65_535),
        ("satellite_mail_bytes_max", 0, 1_000_000),
        ("credit_bytes", 1, 65_535),
        ("credit_price", 0, 1_000),
        ("vessel_silence_hours", 1, 8_760),
        ("unopened_overdue_hours", 1, 8_760),
        ("statistics_people_min", 3, 1_000),
        ("smtp_port", 1, 65_535),
    ):
        if not least <= getattr(settings, name) <= most:
            raise BadSettings(f"The setting {name} must be from {least} to {most}.")
    parts = urlsplit(settings.relay)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise BadSettings(
            f"The relay's address must be like https://relay.example.org:8701, and is: {settings.relay}."
        )
    try:
        ZoneInfo(settings.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as reason:
        raise BadSettings(
            f"The setting time_zone must be like Asia/Bangkok, and is: {settings.time_zone}."
        ) from reason
    if settings.smtp_security not in SMTP_SECURITY:
        raise BadSettings(
            f"The setting smtp_security must be one of {', '.join(SMTP_SECURITY)}, and is: "
            f"{settings.smtp_security}."
        )
    return settings
