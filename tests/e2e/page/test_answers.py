"""The code, practised and used: answers come back by pictures and by digits."""

import asyncio
from dataclasses import dataclass

import numpy as np
from playwright.async_api import Browser

from protocol.mailbox import Mailbox, ReceiptCode
from protocol.message import Text, Voice
from protocol.speech.clear import encode_clear
from protocol.speech.denoise import denoise
from protocol.speech.thin import encode_thin
from protocol.speech.wav import read_wav
from protocol.voicepack import VoiceCodec, VoiceNote, pack_voice
from scripts.pagewalk.browser import RECORDING, Fisher
from tests.e2e.page.sea import Sea, fisher
from vessel_client.store import inbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A message of the fisher's, and the code that was shown for its answers."""

    number: int
    code: ReceiptCode
    mailbox: Mailbox


async def write(person: Fisher, sea: Sea, text: str) -> Given:
    await person.tap("English")
    await person.tap("Write")
    await person.page.get_by_role("textbox", name="Your message").fill(text)
    await person.tap("Give it to the box")
    await person.sees("Now keep your code")
    await person.tap("This is your code")
    await person.tap("Numbers")
    digits = " ".join(await person.page.locator(".code-digits li").all_inner_texts())
    code = ReceiptCode.from_digits(digits)
    mailbox = await asyncio.to_thread(code.open_mailbox)
    ((number, _, _),) = await sea.reports(1)
    (message,) = await sea.messages(1)
    assert message.mailbox_public == mailbox.public
    return Given(number=number, code=code, mailbox=mailbox)


async def open_with_digits(person: Fisher, code: ReceiptCode) -> None:
    await person.tap("English")
    await person.tap("My answers")
    await person.tap("Sixteen numbers")
    await person.page.get_by_role("textbox", name="Your sixteen numbers").fill(code.digits())


async def until_mailed(sea: Sea, mailbox: Mailbox, count: int) -> None:
    async with asyncio.timeout(15):
        while True:
            async with sea.running.database.reading() as connection:
                if len(await inbox.list_mail(connection, mailbox.id, 10)) >= count:
                    return


async def test_the_pictures_shown_are_the_digits_shown_and_practice_teaches_them(
    sea: Sea, browser: Browser
) -> None:
    async with fisher(browser, sea) as person:
        given = await write(person, sea, "we want our pay")
        await person.tap("Pictures")
        sources = [
            await image.get_attribute("src") or ""
            for image in await person.page.locator(".code-pictures img").all()
        ]
        pictures = tuple(int(source[-6:-4]) for source in sources)
        assert pictures == given.code.pictures()
        await person.tap("Practise once")
        for _ in range(3):
            question = await person.page.locator(".question").inner_text()
            position = int("".join(filter(str.isdigit, question))) - 1
            right = f"{given.code.pictures()[position]:02d}.svg"
            wrong = person.page.locator(f".offer:not(:has(img[src$='{right}']))").first
            await wrong.click()
            await person.sees("Not this one")
            await person.page.locator(f".offer:has(img[src$='{right}'])").click()
        await person.sees("You know your code")


async def test_an_answer_comes_back_by_pictures_and_by_digits(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea) as person:
        given = await write(person, sea, "we want our pay")
    sea.answer(given.mailbox, Text(text="We heard you. A lawyer will come aboard."))
    await until_mailed(sea, given.mailbox, 1)
    async with fisher(browser, sea) as person:
        await open_with_digits(person, given.code)
        await person.sees("A lawyer will come aboard")
        await person.sees("Answer from Harbour Desk")
        assert "lawyer" not in await person.storage()
    async with fisher(browser, sea) as person:
        await person.tap("English")
        await person.tap("My answers")
        await person.tap("Ten pictures")
        for picture in given.code.pictures():
            await person.page.locator(f".picture-grid .offer:has(img[src$='/{picture:02d}.svg'])").click()
        await person.sees("A lawyer will come aboard")
        await person.tap("Answer back")
        await person.tap("Write")
        await person.page.get_by_role("textbox", name="Your message").fill("thank you")
        await person.tap("Give it to the box")
        await person.sees("under the same code as before")
        _, reply = await sea.messages(2)
        assert reply.mailbox_public == given.mailbox.public
        await person.tap("Start page")
        await person.tap("My answers")
        await person.tap("Delete this conversation here")
        await person.page.locator(".pair").get_by_role("button", name="Delete", exact=True).click()
        await person.sees("What do you want to do?")
        await person.tap("My answers")
        await person.sees("How do you have your code?")


async def test_voice_answers_of_both_forms_are_heard_on_the_boxs_screen(sea: Sea, browser: Browser) -> None:
    said = read_wav(RECORDING.read_bytes())
    short = denoise(type(said)(samples=said.samples[: said.rate_hz * 3], rate_hz=said.rate_hz))
    notes = [
        VoiceNote(codec=VoiceCodec.CODEC2_2400, frames=encode_thin(short)),
        VoiceNote(codec=VoiceCodec.OPUS_NARROWBAND_60MS, frames=encode_clear(short)),
    ]
    async with fisher(browser, sea) as person:
        given = await write(person, sea, "we want our pay")
    for note in notes:
        sea.answer(given.mailbox, Voice(packed=pack_voice(note)))
    await until_mailed(sea, given.mailbox, 2)
    async with fisher(browser, sea) as person:
        await open_with_digits(person, given.code)
        for place in range(2):
            card = person.page.locator(".card.answer").nth(place)
            await card.get_by_role("button", name="Listen", exact=True).click()
            await card.get_by_role("button", name="Stop", exact=True).wait_for()
            await card.get_by_role("button", name="Stop", exact=True).click()
            await card.get_by_text("Heard", exact=True).wait_for()
    assert np.isfinite(said.samples).all()


async def test_a_wrong_code_says_so_and_slows_down_but_never_locks_out(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea) as person:
        await person.page.clock.install()
        await person.tap("English")
        await person.tap("My answers")
        await person.tap("Sixteen numbers")
        field = person.page.get_by_role("textbox", name="Your sixteen numbers")
        await field.fill("1234 5678 1234 5678")
        await person.sees("This is not a code")
        await field.fill("1234 5678 1234 5678")
        await person.sees("Wait 2 seconds")
        await person.page.clock.fast_forward(2_100)
        await field.fill("1234 5678 1234 5678")
        await person.sees("This is not a code")
        await person.page.clock.fast_forward(4_100)
        unused = ReceiptCode.draw(bytes(32))
        await field.fill(unused.digits())
        await person.sees("No answer under this code yet")


async def test_opened_is_shown_only_with_the_desks_own_proof(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea) as person:
        given = await write(person, sea, "we want our pay")
        await sea.mark_opened(given.number, given.mailbox.public)
        await person.tap("Back")
        await person.sees("Somebody listened to it or read it")
    async with fisher(browser, sea) as person:
        await person.tap("English")
        await person.tap("Write")
        await person.page.get_by_role("textbox", name="Your message").fill("another")
        await person.tap("Give it to the box")
        await person.sees("Now keep your code")
        numbers = [number for number, _, _ in await sea.reports(2)]
        await sea.mark_opened(numbers[-1], given.mailbox.public)
        await person.sees("This page could not check it")
