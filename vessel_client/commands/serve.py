"""`seavoice-vessel serve`: runs the box until it is told to stop."""

import asyncio

from vessel_client.app import serve
from vessel_client.commands.terminal import Surroundings, say
from vessel_client.log import start_logging


def run(surroundings: Surroundings) -> None:
    """Run the service.

    Raises: NotInitialised, StoreFailed, PortInUse.
    """
    start_logging()
    asyncio.run(serve(surroundings.settings, lambda url: say(f"ready: {url}")))
