"""Recordings that come as a form: only with its token, never too large, and only for whoever made them."""

import io
from collections.abc import AsyncIterator

import aiohttp
import pytest

from shore_relay.desk.app import Desk
from shore_relay.desk.inbox import load_answers
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.web.uploads import UPLOAD_BYTES_MAX
from tests.shore_relay.desk.boat import WAV, Boat
from tests.shore_relay.desk.conftest import PASSPHRASE
from tests.shore_relay.desk.people.office import Browser, browsing
from tests.shore_relay.desk.small_relay import SmallRelay
from tests.shore_relay.desk.steps import receive
from tests.shore_relay.desk.test_page import serving


@pytest.fixture
async def address(desk: Desk, client: RelayClient) -> AsyncIterator[str]:
    async with serving(desk, client, [0.0]) as address:
        yield address


@pytest.fixture
async def browser(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat, address: str
) -> AsyncIterator[Browser]:
    """Somebody at the page of a message that can be answered."""
    await receive(desk, client, relay, boat, boat.introduction(), boat.text("Help us."))
    async with browsing(address) as browser:
        await browser.post("/login", passphrase=PASSPHRASE)
        await browser.get("/messages/1")
        yield browser


def form(token: str, recording: bytes) -> aiohttp.FormData:
    data = aiohttp.FormData()
    data.add_field("token", token)
    data.add_field("recording", io.BytesIO(recording), filename="answer.wav", content_type="audio/wav")
    return data


async def test_a_recording_without_the_token_of_the_page_is_turned_away(browser: Browser) -> None:
    answer = await browser.send("/messages/1/recordings", form("guess", WAV.read_bytes()))

    assert answer.status == 403


async def test_what_is_no_recording_and_what_is_too_large_is_named(browser: Browser) -> None:
    silent = await browser.send("/messages/1/recordings", form(browser.token, b""))
    large = await browser.send("/messages/1/recordings", form(browser.token, bytes(UPLOAD_BYTES_MAX + 1)))
    plain = await browser.post("/messages/1/recordings", recording="no file")

    assert (silent.status, large.status, plain.status) == (409, 409, 409)
    assert "no recording that can be read here" in silent.text
    assert "longer than three minutes" in large.text
    assert "no recording that can be read here" in plain.text


async def test_a_recording_is_there_for_its_session_and_its_message_only_and_goes_once(
    desk: Desk, relay: SmallRelay, boat: Boat, address: str, browser: Browser
) -> None:
    relay.put(boat.text("Another."))
    preview = await browser.send("/messages/1/recordings", form(browser.token, WAV.read_bytes()))
    assert preview.status == 200
    assert preview.path.startswith("/messages/1/recordings/")

    async with browsing(address) as other:
        await other.post("/login", passphrase=PASSPHRASE)
        assert (await other.get(preview.path)).status == 404
        assert (await other.get(preview.path + ".wav")).status == 404
    assert (await browser.get(preview.path.replace("messages/1", "messages/2"))).status == 404

    assert (await browser.post(preview.path, language="th")).path == "/messages/1"
    again = await browser.post(preview.path, language="th")
    assert again.status == 404
    assert "This recording was sent" in again.text
    (answer,) = await load_answers(desk, 1)
    assert answer.content.duration_ms > 3_000
    assert answer.content.language.tag == "th"


async def test_only_the_last_few_recordings_of_a_session_are_kept(browser: Browser) -> None:
    wav = WAV.read_bytes()
    made = [await browser.send("/messages/1/recordings", form(browser.token, wav)) for _ in range(5)]

    assert [(await browser.get(each.path)).status for each in made] == [404, 200, 200, 200, 200]
