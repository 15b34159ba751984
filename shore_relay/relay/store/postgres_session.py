"""`Session` and `Transactions` on PostgreSQL, and what its errors mean for people."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import count

import asyncpg

from shore_relay.relay.errors import (
    RelayError,
    SettingsInvalid,
    StoreFailed,
    StoreLoginRefused,
    StoreUnreachable,
    StoreUnusable,
)
from shore_relay.relay.store.batching import BatchingSession
from shore_relay.relay.store.postgres_address import PostgresAddress
from shore_relay.relay.store.session import Row, Session, Transactions, Value

FAILURES: tuple[type[Exception], ...] = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
_GONE: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # The library's word for a server that hung up between two statements.
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    OSError,
)
_PASSING: tuple[type[Exception], ...] = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.InvalidCachedStatementError,
)
_STATEMENTS_MAX = 512
_CONNECT_PATIENCE_S = 10.0
_COMMAND_PATIENCE_S = 60.0
_SERVER_SETTINGS = {
    "application_name": "seavoice-relay",
    # A commit that is not on the disk yet must never be taken for durable, whatever the server's default is.
    "synchronous_commit": "on",
    # A relay whose machine vanished must not keep its rows locked.
    "idle_in_transaction_session_timeout": "30000",
    "lock_timeout": "20000",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}


async def connect(address: PostgresAddress) -> asyncpg.Connection:
    """Open one connection; raises one of `FAILURES`, or `SettingsInvalid`."""
    try:
        return await asyncpg.connect(address.url, **connect_arguments(address))
    except asyncpg.ClientConfigurationError:
        # The library's own words may quote the address.
        raise SettingsInvalid(
            "The setting store is no address that PostgreSQL takes; write postgresql://seavoice@host/seavoice."
        ) from None


def connect_arguments(address: PostgresAddress) -> dict[str, object]:
    """Return what every connection is opened with, beside the address."""
    arguments: dict[str, object] = {
        "timeout": _CONNECT_PATIENCE_S,
        "command_timeout": _COMMAND_PATIENCE_S,
        "statement_cache_size": _STATEMENTS_MAX,
        "max_cached_statement_lifetime": 0,
        "server_settings": _SERVER_SETTINGS,
    }
    if address.password is not None:
        arguments["password"] = address.password
    return arguments


@lru_cache(maxsize=_STATEMENTS_MAX)
def in_postgres_words(sql: str) -> str:
    """Return a statement as PostgreSQL takes it, with $1, $2, … for its values."""
    numbers = count(1)
    return re.sub(r"\?", lambda _: f"${next(numbers)}", sql).replace("x''", "'\\x'::bytea")


class PostgresSession(BatchingSession):
    """One connection to the database."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        super().__init__()
        self._connection = connection

    async def _run(self, sql: str, values: Sequence[Value]) -> int:
        status: str = await self._connection.execute(in_postgres_words(sql), *values)
        return int(status.rpartition(" ")[2])

    async def _run_many(self, sql: str, rows: Sequence[Sequence[Value]]) -> None:
        # All of them in one exchange with the server.
        await self._connection.executemany(in_postgres_words(sql), rows)

    async def _fetch(self, sql: str, values: Sequence[Value]) -> Sequence[Row]:
        found: Sequence[Row] = await self._connection.fetch(in_postgres_words(sql), *values)
        return found


class PostgresTransactions(Transactions):
    """The connection that writes; a new one where it was lost."""

    failures = FAILURES

    def __init__(self, address: PostgresAddress, connection: asyncpg.Connection) -> None:
        self._address = address
        self._connection: asyncpg.Connection | None = connection

    async def begin(self) -> Session:
        """Begin a transaction, on a new connection where the server has ended the old one meanwhile."""
        try:
            return await self._begin()
        except _GONE:
            # Nothing of this transaction was asked for yet, so a second try does nothing twice.
            self._drop()
            return await self._begin()

    async def _begin(self) -> Session:
        if self._connection is None or self._connection.is_closed():
            self._connection = await connect(self._address)
        await self._connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        return PostgresSession(self._connection)

    async def commit(self) -> None:
        """Make it durable. Should the connection be lost now, nobody knows whether it is."""
        assert self._connection is not None
        status = await self._connection.execute("COMMIT")
        assert status == "COMMIT", "a statement of this transaction failed unnoticed"

    async def rollback(self) -> None:
        """Undo what is open, if need be by hanging up."""
        if self._connection is None:
            return
        try:
            await self._connection.execute("ROLLBACK")
        except FAILURES:
            self._drop()

    def passes(self, reason: Exception) -> bool:
        """Return whether two relays met on the same rows, or the tables were changed meanwhile."""
        return isinstance(reason, _PASSING)

    def is_full(self, reason: Exception) -> bool:
        """Return whether the server's disk is full."""
        return isinstance(reason, asyncpg.DiskFullError)

    def sentence(self, reason: Exception) -> str:
        """Return what is wrong and what to do."""
        return f"{explain(reason, self._address.name)} Nothing was acknowledged that is not stored."

    async def close(self) -> None:
        """Hang up, politely where the server still listens."""
        if self._connection is not None:
            try:
                await self._connection.close(timeout=_CONNECT_PATIENCE_S)
            except FAILURES:
                self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def explain(reason: Exception, name: str) -> str:
    """Return one sentence about a failure of this database; it quotes no value and no password."""
    match reason:
        case asyncpg.InvalidPasswordError() | asyncpg.InvalidAuthorizationSpecificationError():
            return f"PostgreSQL refuses the login to {name}: correct the user or the password in store."
        case asyncpg.InvalidCatalogNameError():
            return f"PostgreSQL has no database {name}: create it with createdb, or correct store."
        case asyncpg.TooManyConnectionsError():
            return f"PostgreSQL has no connection left for {name}: raise its max_connections."
        case asyncpg.DiskFullError() | asyncpg.OutOfMemoryError():
            return f"PostgreSQL has no room left for {name}: make room on its disk."
        case asyncpg.ReadOnlySQLTransactionError():
            return f"The database {name} can only be read: it is a standby; let store name the primary."
        case asyncpg.InsufficientPrivilegeError():
            return f"PostgreSQL does not let this user work in {name}: make it the database's owner."
        case asyncpg.CannotConnectNowError():
            return f"PostgreSQL is starting or stopping, and does not serve {name} yet."
        case asyncpg.PostgresError() if not isinstance(reason, asyncpg.PostgresConnectionError):
            return f"PostgreSQL does not do what it was asked in {name} ({reason.sqlstate}); see its log."
        case _:
            return f"PostgreSQL cannot be reached for {name} ({type(reason).__name__}): is it running?"


def refusal(reason: Exception, name: str) -> RelayError:
    """Return what opening a store raises for a failure."""
    kinds: list[tuple[tuple[type[Exception], ...], type[RelayError]]] = [
        (
            (asyncpg.InvalidPasswordError, asyncpg.InvalidAuthorizationSpecificationError),
            StoreLoginRefused,
        ),
        ((asyncpg.InvalidCatalogNameError, asyncpg.InsufficientPrivilegeError), StoreUnusable),
        ((asyncpg.TooManyConnectionsError, TimeoutError, *_GONE), StoreUnreachable),
    ]
    for those, kind in kinds:
        if isinstance(reason, those):
            return kind(explain(reason, name))
    return StoreFailed(explain(reason, name))
