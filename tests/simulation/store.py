"""What one side of the voyage has on disk: the seam to the simulation, and a plain SQLite store behind it."""

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from protocol.fragment import Range, RangeSet
from protocol.frames import Priority
from protocol.journal import (
    BundleTaken,
    Change,
    FragmentHeld,
    FragmentsDropped,
    GuardChanged,
    HeldFragment,
    OutgoingAcked,
    OutgoingBegun,
    OutgoingSettled,
    Snapshot,
)
from protocol.linkguard import GuardState, ReplayWindow, rekey_secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An unsettled bundle as it lies in the store."""

    number: int
    priority: Priority
    data: bytes
    begun: bool
    acked: tuple[Range, ...]


class SimStore(Protocol):
    """What the simulated shell needs of a store. Each writing call is one durable transaction."""

    def snapshot(self) -> Snapshot:
        """Return what an engine starts from."""

    def outgoing(self) -> list[Outgoing]:
        """Return the unsettled bundles in (priority, number) order."""

    def enqueue(self, priority: Priority, data: bytes) -> int:
        """Keep a new bundle and return its number."""

    def renumber(self, number: int, highest: int) -> None:
        """Give a bundle a number above `highest` and above all given so far; it has not begun."""

    def commit(self, changes: list[Change]) -> None:
        """Write all changes or none."""

    def arrived(self) -> dict[int, bytes]:
        """Return the bundles in custody here, by number."""

    def backup(self, target: Path) -> None:
        """Write a copy of the whole store."""

    def close(self) -> None:
        """Let go of the file; what is not committed is lost."""


_SCHEMA = """
CREATE TABLE guard (
    one INTEGER PRIMARY KEY CHECK (one = 1), state TEXT NOT NULL, rekey_key BLOB NOT NULL
) STRICT;
CREATE TABLE arrived (number INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
CREATE TABLE fragments (
    number INTEGER NOT NULL, total_bytes INTEGER NOT NULL, priority INTEGER NOT NULL,
    offset INTEGER NOT NULL, data BLOB NOT NULL
) STRICT;
CREATE TABLE outgoing (
    number INTEGER PRIMARY KEY AUTOINCREMENT, priority INTEGER NOT NULL, data BLOB,
    begun INTEGER NOT NULL DEFAULT 0, acked TEXT NOT NULL DEFAULT '[]', settled INTEGER NOT NULL DEFAULT 0
) STRICT;
"""


class PlainStore:
    """A store in one SQLite file; `before_commit` may raise in place of any commit, as a full disk would."""

    def __init__(self, path: Path, before_commit: Callable[[], None]) -> None:
        self._before_commit = before_commit
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # A simulated crash closes the file within a living process: waiting for the disk proves nothing.
        self._connection.execute("PRAGMA synchronous = OFF")

    @classmethod
    def create(cls, path: Path, secret: bytes) -> None:
        """Make the file of a link that has just been provisioned."""
        with sqlite3.connect(path) as connection:
            connection.executescript(_SCHEMA)
            connection.execute(
                "INSERT INTO guard VALUES (1, ?, ?)",
                (_guard_to_text(GuardState(secret=secret)), rekey_secret(secret)),
            )
        connection.close()

    def snapshot(self) -> Snapshot:
        """Return what an engine starts from."""
        state, rekey_key = self._connection.execute("SELECT state, rekey_key FROM guard").fetchone()
        taken = RangeSet((number, number + 1) for (number,) in self._rows("SELECT number FROM arrived"))
        fragments = tuple(
            HeldFragment(
                number=number, total_bytes=total, priority=Priority(priority), offset=offset, data=data
            )
            for number, total, priority, offset, data in self._rows(
                "SELECT number, total_bytes, priority, offset, data FROM fragments ORDER BY rowid"
            )
        )
        return Snapshot(
            guard=_guard_from_text(state), rekey_key=rekey_key, taken=tuple(taken), fragments=fragments
        )

    def outgoing(self) -> list[Outgoing]:
        """Return the unsettled bundles in (priority, number) order."""
        return [
            Outgoing(
                number=number,
                priority=Priority(priority),
                data=data,
                begun=bool(begun),
                acked=tuple((start, end) for start, end in json.loads(acked)),
            )
            for number, priority, data, begun, acked in self._rows(
                "SELECT number, priority, data, begun, acked FROM outgoing WHERE NOT settled"
                " ORDER BY priority, number"
            )
        ]

    def enqueue(self, priority: Priority, data: bytes) -> int:
        """Keep a new bundle and return its number."""
        self._before_commit()
        cursor = self._connection.execute(
            "INSERT INTO outgoing (priority, data) VALUES (?, ?)", (int(priority), data)
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def renumber(self, number: int, highest: int) -> None:
        """Give a bundle a number above `highest` and above all given so far; it has not begun."""
        self._before_commit()
        ((last,),) = self._rows("SELECT max(seq) FROM sqlite_sequence WHERE name = 'outgoing'")
        self._connection.execute("BEGIN IMMEDIATE")
        ((priority, data),) = self._rows("SELECT priority, data FROM outgoing WHERE number = ?", (number,))
        self._connection.execute("DELETE FROM outgoing WHERE number = ?", (number,))
        self._connection.execute(
            "INSERT INTO outgoing (number, priority, data) VALUES (?, ?, ?)",
            (max(last, highest) + 1, priority, data),
        )
        self._connection.execute("COMMIT")

    def commit(self, changes: list[Change]) -> None:
        """Write all changes or none."""
        if not changes:
            return
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for change in changes:
                self._write(change)
            self._before_commit()
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def arrived(self) -> dict[int, bytes]:
        """Return the bundles in custody here, by number."""
        return dict(self._rows("SELECT number, data FROM arrived"))

    def backup(self, target: Path) -> None:
        """Write a copy of the whole store."""
        self._connection.execute("VACUUM INTO ?", (str(target),))

    def close(self) -> None:
        """Let go of the file; what is not committed is lost."""
        self._connection.close()

    def _rows(self, sql: str, values: Iterable[object] = ()) -> list[Any]:
        return self._connection.execute(sql, tuple(values)).fetchall()

    def _write(self, change: Change) -> None:
        execute = self._connection.execute
        match change:
            case GuardChanged():
                execute("UPDATE guard SET state = ?", (_guard_to_text(change.state),))
            case FragmentHeld():
                execute(
                    "INSERT INTO fragments VALUES (?, ?, ?, ?, ?)",
                    (change.number, change.total_bytes, int(change.priority), change.offset, change.data),
                )
            case BundleTaken():
                execute("INSERT INTO arrived VALUES (?, ?)", (change.number, change.data))
                execute("DELETE FROM fragments WHERE number = ?", (change.number,))
            case FragmentsDropped():
                execute("DELETE FROM fragments WHERE number = ?", (change.number,))
            case OutgoingBegun():
                execute("UPDATE outgoing SET begun = 1 WHERE number = ?", (change.number,))
            case OutgoingAcked():
                execute(
                    "UPDATE outgoing SET acked = ? WHERE number = ?",
                    (json.dumps(change.ranges), change.number),
                )
            case OutgoingSettled():
                execute("UPDATE outgoing SET settled = 1, data = NULL WHERE number = ?", (change.number,))


def _guard_to_text(state: GuardState) -> str:
    return json.dumps(
        {
            "secret": state.secret.hex(),
            "previous_secret": state.previous_secret.hex() if state.previous_secret else None,
            "pending_secret": state.pending_secret.hex() if state.pending_secret else None,
            "generation": state.generation,
            "confirmed": state.confirmed,
            "counter_reserved": state.counter_reserved,
            "window": [state.window.highest, hex(state.window.seen)],
            "previous_window": [state.previous_window.highest, hex(state.previous_window.seen)],
        }
    )


def _guard_from_text(text: str) -> GuardState:
    fields = json.loads(text)
    for name in ("secret", "previous_secret", "pending_secret"):
        fields[name] = bytes.fromhex(fields[name]) if fields[name] else None
    for name in ("window", "previous_window"):
        highest, seen = fields[name]
        fields[name] = ReplayWindow(highest=highest, seen=int(seen, 16))
    return GuardState(**fields)
