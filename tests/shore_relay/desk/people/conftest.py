import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from protocol.ids import UnixSeconds
from shore_relay.desk.app import Desk, open_desk
from shore_relay.desk.changes import Changes
from shore_relay.desk.commands.serving import listen
from shore_relay.desk.keyring import Keyring
from shore_relay.desk.settings import Settings
from shore_relay.desk.web.server import Page
from tests.shore_relay.desk.conftest import PASSPHRASE, YEAR_S
from tests.shore_relay.desk.people.office import staffed

NOW = UnixSeconds(1_790_000_000)


class Clock:
    """The time of day and the time that passes, moved by hand."""

    def __init__(self) -> None:
        self.unix = int(NOW)
        self.monotonic_s = 1_000.0

    def pass_s(self, seconds: float) -> None:
        self.unix += int(seconds)
        self.monotonic_s += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def office(office_folder: Path, clock: Clock) -> AsyncIterator[Desk]:
    """A desk with one person in each role, opened by the administrator; its relay is away."""
    settings = Settings(relay="http://127.0.0.1:9", port=0)
    async with open_desk(
        office_folder, PASSPHRASE, settings, now=lambda: UnixSeconds(clock.unix), person="desk"
    ) as desk:
        yield desk


@asynccontextmanager
async def page_of(desk: Desk, clock: Clock) -> AsyncIterator[tuple[Page, str]]:
    page = Page(desk, Changes(), clock=lambda: clock.monotonic_s)
    runner = web.AppRunner(page.application(), shutdown_timeout=0.1)
    await runner.setup()
    port = await listen(runner, "127.0.0.1", 0)
    page.listen_on("127.0.0.1", port)
    try:
        yield page, f"http://127.0.0.1:{port}"
    finally:
        page.close()
        await runner.cleanup()


@pytest.fixture
async def address(office: Desk, clock: Clock) -> AsyncIterator[str]:
    async with page_of(office, clock) as (_, address):
        yield address


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same office, on the disk; making it takes a second, so tests work on copies."""
    folder = tmp_path_factory.mktemp("founded") / "desk"
    folder.mkdir(mode=0o700)
    Keyring.create(folder, PASSPHRASE, "Harbour Aid", NOW, YEAR_S).change(staffed)
    return folder


@pytest.fixture
def office_folder(founded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(founded, tmp_path / "office"))
