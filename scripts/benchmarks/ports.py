"""Ports for programs that want to be told theirs."""

import itertools
import socket

# Below the range from which systems take ports for outgoing connections, so that none takes one of these.
_FIRST, _LAST = 20_500, 31_500
_candidates = itertools.cycle(range(_FIRST, _LAST))


def free_port() -> int:
    """Return a port that nothing uses now, for TCP and for UDP, and that this function gave nobody lately."""
    for port in itertools.islice(_candidates, _LAST - _FIRST):
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagram:
            try:
                stream.bind(("127.0.0.1", port))
                datagram.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("every port of this machine is in use")
