"""A real box, linked to a real relay over a fast link, so that its page can be walked over."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser

from scripts.benchmarks import scenes
from scripts.benchmarks.runs import open_lab
from scripts.benchmarks.seavoice_side import READY_S_MAX, sail
from scripts.pagewalk.browser import WIFI_NAME, Fisher, fisher_at
from scripts.pagewalk.walk import walk, walk_unprotected, words_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where the page of a box is."""

    port: int

    @property
    def url(self) -> str:
        """Return the address on the box's own screen, which browsers hold for secure."""
        return f"http://localhost:{self.port}"

    @property
    def wifi_url(self) -> str:
        """Return the address on a phone without TLS."""
        return f"http://{WIFI_NAME}:{self.port}"


@asynccontextmanager
async def open_box() -> AsyncIterator[Box]:
    """Start a relay and a box, and stop them at the end."""
    with tempfile.TemporaryDirectory(prefix="seavoice-page-") as folder:
        lab = await open_lab(Path(folder))
        async with sail(lab.fleet, lab.room("box"), scenes.FAST, box_names=WIFI_NAME) as voyage:
            await voyage.until_linked(limit_s=READY_S_MAX)
            yield Box(port=int(voyage.box_url.rpartition(":")[2]))


async def walk_over(
    browser: Browser, box: Box, tag: str, *, size: tuple[int, int], dark: bool
) -> AsyncIterator[tuple[Fisher, str]]:
    """Visit every screen in one language, on the box's own screen and then on a phone without TLS.

    Yields who is in front of it and the name of each screen while it is shown.
    """
    words = await words_of(tag)
    for url, walking in ((box.url, walk), (box.wifi_url, walk_unprotected)):
        async with fisher_at(browser, url, size=size, dark=dark, listens=url == box.url) as person:
            async for screen in walking(person, words):
                yield person, screen
