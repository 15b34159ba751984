"""How often each client may ask: token buckets by address, so that nobody floods the box or tries codes fast.

A bucket holds as many requests as one minute allows and fills again evenly. So a client that has used it up
waits a moment and is never locked out. Who has many addresses has many buckets: what keeps a mailbox closed
is its code and the second that deriving a mailbox from each code takes; this only keeps the box from helping.
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from vessel_client.errors import TooManyRequests

CLIENTS_MAX = 1_024
"""So many addresses are remembered; a vessel's Wi-Fi has a few dozen."""

_S_PER_MINUTE = 60.0


@dataclass(slots=True, kw_only=True)
class _Bucket:
    tokens: float
    filled_at: float


class Allowance:
    """One kind of request, counted for each client by itself. `clock` gives seconds that never go back."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._size = float(per_minute)
        self._per_s = per_minute / _S_PER_MINUTE
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, client: str) -> None:
        """Count one request. Raises `TooManyRequests`, which says after how many seconds to ask again."""
        bucket = self._filled(client)
        if bucket.tokens < 1:
            wait_s = math.ceil((1 - bucket.tokens) / self._per_s)
            raise TooManyRequests(f"This is too fast for the box. Wait {wait_s} s, then try again.", wait_s)
        bucket.tokens -= 1

    def give_back(self, client: str) -> None:
        """Count the last request as if it had not been made."""
        bucket = self._filled(client)
        bucket.tokens = min(self._size, bucket.tokens + 1)

    def _filled(self, client: str) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.pop(client, None) or _Bucket(tokens=self._size, filled_at=now)
        bucket.tokens = min(self._size, bucket.tokens + (now - bucket.filled_at) * self._per_s)
        bucket.filled_at = now
        self._buckets[client] = bucket
        if len(self._buckets) > CLIENTS_MAX:
            # Whoever was silent for the longest time: its bucket is the fullest, or nearly.
            self._buckets.popitem(last=False)
        return bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowances:
    """What is counted: everything, then what is queued, then mailboxes in which nothing was found."""

    requests: Allowance
    bundles: Allowance
    lookups: Allowance


def client_of(request: web.Request) -> str:
    """Return by what a client is known: its address. What a request says of itself counts for nothing."""
    return request.remote or ""
