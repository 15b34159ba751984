"""What every command needs to know, and how it speaks to the person in front of it."""

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vessel_client.clocks import WallClock
from vessel_client.settings import Settings

if TYPE_CHECKING:
    from vessel_client.service_client import ServiceClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where a command runs."""

    settings: Settings
    wall_clock: WallClock
    service_url: str
    """Empty for the address that the settings give."""

    def client(self) -> "ServiceClient":
        """Return the way to the running service."""
        # The service itself has no use for it, and it would load OpenSSL.
        from vessel_client.service_client import ServiceClient

        host, port = self.settings.api_host, self.settings.api_port
        shown = f"[{host}]" if ":" in host else host
        return ServiceClient(self.service_url or f"http://{shown}:{port}")


def say(line: str) -> None:
    """Print one line for the user, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def read_secret_line() -> str:
    """Read a receipt code from standard input, where no other program sees it."""
    return sys.stdin.readline().strip()
