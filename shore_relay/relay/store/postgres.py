"""The store for fleets: one PostgreSQL database under any number of relays, each with one writer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from protocol.ids import DeskId, UnixSeconds, VesselId
from shore_relay.relay.errors import DataFolderMissing, StoreFailed
from shore_relay.relay.store.postgres_address import PostgresAddress
from shore_relay.relay.store.postgres_hints import HintsIn, HintsOut
from shore_relay.relay.store.postgres_schema import migrate, steps
from shore_relay.relay.store.postgres_session import (
    FAILURES,
    PostgresSession,
    PostgresTransactions,
    connect,
    connect_arguments,
    explain,
    refusal,
)
from shore_relay.relay.store.session import Session
from shore_relay.relay.store.sql_store import OnDispatch, OnFeed, SqlStore

_READERS_MAX = 4
_READER_PATIENCE_S = 20.0


async def create(address: PostgresAddress, rekey_private: bytes, at: UnixSeconds) -> bool:
    """Make the tables and the key of a new relay; return False where the database holds one already.

    Raises what `PostgresStore.open` raises.
    """
    try:
        connection = await connect(address)
        try:
            await migrate(connection, steps())
            status = await connection.execute(
                "INSERT INTO relay (id, rekey_private, created_at) VALUES (1, $1, $2) ON CONFLICT DO NOTHING",
                rekey_private,
                at,
            )
        finally:
            await connection.close()
    except FAILURES as reason:
        raise refusal(reason, address.name) from reason
    return bool(status == "INSERT 0 1")


class PostgresStore(SqlStore):
    """The store that several relays share. Open it with `PostgresStore.open`, and close it."""

    shared = True

    def __init__(
        self,
        address: PostgresAddress,
        transactions: PostgresTransactions,
        pool: asyncpg.Pool,
        on_feed: OnFeed,
    ) -> None:
        super().__init__(transactions, on_feed)
        self._address = address
        self._transactions = transactions
        self._pool = pool
        self._hints = HintsOut(pool, self.relay)

    @classmethod
    async def open(cls, address: PostgresAddress, *, on_feed: OnFeed = lambda _desk: None) -> "PostgresStore":
        """Open a relay's database and bring it to today's tables.

        Raises `DataFolderMissing` where no relay was made in it, `StoreUnreachable`, `StoreLoginRefused`,
        `StoreOutdated`, `StoreUnusable` or `StoreFromFuture`.
        """
        try:
            connection = await connect(address)
            try:
                await migrate(connection, steps())
                await _require_relay(connection, address)
                pool = await asyncpg.create_pool(
                    address.url, min_size=1, max_size=_READERS_MAX, reset=_keep, **connect_arguments(address)
                )
            except BaseException:
                connection.terminate()
                raise
        except FAILURES as reason:
            raise refusal(reason, address.name) from reason
        return cls(address, PostgresTransactions(address, connection), pool, on_feed)

    async def close(self) -> None:
        """Commit what was asked for and hang up."""
        try:
            await self.writer.close()
        finally:
            await self._hints.close()
            await self._transactions.close()
            # What is still lent belongs to requests that were cut off; they learn it from their connection.
            self._pool.terminate()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Session]:
        """Lend a connection that reads; raises `StoreFailed` where the database does not answer."""
        try:
            async with self._pool.acquire(timeout=_READER_PATIENCE_S) as connection:
                yield PostgresSession(connection)
        except FAILURES as reason:
            raise StoreFailed(explain(reason, self._address.name)) from reason

    async def listen(self, on_dispatch: OnDispatch) -> None:
        """Hear from other relays what came in for desks and vessels, until cancelled."""
        await HintsIn(self._address, self.relay, self._on_feed, on_dispatch).listen()

    def _announce(self, desks: set[DeskId]) -> None:
        super()._announce(desks)
        for desk in desks:
            self._hints.feed(desk)

    def announce_work(self, vessel: VesselId) -> None:
        """Let other relays on this database know that there is something to do for a vessel."""
        self._hints.work(vessel)


async def _require_relay(connection: asyncpg.Connection, address: PostgresAddress) -> None:
    if await connection.fetchval("SELECT count(*) FROM relay") == 0:
        raise DataFolderMissing(
            f"No relay was made in {address.name} yet; run `seavoice-relay init`, or move one there with "
            "`seavoice-relay migrate-store`."
        )


async def _keep(_connection: asyncpg.Connection) -> None:
    """Leave a connection as it is: nothing that we do on it outlasts a statement."""
    await asyncio.sleep(0)
