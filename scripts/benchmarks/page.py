"""What the fisher's page costs a phone and a patience, and whether everybody can use it."""

import asyncio
import statistics
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from playwright.async_api import Browser

from scripts.benchmarks import page_looks
from scripts.benchmarks.errors import BrowserUnfit
from scripts.benchmarks.report import Row
from scripts.pagewalk import loads
from scripts.pagewalk.browser import BrowserMissing, PageComplained, open_browser
from scripts.pagewalk.harbour import Box, open_box
from scripts.pagewalk.walk import TAGS

FONTS = Path("vessel_client/web/static/fonts")

FIRST_LOAD_BYTES_MAX = 200_000
FONTS_BYTES_MAX = 110_000
READY_S_MAX = 1.5
QUEUED_S_MAX = 2.0
TAPS_MAX = 4
TOUCH_PX_MIN = 48

STARTS = 5
NOTES = 3

FIRST_LOADS = {tag: f"first load in {tag}, compressed" for tag in TAGS}
WORST_LOAD = "first load, the worst language"
LATER_LOAD = "later load, from the network"
FONTS_SIZE = "fonts of all languages"
READY = f"ready, processor {loads.SLOWER} times slower"
QUEUED = f"sealed and queued after the last tap, 30 s note, processor {loads.SLOWER} times slower"
TAPS = "taps from the start page to queued"
TOUCH = "smallest thing to touch"
RULES = "rules of WCAG 2.2 AA broken, every screen in eight languages, light and dark"
NARROW = "wider than a screen of 320 px"
NARROW_LARGE = "wider than a screen of 320 px, letters at 200 %"


def measure(wanted: Callable[[str], bool]) -> list[Row]:
    """Measure the wanted rows. Raises `BrowserUnfit` or `ProgramFailed`."""
    try:
        rows = asyncio.run(_measure(wanted))
    except (BrowserMissing, PageComplained) as error:
        raise BrowserUnfit(str(error)) from error
    return [row for row in rows if wanted(row.row)]


async def _measure(wanted: Callable[[str], bool]) -> list[Row]:
    rows = [_fonts()]
    parts = (
        ((*FIRST_LOADS.values(), WORST_LOAD), _first_loads),
        ((LATER_LOAD,), _later_load),
        ((READY,), _ready),
        ((QUEUED, TAPS), _queued),
        ((TOUCH, RULES, NARROW, NARROW_LARGE), _looks),
    )
    asked = [part for names, part in parts if any(map(wanted, names))]
    if asked:
        async with open_box() as box, open_browser() as browser:
            for part in asked:
                rows += await part(browser, box)
    return rows


def _fonts() -> Row:
    sizes = [path.stat().st_size for path in FONTS.glob("*.woff2")]
    return Row(row=FONTS_SIZE, unit="bytes", measured=sum(sizes), target=FONTS_BYTES_MAX)


async def _first_loads(browser: Browser, box: Box) -> list[Row]:
    sizes = {tag: await loads.first_load_bytes(browser, box.url, tag) for tag in TAGS}
    rows = [
        Row(row=FIRST_LOADS[tag], unit="bytes", measured=size, target=FIRST_LOAD_BYTES_MAX)
        for tag, size in sizes.items()
    ]
    worst = max(sizes, key=sizes.__getitem__)
    return [
        *rows,
        Row(
            row=WORST_LOAD,
            unit="bytes",
            measured=sizes[worst],
            target=FIRST_LOAD_BYTES_MAX,
            why=f"it is {worst}",
        ),
    ]


async def _later_load(browser: Browser, box: Box) -> list[Row]:
    kept = await loads.later_load_bytes(browser, box.url, secure=True)
    plain = await loads.later_load_bytes(browser, box.wifi_url, secure=False)
    return [
        Row(
            row=LATER_LOAD,
            unit="bytes",
            measured=kept,
            target=0,
            also={"on plain http, where no service worker may be": plain},
        )
    ]


async def _ready(browser: Browser, box: Box) -> list[Row]:
    first_s = [await loads.ready_s(browser, box.url, again=False) for _ in range(STARTS)]
    later_s = [await loads.ready_s(browser, box.url, again=True) for _ in range(STARTS)]
    also = {**_spread(first_s), "a later load": statistics.median(later_s)}
    return [Row(row=READY, unit="s", measured=statistics.median(first_s), target=READY_S_MAX, also=also)]


async def _queued(browser: Browser, box: Box) -> list[Row]:
    notes = [await loads.speak(browser, box.url) for _ in range(NOTES)]
    seconds = [note.queued_s for note in notes]
    return [
        Row(
            row=QUEUED,
            unit="s",
            measured=statistics.median(seconds),
            target=QUEUED_S_MAX,
            also={
                **_spread(seconds),
                "from Stop to the review": statistics.median(n.review_s for n in notes),
            },
        ),
        Row(row=TAPS, unit="taps", measured=max(note.taps for note in notes), target=TAPS_MAX),
    ]


async def _looks(browser: Browser, box: Box) -> list[Row]:
    looks = await page_looks.walk_all(browser, box)
    side_px, name = min(each for look in looks for each in look.targets)
    return [
        Row(
            row=TOUCH,
            unit="px",
            measured=side_px,
            target=TOUCH_PX_MIN,
            more_is_better=True,
            why=name,
        ),
        Row(
            row=RULES,
            unit="rules",
            measured=sum(len(look.broken) for look in looks),
            target=0,
            why=_first(rule for look in looks for rule in look.broken),
            also={"screens looked at": len(looks)},
        ),
        _width(NARROW, {look.name: look.beyond_px for look in looks}),
        _width(NARROW_LARGE, {look.name: look.beyond_large_px for look in looks}),
    ]


def _width(name: str, beyond_px: dict[str, int]) -> Row:
    widest = max(beyond_px, key=beyond_px.__getitem__)
    why = widest if beyond_px[widest] else ""
    return Row(row=name, unit="px", measured=beyond_px[widest], target=0, why=why)


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    return {"fastest": min(seconds), "slowest": max(seconds)}


def _first(findings: Iterable[str]) -> str:
    return next(iter(findings), "")
