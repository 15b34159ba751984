"""Counts the bytes of each bearer in memory until the next commit takes them along."""

from collections import Counter
from collections.abc import Iterable

from protocol.frames import Priority
from protocol.outbox import Piece
from vessel_client.store.database import Connection
from vessel_client.store.ledger import UNASSIGNED, Heard, Spending, add_spending, note_heard
from vessel_client.store.sessions import Session, add_session


class Tally:
    """Bytes since the last flush. A power cut loses what has not been flushed: a few packets at most."""

    def __init__(self) -> None:
        self._up: Counter[tuple[str, int]] = Counter()
        self._down: Counter[str] = Counter()
        self._heard: dict[str, Heard] = {}
        self._sessions: list[Session] = []

    def received(self, bearer: str, size_bytes: int, heard: Heard | None) -> None:
        """Count a packet that came; `heard` says when, if it was authentic."""
        self._down[bearer] += size_bytes
        if heard is not None:
            self._heard[bearer] = heard

    def sent(self, bearer: str, size_bytes: int, carried: Iterable[tuple[Priority, Piece]]) -> None:
        """Count a packet for the bundles in it; what is around them goes to the first."""
        rest_bytes = size_bytes
        first: int | None = None
        for priority, piece in carried:
            first = int(priority) if first is None else first
            self._up[bearer, int(priority)] += piece.end - piece.start
            rest_bytes -= piece.end - piece.start
        self._up[bearer, UNASSIGNED if first is None else first] += rest_bytes

    def session(self, session: Session) -> None:
        """Count a satellite session."""
        self._sessions.append(session)

    async def flush(self, connection: Connection) -> None:
        """Add the counts to the ledger on disk, within the caller's transaction."""
        for (bearer, priority), size_bytes in self._up.items():
            spent = Spending(bearer=bearer, priority=priority, up_bytes=size_bytes, down_bytes=0)
            await add_spending(connection, spent)
        for bearer, size_bytes in self._down.items():
            spent = Spending(bearer=bearer, priority=UNASSIGNED, up_bytes=0, down_bytes=size_bytes)
            await add_spending(connection, spent)
        for heard in self._heard.values():
            await note_heard(connection, heard)
        for session in self._sessions:
            await add_session(connection, session)
        self._up.clear()
        self._down.clear()
        self._heard.clear()
        self._sessions.clear()
