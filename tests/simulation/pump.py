"""How a shell waits where a deadline has passed that another link has to act on."""

from tests.simulation.faults import BrokenRule

_TICK_S_MIN = 0.01
_TICK_S_MAX = 64.0
"""The programs tick each second at the slowest; a simulation need not see each of those."""
_SHORT_MAX = 400
"""So many short waits in a row, with nothing that passes, are a loop and not a wait."""


class Ticks:
    """Waits that double, as those of the programs do."""

    def __init__(self) -> None:
        self._tick_s = _TICK_S_MIN
        self._short = 0

    def wait_s(self, whose: str, wait_s: float) -> float:
        """Return how long to wait where the deadline is so far away."""
        if wait_s >= self._tick_s:
            self._tick_s = _TICK_S_MIN
            self._short = 0
            return wait_s + 1e-4
        self._short += 1
        if self._short > _SHORT_MAX:
            raise BrokenRule(f"{whose} would spin: its deadline has passed and it says nothing")
        waited_s, self._tick_s = self._tick_s, min(2 * self._tick_s, _TICK_S_MAX)
        return waited_s
