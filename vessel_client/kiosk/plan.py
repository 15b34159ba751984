"""What a screen is made for, checked before a file is written."""

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from vessel_client.errors import KioskRefused
from vessel_client.host_names import is_host_name

SCREEN_FOLDER = "/var/lib/seavoice-screen"
SCREEN_PROGRAM = "/usr/local/lib/seavoice/screen"

_USER = re.compile(r"[a-z_][a-z0-9_-]{0,30}")
_PRIVILEGED_PORT_MAX = 1_023


@dataclass(frozen=True, slots=True, kw_only=True)
class KioskPlan:
    """One box with a screen. Raises: KioskRefused, where it is made of what cannot be."""

    program: Path
    """`seavoice-vessel`, by its whole path."""
    port: int
    tls_port: int
    screen_user: str
    service_user: str
    modem: str = ""
    """The device of a satellite modem; empty where there is none."""
    name: str = ""
    """Under which phones on board find the box; empty for a box without phones."""
    address: str = ""

    def __post_init__(self) -> None:
        for user in (self.screen_user, self.service_user):
            _require_user(user)
        if self.screen_user == self.service_user:
            raise KioskRefused(
                "The screen and the box need two users, so that no browser can read the box's store: "
                "choose another --user."
            )
        if not self.port:
            raise KioskRefused("The screen needs a port that stays the same: set api_port in settings.toml.")
        if bool(self.name) != bool(self.address):
            raise KioskRefused(
                "Give both --name and --address, or neither: a name on board leads to an address."
            )
        if self.name:
            _require_host(self.name, self.address)

    @property
    def url(self) -> str:
        """Where the box's own screen finds the page; `localhost` is what makes a microphone possible."""
        return f"http://localhost:{self.port}"

    @property
    def is_certified(self) -> bool:
        """Whether phones can have https: an authority signs no name that exists on board alone."""
        return bool(self.name) and not self.name.endswith(".local")

    @property
    def needs_low_port(self) -> bool:
        """Whether https is on a port that only a privileged process may take."""
        return self.is_certified and 0 < self.tls_port <= _PRIVILEGED_PORT_MAX


def _require_user(user: str) -> None:
    if not _USER.fullmatch(user):
        raise KioskRefused(
            f'"{user}" can be no user: write small letters, digits, - and _, at most 31, a letter first.'
        )
    if user == "root":
        raise KioskRefused("Neither the box nor its screen may run as root; choose another user.")


def _require_host(name: str, address: str) -> None:
    if not is_host_name(name):
        raise KioskRefused(f'"{name}" is no host name; write small letters and a domain: box.fleet.org.')
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError as reason:
        raise KioskRefused(
            f'"{address}" is no address; write the one that the box has on the Wi-Fi: 192.168.8.1.'
        ) from reason
    if parsed.is_loopback or parsed.is_unspecified or parsed.is_multicast:
        raise KioskRefused(f"No phone can reach {address}; write the address that the box has on the Wi-Fi.")
