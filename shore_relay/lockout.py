"""Slows down whoever tries passphrases, and nobody else.

A wait is counted for each person, for each browser and for each address, and never grows beyond a cap: a
lock that lasts would let anybody lock the rightful person out. A browser in which a person has logged in
before has a count of its own (OWASP: device cookies), so that an attacker elsewhere does not make that person
wait.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MonotonicClock = Callable[[], float]

_FORGET_S = 3_600.0
"""A count that nobody adds to is forgotten after an hour."""

_COUNTS_MAX = 10_000
"""More names and addresses than that are an attack; the count that was quiet longest goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast tries may follow each other."""

    free: int
    """So many failures cost nothing: people mistype."""
    first_s: float
    most_s: float


PERSON_PACE = Pace(free=4, first_s=1.0, most_s=300.0)
"""At most 12 tries an hour in the long run, 100,000 a year: nothing against four words."""

ADDRESS_PACE = Pace(free=50, first_s=1.0, most_s=30.0)
"""Somebody who tries many names; gentle, since many may share the address."""


@dataclass(slots=True, kw_only=True)
class _Count:
    failures: int
    failed_at: float


class Lockout:
    """Counts of failures, in memory: who can restart the program is inside already."""

    def __init__(self, pace: Pace, clock: MonotonicClock) -> None:
        self._pace = pace
        self._clock = clock
        self._counts: OrderedDict[bytes, _Count] = OrderedDict()

    def wait_s(self, key: bytes) -> float:
        """Return how long nothing is tried for this key; 0 where it may be tried now."""
        count = self._counts.get(key)
        if count is None:
            return 0.0
        passed_s = self._clock() - count.failed_at
        if passed_s >= _FORGET_S:
            del self._counts[key]
            return 0.0
        over = count.failures - self._pace.free
        if over <= 0:
            return 0.0
        # The exponent is bounded too: a count may grow for ever, a float may not.
        delay_s = min(self._pace.most_s, self._pace.first_s * 2.0 ** min(over - 1, 30))
        return max(0.0, delay_s - passed_s)

    def failed(self, key: bytes) -> None:
        """Count a failure."""
        count = self._counts.pop(key, None)
        failures = count.failures + 1 if count else 1
        self._counts[key] = _Count(failures=failures, failed_at=self._clock())
        while len(self._counts) > _COUNTS_MAX:
            self._counts.popitem(last=False)

    def succeeded(self, key: bytes) -> None:
        """Forget the failures of whoever has proved who they are."""
        self._counts.pop(key, None)
