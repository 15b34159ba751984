from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from protocol.provisioning import DeskCard
from shore_relay.desk.app import Desk, open_desk, wall_clock
from shore_relay.desk.keyring import Keyring
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.settings import Settings
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.small_relay import SmallRelay, running_relay

PASSPHRASE = "seven quiet harbour lamps"
YEAR_S = 365 * 86_400


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "desk"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def card(data: Path) -> DeskCard:
    """The card of a desk that was made in `data`."""
    return Keyring.create(data, PASSPHRASE, "Harbour Aid", wall_clock(), YEAR_S).keys.card


@pytest.fixture
def relay(card: DeskCard) -> Iterator[SmallRelay]:
    with running_relay() as relay:
        relay.card = card
        yield relay


@pytest.fixture
async def desk(data: Path, relay: SmallRelay) -> AsyncIterator[Desk]:
    settings = Settings(relay=relay.url, port=0, retry_delay_s_min=0.01)
    async with open_desk(data, PASSPHRASE, settings) as desk:
        yield desk


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[RelayClient]:
    async with aiohttp.ClientSession() as session:
        yield RelayClient(desk, session)


@pytest.fixture
def boat(card: DeskCard) -> Boat:
    return Boat(card)
