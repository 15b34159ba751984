"""Tells waiting requests that there is something new for a desk."""

import asyncio

from protocol.ids import DeskId


class Bell:
    """One bell for each desk that waits."""

    def __init__(self) -> None:
        self._events: dict[DeskId, asyncio.Event] = {}
        self.closed = False

    def listen(self, desk: DeskId) -> asyncio.Event:
        """Return what will be set at the next ring; look into the store after calling this."""
        event = self._events.setdefault(desk, asyncio.Event())
        if self.closed:
            event.set()
        return event

    def ring(self, desk: DeskId) -> None:
        """Wake everybody who waits for this desk."""
        event = self._events.pop(desk, None)
        if event is not None:
            event.set()

    def close(self) -> None:
        """Wake everybody for good: the relay stops."""
        self.closed = True
        for desk in list(self._events):
            self.ring(desk)
