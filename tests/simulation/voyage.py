"""One vessel on its trip, with all that belongs to it."""

from protocol.ids import VesselId
from tests.simulation.box import Box
from tests.simulation.faults import Trip
from tests.simulation.invariants import Rules


class Voyage:
    """One vessel on its trip."""

    def __init__(self, trip: Trip, box: Box, rules: Rules, vessel: VesselId, desk: int) -> None:
        self.trip = trip
        self.box = box
        self.rules = rules
        self.vessel = vessel
        self.desk = desk
        self.cuts = 0
        self.twin: Box | None = None
        """A box with a copy of this one's disk, while it is at sea."""
        self.had_twin = False
