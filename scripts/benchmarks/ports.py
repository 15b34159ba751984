"""Ports for programs that want to be told theirs."""

import os
import socket
from collections.abc import Iterator
from functools import cache

# Below the range from which systems take ports for outgoing connections, so that none takes one of these.
_FIRST, _COUNT = 20_500, 11_000
_STEP = 101
"""Processes that are started one after the other begin this far apart, for they look at the same time."""


def free_port() -> int:
    """Return a port that nothing uses now, for TCP and for UDP, and that this function gave nobody lately."""
    for _, port in zip(range(_COUNT), _candidates(), strict=False):
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagram:
            try:
                stream.bind(("127.0.0.1", port))
                datagram.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("every port of this machine is in use")


@cache
def _candidates() -> Iterator[int]:
    def count() -> Iterator[int]:
        at = os.getpid() * _STEP
        while True:
            yield _FIRST + at % _COUNT
            at += 1

    return count()
