"""Having a port, or saying in one sentence which one cannot be had."""

import errno
from collections.abc import Awaitable, Callable

from shore_relay.relay.errors import PortInUse


async def listen(
    protocol: str, setting: str, start: Callable[[str, int], Awaitable[int]], host: str, port: int
) -> int:
    """Start a server and return its port; raises `PortInUse`, which names the setting."""
    try:
        return await start(host, port)
    except OSError as reason:
        if reason.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"{protocol} port {port} is in use; stop the program that has it, "
                f"or set {setting} to another."
            ) from reason
        raise PortInUse(
            f"{protocol} port {port} on {host} cannot be had ({reason.strerror}); "
            f"set listen_host and {setting} to what this machine allows."
        ) from reason
