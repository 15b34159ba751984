"""The sound of a message in a real browser: drawn, passed over where silent, replaced where clearer."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from playwright.async_api import Browser

from protocol.speech.note import encode_note
from protocol.speech.sound import Sound
from protocol.speech.wav import read_wav
from protocol.voicepack import VoiceCodec, VoiceNote, pack_voice
from scripts.pagewalk.browser import RECORDING, open_browser
from shore_relay.desk.app import Desk
from shore_relay.desk.relay_client import RelayClient
from tests.e2e.desk.test_answering import caseworker
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.conftest import (  # noqa: F401  # Fixtures.
    boat,
    card,
    client,
    data,
    desk,
    relay,
)
from tests.shore_relay.desk.small_relay import SmallRelay
from tests.shore_relay.desk.steps import receive
from tests.shore_relay.desk.test_page import serving

THIN, CLEAR = VoiceCodec.CODEC2_2400, VoiceCodec.OPUS_NARROWBAND_60MS
SILENCE_S = 6


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest.fixture
async def address(desk: Desk, client: RelayClient) -> AsyncIterator[str]:  # noqa: F811  # The fixtures.
    async with serving(desk, client, [0.0]) as address:
        yield address.replace("127.0.0.1", "localhost")


def with_a_long_silence() -> tuple[bytes, float]:
    """A clear note of two halves with nothing between them, and the second at which the first half ends."""
    said = read_wav(RECORDING.read_bytes())
    silence = np.zeros(SILENCE_S * said.rate_hz, dtype=np.float32)
    halves = Sound(samples=np.concatenate([said.samples, silence, said.samples]), rate_hz=said.rate_hz)
    frames = encode_note(halves).clear
    return pack_voice(VoiceNote(codec=CLEAR, frames=frames)), said.duration_ms / 1_000


async def test_a_sound_is_drawn_moved_in_and_its_silence_passed_over(
    desk: Desk,  # noqa: F811  # The fixtures.
    client: RelayClient,  # noqa: F811
    relay: SmallRelay,  # noqa: F811
    boat: Boat,  # noqa: F811
    address: str,
    browser: Browser,
) -> None:
    packed, ends_s = await asyncio.to_thread(with_a_long_silence)
    note = boat.voice(CLEAR, packed=packed)
    await receive(desk, client, relay, boat, boat.introduction(), note)
    async with caseworker(browser, address) as page:
        await page.locator(f"#player[data-drawn='{int(CLEAR)}']").wait_for()
        ink = await page.evaluate(
            """() => {
              const canvases = document.querySelector('#wave > div').shadowRoot.querySelectorAll('canvas');
              return [...canvases].map((canvas) => {
                const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
                return data.filter((value, at) => at % 4 === 3 && value).length;
              });
            }"""
        )
        assert max(ink) > 1_000
        box = await page.locator("#wave").bounding_box()
        assert box is not None
        await page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
        place = "(({ currentTime, duration }) => currentTime / duration)(document.getElementById('sound'))"
        assert await page.evaluate(place) == pytest.approx(0.75, abs=0.02)

        # Near the end of the first half, twice as fast, and silence is not waited for.
        await page.evaluate(
            """(at) => {
              const sound = document.getElementById('sound');
              window.heard = [];
              sound.currentTime = at;
              sound.addEventListener('timeupdate', () => window.heard.push(sound.currentTime));
            }""",
            ends_s - 0.5,
        )
        await page.locator("h1").click()
        for key in ("+", "+", "+", "s", " "):
            await page.keyboard.press(key)
        assert await page.evaluate("document.getElementById('sound').playbackRate") == 2
        await page.wait_for_function(
            "(at) => document.getElementById('sound').currentTime > at", arg=ends_s + SILENCE_S + 0.2
        )
        await page.keyboard.press(" ")
        heard = await page.evaluate("window.heard")
    assert [at for at in heard if ends_s + 1.5 < at < ends_s + SILENCE_S - 1.5] == []
    assert [at for at in heard if ends_s - 0.5 <= at < ends_s + 1.5] != []


async def test_a_clear_recording_takes_the_place_of_the_thin_one_without_stopping_it(
    desk: Desk,  # noqa: F811  # The fixtures.
    client: RelayClient,  # noqa: F811
    relay: SmallRelay,  # noqa: F811
    boat: Boat,  # noqa: F811
    address: str,
    browser: Browser,
) -> None:
    await receive(desk, client, relay, boat, boat.introduction(), boat.voice(THIN))
    async with caseworker(browser, address) as page:
        await page.locator(f"#player[data-drawn='{int(THIN)}']").wait_for()
        # In a loop, so that it still plays however long the clear one takes.
        await page.evaluate("document.getElementById('sound').loop = true")
        await page.locator("h1").click()
        await page.keyboard.press(" ")
        await page.wait_for_function("() => document.getElementById('sound').currentTime > 0.3")

        relay.put(boat.voice(CLEAR))
        await page.locator(f"#sound-form[data-codec='{int(CLEAR)}']").wait_for()

        playing = "(({ paused, src }) => [paused, src.split('?')[1]])(document.getElementById('sound'))"
        assert await page.evaluate(playing) == [False, str(int(THIN))]
        await page.keyboard.press(" ")
        await page.locator(f"#player[data-drawn='{int(CLEAR)}']").wait_for()
        assert await page.evaluate(playing) == [True, str(int(CLEAR))]
        await page.keyboard.press(" ")
        await page.wait_for_function(
            "() => ((sound) => !sound.paused && sound.currentTime > 0.3)(document.getElementById('sound'))"
        )
