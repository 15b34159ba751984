"""What every bearer shares: the fleet, the counters, and the bounds on strangers."""

from collections import Counter
from collections.abc import Mapping

from protocol.ids import VesselId
from shore_relay.relay.bearers.crowd import Allowances, Crowd, Proxies
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
        door = settings.door
        self.fleet = fleet
        self.settings = settings
        self.proxies = Proxies(door.trusted_proxies)
        self.clock = clock
        self._refusals = refusals
        self._log = log
        self._hints = Allowance(burst=_HINTS_PER_SECOND, per_second=_HINTS_PER_SECOND)
        self._crowd = Crowd(
            most=door.connections_max,
            most_per_address=settings.connections_per_address_max,
            per_minute=door.connections_per_minute_max,
        )
        self._paces: Allowances[VesselId] = Allowances(
            door.packets_per_vessel_s_max, door.packets_per_vessel_s_max
        )

    @property
    def connections(self) -> Mapping[str, int]:
        """Open connections by bearer."""
        return self._crowd.by_bearer

    def enter(self, address: str, bearer: str) -> bool:
        """Count a connection from an address; return False, counting nothing, where it has too many."""
        refused = self._crowd.refusal(address, bearer, self.clock())
        if refused is not None:
            self._refusals[refused] += 1
        return refused is None

    def leave(self, address: str, bearer: str) -> None:
        """Note that a counted connection has ended."""
        self._crowd.leave(address, bearer)

    def rest_s(self, vessel: VesselId) -> float:
        """Count a packet of a vessel; return for how long nothing more of it should be read."""
        return self._paces.wait_s(vessel, self.clock())

    def may_hint(self) -> bool:
        """Return whether a stranger may hear now that its key is unknown."""
        return self._hints.take(self.clock())

    def refuse(self, code: str, bearer: str) -> None:
        """Count something that was refused; strangers are counted, not logged, so that they fill no disk."""
        self._refusals[f"{bearer}-{code}"] += 1

    def note(self, event: str, bearer: str, contact: Contact | None = None) -> None:
        """Log what happened on a bearer."""
        facts = {"bearer": bearer} | ({"vessel": contact.vessel.hex()} if contact is not None else {})
        self._log(event, **facts)
