"""Answers in a real browser: spoken into a microphone, measured while written, looked at without script."""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from protocol.message import Text, Voice
from protocol.priming import Language
from protocol.speech.sound import Sound
from protocol.speech.thin import decode_thin
from protocol.speech.wav import read_wav
from protocol.voicepack import VoiceCodec, unpack_voice
from scripts.pagewalk.browser import CHROMIUM, RECORDING, open_browser
from scripts.pagewalk.looks import AXE, RULES
from shore_relay.desk.app import Desk
from shore_relay.desk.inbox import load_answers
from shore_relay.desk.phrases.book import OWN_FILE
from shore_relay.desk.relay_client import RelayClient
from tests.e2e.page.test_speaking import likeness
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.conftest import (  # noqa: F401  # Fixtures.
    PASSPHRASE,
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

PATIENCE_MS = 30_000
REFUSED = "The browser gives no microphone"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest.fixture
async def deaf_browser() -> AsyncIterator[Browser]:
    """A browser without a microphone, and with nobody who would allow one."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which(CHROMIUM), args=["--no-sandbox"]
        )
        yield browser
        await browser.close()


@pytest.fixture
async def address(desk: Desk, client: RelayClient) -> AsyncIterator[str]:  # noqa: F811  # The fixtures.
    async with serving(desk, client, [0.0]) as address:
        yield address.replace("127.0.0.1", "localhost")


@asynccontextmanager
async def caseworker(
    browser: Browser, address: str, *, script: bool = True, language: str = "en-GB"
) -> AsyncIterator[Page]:
    """A logged-in page that fails the test for anything its console complains of."""
    complaints: list[str] = []
    context = await browser.new_context(java_script_enabled=script, locale=language)
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    # A refusal with its own status is said in the page; the console repeats it.
    page.on(
        "console",
        lambda said: (
            complaints.append(said.text)
            if said.type == "error" and "the server responded with a status" not in said.text
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(address)
    await page.locator("#passphrase").fill(PASSPHRASE)
    await page.keyboard.press("Enter")
    await page.wait_for_url(address + "/")
    await page.goto(address + "/messages/1")
    yield page
    await context.close()
    assert complaints == []


@pytest.fixture
async def message(desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat) -> int:  # noqa: F811  # As above.
    """A message of a confirmed vessel, to be answered."""
    (entry,) = await receive(desk, client, relay, boat, boat.introduction(), boat.text("Help us."))
    return entry.id


async def shows(thing: Locator) -> None:
    """Wait as long as a busy machine may take."""
    await expect(thing).to_be_visible(timeout=PATIENCE_MS)


def sound_of(voice: Voice) -> Sound:
    note = unpack_voice(voice.packed)
    assert note.codec is VoiceCodec.CODEC2_2400
    return decode_thin(note.frames)


async def test_a_recording_is_heard_measured_sent_and_opens_with_the_receipt_code(
    desk: Desk,  # noqa: F811  # As above.
    relay: SmallRelay,  # noqa: F811
    boat: Boat,  # noqa: F811
    message: int,
    address: str,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    # Whatever would put the recording into a temporary file fails here.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    async with caseworker(browser, address) as page:
        await page.get_by_role("button", name="Record", exact=True).click()
        await page.wait_for_function("() => document.querySelector('meter').value > 0.02")
        await page.locator("[data-recorder=clock]", has_text="0:04").wait_for()
        await page.get_by_role("button", name="Stop").click()

        await shows(page.get_by_role("heading", name="Before it goes"))
        # What is played back is what goes; nothing has gone yet.
        await page.wait_for_function("() => document.getElementById('sound').duration > 2")
        await shows(page.get_by_text("satellite messages"))
        await shows(page.get_by_text("Does not fit one satellite message of 270 bytes."))
        assert await load_answers(desk, message) == []

        # Once more: the first one is forgotten by whoever made it, and only the second goes.
        await page.get_by_role("link", name="Record again").click()
        await page.get_by_role("button", name="Record", exact=True).click()
        await page.locator("[data-recorder=clock]", has_text="0:03").wait_for()
        await page.get_by_role("button", name="Stop").click()
        await shows(page.get_by_role("heading", name="Before it goes"))
        await page.get_by_label("Language of the answer").select_option("my")
        await page.get_by_role("button", name="Send to the vessel").click()
        await shows(page.get_by_text("Left for the relay, waiting for the vessel"))

    (answer,) = boat.answers(relay.raw)
    assert answer.language is Language.BURMESE
    assert isinstance(answer.body, Voice)
    heard = sound_of(answer.body)
    assert 1_500 < heard.duration_ms < 6_000
    assert float(np.max(np.abs(heard.samples))) > 0.01
    assert likeness(heard, read_wav(RECORDING.read_bytes())) > 0.6


async def test_without_a_microphone_a_sentence_and_a_file_do(
    relay: SmallRelay,  # noqa: F811  # As above.
    boat: Boat,  # noqa: F811
    message: int,
    address: str,
    deaf_browser: Browser,
    tmp_path: Path,
) -> None:
    wrong = tmp_path / "note.wav"
    wrong.write_bytes(b"this is no sound" * 50)
    async with caseworker(deaf_browser, address) as page:
        await page.get_by_role("button", name="Record", exact=True).click()
        await shows(page.get_by_text(REFUSED))
        await page.get_by_label("Recording", exact=True).set_input_files(str(wrong))
        await page.get_by_role("button", name="Listen to it first").click()
        await shows(page.get_by_text("no recording that the browser can read"))
        await page.get_by_label("Recording", exact=True).set_input_files(str(RECORDING))
        await page.get_by_role("button", name="Listen to it first").click()
        await shows(page.get_by_role("heading", name="Before it goes"))
        await page.get_by_role("button", name="Send to the vessel").click()
        await shows(page.get_by_text("Voice answer"))

    (answer,) = boat.answers(relay.raw)
    assert isinstance(answer.body, Voice)
    assert likeness(sound_of(answer.body), read_wav(RECORDING.read_bytes())) > 0.8


async def test_size_and_cost_are_shown_while_writing_with_the_characters_too_many(
    desk: Desk,  # noqa: F811  # As above.
    message: int,
    address: str,
    browser: Browser,
) -> None:
    async with caseworker(browser, address) as page:
        text = page.get_by_label("Write an answer")
        await text.fill("We are coming.")
        await shows(page.get_by_text("1 satellite message · 5 credits"))
        await shows(page.get_by_text("Fits one satellite message of 270 bytes"))
        odd = " ".join(f"{number * 7919 % 99_991:05d}" for number in range(60))
        await text.fill(odd)
        too_long = page.get_by_text("Does not fit one satellite message of 270 bytes:")
        await shows(too_long)
        count = int("".join(filter(str.isdigit, (await too_long.inner_text()).split(":")[1])))
        await text.fill(odd[:-count])
        await shows(page.get_by_text("Fits one satellite message"))
    assert await load_answers(desk, message) == []


async def test_without_script_cost_and_text_are_on_a_page_before_the_last_press(
    relay: SmallRelay,  # noqa: F811  # As above.
    boat: Boat,  # noqa: F811
    message: int,
    address: str,
    browser: Browser,
) -> None:
    async with caseworker(browser, address, script=False) as page:
        assert not await page.get_by_role("button", name="Record", exact=True).is_visible()
        await page.get_by_label("Write an answer").fill("A doctor waits\nin Ranong.")
        await page.get_by_role("button", name="Look at size and cost").click()
        await shows(page.get_by_text("1 satellite message · 5 credits"))
        await page.get_by_role("button", name="Go on writing").click()
        await page.get_by_label("Write an answer").fill("A doctor waits\nin Ranong. Ask for Malee.")
        await page.get_by_role("button", name="Look at size and cost").click()
        assert boat.answers(relay.raw) == []
        await page.get_by_role("button", name="Send to the vessel").click()
        await shows(page.get_by_text("Ask for Malee."))

        await page.get_by_text("Use a recording that you have").click()
        await page.get_by_label("Recording", exact=True).set_input_files(str(RECORDING))
        await page.get_by_role("button", name="Listen to it first").click()
        await page.get_by_role("button", name="Send to the vessel").click()
        await shows(page.get_by_text("Voice answer"))

    written, spoken = boat.answers(relay.raw)
    assert written.body == Text(text="A doctor waits\nin Ranong. Ask for Malee.")
    assert isinstance(spoken.body, Voice)


async def test_a_sentence_of_the_phrase_book_is_found_filled_in_and_inserted_by_keyboard(
    desk: Desk,  # noqa: F811  # As above.
    message: int,
    address: str,
    browser: Browser,
) -> None:
    own = {"phrases": [{"group": "Our office", "en": "Ask for Malee.", "my": "မလီကို မေးပါ။"}]}
    await asyncio.to_thread((desk.data / OWN_FILE).write_text, json.dumps(own), "utf-8")
    async with caseworker(browser, address) as page:
        await page.get_by_label("Language of the answer").select_option("my")
        await page.get_by_text("Phrase book").focus()
        await page.keyboard.press("Enter")
        await shows(page.get_by_text("No native speaker has read these sentences in Burmese yet"))
        await page.get_by_label("Search").focus()
        await page.keyboard.type("help is coming")
        await page.keyboard.press("ArrowDown")
        await shows(page.locator("#phrase-own", has_text="Help is coming on …."))
        await shows(page.get_by_text("… တွင် အကူအညီ ရောက်လာပါမယ်။"))
        await page.keyboard.press("Enter")
        # The date is asked for: a sentence with a hole in it does not go into an answer.
        assert await page.evaluate("document.activeElement.id") == "blank-date"
        await page.keyboard.type("14.3.")
        await page.keyboard.press("Enter")
        text = page.get_by_label("Write an answer")
        await expect(text).to_have_value("14.3. တွင် အကူအညီ ရောက်လာပါမယ်။", timeout=PATIENCE_MS)

        await page.get_by_label("Search").fill("malee")
        await page.get_by_label("Search").press("Enter")
        await page.keyboard.press("Enter")
        await expect(text).to_have_value("14.3. တွင် အကူအညီ ရောက်လာပါမယ်။ မလီကို မေးပါ။", timeout=PATIENCE_MS)
        await shows(page.get_by_text("1 satellite message · 5 credits"))

        await page.get_by_label("Language of the answer").select_option("en")
        await expect(page.locator("#phrase-book .warning")).to_have_count(0, timeout=PATIENCE_MS)
        assert await page.locator("#phrase option", has_text="Do not sign").get_attribute("data-theirs") == (
            "Do not sign any paper that you cannot read."
        )


@pytest.mark.parametrize("language", ["en-GB", "th-TH"])
async def test_the_pages_of_an_answer_satisfy_axe_and_a_narrow_screen(
    message: int, address: str, browser: Browser, language: str
) -> None:
    faults: list[str] = []
    async with caseworker(browser, address, language=language) as page:

        async def look(name: str) -> None:
            await page.set_viewport_size({"width": 320, "height": 640})
            width = await page.evaluate("document.documentElement.scrollWidth")
            faults.extend([f"{name} is {width} px wide"] if width > 320 else [])
            # Through the debugger, not the page, whose policy lets no foreign script in.
            await page.evaluate(AXE.read_text(encoding="utf-8"))
            found = await page.evaluate(
                "(rules) => axe.run({ runOnly: { type: 'tag', values: rules } })", RULES
            )
            faults.extend(
                f"{name}: {fault['id']} {[node['target'] for node in fault['nodes']]}"
                for fault in found["violations"]
            )

        await page.locator("#text").fill("We are coming.")
        await page.locator("#cost .cost").wait_for()
        await page.locator("#recording-file summary").click()
        await page.locator("#phrase-book summary").click()
        await page.locator("#phrase").wait_for()
        await look("answer")
        await page.locator("[data-recorder=start]").click()
        await page.locator("[data-recorder=clock]", has_text="0:02").wait_for()
        await look("recording")
        await page.locator("[data-recorder=stop]").click()
        await page.locator("#sound").wait_for()
        await look("preview")
    assert faults == []
