"""What the relay says of vessels: last contact and position, kept sealed."""

import sqlite3
from contextlib import closing

from protocol.deskfeed import Near, VesselContact
from protocol.ids import UnixSeconds, VesselId
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.board import load_board
from shore_relay.desk.cases.overview import CaseList
from shore_relay.desk.contacts import fetch_contacts, load_contacts
from shore_relay.desk.fetching import fetch_all
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.store.database import FILE_NAME
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.small_relay import SmallRelay

NEAR = Near(at=UnixSeconds(1_795_000_000), latitude_e4=75_213, longitude_e4=983_105, radius_km=12)


async def test_last_contact_and_position_come_from_the_relay_for_vessels_that_the_desk_knows(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    relay.put(boat.introduction())
    await fetch_all(desk, client)
    before = (await load_contacts(desk))[boat.vessel]
    assert before.told is None
    now = desk.now()
    told = VesselContact(vessel=boat.vessel, at=now, bearer="sbd-harbour", near=NEAR)
    stranger = VesselContact(vessel=VesselId(b"stranger"), at=now, bearer="tcp")
    relay.contacts = (told, stranger)

    await fetch_contacts(desk, client)

    (vessel,) = (await load_board(desk, CaseList(desk))).vessels
    assert (vessel.heard_at, vessel.bearer, vessel.near) == (now, "sbd-harbour", NEAR)
    assert not vessel.is_silent
    with closing(sqlite3.connect(desk.data / FILE_NAME)) as connection:
        (sealed,) = connection.execute("SELECT contact_sealed FROM contact").fetchall()
    assert b"75213" not in sealed[0]
    assert b"harbour" not in sealed[0]
    # The same again writes nothing; a relay that takes its word back about a place is believed.
    version = await desk.database.version()
    await fetch_contacts(desk, client)
    assert await desk.database.version() == version
    relay.contacts = (VesselContact(vessel=boat.vessel, at=now, bearer="tcp"),)
    await fetch_contacts(desk, client)
    assert (await load_board(desk, CaseList(desk))).vessels[0].near is None


async def test_a_relay_from_before_tells_nothing_and_stops_nothing(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    relay.put(boat.introduction())
    await fetch_all(desk, client)
    relay.answer_with = (404, b"")

    await fetch_contacts(desk, client)

    assert (await load_contacts(desk))[boat.vessel].told is None
