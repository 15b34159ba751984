"""NOTIFY, as a hint between relays: it saves waiting, and nothing is lost with it.

A hint goes out behind the commit that it tells of, in a transaction of its own: within the commit it would
make all relays' commits wait for each other.
"""

import asyncio

import asyncpg

from protocol.ids import DeskId, VesselId
from shore_relay.relay.store.postgres_address import PostgresAddress
from shore_relay.relay.store.postgres_session import FAILURES, connect
from shore_relay.relay.store.sql_store import OnDispatch, OnFeed

_CHANNEL = "seavoice_news"
_ID_BYTES = 8
_FEED, _VESSEL = "feed", "vessel"
_RETRY_S_MIN = 0.5
_RETRY_S_MAX = 30.0
_AT_ONCE_MAX = 1_000


class HintsOut:
    """Sends hints; while some are on their way the next ones gather."""

    def __init__(self, pool: asyncpg.Pool, relay: bytes) -> None:
        self._pool = pool
        self._relay = relay
        self._waiting: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def feed(self, desk: DeskId) -> None:
        """Tell that a desk has something new."""
        self._add(f"{_FEED} {desk.hex()} {self._relay.hex()}")

    def work(self, vessel: VesselId) -> None:
        """Tell that there is something to do for a vessel."""
        self._add(f"{_VESSEL} {vessel.hex()} {self._relay.hex()}")

    def _add(self, hint: str) -> None:
        self._waiting.add(hint)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._send(), name="hints")

    async def _send(self) -> None:
        while self._waiting:
            hints = sorted(self._waiting)[:_AT_ONCE_MAX]
            self._waiting.difference_update(hints)
            try:
                await self._pool.execute(
                    "SELECT pg_notify($1, hint) FROM unnest($2::text[]) AS hint", _CHANNEL, hints
                )
            except FAILURES:
                # The others look by themselves within seconds.
                continue

    async def close(self) -> None:
        """Send what waits, and stop."""
        if self._task is not None:
            await asyncio.wait([self._task])


class HintsIn:
    """Hears the hints of other relays."""

    def __init__(
        self, address: PostgresAddress, relay: bytes, on_feed: OnFeed, on_dispatch: OnDispatch
    ) -> None:
        self._address = address
        self._own = relay.hex()
        self._on_feed = on_feed
        self._on_dispatch = on_dispatch

    async def listen(self) -> None:
        """Hear until cancelled; where the server goes away, wait and come back."""
        retry_s = _RETRY_S_MIN
        while True:
            try:
                connection = await connect(self._address)
            except FAILURES:
                await asyncio.sleep(retry_s)
                retry_s = min(2 * retry_s, _RETRY_S_MAX)
                continue
            retry_s = _RETRY_S_MIN
            await self._hear(connection)

    async def _hear(self, connection: asyncpg.Connection) -> None:
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _connection: ended.set())
        try:
            await connection.add_listener(_CHANNEL, self._take)
            await ended.wait()
        except FAILURES:
            return
        finally:
            connection.terminate()

    def _take(self, _connection: object, _process: int, _channel: str, hint: str) -> None:
        kind, _, rest = hint.partition(" ")
        name, _, sender = rest.partition(" ")
        try:
            whose = bytes.fromhex(name)
        except ValueError:
            # Whoever may write into the database may say anything here; it only makes us look.
            return
        if sender == self._own or len(whose) != _ID_BYTES:
            return
        if kind == _FEED:
            self._on_feed(DeskId(whose))
        elif kind == _VESSEL:
            self._on_dispatch(VesselId(whose))
