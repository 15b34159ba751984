"""The checker and the ruler of the walk see what is wrong with a page."""

from playwright.async_api import Page

from scripts.pagewalk.browser import NARROW, fisher_at, open_browser
from scripts.pagewalk.looks import Looks, look

BAD = """<!doctype html><html lang="en"><title>Bad</title><meta charset="utf-8">
<button style="width: 20px; height: 60px">Go</button>
<p style="color: #999; background: #aaa">Hard to read</p>
<div style="width: 400px">wide</div></html>"""

GOOD = """<!doctype html><html lang="en"><title>Good</title><meta charset="utf-8"><main><h1>Good</h1>
<button style="width: 60px; height: 60px">Go</button>
<div style="width: 10rem; max-width: 100%">fits</div></main></html>"""

LARGE_IS_TOO_WIDE = GOOD.replace("max-width: 100%", "")


async def looks_of(html: str) -> Looks:
    async with open_browser() as browser, fisher_at(browser, "about:blank", size=NARROW) as person:
        page: Page = person.page
        await page.set_content(html)
        return await look(person, "a page")


async def test_a_bad_page_is_found_out() -> None:
    found = await looks_of(BAD)
    assert any("color-contrast" in rule for rule in found.broken)
    assert [side_px for side_px, _ in found.targets] == [20]
    assert found.beyond_px > 80
    assert found.targets[0][1] == "Go, a page"


async def test_a_good_page_is_left_alone() -> None:
    found = await looks_of(GOOD)
    assert (found.broken, found.beyond_px, found.beyond_large_px) == ([], 0, 0)


async def test_letters_are_enlarged_to_see_what_grows_too_wide() -> None:
    found = await looks_of(LARGE_IS_TOO_WIDE)
    assert found.beyond_px == 0
    assert found.beyond_large_px > 0
