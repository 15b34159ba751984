"""When vessels were last in contact at all, and where: what a relay knows beyond the messages it hands over.

A vessel that only takes receipts, or says how its box is, talks too; its silence is not that of its people.
"""

from dataclasses import dataclass

from protocol.deskfeed import VesselContact, read_contact, write_contact
from protocol.ids import UnixSeconds, VesselId
from shore_relay.desk.app import Desk
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.store import inbox


@dataclass(frozen=True, slots=True, kw_only=True)
class LastContact:
    """The last that was heard of a vessel in any way."""

    at: UnixSeconds
    told: VesselContact | None
    """What the relay says of it; None where it says nothing."""


async def fetch_contacts(desk: Desk, client: RelayClient) -> None:
    """Ask the relay when it last heard each vessel, and keep what is new.

    Raises: RelayUnreachable, RelayRefused, MalformedDocument, StoreFailed.
    """
    told = await client.contacts()
    known = await load_contacts(desk)
    fresh = [one for one in told if one.vessel in known and known[one.vessel].told != one and one.at]
    if not fresh:
        return
    async with desk.database.transaction() as connection:
        for one in fresh:
            sealed = desk.vault.seal(write_contact(one), "contact.contact", one.vessel)
            await inbox.note_contact(connection, one.vessel, one.at, sealed)


async def load_contacts(desk: Desk) -> dict[VesselId, LastContact]:
    """Return for each vessel of this desk the last that was heard of it."""
    async with desk.database.reading() as connection:
        last = await inbox.contacts(connection)
        sealed = await inbox.contacts_sealed(connection)
    told = {
        vessel: read_contact(desk.vault.open(data, "contact.contact", vessel))
        for vessel, data in sealed.items()
    }
    return {vessel: LastContact(at=at, told=told.get(vessel)) for vessel, at in last.items()}
