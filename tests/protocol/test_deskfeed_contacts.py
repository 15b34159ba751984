"""What a relay says of vessels to their desk: read as it was written, refused in any other shape."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.deskfeed import Near, VesselContact, read_contact, read_contacts, write_contact, write_contacts
from protocol.documents import MalformedDocument
from protocol.ids import UnixSeconds, VesselId

moments = st.integers(0, 2**40).map(UnixSeconds)
nears = st.builds(
    Near,
    at=moments,
    latitude_e4=st.integers(-900_000, 900_000),
    longitude_e4=st.integers(-1_800_000, 1_800_000),
    radius_km=st.integers(0, 25_000),
)
contacts = st.builds(
    VesselContact,
    vessel=st.binary(min_size=8, max_size=8).map(VesselId),
    at=moments,
    bearer=st.text(max_size=60),
    near=st.none() | nears,
)


@given(st.lists(contacts, max_size=5).map(tuple))
def test_contacts_are_read_as_they_were_written(told: tuple[VesselContact, ...]) -> None:
    assert read_contacts(write_contacts(told)) == told
    for contact in told:
        assert read_contact(write_contact(contact)) == contact


@pytest.mark.parametrize(
    "change",
    [
        {"vessel": "00"},
        {"at": -1},
        {"bearer": "x" * 61},
        {"near": {}},
        {"near": {"at": 1, "latitude_e4": 900_001, "longitude_e4": 0, "radius_km": 1}},
        {"near": {"at": 1, "latitude_e4": 0, "longitude_e4": 0, "radius_km": 1, "speed": 9}},
        {"captain": "x"},
    ],
)
def test_a_contact_of_another_shape_is_refused(change: dict[str, object]) -> None:
    contact = VesselContact(vessel=VesselId(bytes(8)), at=UnixSeconds(1), bearer="tcp")
    document = json.loads(write_contacts((contact,)))
    document["vessels"][0] |= change
    with pytest.raises(MalformedDocument):
        read_contacts(json.dumps(document).encode())
