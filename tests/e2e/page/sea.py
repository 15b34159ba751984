"""A box with its page, a shore behind it, and a desk that opens what comes."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from playwright.async_api import Browser

from protocol import message
from protocol.bundle import DeskReceipt, DeskState, Report
from protocol.custody import Custody
from protocol.deskkeys import DeskKey
from protocol.frames import Priority
from protocol.ids import BundleNumber, UnixSeconds
from protocol.mailbox import Mailbox
from protocol.message import Message
from protocol.priming import Language
from protocol.seal import open_report, opened_proof, seal_mail
from scripts.pagewalk.browser import PHONE, WIFI_NAME, Fisher, fisher_at
from tests.memory_link import VESSEL
from tests.vessel_client.boxes import (
    DESK_KEY,
    DESK_PRIVATE,
    YEAR_S,
    BoxFolder,
    command,
    desk_origin_key,
    provisioning,
    state_when,
    write_file,
)
from tests.vessel_client.shore import Shore, tcp_shore
from vessel_client.app import RunningService
from vessel_client.clocks import system_wall_clock
from vessel_client.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Sea:
    """Everything between a fisher's finger and a caseworker's ear."""

    running: RunningService
    shore: Shore
    data_dir: Path

    @property
    def url(self) -> str:
        """Where the page is, under the name of the box's own screen."""
        return self.running.url.replace("127.0.0.1", "localhost")

    @property
    def wifi_url(self) -> str:
        """Where a phone on the vessel's Wi-Fi finds it, without protection."""
        return self.running.url.replace("127.0.0.1", WIFI_NAME)

    async def reports(self, count: int) -> list[tuple[int, Priority, Report]]:
        """Wait for so many reports on shore, and return them by number."""
        await self.shore.until(lambda: len(self._reports()) >= count)
        return self._reports()

    def _reports(self) -> list[tuple[int, Priority, Report]]:
        found = {
            each.number: (each.number, each.priority, each.bundle)
            for each in self.shore.arrived
            if isinstance(each.bundle, Report)
        }
        return [found[number] for number in sorted(found)]

    async def messages(self, count: int) -> list[Message]:
        """Open so many reports as the desk does."""
        return [_opened(report) for _, _, report in await self.reports(count)]

    async def mark_opened(self, number: int, mailbox_public: bytes) -> None:
        """Say to the box, as the desk would, that a person opened a bundle."""
        origin = await desk_origin_key(self.running)
        numbers = ((number, number + 1),)
        proof = opened_proof(
            DESK_PRIVATE,
            mailbox_public,
            desk_key=DESK_KEY.id,
            vessel=VESSEL,
            number=BundleNumber(number),
        )
        tag = origin.tag_receipt(DeskState.OPENED, numbers, (proof,))
        receipt = DeskReceipt(
            desk_key=DESK_KEY.id, state=DeskState.OPENED, numbers=numbers, proofs=(proof,), tag=tag
        )
        self.shore.offer(receipt)
        await state_when(self.running, number, lambda state: state.custody is Custody.OPENED_BY_A_PERSON)

    def answer(self, mailbox: Mailbox, body: message.Body) -> None:
        """Send an answer to a mailbox."""
        plain = message.encode(
            Message(created_at=UnixSeconds(int(time.time())), language=Language.ENGLISH, body=body)
        )
        mail = seal_mail(plain, mailbox=mailbox.id, mailbox_public=mailbox.public, desk_private=DESK_PRIVATE)
        self.shore.offer(mail)


def _opened(report: Report) -> Message:
    return message.decode(open_report(report.sealed, DESK_PRIVATE, VESSEL))


@asynccontextmanager
async def open_sea(
    folder: Path, prepare: Callable[[BoxFolder], Settings] = BoxFolder.settings
) -> AsyncIterator[Sea]:
    """Run a shore and an initialised box whose desk keys are valid today."""
    now = system_wall_clock()
    key = DeskKey(
        public=DESK_KEY.public, not_before=UnixSeconds(now - YEAR_S), not_after=UnixSeconds(now + YEAR_S)
    )
    async with tcp_shore(Shore()) as shore:
        document = replace(provisioning(shore.addresses.values(), (key,)), issued_at=UnixSeconds(now - 60))
        data_dir = folder / "box"
        file = write_file(folder, document)
        assert await command("init", str(file), "--data", str(data_dir), clock=system_wall_clock) == 0
        box = BoxFolder(data_dir=data_dir)
        settings = replace(prepare(box), api_hosts_allowed=WIFI_NAME)
        async with box.running(settings, clock=system_wall_clock) as running:
            yield Sea(running=running, shore=shore, data_dir=data_dir)


@asynccontextmanager
async def fisher(
    browser: Browser,
    sea: Sea,
    *,
    size: tuple[int, int] = PHONE,
    dark: bool = False,
    url: str | None = None,
) -> AsyncIterator[Fisher]:
    """Open the page of a box as somebody who was never here, and let no script error pass."""
    async with fisher_at(browser, url or sea.url, size=size, dark=dark, listens=url is None) as person:
        yield person
