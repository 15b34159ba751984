"""Reads the settings of a box: `settings.toml` in the data folder, and over it the environment.

An environment variable is the setting's name behind `SEAVOICE_VESSEL_`: `SEAVOICE_VESSEL_API_PORT`, and for a
bearer `SEAVOICE_VESSEL_TCP_RATE_UP_BPS` where the file has `rate_up_bps` under `[bearers.tcp]`.
"""

import os
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from protocol import limits
from protocol.provisioning import BearerKind
from protocol.shape import Shape
from vessel_client.constant_shape import breaks_cap, monthly_cost, speaking_freely
from vessel_client.errors import UnreadableFile, WrongSettings
from vessel_client.policy import NANO, Tariff
from vessel_client.settings import (
    BEARERS,
    PRIORITY_WORDS,
    SBD,
    SETTINGS_FILE,
    BearerSettings,
    SbdSettings,
    Settings,
)

ENVIRONMENT = "SEAVOICE_VESSEL_"

Made = TypeVar("Made", Settings, BearerSettings, SbdSettings)

_KIND_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}
_BOUNDS: Mapping[str, tuple[float, float]] = {
    "api_port": (0, 65_535),
    "api_tls_port": (0, 65_535),
    "requests_per_minute_max": (600, 1_000_000),
    "bundles_per_minute_max": (6, 1_000_000),
    "lookups_per_minute_max": (6, 1_000_000),
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
    "price_per_byte": (0, 1_000_000),
    "price_per_message": (0, 1_000_000),
    "price_per_credit": (0, 1_000_000),
    "step_bytes": (1, 1_000_000),
    "overhead_bytes": (0, 10_000),
    "cap_money": (-1, 1_000_000_000),
    "cap_bytes": (-1, 10**15),
    "escalate_after_h": (0, 8_760),
    "shape_bytes": (0, 65_535),
    "shape_interval_s": (10, 86_400),
    "crew_size": (0, 10_000),
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
        if name not in BEARERS:
            raise WrongSettings(f"{SETTINGS_FILE} has a bearer that is not known: {name}.")
    known = os.environ if environment is None else environment
    for variable, text in known.items():
        _take_variable(variable, text, values, bearers)
    settings = _build(Settings(data_dir=data_dir), values, "")
    made = {
        kind.value: _build(BearerSettings(), bearers.get(kind.value, {}), f"bearers.{kind.value}.")
        for kind in BearerKind
    }
    sbd = _build(SbdSettings(), bearers.get(SBD, {}), f"bearers.{SBD}.")
    if sbd.carries not in PRIORITY_WORDS:
        raise WrongSettings(f"The setting bearers.{SBD}.carries must be one of {', '.join(PRIORITY_WORDS)}.")
    whole = replace(settings, tcp=made["tcp"], websocket=made["websocket"], udp=made["udp"], sbd=sbd)
    _check_shapes(whole)
    if bool(whole.tls_certificate) != bool(whole.tls_key):
        raise WrongSettings("Set both tls_certificate and tls_key in settings.toml, or neither.")
    return whole


def shape_of(settings: Settings, bearer: str, size_bytes: int, interval_s: float) -> Shape:
    """Return the shape that a bearer would have; raises `WrongSettings`."""
    for name, value in (("shape_bytes", size_bytes), ("shape_interval_s", interval_s)):
        _check(f"bearers.{bearer}.{name}", name, value, type(value))
    wanted = replace(settings.named(bearer), shape_bytes=size_bytes, shape_interval_s=interval_s)
    chosen = wanted.shape()
    if chosen is None:
        raise WrongSettings("A shape has packets: give a size above 0.")
    _check_size(f"bearers.{bearer}", bearer, chosen, settings)
    return chosen


def _check_shapes(settings: Settings) -> None:
    tariffs, shapes = settings.tariffs(), settings.shapes()
    for name, shape in shapes.items():
        if shape is not None:
            _check_shape(f"bearers.{name}", name, shape, tariffs[name], settings)
    open_mouthed = speaking_freely(shapes)
    if open_mouthed:
        raise WrongSettings(
            f"With shape_bytes on one bearer, each other one would still tell when somebody speaks: set "
            f"enabled = false for {', '.join(open_mouthed)}, or shape_bytes too."
        )


def _check_shape(where: str, name: str, shape: Shape, tariff: Tariff, settings: Settings) -> None:
    _check_size(where, name, shape, settings)
    cost = monthly_cost(shape, tariff)
    if breaks_cap(cost, tariff.cap):
        raise WrongSettings(
            f"The shape of {where} takes {cost.size_bytes:,} bytes and {cost.money_nano / NANO:.2f} "
            f"{settings.currency} a month, which is over its cap: raise the cap or shape_interval_s."
        )


def _check_size(where: str, name: str, shape: Shape, settings: Settings) -> None:
    if name not in (BearerKind.UDP.value, SBD):
        raise WrongSettings(
            f"The setting {where}.shape_bytes must be 0: only udp and sbd can send at set times, since "
            "what cuts a stream tells of it."
        )
    most = settings.sbd.mtu_up_bytes if name == SBD else settings.udp.mtu_bytes
    if not limits.SHAPED_PACKET_BYTES_MIN <= shape.packet_bytes <= most:
        raise WrongSettings(
            f"The setting {where}.shape_bytes must be 0, or from {limits.SHAPED_PACKET_BYTES_MIN} to {most}."
        )


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
    for bearer in BEARERS:
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
