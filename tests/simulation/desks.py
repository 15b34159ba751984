"""The desks ashore: they hand in answers, fetch what came, and only then let the relay forget it."""

from protocol import bundle as bundles
from protocol.bundle import Mail, Report
from protocol.deskfeed import Dispatch, ItemKind
from protocol.frames import Priority
from protocol.ids import DeskId, VesselId
from shore_relay.relay.errors import RequestRefused
from tests.simulation.harbour import desk_card
from tests.simulation.inline import run
from tests.simulation.shore import Shore

QUEUE_BYTES_MAX = 2**30


class Desks:
    """All desks of one relay."""

    def __init__(self, shore: Shore) -> None:
        self._shore = shore
        self._cursors: dict[DeskId, int] = {}
        self._fetching = False
        shore.on_report = self.fetch_soon

    def dispatch(self, desk: DeskId, vessel: VesselId, ref: bytes, priority: Priority, mail: Mail) -> None:
        """A desk hands in an answer, again and again until the relay has taken it."""
        self._shore.rules[vessel].down.made.add(mail.sealed)
        order = Dispatch(ref=ref, priority=priority, bundle=bundles.encode(mail))
        taken = False

        def keep() -> None:
            nonlocal taken
            run(
                self._shore.store.dispatch(
                    desk, vessel, order, self._shore.wall(), keys=None, most_bytes=QUEUE_BYTES_MAX
                )
            )
            taken = True
            self._shore.world.say(f"relay takes an answer for {vessel.decode()}, {priority.name}")
            run(self._shore.fleet.dispatched(vessel))
            self._shore.post(vessel)

        self._shore.enter(vessel, keep)
        if not taken:
            self._shore.world.after(20.0, lambda: self.dispatch(desk, vessel, ref, priority, mail))

    def fetch_soon(self) -> None:
        """The desks ask all the time; only when something has come does that matter."""
        if not self._fetching:
            self._fetching = True
            self._shore.world.after(self._shore.faults.source.uniform(1, 1_200), self._fetch)

    def _fetch(self) -> None:
        self._fetching = False
        collected = [self.collect(desk_card(desk).id) for desk in range(self._shore.faults.plan.desks)]
        if not all(collected):
            self.fetch_soon()

    def collect(self, desk: DeskId) -> bool:
        """Be a desk: fetch what is new, keep it, and only then tell the relay to forget it.

        Returns whether that came to its end.
        """
        done = False

        def fetch() -> None:
            nonlocal done
            while page := run(
                self._shore.store.feed(desk, self._cursors.get(desk, 0), most_items=16, most_bytes=100_000)
            ):
                for item in page:
                    if item.kind is ItemKind.BUNDLE:
                        self._shore.rules[item.vessel].handed_over([_sealed(item.bundle)])
                self._cursors[desk] = page[-1].cursor
            # Said again each time, since the relay may have lost its power before it could forget.
            self._say_taken(desk)
            done = True

        self._shore.enter(None, fetch)
        return done

    def _say_taken(self, desk: DeskId) -> None:
        try:
            self._shore.fleet.released(run(self._shore.store.taken(desk, self._cursors.get(desk, 0))))
        except RequestRefused:
            # A relay that was restored has not given out this cursor yet; the next page's goes behind it.
            self._shore.faults.count("cursor-of-the-future")


def _sealed(data: bytes) -> bytes:
    report = bundles.decode(data)
    assert isinstance(report, Report)
    return report.sealed
