import pytest

from shore_relay.desk.actor import Actor, Role
from shore_relay.desk.app import Desk
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.people.conftest import (  # noqa: F401  # The same office, for tests of what it does.
    clock,
    founded,
    office,
    office_folder,
)
from tests.shore_relay.desk.people.office import person_id


@pytest.fixture
def boat(office: Desk) -> Boat:  # noqa: F811  # pytest gives a fixture under the name of its function.
    return Boat(office.keyring.keys.card)


@pytest.fixture
def tom(office: Desk) -> Actor:  # noqa: F811  # As above.
    """The caseworker."""
    person = office.keyring.keys.person(person_id(office, Role.CASEWORKER))
    assert person is not None
    return person.actor
