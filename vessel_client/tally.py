"""Counts the bytes and the money of each bearer in memory until the next commit takes them along."""

from collections import Counter
from collections.abc import Iterable

from protocol.frames import Priority
from protocol.ids import UnixSeconds
from protocol.outbox import Piece
from vessel_client.policy import Spent, Tariff, month_of
from vessel_client.store.database import Connection
from vessel_client.store.ledger import UNASSIGNED, Heard, Spending, add_spending, note_heard
from vessel_client.store.sessions import Session, add_session

_Row = tuple[str, int, int]
"""Bearer, month, priority."""


class Tally:
    """What was spent since the last flush. A power cut loses what has not been flushed: a few packets."""

    def __init__(self) -> None:
        self._up: Counter[_Row] = Counter()
        self._down: Counter[_Row] = Counter()
        self._messages: Counter[_Row] = Counter()
        self._money: Counter[_Row] = Counter()
        self._heard: dict[str, Heard] = {}
        self._sessions: list[Session] = []

    def received(
        self, bearer: str, tariff: Tariff, size_bytes: int, at: UnixSeconds, *, is_authentic: bool
    ) -> Spent:
        """Count a packet that came, and return what it cost."""
        row = (bearer, month_of(at), UNASSIGNED)
        self._down[row] += size_bytes
        if is_authentic:
            self._heard[bearer] = Heard(bearer=bearer, at=at)
        return self._bill(row, tariff, size_bytes)

    def sent(
        self,
        bearer: str,
        tariff: Tariff,
        size_bytes: int,
        at: UnixSeconds,
        carried: Iterable[tuple[Priority, Piece]],
    ) -> Spent:
        """Count a packet for the bundles in it; what is around them goes to the first."""
        month = month_of(at)
        rest_bytes = size_bytes
        first: int | None = None
        for priority, piece in carried:
            first = int(priority) if first is None else first
            self._up[bearer, month, int(priority)] += piece.end - piece.start
            rest_bytes -= piece.end - piece.start
        row = (bearer, month, UNASSIGNED if first is None else first)
        self._up[row] += rest_bytes
        return self._bill(row, tariff, size_bytes)

    def _bill(self, row: _Row, tariff: Tariff, size_bytes: int) -> Spent:
        money_nano = tariff.billed_nano(size_bytes)
        self._messages[row] += 1
        self._money[row] += money_nano
        return Spent(money_nano=money_nano, size_bytes=size_bytes, messages=1)

    def session(self, session: Session, tariff: Tariff) -> Spent:
        """Count a satellite session, and return what it cost, also where that is in doubt."""
        self._sessions.append(session)
        row = (session.bearer, month_of(session.at), UNASSIGNED)
        money_nano = session.credits * tariff.step_bytes * tariff.byte_nano
        self._money[row] += money_nano
        return Spent(money_nano=money_nano)

    def add_to(self, spent: dict[int, dict[str, Spent]]) -> None:
        """Add what was spent since the last flush to what the ledger has, month by month."""
        for row in {*self._up, *self._down, *self._messages, *self._money}:
            bearer, month, _ = row
            more = Spent(
                money_nano=self._money[row],
                size_bytes=self._up[row] + self._down[row],
                messages=self._messages[row],
            )
            bearers = spent.setdefault(month, {})
            bearers[bearer] = bearers.get(bearer, Spent()) + more

    async def flush(self, connection: Connection) -> None:
        """Add the counts to the ledger, within a transaction of the caller, who says `flushed` after it."""
        for row in {*self._up, *self._down, *self._messages, *self._money}:
            bearer, month, priority = row
            spending = Spending(
                bearer=bearer,
                month=month,
                priority=priority,
                up_bytes=self._up[row],
                down_bytes=self._down[row],
                messages=self._messages[row],
                money_nano=self._money[row],
            )
            await add_spending(connection, spending)
        for heard in self._heard.values():
            await note_heard(connection, heard)
        for session in self._sessions:
            await add_session(connection, session)

    def flushed(self) -> None:
        """Forget what the ledger has durably."""
        for counter in (self._up, self._down, self._messages, self._money):
            counter.clear()
        self._heard.clear()
        self._sessions.clear()
