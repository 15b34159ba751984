"""One writer for the whole database, with group commit: what waits together is made durable together.

A durable commit costs a flush of the disk, some milliseconds, however little it holds. While one flush runs,
the steps of all other vessels gather, and the next transaction takes them all.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from protocol.errors import RemoteError
from protocol.ids import VesselId
from shore_relay.relay.errors import RelayError, StoreFailed
from shore_relay.relay.store.feed import add_items
from shore_relay.relay.store.link_locks import lock_links
from shore_relay.relay.store.session import Session, Transactions

T = TypeVar("T")
Operation = Callable[[Session], Awaitable[T]]

GROUP_MAX = 256
"""Steps in one transaction; more would make the first of them wait too long."""
_ATTEMPTS_MAX = 6
"""Two relays that met on the same rows are told so by the database within a second, and one goes again."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Write:
    """One step of one caller."""

    operation: Operation[object]
    after: Callable[[object], None]
    about: bytes
    done: "asyncio.Future[object]"
    outcome: object = None
    refused: RelayError | RemoteError | None = None

    async def attempt(self, session: Session) -> bool:
        """Do the work inside the group's transaction; return whether a refusal left changes behind.

        A refusal concerns this step alone; the others of its group stand.
        """
        session.dirty, self.refused = False, None
        waiting = len(session.items)
        try:
            self.outcome = await self.operation(session)
        except (RelayError, RemoteError) as refused:
            self.refused = refused
            del session.items[waiting:]
            return session.dirty
        return False

    def finish(self, failure: StoreFailed | None) -> None:
        """Tell whoever waits, after the group's commit or in place of it."""
        error = failure or self.refused
        if error is None:
            # Whoever listens learns of a commit even where the caller has gone meanwhile.
            self.after(self.outcome)
        if self.done.done():
            return
        if error is None:
            self.done.set_result(self.outcome)
        else:
            self.done.set_exception(error)


class GroupWriter:
    """Runs write operations; those about the same vessel in the order in which they were asked for."""

    def __init__(self, transactions: Transactions, *, sorts: bool = False) -> None:
        """Begin to write; `sorts`: several relays write, and lock what they touch in the same order."""
        self._transactions = transactions
        self._sorts = sorts
        self._waiting: list[_Write] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._group_max = GROUP_MAX
        """Smaller for a while where the disk had no room for a group."""
        self._task = asyncio.create_task(self._write_groups(), name="store writer")
        self.steps = 0
        """How many operations were committed."""
        self.groups = 0
        """In how many transactions."""

    async def run(
        self, operation: Operation[T], after: Callable[[T], None] | None = None, *, about: bytes = b""
    ) -> T:
        """Do `operation` in a durable transaction and return its outcome.

        `after` is called with the outcome right behind the commit, even if the caller was cancelled. `about`
        is the vessel whose rows are changed. An operation may run more than once before it is committed.

        Raises what the operation raised, if it is a `RelayError` or a `RemoteError`, and `StoreFailed` where
        the commit failed.
        """
        if self._closing or self._task.done():
            raise StoreFailed("The store is closed; start the relay again.")
        write = _Write(
            operation=operation,
            # The future carries the outcome of this very operation, so its type is the operation's.
            after=after or _nothing,  # type: ignore[arg-type]
            about=about,
            done=asyncio.get_running_loop().create_future(),
        )
        self._waiting.append(write)
        self._wake.set()
        return await write.done  # type: ignore[return-value]  # See above.

    async def close(self) -> None:
        """Commit what waits and stop."""
        self._closing = True
        self._wake.set()
        await self._task

    async def ended(self) -> None:
        """Wait until the writer has ended, which before `close` only a fault of this program can bring about.

        Raises what ended it.
        """
        await asyncio.shield(self._task)

    async def _write_groups(self) -> None:
        try:
            while self._waiting or not self._closing:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    most = self._group_max
                    group, self._waiting = self._waiting[:most], self._waiting[most:]
                    await self._write_group(group)
        finally:
            for write in self._waiting:
                write.finish(StoreFailed("The store's writer has ended; start the relay again."))

    async def _write_group(self, group: list[_Write]) -> None:
        failure: StoreFailed | None = StoreFailed(
            "The store's writer met an error in this program; start the relay again and report it."
        )
        if self._sorts:
            group.sort(key=lambda write: write.about)
        try:
            await self._commit(group)
            failure = None
        except self._transactions.failures as reason:
            failure = StoreFailed(self._transactions.sentence(reason))
            if len(group) > 1 and self._transactions.is_full(reason):
                # What is too much together may fit in part: a desk that makes room lets somebody in at once.
                self._group_max = len(group) // 2
                self._waiting = [*group, *self._waiting]
                group = []
        finally:
            for write in group:
                write.finish(failure)
        if failure is None:
            self._group_max = min(2 * self._group_max, GROUP_MAX)
        self.steps += len(group)
        self.groups += 1

    async def _commit(self, group: list[_Write]) -> None:
        standing = list(group)
        attempts = 0
        while True:
            attempts += 1
            try:
                spoilt = await self._attempt(standing)
            except self._transactions.failures as reason:
                await self._transactions.rollback()
                if attempts >= _ATTEMPTS_MAX or not self._transactions.passes(reason):
                    raise
                continue
            if spoilt is None:
                return
            # What a refused step had changed goes with everything else; the others are done again without it.
            await self._transactions.rollback()
            standing.remove(spoilt)
            attempts = 0

    async def _attempt(self, standing: list[_Write]) -> _Write | None:
        """Do all steps and commit; return the first whose refusal left changes behind, before any commit."""
        session = await self._transactions.begin()
        await lock_links(session, [VesselId(write.about) for write in standing if write.about])
        for write in standing:
            if await write.attempt(session):
                return write
        await session.flush()
        await add_items(session)
        await self._transactions.commit()
        return None


def _nothing(_outcome: object) -> None:
    """Do nothing after a commit that nobody listens for."""
