"""A fisher speaks: the sound reaches the desk, survives a crash, and lies nowhere in the clear."""

import asyncio
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Browser, Route

from protocol.frames import Priority
from protocol.message import Category, Message, Voice
from protocol.priming import Language
from protocol.speech.clear import decode_clear
from protocol.speech.sound import Sound
from protocol.speech.thin import decode_thin
from protocol.speech.wav import read_wav
from protocol.voicepack import VoiceCodec, unpack_voice
from scripts.pagewalk.browser import RECORDING, Fisher
from tests.e2e.page.sea import Sea, fisher

ENVELOPE_HZ = 50
LIMIT = "VOICE_SECONDS_MAX = 180;"
SOON_FULL = "SOON_FULL_S = 30;"


def sound_of(message: Message) -> Sound:
    assert isinstance(message.body, Voice)
    note = unpack_voice(message.body.packed)
    return decode_thin(note.frames) if note.codec is VoiceCodec.CODEC2_2400 else decode_clear(note.frames)


def envelope(sound: Sound) -> NDArray[np.float32]:
    step = sound.rate_hz // ENVELOPE_HZ
    usable = sound.samples[: len(sound.samples) // step * step]
    loudness: NDArray[np.float32] = np.sqrt(np.mean(usable.reshape(-1, step) ** 2, axis=1))
    return loudness


def likeness(heard: Sound, said: Sound) -> float:
    """Return how well the loudness follows any part of what was said, which the microphone repeats."""
    mine, whole = envelope(heard), np.tile(envelope(said), 2)
    scores = [
        float(np.corrcoef(mine, whole[at : at + len(mine)])[0, 1])
        for at in range(len(whole) - len(mine))
        if np.std(whole[at : at + len(mine)]) > 0
    ]
    return max(scores)


async def speak(person: Fisher, seconds: int) -> None:
    await person.tap("English")
    await person.tap("Speak")
    await person.speaks(seconds)


async def test_four_taps_bring_a_voice_to_the_desk_in_both_forms(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea) as person:
        await speak(person, 4)
        await person.tap("Stop")
        await person.tap("Give it to the box")
        await person.sees("It is on the box")
        thin, clear = await sea.messages(2)
        priorities = [priority for _, priority, _ in await sea.reports(2)]
        await person.sees("Nobody on the boat can stop it now")
    assert priorities == [Priority.THIN_VOICE, Priority.CLEAR_VOICE]
    assert isinstance(thin.body, Voice)
    assert isinstance(clear.body, Voice)
    assert thin.body.note_id == clear.body.note_id != b""
    assert thin.mailbox_public == clear.mailbox_public != b""
    assert clear.language is Language.ENGLISH
    said = read_wav(RECORDING.read_bytes())
    assert sound_of(clear).duration_ms >= 4_000
    assert likeness(sound_of(clear), said) > 0.8
    assert sound_of(thin).duration_ms > 2_000


async def test_a_crash_while_recording_loses_at_most_a_second(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea) as person:
        await speak(person, 5)
        await person.page.close()
        page = await person.context.new_page()
        await page.goto(sea.url)
        again = Fisher(context=person.context, page=page, url=sea.url, complaints=person.complaints)
        await again.tap("English")
        await again.tap("A recording waits here")
        await again.sees("sealed")
        await again.tap("Give it to the box")
        await again.sees("It is on the box")
        (message,) = await sea.messages(1)
        assert await page.get_by_text("A recording waits here").count() == 0
        kept = await again.storage()
    assert sound_of(message).duration_ms >= 4_000
    assert message.mailbox_public == b""
    assert '"sealed"' not in kept


async def test_the_limit_is_announced_and_ends_the_recording_which_is_kept(
    sea: Sea, browser: Browser
) -> None:
    """With eight seconds in place of three minutes, and three in place of thirty: nobody here has so long."""

    async def shorter(route: Route, before: str, now: str) -> None:
        answer = await route.fetch()
        script = await answer.text()
        assert before in script
        await route.fulfill(response=answer, body=script.replace(before, now))

    async with fisher(browser, sea) as person:
        for place, before, now in (
            ("**/protocol/limits.js*", LIMIT, "VOICE_SECONDS_MAX = 8;"),
            ("**/screens/speak.js*", SOON_FULL, "SOON_FULL_S = 3;"),
        ):
            await person.context.route(place, partial(shorter, before=before, now=now))
        await person.page.reload()
        await speak(person, 2)
        await person.sees("Thirty seconds are left.")
        await person.page.get_by_text("Three minutes are full.").wait_for(timeout=40_000)
        await person.tap("Give it to the box")
        await person.sees("It is on the box")
        _, clear = await sea.messages(2)
    assert 7_900 <= sound_of(clear).duration_ms <= 8_100


async def test_what_is_kept_while_speaking_is_sealed(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea) as person:
        await speak(person, 3)
        kept = await person.storage()
        await person.tap("Stop")
        await person.tap("Give it to the box")
        await person.sees("It is on the box")
        _, clear = await sea.messages(2)
        after = await person.storage()
    assert isinstance(clear.body, Voice)
    frames = [frame.decode("latin-1") for frame in unpack_voice(clear.body.packed).frames]
    loud = [frame for frame in frames if len(frame) > 12]
    assert '"seconds"' in kept
    assert loud
    # JSON escapes some characters, so the test looks for the longest run of each packet that it leaves alone.
    assert not any(_plain_run(frame) in kept for frame in loud)
    assert '"seconds"' not in after
    for file in sea.data_dir.iterdir():
        data = await asyncio.to_thread(file.read_bytes)
        assert not any(frame.encode("latin-1") in data for frame in loud)


def _plain_run(frame: str) -> str:
    runs = "".join(each if each >= "\xa0" or each.isalnum() else " " for each in frame).split()
    return max(runs, key=len) if max(map(len, runs), default=0) >= 4 else frame


async def test_an_urgent_category_asks_once_and_hurries(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea) as person:
        await speak(person, 2)
        await person.tap("Stop")
        await person.tap("What is it about?")
        await person.tap("Somebody fell into the sea")
        await person.tap("Go on")
        await person.sees("Is help needed now?")
        await person.tap("Yes")
        await person.sees("Somebody fell into the sea")
        await person.tap("Give it to the box")
        await person.sees("It is on the box")
        thin, clear = await sea.reports(2)
        message, _ = await sea.messages(2)
    assert (thin[1], clear[1]) == (Priority.URGENT, Priority.CLEAR_VOICE)
    assert message.categories == (Category.OVERBOARD,)


async def test_a_changed_voice_still_has_its_length_and_another_pitch(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea) as person:
        await speak(person, 3)
        await person.tap("Stop")
        await person.tap("Change my voice")
        await person.page.locator("[aria-pressed=true]", has_text="Change my voice").wait_for()
        await person.tap("Give it to the box")
        await person.sees("It is on the box")
        _, clear = await sea.messages(2)
    sound = sound_of(clear)
    assert 3_000 <= sound.duration_ms <= 5_000
    assert float(np.max(np.abs(sound.samples))) > 0.01


async def test_without_a_microphone_the_phones_own_recorder_does(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea, url=sea.wifi_url) as person:
        await person.sees("This connection is not protected")
        await person.tap("English")
        await person.tap("Speak")
        await person.sees("Your phone can record for it")
        await person.page.locator("input[type=file]").set_input_files(str(RECORDING))
        await person.sees("Your recording")
        await person.tap("Give it to the box")
        await person.sees("It is on the box")
        (message,) = await sea.messages(1)
    said = read_wav(RECORDING.read_bytes())
    assert abs(sound_of(message).duration_ms - said.duration_ms) < 300
    assert likeness(sound_of(message), said) > 0.8


async def test_a_file_that_is_no_sound_is_named_so(sea: Sea, browser: Browser, tmp_path: Path) -> None:
    wrong = tmp_path / "note.wav"
    wrong.write_bytes(b"this is not sound" * 100)
    async with fisher(browser, sea, url=sea.wifi_url) as person:
        await person.tap("English")
        await person.tap("Speak")
        await person.page.locator("input[type=file]").set_input_files(str(wrong))
        await person.sees("not a recording that can be read here")
        await person.sees("not-sound")
