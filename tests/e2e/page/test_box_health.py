"""The technician's page, a box that is asked too fast, and what plain http says of itself."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Route

from protocol.mailbox import ReceiptCode
from scripts.benchmarks.page import TOUCH_PX_MIN
from scripts.pagewalk.browser import NARROW, Fisher
from scripts.pagewalk.looks import look, violations
from scripts.pagewalk.walk import TAGS, words_of
from tests.certificates import Authority, key_pem, make_key, pem
from tests.e2e.page.sea import Sea, fisher, open_sea
from tests.vessel_client.boxes import BoxFolder
from vessel_client.settings import BearerSettings, Settings

NAME = "box.fleet.org"
JSON = {"Content-Type": "application/json"}


def with_certificate_and_caps(box: BoxFolder) -> Settings:
    key = make_key()
    chain = Authority().sign(key.public_key(), NAME, ends=datetime.now(UTC) + timedelta(days=9))
    (box.data_dir / "phones.key").write_bytes(key_pem(key))
    (box.data_dir / "phones.pem").write_bytes(pem(chain))
    tcp = BearerSettings(price_per_byte=0.000_01, cap_money=20.0, cap_bytes=5_000_000)
    return replace(box.settings(), api_tls_host="127.0.0.1", api_tls_port=0, tcp=tcp)


@pytest.fixture
async def costly_sea(tmp_path: Path) -> AsyncIterator[Sea]:
    async with open_sea(tmp_path, with_certificate_and_caps) as opened:
        yield opened


async def test_the_technicians_page_tells_of_the_box_in_every_language(
    costly_sea: Sea, browser: Browser
) -> None:
    looks = []
    for tag in TAGS:
        words = await words_of(tag)
        async with fisher(browser, costly_sea, size=NARROW, url=f"{costly_sea.url}/technician") as person:
            await person.sees("Fingerprint of the box")
            await person.tap(words["language.this"])
            for key in ("fingerprint", "links", "last-contact", "certificate.ends-soon", "budget.left"):
                await person.sees(words[f"technician.{key}"])
            for text in ("Nam Hai 3", NAME, "20.00 USD, 5000.0 kB"):
                await person.sees(text)
            looks.append(await look(person, f"technician in {tag}"))
    assert [rule for each in looks for rule in each.broken] == []
    assert [target for each in looks for target in each.targets if target[0] < TOUCH_PX_MIN] == []
    assert [each.name for each in looks if each.beyond_px] == []


async def test_a_box_without_certificate_or_caps_says_that(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea, url=f"{sea.url}/technician", dark=True) as person:
        await person.sees("None. Phones have no protected connection.")
        await person.sees("No limit is set.")
        assert await violations(person) == []


async def write(person: Fisher, text: str) -> None:
    await person.tap("English")
    await person.tap("Write")
    await person.page.get_by_role("textbox", name="Your message").fill(text)
    await person.tap("Give it to the box")


async def test_a_page_that_was_too_fast_waits_by_itself(sea: Sea, browser: Browser) -> None:
    statuses: list[int] = []

    async def after_a_flood(route: Route) -> None:
        await page_is_slowed(sea.url)
        await route.continue_()

    async with fisher(browser, sea) as person:
        await person.page.route("**/v1/bundles", after_a_flood, times=1)
        person.page.on(
            "response", lambda each: statuses.append(each.status) if "bundles" in each.url else None
        )
        await write(person, "a storm of messages")
        await person.sees("It is on the box")
    assert statuses[:2] == [429, 201]


async def page_is_slowed(url: str) -> None:
    """Ask for so much, from this machine, that the box refuses the next message for a second."""
    async with aiohttp.ClientSession() as session:
        refused = 0
        while refused < 3:
            async with session.post(f"{url}/v1/bundles", data=b"{}", headers=JSON) as answer:
                refused += answer.status == 429


async def test_a_message_that_is_refused_for_long_is_kept_and_goes_by_itself(
    sea: Sea, browser: Browser
) -> None:
    async def busy(route: Route) -> None:
        body = json.dumps({"error": "too-many-requests", "message": "Wait."})
        await route.fulfill(status=429, headers={**JSON, "Retry-After": "60"}, body=body)

    async with fisher(browser, sea) as person:
        await person.page.route("**/v1/bundles", busy, times=1)
        await write(person, "wait for me")
        await person.sees("Kept on this phone")
        (message,) = await sea.messages(1)
        reports = await sea.reports(1)
    assert "wait for me" in str(message.body)
    assert len(reports) == 1


async def test_someone_who_opens_many_mailboxes_is_told_kindly(sea: Sea, browser: Browser) -> None:
    async def busy(route: Route) -> None:
        body = json.dumps({"error": "too-many-requests", "message": "Wait."})
        await route.fulfill(status=429, headers={**JSON, "Retry-After": "60"}, body=body)

    async with fisher(browser, sea) as person:
        await person.page.route("**/v1/mailboxes/*", busy)
        await person.tap("English")
        await person.tap("My answers")
        await person.tap("Sixteen numbers")
        code = ReceiptCode.draw(bytes(range(32))).digits()
        await person.page.get_by_role("textbox", name="Your sixteen numbers").fill(code)
        await person.sees("Too many tries. Wait a little, then try again.")
        await person.page.unroute("**/v1/mailboxes/*")
        await person.tap("Try again")
        await person.sees("No answer under this code yet")


async def test_only_a_connection_without_protection_says_so(sea: Sea, browser: Browser) -> None:
    for url, said in ((sea.wifi_url, 1), (sea.url, 0)):
        async with fisher(browser, sea, url=url) as person:
            for screen in ("Choose your language", "What do you want to do?"):
                await person.sees(screen)
                limits = person.page.get_by_text("This connection is not protected")
                assert await limits.count() == said, (url, screen)
                if screen == "Choose your language":
                    await person.tap("English")
