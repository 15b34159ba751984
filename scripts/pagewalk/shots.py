"""The `shots` program: a picture of every screen, to be looked at by people."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.async_api import Browser

from scripts.pagewalk.browser import BrowserMissing, Fisher, PageComplained, open_browser
from scripts.pagewalk.harbour import Box, open_box, walk_over
from scripts.pagewalk.walk import TAGS
from scripts.voyage.programs import ProgramFailed

EXIT_FAILED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Walk and take pictures. Returns 0, or 1 when something did not work."""
    options = _parser().parse_args(arguments)
    try:
        asyncio.run(_take_all(options))
    except (BrowserMissing, PageComplained, ProgramFailed) as error:
        print(f"shots: {error}", file=sys.stderr)
        return EXIT_FAILED
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shots", description="Take a picture of every screen of the page.")
    parser.add_argument("folder", type=Path, help="where the pictures go, as LANGUAGE-NUMBER-SCREEN.png")
    parser.add_argument("--languages", default=",".join(TAGS), help="which ones, separated by commas")
    parser.add_argument("--dark", action="store_true", help="as at night")
    parser.add_argument("--size", default="390x780", help="of the screen, in pixels")
    parser.add_argument("--text", default="100%", help="size of the letters, for instance 200%%")
    return parser


async def _take_all(options: argparse.Namespace) -> None:
    options.folder.mkdir(parents=True, exist_ok=True)
    async with open_box() as box, open_browser() as browser:
        for tag in options.languages.split(","):
            await _take(browser, box, tag, options)


async def _take(browser: Browser, box: Box, tag: str, options: argparse.Namespace) -> None:
    width, height = (int(side) for side in options.size.split("x"))
    number = 0
    async for person, screen in walk_over(browser, box, tag, size=(width, height), dark=options.dark):
        number += 1
        name = f"{tag}-{number:02d}-{screen.replace(' ', '-').replace(',', '')}.png"
        await _picture(person, options.folder / name, options.text)
    print(f"{tag}: {number} pictures", file=sys.stderr)


async def _picture(person: Fisher, path: Path, text_size: str) -> None:
    await person.enlarge(text_size)
    await person.page.screenshot(path=path, full_page=True, animations="disabled")
    await person.enlarge("100%")


if __name__ == "__main__":
    sys.exit(main())
