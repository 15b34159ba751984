"""Virtual time: a queue of what happens next, in one order that a seed decides."""

import heapq
from collections.abc import Callable

from tests.simulation.trace import Trace

ASKED_EVERY = 16
Act = Callable[[], None]


class World:
    """Runs acts in the order of their virtual times; those of one instant in the order they were planned."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.now_s = 0.0
        self._queue: list[tuple[float, int, Act]] = []
        self._planned = 0

    def at(self, at_s: float, act: Act) -> None:
        """Plan an act; a time that has passed means now."""
        heapq.heappush(self._queue, (max(at_s, self.now_s), self._planned, act))
        self._planned += 1

    def after(self, delay_s: float, act: Act) -> None:
        """Plan an act for later."""
        self.at(self.now_s + delay_s, act)

    def say(self, text: str) -> None:
        """Note what happens now."""
        self.trace.say(self.now_s, text)

    def run(self, until_s: float, done: Callable[[], bool] | None = None) -> None:
        """Let time pass until `until_s`, or until `done`."""
        turn = 0
        while self._queue and self._queue[0][0] <= until_s:
            # Asking costs more than most acts do.
            if done is not None and turn % ASKED_EVERY == 0 and done():
                return
            turn += 1
            self.now_s, _, act = heapq.heappop(self._queue)
            act()
        self.now_s = max(self.now_s, until_s)
