"""A real browser with a microphone that hears a recording, and somebody in front of it."""

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

RECORDING = Path(__file__).parents[2] / "tests" / "data" / "librivox_austen_0890_16k.wav"
CHROMIUM = "chromium"

WIFI_NAME = "box.test"
"""A name that is not this machine's own: for the browser a page on plain http, as a phone sees it."""

KIOSK = (1280, 800)
PHONE = (390, 780)
NARROW = (320, 640)
"""The narrowest screen that has to do."""

PATIENCE_MS = 20_000
HARMLESS = ("Failed to load resource", "Cross-Origin-Opener-Policy header has been ignored")
"""The box's refusals are told to the person; on plain http Chromium says that one header is idle."""


class BrowserMissing(Exception):
    """No browser is installed that could show the page."""


class PageComplained(Exception):
    """A script of the page failed; the text is what the browser said."""


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Start Debian's Chromium. Raises `BrowserMissing`."""
    program = shutil.which(CHROMIUM)
    if program is None:
        raise BrowserMissing("Chromium is not installed; scripts/prepare browser installs it.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program,
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

    async def tap_exactly(self, name: str) -> None:
        """Touch the button that has just this name."""
        await self.page.get_by_role("button", name=name, exact=True).first.click()

    async def sees(self, text: str) -> None:
        """Wait until this text is on the screen."""
        await self.page.get_by_text(text, exact=False).first.wait_for(state="visible")

    async def speaks(self, seconds: int) -> None:
        """Wait until the clock of the recording shows so many seconds."""
        clock = f"{seconds // 60}:{seconds % 60:02d}"
        await self.page.locator(".clock", has_text=clock).wait_for(timeout=PATIENCE_MS + seconds * 1_000)

    async def enlarge(self, text_size: str) -> None:
        """Set the letters to this share of their usual size, for instance 200%, as browsers can."""
        await self.page.evaluate(_ENLARGE, text_size)

    async def storage(self) -> str:
        """Return everything that this browser keeps of the page, as one text of Latin-1 and digits."""
        return str(await self.page.evaluate(_STORAGE))


@asynccontextmanager
async def fisher_at(
    browser: Browser,
    url: str,
    *,
    size: tuple[int, int] = PHONE,
    dark: bool = False,
    listens: bool = True,
) -> AsyncIterator[Fisher]:
    """Open the page as somebody who was never here. Raises `PageComplained` after a script error."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        permissions=["microphone"] if listens else [],
    )
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    person = Fisher(context=context, page=page, url=url, complaints=[])
    page.on("pageerror", lambda error: person.complaints.append(str(error)))
    page.on("console", lambda line: _note(person, line.type, line.text))
    try:
        await page.goto(url)
        yield person
    finally:
        await context.close()
    if person.complaints:
        raise PageComplained("; ".join(person.complaints))


def _note(person: Fisher, kind: str, text: str) -> None:
    if kind == "error" and not any(each in text for each in HARMLESS):
        person.complaints.append(text)


_ENLARGE = """(size) => {
  const root = document.documentElement;
  root.style.fontSize = '';
  const usual = parseFloat(getComputedStyle(root).fontSize);
  if (size !== '100%') root.style.fontSize = `${(usual * parseFloat(size)) / 100}px`;
}"""

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
