"""What every bearer shares: the fleet, the counters, and the bounds on strangers."""

from collections import Counter

from shore_relay.relay.fleet import Fleet
from shore_relay.relay.logfmt import Log
from shore_relay.relay.pace import Allowance
from shore_relay.relay.settings import Settings
from shore_relay.relay.surroundings import Clock
from shore_relay.relay.vessels import Contact

_HINTS_PER_SECOND = 20
"""Hints are unauthenticated and tiny; a vessel that misses one asks for new keys by itself later."""


class Gate:
    """Stands between the network and the fleet."""

    def __init__(
        self, *, fleet: Fleet, settings: Settings, clock: Clock, refusals: Counter[str], log: Log
    ) -> None:
        self.fleet = fleet
        self.settings = settings
        self._clock = clock
        self._refusals = refusals
        self._log = log
        self._hints = Allowance(burst=_HINTS_PER_SECOND, per_second=_HINTS_PER_SECOND)
        self._by_address: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Count a connection from an address; return False, counting nothing, where it has too many."""
        if self._by_address[address] >= self.settings.connections_per_address_max:
            self._refusals["too-many-connections"] += 1
            return False
        self._by_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Note that a counted connection has ended."""
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]

    def may_hint(self) -> bool:
        """Return whether a stranger may hear now that its key is unknown."""
        return self._hints.take(self._clock())

    def refuse(self, code: str, bearer: str) -> None:
        """Count something that was refused; strangers are counted, not logged, so that they fill no disk."""
        self._refusals[f"{bearer}-{code}"] += 1

    def note(self, event: str, bearer: str, contact: Contact | None = None) -> None:
        """Log what happened on a bearer."""
        facts = {"bearer": bearer} | ({"vessel": contact.vessel.hex()} if contact is not None else {})
        self._log(event, **facts)
