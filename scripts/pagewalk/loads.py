"""What the page loads, and how long a person waits for it on a slow phone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypedDict

from playwright.async_api import Browser, CDPSession, Page

from scripts.pagewalk.browser import PHONE, Fisher, fisher_at
from scripts.pagewalk.walk import words_of

SLOWER = 6
"""How many times slower than this machine the processor pretends to be."""

NOTE_S = 30
QUICKLY_S = 30.0


class Response(TypedDict, total=False):
    """What Chromium says of an answer, as far as it matters here."""

    fromServiceWorker: bool
    fromDiskCache: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One note from the start page to the box."""

    taps: int
    review_s: float
    """From the tap on Stop until the recording can be heard and given."""
    queued_s: float
    """From the last tap until the page says that the box has it."""


class Traffic:
    """Counts what comes over the network, by address, with the heads of the answers."""

    def __init__(self, session: CDPSession) -> None:
        self.sizes_bytes: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._kept: set[str] = set()
        session.on("Network.requestWillBeSent", self._note_request)
        session.on("Network.requestServedFromCache", lambda event: self._kept.add(event["requestId"]))
        session.on("Network.responseReceived", self._note_response)
        session.on("Network.loadingFinished", self._note_size)

    @property
    def page_bytes(self) -> int:
        """Return what the page itself weighed: documents and files, not what it asks the box."""
        return sum(size for name, size in self.sizes_bytes.items() if "/v1/" not in name)

    def _note_request(self, event: dict[str, dict[str, str]]) -> None:
        self._names[str(event["requestId"])] = event["request"]["url"]

    def _note_response(self, event: dict[str, Response]) -> None:
        response = event["response"]
        if response.get("fromServiceWorker") or response.get("fromDiskCache"):
            self._kept.add(str(event["requestId"]))

    def _note_size(self, event: dict[str, int]) -> None:
        request = str(event["requestId"])
        if request in self._names and request not in self._kept:
            self.sizes_bytes[self._names[request]] = int(event["encodedDataLength"])


async def first_load_bytes(browser: Browser, url: str, tag: str) -> int:
    """Return what a phone that was never here loads until it can speak in this language."""
    words = await words_of(tag)
    async with fisher_at(browser, "about:blank", size=PHONE) as person:
        traffic = await _watch(person)
        await person.page.goto(url)
        await _choose(person, words["language.this"], words["home.title"])
        return traffic.page_bytes


async def later_load_bytes(browser: Browser, url: str, *, secure: bool) -> int:
    """Return what the page loads when opened again; on a secure origin it must open without a network too."""
    words = await words_of("en")
    async with fisher_at(browser, url, size=PHONE, listens=secure) as person:
        await _choose(person, words["language.this"], words["home.title"])
        if secure:
            await person.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        traffic = await _watch(person)
        await person.page.goto(url)
        await _choose(person, words["language.this"], words["home.title"])
        if secure:
            await person.context.set_offline(True)
            await person.page.goto(url)
            await _choose(person, words["language.this"], words["home.title"])
        return traffic.page_bytes


async def ready_s(browser: Browser, url: str, *, again: bool) -> float:
    """Return the seconds until the start page can be touched, for the first time or `again`."""
    async with _slow_fisher(browser) as person:
        await person.page.goto(url, wait_until="commit")
        seconds = await _seconds_to(person.page, "ready")
        if not again:
            return seconds
        await person.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        await person.page.goto(url, wait_until="commit")
        return await _seconds_to(person.page, "ready")


async def speak(browser: Browser, url: str) -> Spoken:
    """Record a note, give it to the box as soon as that can be touched, and count what it took."""
    words = await words_of("en")
    async with _slow_fisher(browser) as person:
        await person.page.goto(url)
        await person.tap(words["language.this"])
        await person.tap(words["home.speak"])
        await person.speaks(NOTE_S)
        await person.tap(words["action.stop"])
        review_s = await _seconds_to(person.page, "review")
        stop_s, *_ = reversed(await _taps_s(person.page))
        await person.tap(words["action.queue"])
        queued_s = await _seconds_to(person.page, "queued")
        taps_s = await _taps_s(person.page)
    return Spoken(taps=len(taps_s), review_s=review_s - stop_s, queued_s=queued_s - taps_s[-1])


@asynccontextmanager
async def _slow_fisher(browser: Browser) -> AsyncIterator[Fisher]:
    async with fisher_at(browser, "about:blank", size=PHONE) as person:
        await person.page.add_init_script(_STOPWATCH)
        session = await person.context.new_cdp_session(person.page)
        await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        yield person


async def _watch(person: Fisher) -> Traffic:
    session = await person.context.new_cdp_session(person.page)
    traffic = Traffic(session)
    await session.send("Network.enable")
    return traffic


async def _choose(person: Fisher, language: str, title: str) -> None:
    await person.tap_exactly(language)
    await person.sees(title)
    await person.page.wait_for_load_state("networkidle")


async def _seconds_to(page: Page, mark: str) -> float:
    """Wait until the stopwatch saw this, and return the seconds since the page was asked for."""
    async with asyncio.timeout(QUICKLY_S):
        return float(await page.evaluate("(mark) => window.stopwatch.when(mark)", mark)) / 1_000


async def _taps_s(page: Page) -> list[float]:
    return [float(each) / 1_000 for each in await page.evaluate("window.stopwatch.taps")]


_STOPWATCH = """(() => {
  const signs = { ready: '.language', review: '.player', queued: '.state:not([data-state="here"])' };
  const at = {};
  const waiting = {};
  for (const name in signs) at[name] = new Promise((resolve) => { waiting[name] = resolve; });
  const taps = [];
  window.stopwatch = { taps, when: (name) => at[name] };
  addEventListener('click', (event) => event.isTrusted && taps.push(event.timeStamp), true);
  const look = () => {
    for (const [name, resolve] of Object.entries(waiting)) {
      if (!document.querySelector(signs[name])) continue;
      delete waiting[name];
      // It counts once it is painted, not once it is in the document.
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
})()"""
