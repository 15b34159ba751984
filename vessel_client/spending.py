"""Counts what each bearer costs while the box runs, and says what each of them may carry."""

from collections import Counter
from collections.abc import Iterable, Mapping

from protocol.engine import SyncEngine
from protocol.frames import Priority
from protocol.ids import UnixSeconds
from protocol.links import LinkProfile
from protocol.outbox import Piece
from vessel_client.budget import Budget
from vessel_client.clocks import WallClock
from vessel_client.log import log_event
from vessel_client.policy import Load, Spent
from vessel_client.store import caps, ledger, outbox
from vessel_client.store.database import Connection
from vessel_client.store.sessions import Session
from vessel_client.tally import Tally


class Spending:
    """Joins budget, tally and ledger; not to be shared between engines."""

    def __init__(self, budget: Budget, wall_clock: WallClock, counters: Counter[str]) -> None:
        self._budget = budget
        self._wall_clock = wall_clock
        self._counters = counters
        self._tally = Tally()
        self._waiting_since: dict[int, UnixSeconds] = {}

    # --- what is allowed ----------------------------------------------------------------------------------

    async def load(self, connection: Connection) -> None:
        """Start from what the caps and the ledger in the store say, and what a full disk kept out of it."""
        self._budget.set_caps(await caps.load_caps(connection, "shore"))
        spent = await ledger.spent_by_month(connection)
        self._tally.add_to(spent)
        self._budget.begin(spent)

    async def take_caps(self, connection: Connection) -> None:
        """Obey caps that came from shore just now, or say that they were refused."""
        self._budget.set_caps(await caps.load_caps(connection, "shore"))
        if await caps.load_refusal(connection):
            self._counters["cap-below-spent"] += 1
            log_event("caps-refused")

    async def note_waiting(self, connection: Connection) -> None:
        """Note since when each bundle waits."""
        if not self._budget.is_free:
            self._waiting_since = await outbox.waiting_since(connection)

    def permits(self, bearer: str, number: int) -> bool:
        """Return whether a bearer may carry a bundle, as of the last `weigh`."""
        return self._budget.permits(bearer, number)

    def weigh(
        self, engine: SyncEngine, links: Iterable[LinkProfile], offered: Mapping[int, Priority]
    ) -> bool:
        """Decide anew which of the open `links` carries what; return whether that changed anything."""
        if self._budget.is_free:
            return False
        now = self._wall_clock()
        loads = [
            (
                number,
                Load(
                    priority=priority,
                    size_bytes=engine.remaining_bytes(number),
                    waited_s=max(0, now - self._waiting_since.get(number, now)),
                ),
            )
            for number, priority in offered.items()
            if engine.holds(number)
        ]
        return self._budget.weigh(links, loads, now)

    # --- what was spent -----------------------------------------------------------------------------------

    def sent(self, bearer: str, packet: bytes, carried: Iterable[tuple[Priority, Piece]]) -> None:
        """Count a packet that goes, for the bundles in it."""
        now = self._wall_clock()
        spent = self._tally.sent(bearer, self._budget.tariff(bearer), len(packet), now, carried)
        self._note(bearer, spent, now)

    def received(self, bearer: str, packet: bytes, *, is_authentic: bool) -> None:
        """Count a packet that came."""
        now = self._wall_clock()
        tariff = self._budget.tariff(bearer)
        spent = self._tally.received(bearer, tariff, len(packet), now, is_authentic=is_authentic)
        self._note(bearer, spent, now)

    def session(self, session: Session) -> None:
        """Count a satellite session."""
        spent = self._tally.session(session, self._budget.tariff(session.bearer))
        self._note(session.bearer, spent, session.at)

    async def flush(self, connection: Connection) -> None:
        """Write down what the ledger still owes; `flushed` once the transaction is through."""
        await self._tally.flush(connection)

    def flushed(self) -> None:
        """Owe the ledger nothing more."""
        self._tally.flushed()

    def _note(self, bearer: str, spent: Spent, now: UnixSeconds) -> None:
        if self._budget.spend(bearer, spent, now):
            self._counters["over-cap"] += 1
            log_event("over-cap", bearer=bearer)
