"""Every screen of the page in eight languages, light and dark: what a checker and a ruler say."""

import asyncio
import sys

from playwright.async_api import Browser

from scripts.pagewalk.browser import NARROW
from scripts.pagewalk.harbour import Box, walk_over
from scripts.pagewalk.looks import Looks, look
from scripts.pagewalk.walk import TAGS

AT_ONCE = 2
"""A walk waits for its recordings more than it works; with more than two, a screen may come too late."""


async def walk_all(browser: Browser, box: Box) -> list[Looks]:
    """Walk over the page in every language, by day and by night. Raises `PageComplained`."""
    turn = asyncio.Semaphore(AT_ONCE)
    found: list[Looks] = []

    async def one(tag: str, dark: bool) -> None:
        async with turn:
            looks = await look_over(browser, box, tag, dark=dark)
        found.extend(looks)
        shade = "dark" if dark else "light"
        print(f"{tag}, {shade}: {len(looks)} screens", file=sys.stderr, flush=True)

    async with asyncio.TaskGroup() as group:
        for tag in TAGS:
            for dark in (False, True):
                group.create_task(one(tag, dark))
    return found


async def look_over(browser: Browser, box: Box, tag: str, *, dark: bool) -> list[Looks]:
    """Walk over the page in one language, on the box's screen and on a phone without TLS."""
    screens = walk_over(browser, box, tag, size=NARROW, dark=dark)
    where = f"in {tag}{', dark' if dark else ''}"
    return [await look(person, f"{screen} {where}") async for person, screen in screens]
