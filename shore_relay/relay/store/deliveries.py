"""The SQL of notices to desks' offices: made by one of all relays, tried by one at a time."""

from collections.abc import Callable, Sequence
from functools import partial

from protocol.ids import DeskId, UnixSeconds
from shore_relay.relay.errors import UnknownDelivery
from shore_relay.relay.store.delivery_rows import (
    ID_BYTES,
    MOVES,
    Claimed,
    Delivery,
    DeliveryState,
    NoticeChannel,
    Way,
)
from shore_relay.relay.store.session import Row, Session
from shore_relay.relay.store.sql_store import SqlStore

KEPT_S = 30 * 86_400
"""A notice that was delivered is shown for so long."""
_SHOWN_MAX = 200
_COLUMNS = (
    "id, deliveries.desk, desks.name, way, address, state, made_at, due_at, attempts, trouble, settled_at"
)


class DeliveryStore:
    """Keeps notices in a relay's store. All methods raise `StoreFailed`."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    async def add_channel(self, channel: NoticeChannel, at: UnixSeconds) -> None:
        """Let a desk's office hear over this channel from now on; a known one gets the new secret."""
        await self._store.writer.run(partial(_add_channel, channel=channel, at=at))

    async def remove_channel(self, channel: NoticeChannel) -> bool:
        """Tell nobody there any more, not even what is on its way; return whether it was known."""
        return await self._store.writer.run(partial(_remove_channel, channel=channel))

    async def channels(self) -> tuple[NoticeChannel, ...]:
        """Return all channels."""
        async with self._store.reading() as reading:
            rows = await reading.rows(
                "SELECT desk, way, address, secret FROM notice_channels ORDER BY desk, way, address"
            )
        return tuple(
            NoticeChannel(desk=DeskId(desk), way=Way(way), address=address, secret=secret)
            for desk, way, address, secret in rows
        )

    async def make_due(
        self, now: UnixSeconds, *, after_s: int, remind_s: int, entropy: Callable[[int], bytes]
    ) -> int:
        """Make a notice for each channel of which a desk has let bundles wait; return how many.

        A desk that was told and has fetched nothing since is told again after `remind_s`.
        """
        make = partial(_make_due, now=now, after_s=after_s, remind_s=remind_s, entropy=entropy)
        return await self._store.writer.run(make)

    async def claim(self, now: UnixSeconds, *, lease_s: int, most: int) -> tuple[Claimed, ...]:
        """Take notices that are due; nobody else tries them within the lease."""
        return await self._store.writer.run(partial(_claim, now=now, lease_s=lease_s, most=most))

    async def settle(
        self, delivery: Delivery, state: DeliveryState, *, at: UnixSeconds, due_at: UnixSeconds, trouble: str
    ) -> None:
        """Note what became of a claimed notice."""
        assert state in MOVES[delivery.state], f"no notice goes from {delivery.state} to {state}"
        settled_at = UnixSeconds(0) if state is DeliveryState.WAITING else at
        values = (state.value, due_at, trouble, settled_at, delivery.id)
        await self._store.writer.run(partial(_settle, values=values))

    async def replay(self, ids: Sequence[bytes] | None, now: UnixSeconds) -> int:
        """Try dead notices again, or all of them; return how many. Raises `UnknownDelivery`."""
        return await self._store.writer.run(partial(_replay, ids=ids, now=now))

    async def listed(self) -> tuple[Delivery, ...]:
        """Return what an operator may see: what is dead first, then what waits, then the latest delivered."""
        async with self._store.reading() as reading:
            rows = await reading.rows(
                f"SELECT {_COLUMNS} FROM deliveries JOIN desks USING (desk) "  # noqa: S608  # Our own columns.
                "ORDER BY CASE state WHEN 'dead' THEN 0 WHEN 'waiting' THEN 1 ELSE 2 END, made_at DESC, id "
                "LIMIT ?",
                (_SHOWN_MAX,),
            )
        return tuple(map(_delivery, rows))


def _delivery(row: Row) -> Delivery:
    return Delivery(
        id=row[0],
        desk=DeskId(row[1]),
        desk_name=row[2],
        way=Way(row[3]),
        address=row[4],
        state=DeliveryState(row[5]),
        made_at=UnixSeconds(row[6]),
        due_at=UnixSeconds(row[7]),
        attempts=row[8],
        trouble=row[9],
        settled_at=UnixSeconds(row[10]),
    )


