"""The page in a real browser, and what it turns away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright, expect

from protocol.message import Text, WellBeing
from protocol.voicepack import VoiceCodec
from shore_relay.desk.answering import answer_with_text
from shore_relay.desk.app import Desk, open_desk
from shore_relay.desk.changes import Changes
from shore_relay.desk.commands.serving import listen
from shore_relay.desk.inbox import load_answers, load_inbox
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.service import Service
from shore_relay.desk.web.server import Page as DeskPage
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.conftest import PASSPHRASE
from tests.shore_relay.desk.small_relay import SmallRelay
from tests.shore_relay.desk.steps import confirm_boat, receive

CHROMIUM = "/usr/bin/chromium"


@asynccontextmanager
async def serving(desk: Desk, client: RelayClient, clock_s: list[float]) -> AsyncIterator[str]:
    """The page and the loops of a desk, as `serve` runs them; gives the page's address."""
    changes = Changes()
    page = DeskPage(desk, changes, clock=lambda: clock_s[0])
    runner = web.AppRunner(page.application(), shutdown_timeout=0.1)
    await runner.setup()
    port = await listen(runner, "127.0.0.1", 0)
    page.listen_on("127.0.0.1", port)
    service = asyncio.create_task(Service(desk, client, changes).run())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        service.cancel()
        page.close()
        await runner.cleanup()


@pytest.fixture
def clock_s() -> list[float]:
    return [0.0]


@pytest.fixture
async def address(desk: Desk, client: RelayClient, clock_s: list[float]) -> AsyncIterator[str]:
    async with serving(desk, client, clock_s) as address:
        yield address


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield browser
        await browser.close()


