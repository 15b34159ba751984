"""What SeaVoice's two programs are told of the skies between them, as their operators would."""

from collections.abc import Mapping
from pathlib import Path

from protocol.provisioning import BearerKind
from scripts.benchmarks.scenes import DELAY_S, RATE_BPS, Medium, Scene
from scripts.benchmarks.short_sky import SPEED, ShortScene, ShortSky
from scripts.sky.prices import PRICE_PER_CREDIT

RETRY_S = 2.0
"""How long every side that is ours waits before it dials again: the vessel, and the HTTPS client."""

RETRY_S_FIRST = 0.2

CONTACT_BYTES_EXPECTED = 12_000
"""Between the 4.5 kB of 15 s and the 18 kB of 60 s. It makes packets of 600 bytes: against 17 kB, 0.4 % more
overhead, and some sixty bytes less for each cut."""

_ANSWER_S_MAX = 300.0
"""A machine that is busy with many crossings is no fault of the modem."""

_RECEIPT_HOURS = 0.000_1
"""A relay lets a receipt wait six hours of the machine's clock; here nobody waits, and it costs the same."""

Scenes = Mapping[BearerKind, Scene]


def relay_environment(
    http_port: int, link_port: int, scenes: Scenes, modem: ShortSky | None
) -> dict[str, str]:
    """Return the relay's settings."""
    environment = {
        "SEAVOICE_RELAY_LISTEN_HOST": "127.0.0.1",
        "SEAVOICE_RELAY_HTTP_PORT": str(http_port),
        "SEAVOICE_RELAY_TCP_PORT": str(link_port),
        "SEAVOICE_RELAY_UDP_PORT": str(link_port),
    }
    for bearer, scene in scenes.items():
        # The relay knows nothing of hurried skies: to it, they are fast ones.
        environment |= _link("RELAY", bearer, scene, hurry=scene.speed)
    if modem is not None:
        environment |= {
            "SEAVOICE_RELAY_SBD_ROCKBLOCK_URL": modem.gateway_url,
            "SEAVOICE_RELAY_SBD_RECEIPT_HOURS": f"{_RECEIPT_HOURS:f}",
            "SEAVOICE_RELAY_SBD_URGENT_RECEIPT_MINUTES": "0",
        }
    return environment


def vessel_environment(box_port: int, ports: Mapping[BearerKind, int], scenes: Scenes) -> dict[str, str]:
    """Return the vessel's settings; a bearer without a port is off."""
    speed = max((scene.speed for scene in scenes.values()), default=SPEED)
    environment = {
        "SEAVOICE_VESSEL_API_PORT": str(box_port),
        "SEAVOICE_VESSEL_LINK_SPEED": str(speed),
        # The benchmark asks for its answers far more often than a person would.
        "SEAVOICE_VESSEL_LOOKUPS_PER_MINUTE_MAX": "1000000",
        "SEAVOICE_VESSEL_RETRY_DELAY_S_MIN": str(RETRY_S_FIRST * speed),
        "SEAVOICE_VESSEL_RETRY_DELAY_S_MAX": str(RETRY_S * speed),
    }
    for bearer in BearerKind:
        if bearer not in ports:
            environment[f"SEAVOICE_VESSEL_{bearer.name}_ENABLED"] = "false"
            continue
        environment[f"SEAVOICE_VESSEL_{bearer.name}_URL"] = _url(bearer, ports[bearer])
        environment |= _link("VESSEL", bearer, scenes[bearer])
    return environment


def modem_environment(device: Path, scene: ShortScene) -> dict[str, str]:
    """Return the vessel's settings for a modem."""
    numbers = {
        "ENABLED": "true",
        "DEVICE": str(device),
        "PRICE_PER_CREDIT": PRICE_PER_CREDIT,
        # It never only looks for mail: the gateway rings, and what a look costs is known.
        "MAILBOX_INTERVAL_S": 0.0,
        "RECEIPT_WAIT_S": scene.receipt_wait_s,
        "ANSWER_TIMEOUT_S": _ANSWER_S_MAX,
        "SESSION_TIMEOUT_S": 3 * _ANSWER_S_MAX,
    }
    return {f"SEAVOICE_VESSEL_SBD_{name}": str(value) for name, value in numbers.items()}


def _url(bearer: BearerKind, port: int) -> str:
    scheme, path = {
        BearerKind.TCP: ("tcp", ""),
        BearerKind.WEBSOCKET: ("ws", "/v1/link"),
        BearerKind.UDP: ("udp", ""),
    }[bearer]
    return f"{scheme}://127.0.0.1:{port}{path}"


def _link(program: str, bearer: BearerKind, scene: Scene, *, hurry: float = 1.0) -> dict[str, str]:
    """Tell a program the numbers of a slow link; of a fast one it knows nothing."""
    assert scene.medium is (Medium.DATAGRAM if bearer is BearerKind.UDP else Medium.STREAM)
    numbers: dict[str, float] = {}
    if scene.rate_bps is not None:
        assert scene.rate_bps == RATE_BPS
        numbers = {
            "RATE_UP_BPS": scene.rate_bps * hurry,
            "RATE_DOWN_BPS": scene.rate_bps * hurry,
            "ROUND_TRIP_S": 2 * DELAY_S / hurry,
            "CONTACT_BYTES_EXPECTED": CONTACT_BYTES_EXPECTED,
        }
    return {f"SEAVOICE_{program}_{bearer.name}_{name}": f"{value:.9g}" for name, value in numbers.items()}