async def _add_channel(session: Session, channel: NoticeChannel, at: UnixSeconds) -> None:
    await session.change(
        "INSERT INTO notice_channels (desk, way, address, secret, added_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (desk, way, address) DO UPDATE SET secret = excluded.secret",
        (channel.desk, channel.way.value, channel.address, channel.secret, at),
    )


async def _remove_channel(session: Session, channel: NoticeChannel) -> bool:
    values = (channel.desk, channel.way.value, channel.address)
    # The channel first: a relay that makes a notice for it just now holds its row.
    removed = await session.change(
        "DELETE FROM notice_channels WHERE desk = ? AND way = ? AND address = ?", values
    )
    await session.change(
        "DELETE FROM deliveries WHERE desk = ? AND way = ? AND address = ? AND state <> 'delivered'", values
    )
    return removed > 0


async def _make_due(
    session: Session, now: UnixSeconds, *, after_s: int, remind_s: int, entropy: Callable[[int], bytes]
) -> int:
    # Two relays that look at once never wait for each other: one of them sees nothing to do.
    rows = await session.rows(
        "SELECT c.desk, c.way, c.address, d.last_cursor FROM notice_channels AS c "
        "JOIN desks AS d ON d.desk = c.desk WHERE d.items_waiting > 0 AND d.ended_at = 0 AND EXISTS "
        "(SELECT 1 FROM (SELECT cursor, at FROM feed WHERE feed.desk = c.desk AND kind = 'bundle' "
        "ORDER BY cursor LIMIT 1) AS oldest "
        "WHERE at <= ? AND (c.told_through < cursor OR c.told_at <= ?)) FOR UPDATE OF c SKIP LOCKED",
        (now - after_s, now - remind_s),
    )
    for desk, way, address, cursor in rows:
        await session.change(
            "INSERT INTO deliveries (id, desk, way, address, state, made_at, due_at) "
            "VALUES (?, ?, ?, ?, 'waiting', ?, ?)",
            (entropy(ID_BYTES), desk, way, address, now, now),
        )
        await session.change(
            "UPDATE notice_channels SET told_through = ?, told_at = ? "
            "WHERE desk = ? AND way = ? AND address = ?",
            (cursor, now, desk, way, address),
        )
    await session.change(
        "DELETE FROM deliveries WHERE state = 'delivered' AND settled_at < ?", (now - KEPT_S,)
    )
    return len(rows)


async def _claim(session: Session, now: UnixSeconds, *, lease_s: int, most: int) -> tuple[Claimed, ...]:
    due = await session.rows(
        "SELECT id FROM deliveries WHERE state = 'waiting' AND due_at <= ? "
        "ORDER BY due_at, id LIMIT ? FOR UPDATE SKIP LOCKED",
        (now, most),
    )
    claimed: list[Claimed] = []
    for (name,) in due:
        await session.change(
            "UPDATE deliveries SET attempts = attempts + 1, due_at = ? WHERE id = ?", (now + lease_s, name)
        )
        (row,) = await session.rows(
            f"SELECT {_COLUMNS} FROM deliveries JOIN desks USING (desk) WHERE id = ?",  # noqa: S608  # Our own columns.
            (name,),
        )
        delivery = _delivery(row)
        channel = await session.row(
            "SELECT secret FROM notice_channels WHERE desk = ? AND way = ? AND address = ?",
            (delivery.desk, delivery.way.value, delivery.address),
        )
        assert channel is not None, "what is on its way goes with its channel"
        claimed.append(Claimed(delivery=delivery, secret=channel[0]))
    return tuple(claimed)


async def _settle(session: Session, values: Sequence[bytes | str | int]) -> None:
    # What was taken back meanwhile is not there, and what somebody else settled stays so.
    await session.change(
        "UPDATE deliveries SET state = ?, due_at = ?, trouble = ?, settled_at = ? "
        "WHERE id = ? AND state = 'waiting'",
        values,
    )


async def _replay(session: Session, ids: Sequence[bytes] | None, now: UnixSeconds) -> int:
    again = "UPDATE deliveries SET state = 'waiting', attempts = 0, due_at = ?, settled_at = 0 "
    if ids is None:
        return await session.change(again + "WHERE state = 'dead'", (now,))
    for name in ids:
        if not await session.change(again + "WHERE id = ? AND state = 'dead'", (now, name)):
            raise UnknownDelivery(
                f"No dead notice has the id {name.hex()}; `seavoice-relay deliveries` shows all."
            )
    return len(ids)
