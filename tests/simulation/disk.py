"""A disk that a fault can fill, or cut off from power, at any single statement."""

import sqlite3
from collections.abc import Callable

from tests.simulation.faults import Crashed, Faults

_NO_NEED = "PRAGMA synchronous = FULL"
"""No kernel crashes here: a process dies, and what it had committed stands."""


def _nothing() -> None:
    """Do nothing on a commit."""


class Disk:
    """One side's disk. What is committed stands; what is not is rolled back, as by SQLite itself."""

    def __init__(self, owner: str, faults: Faults) -> None:
        self.owner = owner
        self.on_commit: Callable[[], None] = _nothing
        """Hears of each commit, before anybody else can act on it."""
        self.used_by: set[sqlite3.Connection] = set()
        self.quiet = True
        """While the process is being set up, nothing fails."""
        self._faults = faults
        self._crash_in = faults.statements_until("crash")
        self._full_in = faults.statements_until("disk_full")

    def before(self, sql: str, connection: sqlite3.Connection) -> str:
        """Return the statement to run; raises what the power or the disk does to it."""
        self.used_by.add(connection)
        if sql == _NO_NEED:
            return "PRAGMA synchronous = OFF"
        if not connection.in_transaction or self.quiet or self._faults.healed:
            return sql
        self._crash_in -= 1
        self._full_in -= 1
        if self._crash_in <= 0:
            self._crash_in = self._faults.statements_until("crash")
            self._faults.count(f"crash-{self.owner}")
            raise Crashed
        if self._full_in <= 0 and sql != "ROLLBACK":
            self._full_in = self._faults.statements_until("disk_full")
            self._faults.count("disk-full")
            full = sqlite3.OperationalError("database or disk is full")
            full.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise full
        return sql

    def committed(self) -> None:
        """Note a commit; the power may fail right behind it."""
        self.on_commit()
        if not self.quiet and not self._faults.healed and self._faults.strikes_rarely("crash", 4):
            self._faults.count(f"crash-{self.owner}")
            raise Crashed

    def lose_power(self) -> None:
        """Forget what was not committed."""
        for connection in self.used_by:
            if connection.in_transaction:
                connection.rollback()

    def release(self) -> None:
        """Forget the connections, which are being closed."""
        self.used_by.clear()
