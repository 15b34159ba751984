"""What a checker and a ruler can say of the page: WCAG, sizes, narrow screens, large text, headers."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, Page

from tests.e2e.page.sea import KIOSK, PHONE, Fisher, Sea, fisher

LOCALES = Path(__file__).parents[3] / "vessel_client" / "web" / "locales"
AXE = Path(__file__).parents[1] / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
NARROW = (320, 640)
TOUCH_PX_MIN = 48

FIRST_LOAD_BYTES_MAX = 200_000

Look = Callable[[str], Awaitable[None]]


async def walk(person: Fisher) -> AsyncIterator[str]:
    """Visit every kind of screen, and say the name of each while it is shown."""
    async for screen in _walk_to_the_code(person):
        yield screen
    async for screen in _walk_on_to_the_weather(person):
        yield screen


async def _walk_to_the_code(person: Fisher) -> AsyncIterator[str]:
    await person.sees("Choose your language")
    yield "language"
    await person.tap("English")
    await person.sees("What do you want to do?")
    yield "home"
    await person.tap("Speak")
    await person.speaks(1)
    yield "speaking"
    await person.tap("Stop")
    await person.sees("Your recording")
    yield "review"
    await person.tap("What is it about?")
    await person.tap("Beaten or hurt")
    yield "about"
    await person.tap("Go on")
    await person.sees("Is help needed now?")
    yield "urgent"
    await person.tap("No")
    await person.tap("Give it to the box")
    await person.sees("Now keep your code")
    yield "queued"
    await person.tap("This is your code")
    yield "pictures"
    await person.tap("Numbers")
    yield "digits"
    await person.tap("Practise once")
    yield "practice"


async def _walk_on_to_the_weather(person: Fisher) -> AsyncIterator[str]:
    await person.tap("Back")
    await person.tap("I want no answer")
    await person.tap("Write")
    yield "write"
    await person.tap("Back")
    await person.tap("How are you?")
    yield "check-in"
    await person.tap("I am well")
    await person.tap("Answer some questions first")
    await person.sees("Did you rest enough")
    yield "question"
    await person.tap("Back")
    await person.tap("My messages today")
    yield "messages"
    await person.tap("Back")
    await person.tap("My answers")
    yield "answers"
    await person.tap("Ten pictures")
    yield "picture entry"
    await person.tap("Back")
    await person.tap("Sixteen numbers")
    yield "digit entry"
    await person.tap("Leave quickly")
    await person.page.locator("script[src$='weather.js']").wait_for(state="attached")
    await person.sees("Tide")
    yield "weather"


async def violations(person: Fisher) -> list[str]:
    page, before = person.page, list(person.complaints)
    await page.evaluate(AXE.read_text("utf-8"))
    found = await page.evaluate("(rules) => axe.run({ runOnly: { type: 'tag', values: rules } })", RULES)
    # The checker tries styles of its own, which our policy forbids.
    own = [each for each in person.complaints if "Applying inline style" not in each]
    person.complaints[:] = before + own[len(before) :]
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found["violations"]
        for node in each["nodes"]
    ]


async def small_targets(page: Page) -> list[str]:
    script = """(least) => [...document.querySelectorAll('button, a, input, textarea, label.choice')]
      .filter((each) => each.checkVisibility())
      .map((each) => [each.textContent.trim() || each.className, each.getBoundingClientRect()])
      .filter(([, box]) => box.width < least - 0.5 || box.height < least - 0.5)
      .map(([name, box]) => `${name} ${Math.round(box.width)}x${Math.round(box.height)}`)"""
    return [str(each) for each in await page.evaluate(script, TOUCH_PX_MIN)]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, KIOSK], ids=["phone", "kiosk"])
async def test_no_screen_breaks_a_rule_of_wcag(
    sea: Sea, browser: Browser, size: tuple[int, int], dark: bool
) -> None:
    found: dict[str, list[str]] = {}
    async with fisher(browser, sea, size=size, dark=dark) as person:
        async for screen in walk(person):
            found[screen] = await violations(person)
    assert {screen: each for screen, each in found.items() if each} == {}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_the_first_screens_break_no_rule_and_fit_in_every_language(
    sea: Sea, browser: Browser, dark: bool
) -> None:
    found: dict[str, list[str]] = {}
    for catalogue in sorted(LOCALES.glob("*.json")):
        words = json.loads(await asyncio.to_thread(catalogue.read_text, "utf-8"))
        async with fisher(browser, sea, size=NARROW, dark=dark) as person:
            await person.tap(words["language.this"])
            for key in ("home.pictures", "home.check-in", "home.write"):
                await person.sees(words["home.title"])
                found[f"{catalogue.stem} home"] = await violations(person)
                await person.tap(words[key])
                found[f"{catalogue.stem} {key}"] = await violations(person)
                if await person.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    found[f"{catalogue.stem} {key}"].append("too wide")
                await person.tap(words["action.back"])
    assert {screen: each for screen, each in found.items() if each} == {}


async def test_everything_fits_a_narrow_screen_and_large_text_and_a_thumb(sea: Sea, browser: Browser) -> None:
    wide: list[str] = []
    small: dict[str, list[str]] = {}
    async with fisher(browser, sea, size=NARROW) as person:
        async for screen in walk(person):
            small |= {screen: found} if (found := await small_targets(person.page)) else {}
            for size in ("100%", "200%"):
                await person.page.evaluate("(size) => (document.documentElement.style.fontSize = size)", size)
                if await person.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    wide.append(f"{screen} {size}")
            await person.page.evaluate("document.documentElement.style.fontSize = ''")
    assert wide == [], wide
    assert small == {}


async def test_the_technicians_page_tells_of_the_box_and_breaks_no_rule(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea, url=f"{sea.url}/technician") as person:
        await person.sees("Fingerprint of the box")
        await person.sees("Nam Hai 3")
        await person.sees("tcp")
        assert await violations(person) == []


@pytest.mark.parametrize("tag", ["en", "my", "km", "th", "lo", "id", "fil", "vi"])
async def test_the_first_load_is_small_and_later_ones_come_from_the_device(
    sea: Sea, browser: Browser, tag: str
) -> None:
    words = json.loads(await asyncio.to_thread((LOCALES / f"{tag}.json").read_text, "utf-8"))
    sizes: dict[str, int] = {}
    context = await browser.new_context(service_workers="block")
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    await session.send("Network.enable")
    names: dict[str, str] = {}
    session.on(
        "Network.requestWillBeSent", lambda event: names.update({event["requestId"]: event["request"]["url"]})
    )
    session.on(
        "Network.loadingFinished",
        lambda event: sizes.update({names[event["requestId"]]: int(event["encodedDataLength"])}),
    )
    await page.goto(sea.url)
    await page.get_by_role("button", name=words["language.this"], exact=True).click()
    await page.get_by_text(words["home.title"]).wait_for()
    await page.wait_for_load_state("networkidle")
    first = dict(sizes)
    sizes.clear()
    await page.goto(sea.url)
    await page.get_by_role("button", name="English").wait_for()
    await page.wait_for_load_state("networkidle")
    await context.close()
    assert sum(first.values()) <= FIRST_LOAD_BYTES_MAX, sorted(first.items(), key=lambda each: -each[1])[:12]
    assert [name for name, size in sizes.items() if "/page/" in name and size] == []


async def test_every_answer_has_strict_headers_and_only_versioned_files_are_kept(sea: Sea) -> None:
    async with ClientSession() as session:
        async with session.get(sea.running.url + "/") as shell:
            text = await shell.text()
            policy = shell.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe-inline" not in policy
            assert shell.headers["Cache-Control"] == "no-store"
            assert shell.headers["X-Content-Type-Options"] == "nosniff"
            assert "microphone=(self)" in shell.headers["Permissions-Policy"]
        address = text.partition('src="')[2].partition('"')[0]
        async with session.get(sea.running.url + address) as module:
            assert module.status == 200
            assert "immutable" in module.headers["Cache-Control"]
            assert module.headers["X-Content-Type-Options"] == "nosniff"
        worker = address.replace("app.js", "mailbox-worker.js")
        async with session.get(sea.running.url + worker) as running:
            assert "default-src 'none'" in running.headers["Content-Security-Policy"]
        for wrong in ("/page/0000000000000000/static/app.js", address.replace("app.js", "../pages.py")):
            async with session.get(sea.running.url + wrong) as missing:
                assert missing.status == 404
                assert missing.headers.get("Cache-Control", "no-store") == "no-store"


async def test_only_the_boxs_own_screen_may_have_sound_coded(sea: Sea) -> None:
    body = b"\0\0" * 16_000
    own = {"Content-Type": "application/octet-stream"}
    async with ClientSession() as session:
        for extra in ({"Host": "box.test"}, {"X-Forwarded-For": "192.0.2.7"}):
            async with session.post(
                sea.running.url + "/v1/encode?rate=16000", data=body, headers={**own, **extra}
            ) as refused:
                assert refused.status == 403
                assert (await refused.json())["error"] == "not-loopback"
        async with session.post(sea.running.url + "/v1/encode?rate=16000", data=body, headers=own) as silent:
            assert silent.status == 422
            assert (await silent.json())["error"] == "recording-silent"
        async with session.post(
            sea.running.url + "/v1/encode?rate=16000", data=BytesIO(b"\1\2" * 16_000 * 181), headers=own
        ) as long:
            assert (await long.json())["error"] == "recording-too-long"
