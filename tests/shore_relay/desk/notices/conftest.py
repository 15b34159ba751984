from collections.abc import AsyncIterator

import pytest

from tests.shore_relay.desk.cases.conftest import boat, tom  # noqa: F401  # The same office and its boat.
from tests.shore_relay.desk.notices.receivers import Mailroom, WebhookDesk, receiving_mail, receiving_webhooks
from tests.shore_relay.desk.people.conftest import (  # noqa: F401  # As above.
    clock,
    founded,
    office,
    office_folder,
)


@pytest.fixture
async def mailroom() -> AsyncIterator[Mailroom]:
    async with receiving_mail() as mailroom:
        yield mailroom


@pytest.fixture
async def webhooks() -> AsyncIterator[WebhookDesk]:
    async with receiving_webhooks() as webhooks:
        yield webhooks
