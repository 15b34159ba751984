"""A box with its page, a shore behind it, a desk that opens what comes, and a browser in front."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

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
from tests.vessel_client.shore import PATIENCE_S, Shore, tcp_shore
from vessel_client.app import RunningService
from vessel_client.clocks import system_wall_clock

RECORDING = Path(__file__).parents[2] / "data" / "librivox_austen_0890_16k.wav"
CHROMIUM = "/usr/bin/chromium"

WIFI_NAME = "box.test"
"""A name that is not this machine's own: for the browser a page on plain http, as a phone sees it."""

KIOSK = (1280, 800)
PHONE = (390, 780)


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
async def open_sea(folder: Path) -> AsyncIterator[Sea]:
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
        settings = replace(box.settings(), api_hosts_allowed=WIFI_NAME)
        async with box.running(settings, clock=system_wall_clock) as running:
            yield Sea(running=running, shore=shore, data_dir=data_dir)


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Start Chromium with a microphone that hears a recording."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-audio-capture={RECORDING}",
                f"--host-resolver-rules=MAP {WIFI_NAME} 127.0.0.1",
            ],
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def fisher(
    browser: Browser,
    sea: Sea,
    *,
    size: tuple[int, int] = PHONE,
    dark: bool = False,
    url: str | None = None,
) -> AsyncIterator["Fisher"]:
    """Open the page as somebody who was never here, and let no script error pass."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        permissions=["microphone"] if url is None else [],
    )
    context.set_default_timeout(PATIENCE_S * 1_000)
    page = await context.new_page()
    person = Fisher(context=context, page=page, url=url or sea.url, complaints=[])
    page.on("pageerror", lambda error: person.complaints.append(str(error)))
    page.on("console", lambda line: _note(person, line.type, line.text))
    try:
        await page.goto(person.url)
        yield person
    finally:
        await context.close()
    assert person.complaints == [], person.complaints


def _note(person: "Fisher", kind: str, text: str) -> None:
    # The box's refusals are told to the person; on plain http Chromium says that one header is idle.
    harmless = ("Failed to load resource", "Cross-Origin-Opener-Policy header has been ignored")
    if kind == "error" and not any(each in text for each in harmless):
        person.complaints.append(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fisher:
    """Somebody in front of the page."""

    context: BrowserContext
    page: Page
    url: str
    complaints: list[str]

    async def tap(self, name: str) -> None:
        """Touch the button whose name begins so."""
        await self.page.get_by_role("button", name=re.compile("^" + re.escape(name))).first.click()

    async def sees(self, text: str) -> None:
        """Wait until this text is on the screen."""
        await self.page.get_by_text(text, exact=False).first.wait_for(state="visible")

    async def speaks(self, seconds: int) -> None:
        """Wait until the clock of the recording shows so many seconds."""
        clock = f"{seconds // 60}:{seconds % 60:02d}"
        await self.page.locator(".clock", has_text=clock).wait_for()

    async def storage(self) -> str:
        """Return everything that this browser keeps of the page, as one text of Latin-1 and digits."""
        return str(await self.page.evaluate(_STORAGE))


_STORAGE = """async () => {
  const parts = [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie];
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((resolve, reject) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    for (const store of database.objectStoreNames) {
      const rows = await new Promise((resolve, reject) => {
        const request = database.transaction(store).objectStore(store).getAll();
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const readable = (key, value) =>
        value instanceof Uint8Array ? Array.from(value, (each) => String.fromCharCode(each)).join("") : value;
      parts.push(store, JSON.stringify(rows, readable));
    }
    database.close();
  }
  for (const name of await caches.keys()) {
    for (const request of await (await caches.open(name)).keys()) parts.push(request.url);
  }
  return parts.join("\\n");
}"""