@asynccontextmanager
async def opened(browser: Browser, address: str) -> AsyncIterator[Page]:
    """A logged-in page that fails the test for anything its console complains of.

    A form that is given back has its own status, which the console repeats.
    """
    complaints: list[str] = []
    page = await browser.new_page()
    page.on(
        "console",
        lambda said: (
            complaints.append(said.text)
            if said.type == "error" and "409 (Conflict)" not in said.text
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(address)
    await page.get_by_label("Passphrase").fill(PASSPHRASE)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    yield page
    await page.close()
    assert complaints == []


async def test_a_caseworker_logs_in_listens_and_answers(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat, address: str, browser: Browser
) -> None:
    await receive(desk, client, relay, boat, boat.introduction(), boat.voice(VoiceCodec.CODEC2_2400))
    async with opened(browser, address) as page:
        await page.get_by_role("link", name="Voice note").click()
        await expect(page.get_by_text("Injury")).to_be_visible()
        await page.get_by_role("button", name="Play or pause").click()
        await page.wait_for_function(
            "() => ((s) => s.duration > 3 && s.currentTime > 0.1)(document.getElementById('sound'))"
        )
        await page.get_by_label("Write an answer").fill("A doctor waits for you in Ranong.")
        await page.get_by_role("button", name="Send to the vessel").click()
        await expect(page.get_by_text("A doctor waits for you in Ranong.")).to_be_visible()
        await expect(page.get_by_text("Left for the relay, waiting for the vessel")).to_be_visible()
        # Nothing is said of what nobody can know, until it is all that is left to know.
        assert await page.get_by_text("Whether the fisher has opened it").count() == 0

        relay.put(*(boat.delivered(ref) for ref in list(relay.dispatches)))
        # The page learns of it by itself.
        await expect(page.get_by_text("On the box")).to_be_visible()
        await expect(page.get_by_text("Whether the fisher has opened it is not told")).to_be_visible()

    (answer,) = boat.answers(relay.raw)
    assert answer.body == Text(text="A doctor waits for you in Ranong.")


async def test_the_inbox_fills_by_itself_and_a_vessel_is_confirmed_in_the_page(
    desk: Desk, relay: SmallRelay, boat: Boat, address: str, browser: Browser
) -> None:
    async with opened(browser, address) as page:
        await expect(page.get_by_text("Nothing has come yet")).to_be_visible()

        relay.put(
            boat.introduction(), boat.check_in(WellBeing.DURESS), boat.text("<b>They</b> keep my passport.")
        )
        await page.get_by_role("link", name="<b>They</b> keep my passport.").click()

        await expect(page.get_by_text("Nobody has compared this vessel’s fingerprint")).to_be_visible()
        await page.get_by_label("Sections").get_by_role("link", name="Vessels").click()
        await page.get_by_role("link", name="Blue Dolphin").click()
        await expect(page.get_by_text(boat.fingerprint)).to_be_visible()
        await page.get_by_role("button", name="confirm this box").click()
        await expect(page.get_by_text("Confirmed", exact=True)).to_be_visible()
        await page.get_by_role("link", name="open this one first").click()
        await expect(page.get_by_text("Under duress")).to_be_visible()
        await expect(page.get_by_text("never through the captain")).to_be_visible()
        await asyncio.to_thread(relay.wait_until, lambda: len(boat.receipts(relay.raw)) >= 2)


async def test_keys_play_pause_and_move_the_sound(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat, address: str, browser: Browser
) -> None:
    clear = boat.voice(VoiceCodec.OPUS_NARROWBAND_60MS)
    await receive(desk, client, relay, boat, boat.introduction(), clear)
    async with opened(browser, address) as page:
        await page.get_by_role("link", name="Voice note").click()
        await page.wait_for_function("() => document.getElementById('sound').duration > 4")
        await expect(page.get_by_role("button", name="Play or pause")).to_be_visible()
        await page.keyboard.press("ArrowRight")
        assert await page.evaluate("document.getElementById('sound').currentTime") > 4
        await page.keyboard.press("ArrowLeft")
        await page.keyboard.press(" ")
        await page.wait_for_function("() => !document.getElementById('sound').paused")
        await page.keyboard.press(" ")
        await page.wait_for_function("() => document.getElementById('sound').paused")


async def test_nothing_is_shown_without_the_passphrase_nor_after_the_session_ended(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat, address: str, clock_s: list[float]
) -> None:
    await receive(desk, client, relay, boat, boat.introduction(), boat.text("Secret words."))
    # Cookies of numeric hosts are refused unless asked for.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:

        async def text_of(path: str) -> tuple[int, str]:
            async with session.get(address + path) as answer:
                return answer.status, await answer.text()

        async with session.post(address + "/login", data={"passphrase": "wrong one"}) as answer:
            assert answer.status == 403
        for path in ("/", "/messages/1", "/messages/1/sound.wav", "/vessels"):
            assert "Secret words." not in (await text_of(path))[1]
        assert (await text_of("/events"))[0] == 401
        async with session.post(address + "/login", data={"passphrase": PASSPHRASE}) as answer:
            cookie = answer.history[0].cookies["seavoice-desk"]
            assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
        assert "Secret words." in (await text_of("/"))[1]

        clock_s[0] += desk.settings.session_minutes * 60
        assert "Secret words." not in (await text_of("/"))[1]


async def test_other_hosts_other_origins_and_forms_without_the_token_are_turned_away(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat, address: str
) -> None:
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), boat.text("Help."))
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        await (await session.post(address + "/login", data={"passphrase": PASSPHRASE})).text()
        url = f"{address}/messages/{entry.id}/answers"
        async with session.post(url, data={"text": "forged", "token": "guess"}) as answer:
            assert answer.status == 403
        async with session.post(url, data={"text": "x"}, headers={"Origin": "http://evil.example"}) as answer:
            assert answer.status == 403
        async with session.get(address + "/", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 421
        async with session.get(address + "/") as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["Cache-Control"] == "no-store"
        async with session.get(address + "/messages/99") as answer:
            assert answer.status == 404
            assert "There is no such page." in await answer.text()
    assert await load_answers(desk, entry.id) == []


async def test_a_player_gets_the_piece_of_sound_that_it_asks_for(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat, address: str
) -> None:
    (entry,) = await receive(
        desk, client, relay, boat, boat.introduction(), boat.voice(VoiceCodec.CODEC2_2400)
    )
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        await (await session.post(address + "/login", data={"passphrase": PASSPHRASE})).text()
        url = f"{address}/messages/{entry.id}/sound.wav"
        async with session.get(url) as answer:
            whole = await answer.read()
        async with session.get(url, headers={"Range": "bytes=100-199"}) as answer:
            assert answer.status == 206
            assert answer.headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
            assert await answer.read() == whole[100:200]
        async with session.get(url, headers={"Range": f"bytes={len(whole)}-"}) as answer:
            assert answer.status == 416


async def test_an_answer_that_is_too_long_is_given_back_and_not_lost(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat, address: str, browser: Browser
) -> None:
    await receive(desk, client, relay, boat, boat.introduction(), boat.text("Help."))
    page = await browser.new_page()
    await page.goto(address)
    await page.get_by_label("Passphrase").fill(PASSPHRASE)
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Help.").click()
    await page.evaluate("document.getElementById('text').removeAttribute('maxlength')")
    await page.get_by_label("Write an answer").fill("x" * 4_001)
    await page.get_by_role("button", name="Send to the vessel").click()

    await expect(page.get_by_role("alert")).to_contain_text("Send it as two messages")
    assert await page.get_by_label("Write an answer").input_value() == "x" * 4_001


async def test_opening_the_page_of_a_message_counts_as_opened(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat, address: str, browser: Browser
) -> None:
    await receive(desk, client, relay, boat, boat.introduction(), boat.text("Read me."))
    async with opened(browser, address) as page:
        assert not (await load_inbox(desk))[0].is_opened
        await page.get_by_role("link", name="Read me.").click()
        await expect(page.get_by_role("heading", name="Message 1")).to_be_visible()

        assert (await load_inbox(desk))[0].is_opened


async def test_what_a_command_in_another_terminal_queues_is_sent_by_the_running_desk(
    desk: Desk, relay: SmallRelay, boat: Boat, address: str
) -> None:
    relay.put(boat.introduction(), boat.text("Help."))
    await asyncio.to_thread(relay.wait_until, lambda: relay.taken == 2)

    async with open_desk(desk.data, PASSPHRASE, desk.settings) as command:
        await confirm_boat(command, boat)
        await answer_with_text(command, 1, "We are coming.")

    await asyncio.to_thread(relay.wait_until, lambda: len(boat.answers(relay.raw)) == 1)
