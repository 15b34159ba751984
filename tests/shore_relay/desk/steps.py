"""Steps that several journeys share."""

from protocol.deskfeed import FeedItem
from shore_relay.desk.app import Desk
from shore_relay.desk.fetching import fetch_all
from shore_relay.desk.inbox import Entry, load_inbox
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.vessels import box_to_confirm, confirm, find_vessel
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.small_relay import SmallRelay


async def confirm_boat(desk: Desk, boat: Boat) -> None:
    await confirm(desk, box_to_confirm(await find_vessel(desk, boat.name), boat.fingerprint))


async def receive(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat, *items: FeedItem
) -> list[Entry]:
    """Fetch the boat's introduction and these items, confirm the boat, and return the inbox."""
    relay.put(*items)
    await fetch_all(desk, client)
    await confirm_boat(desk, boat)
    return await load_inbox(desk)
