"""Boxes in temporary folders, and the desk that they belong to."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.deskkeys import DeskKey
from protocol.frames import Priority
from protocol.ids import UnixSeconds
from protocol.origin import OriginKey, public_half
from protocol.provisioning import BearerKind, DeskCard, Provisioning, RelayAddress, write_provisioning
from protocol.seal import seal_report
from tests.memory_link import RELAY_PRIVATE, SECRET, VESSEL
from tests.vessel_client.shore import PATIENCE_S
from vessel_client.app import RunningService, running_service
from vessel_client.cli import main
from vessel_client.clocks import LinkClock, WallClock
from vessel_client.queue_request import QueueRequest
from vessel_client.settings import Settings
from vessel_client.store.box import load_box
from vessel_client.store.outbox import BundleState, find_state

NOW = UnixSeconds(1_700_000_000)
YEAR_S = 365 * 86_400
DESK_PRIVATE = bytes([11]) * 32
DESK_SIGNING = bytes([12]) * 32
DESK_KEY = DeskKey(
    public=public_half(DESK_PRIVATE),
    not_before=UnixSeconds(NOW - 86_400),
    not_after=UnixSeconds(NOW + YEAR_S),
)
NOWHERE = RelayAddress(kind=BearerKind.TCP, url="tcp://127.0.0.1:9")


def wall_clock() -> UnixSeconds:
    """Return the date of these tests."""
    return NOW


def provisioning(
    addresses: Iterable[RelayAddress] = (NOWHERE,), keys: tuple[DeskKey, ...] = (DESK_KEY,)
) -> Provisioning:
    """Return what the relay would write for the vessel of `memory_link`."""
    signing_public = Ed25519PrivateKey.from_private_bytes(DESK_SIGNING).public_key().public_bytes_raw()
    return Provisioning(
        vessel=VESSEL,
        vessel_name="Nam Hai 3",
        issued_at=NOW,
        link_secret=SECRET,
        relay_public=public_half(RELAY_PRIVATE),
        addresses=tuple(addresses),
        desk=DeskCard(name="Harbour Desk", signing_public=signing_public, keys=keys),
    )


def write_file(folder: Path, document: Provisioning) -> Path:
    """Write a provisioning file."""
    path = folder / "provisioning.json"
    path.write_bytes(write_provisioning(document))
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxFolder:
    """An initialised box."""

    data_dir: Path

    def settings(self) -> Settings:
        """Return settings for tests: a free port, and short waits between tries."""
        return Settings(data_dir=self.data_dir, api_port=0, retry_delay_s_min=0.01, retry_delay_s_max=0.05)

    @asynccontextmanager
    async def running(
        self, settings: Settings | None = None, *, clock: WallClock = wall_clock
    ) -> AsyncIterator[RunningService]:
        """Run the service on this box."""
        async with running_service(
            settings or self.settings(), clock=LinkClock(), wall_clock=clock
        ) as running:
            yield running


async def make_box(folder: Path, addresses: Iterable[RelayAddress] = (NOWHERE,)) -> BoxFolder:
    """Initialise a box by its command line."""
    data_dir = folder / "box"
    file = write_file(folder, provisioning(addresses))
    assert await command("init", str(file), "--data", str(data_dir)) == 0
    return BoxFolder(data_dir=data_dir)


async def command(*arguments: str, clock: WallClock = wall_clock) -> int:
    """Run a command as a user would, beside the service that runs in this loop."""
    return await asyncio.to_thread(main, list(arguments), wall_clock=clock)


def sealed_request(
    plaintext: bytes = b"please help", *, priority: Priority = Priority.TEXT, lifetime: int = 0
) -> QueueRequest:
    """Return a sealed message, ready to be queued."""
    return QueueRequest(
        ref=secrets.token_bytes(16),
        priority=priority,
        lifetime=lifetime,
        desk_key=DESK_KEY.id,
        sealed=seal_report(plaintext, DESK_KEY.public, VESSEL),
    )


async def desk_origin_key(running: RunningService) -> OriginKey:
    """Return the desk's half of the key that it shares with this box."""
    async with running.database.reading() as connection:
        box = await load_box(connection)
    return OriginKey.for_desk(DESK_PRIVATE, public_half(box.box_private), VESSEL)


async def until_counted(running: RunningService, code: str) -> None:
    """Wait until the box has counted something under this code."""
    async with asyncio.timeout(PATIENCE_S):
        while not running.service.counters[code]:
            async with running.database.reading() as connection:
                await find_state(connection, 1)


async def state_when(
    running: RunningService, number: int, reached: Callable[[BundleState], bool]
) -> BundleState:
    """Return a bundle's state once it is as wanted."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with running.database.reading() as connection:
                state = await find_state(connection, number)
            if state is not None and reached(state):
                return state
