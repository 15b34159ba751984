"""What a checker and a ruler can say of the page: WCAG, sizes, narrow screens, large text, headers."""

import re
from io import BytesIO

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser

from scripts.benchmarks.page import FIRST_LOAD_BYTES_MAX, TOUCH_PX_MIN
from scripts.pagewalk.browser import KIOSK, NARROW, PHONE
from scripts.pagewalk.loads import first_load_bytes, later_load_bytes
from scripts.pagewalk.looks import look
from scripts.pagewalk.walk import TAGS, walk, walk_unprotected, words_of
from tests.e2e.page.sea import Sea, fisher

DOCUMENT_BYTES_MAX = 2_500

WALKS = [
    ("en", PHONE, False),
    ("en", KIOSK, True),
    ("my", NARROW, True),
    ("vi", NARROW, False),
]
"""All languages by day and by night are walked over by `scripts/bench page`."""


@pytest.mark.parametrize(("tag", "size", "dark"), WALKS)
async def test_no_screen_breaks_a_rule_of_wcag_or_is_too_wide_or_too_small_to_touch(
    sea: Sea, browser: Browser, tag: str, size: tuple[int, int], dark: bool
) -> None:
    words, looks = await words_of(tag), []
    async with fisher(browser, sea, size=size, dark=dark) as person:
        looks += [await look(person, screen) async for screen in walk(person, words)]
    async with fisher(browser, sea, size=size, dark=dark, url=sea.wifi_url) as person:
        looks += [await look(person, screen) async for screen in walk_unprotected(person, words)]
    assert len(looks) > 25
    assert [rule for each in looks for rule in each.broken] == []
    assert [target for each in looks for target in each.targets if target[0] < TOUCH_PX_MIN] == []
    assert [(each.name, each.beyond_px) for each in looks if each.beyond_px] == []
    assert [(each.name, each.beyond_large_px) for each in looks if each.beyond_large_px] == []


async def test_the_first_screens_break_no_rule_and_fit_in_every_language(sea: Sea, browser: Browser) -> None:
    looks = []
    for number, tag in enumerate(TAGS):
        words = await words_of(tag)
        async with fisher(browser, sea, size=NARROW, dark=number % 2 == 1) as person:
            await person.tap(words["language.this"])
            await person.sees(words["home.title"])
            looks.append(await look(person, f"home in {tag}"))
            for key in ("home.pictures", "home.check-in", "home.write"):
                await person.tap(words[key])
                looks.append(await look(person, f"{key} in {tag}"))
                await person.tap(words["action.back"])
    assert [rule for each in looks for rule in each.broken] == []
    assert [(each.name, each.beyond_px) for each in looks if each.beyond_px or each.beyond_large_px] == []


@pytest.mark.parametrize("tag", TAGS)
async def test_the_first_load_is_small_in_every_language(sea: Sea, browser: Browser, tag: str) -> None:
    assert 50_000 < await first_load_bytes(browser, sea.url, tag) <= FIRST_LOAD_BYTES_MAX


async def test_a_later_load_takes_nothing_from_the_network_and_needs_none(sea: Sea, browser: Browser) -> None:
    assert await later_load_bytes(browser, sea.url, secure=True) == 0


async def test_on_plain_http_a_later_load_is_the_document_alone(sea: Sea, browser: Browser) -> None:
    assert 0 < await later_load_bytes(browser, sea.wifi_url, secure=False) <= DOCUMENT_BYTES_MAX


async def test_the_start_page_needs_only_a_few_modules(sea: Sea) -> None:
    async with ClientSession() as session, session.get(sea.running.url + "/") as shell:
        told = re.findall(r'modulepreload" href="[^"]*/static/([^"]+)"', await shell.text())
    assert {"router.js", "screens/language.js"} <= set(told)
    assert not {"screens/home.js", "protocol/seal.js"} & set(told)


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
