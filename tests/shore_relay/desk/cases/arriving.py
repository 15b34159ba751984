"""Messages that reach the desk without a relay, and a second person on the same vessel."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from protocol.deskfeed import FeedItem, FeedPage
from protocol.ids import UnixSeconds
from protocol.mailbox import ReceiptCode
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.documents import Brief
from shore_relay.desk.cases.overview import CaseList
from shore_relay.desk.fetching import keep
from shore_relay.desk.store import inbox
from tests.shore_relay.desk.boat import Boat


async def arrive(desk: Desk, *items: FeedItem, at: int | None = None) -> None:
    """Take items over as one page of the feed, at the desk's time unless another is given."""
    async with desk.database.reading() as connection:
        cursor, _ = await inbox.feed_position(connection)
    when = UnixSeconds(desk.now() if at is None else at)
    numbered = tuple(replace(item, cursor=cursor + n, at=when) for n, item in enumerate(items, 1))
    await keep(desk, FeedPage(items=numbered))


@contextmanager
def somebody_else(boat: Boat, identity: int) -> Iterator[None]:
    """What the boat says inside comes from another fisher on board."""
    before, boat.code = boat.code, ReceiptCode.draw(bytes([identity]) * 32)
    yield
    boat.code = before


async def briefs(desk: Desk) -> list[Brief]:
    """Every case, from the store."""
    return await CaseList(desk).briefs()
