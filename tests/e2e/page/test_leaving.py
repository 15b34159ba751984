"""Leaving quickly, being idle, and working while the box is away."""

from playwright.async_api import Browser

from protocol.message import Text
from scripts.pagewalk.browser import Fisher
from tests.e2e.page.sea import Sea, fisher


async def begin_writing(person: Fisher) -> None:
    await person.tap("English")
    await person.tap("Write")
    await person.page.get_by_role("textbox", name="Your message").fill("they beat us")


async def is_covered(person: Fisher) -> None:
    await (
        person.page.get_by_role("heading", name="High water")
        .or_(person.page.get_by_role("heading", name="Tide", exact=True))
        .wait_for()
    )
    await person.page.wait_for_url("**/weather")
    assert "they beat us" not in await person.page.content()
    assert await person.page.get_by_text("Leave quickly").count() == 0


async def test_the_control_shows_the_weather_and_back_does_not_return(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea) as person:
        await begin_writing(person)
        await person.tap("Leave quickly")
        await is_covered(person)
        assert await person.page.evaluate("history.length") <= 2
        await person.page.go_back()
        assert "they beat us" not in await person.page.content()
        assert "SeaVoice" not in await person.page.title()


async def test_three_shifts_leave_and_the_microphone_stops(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea) as person:
        await person.tap("English")
        await person.tap("Speak")
        await person.speaks(2)
        for _ in range(3):
            await person.page.keyboard.press("Shift")
        await is_covered(person)


async def test_slow_or_mixed_shifts_are_ordinary_typing(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea) as person:
        await begin_writing(person)
        for key in ("Shift", "Shift", "a", "Shift"):
            await person.page.keyboard.press(key)
        assert await person.page.get_by_role("textbox", name="Your message").input_value() == "they beat usa"


async def test_the_weather_works_with_no_box_at_all(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea, url=sea.wifi_url) as person:
        await begin_writing(person)
        await person.context.set_offline(True)
        await person.tap("Leave quickly")
        await is_covered(person)


async def test_a_minute_without_a_touch_clears_everything(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea) as person:
        await person.page.clock.install()
        await begin_writing(person)
        await person.page.clock.run_for(46_000)
        await person.sees("Are you still there?")
        await person.tap("I am here")
        await person.page.clock.run_for(44_000)
        assert await person.page.get_by_role("textbox", name="Your message").input_value() == "they beat us"
        await person.page.clock.run_for(17_000)
        await person.sees("Choose your language")
        await person.tap("English")
        await person.tap("Write")
        assert await person.page.get_by_role("textbox", name="Your message").input_value() == ""


async def test_a_phone_keeps_messages_while_the_box_is_away(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea) as person:
        await person.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        await person.tap("English")
        await person.sees("What do you want to do?")
        await person.page.wait_for_load_state("networkidle")
        await person.context.set_offline(True)
        await person.page.goto(person.url)
        await person.tap("English")
        await person.tap("Write")
        await person.page.get_by_role("textbox", name="Your message").fill("kept on the phone")
        await person.tap("Give it to the box")
        await person.sees("Kept on this phone")
        assert "kept on the phone" not in await person.storage()
        await person.context.set_offline(False)
        await person.page.locator(".card.state[data-state=left-the-boat]").wait_for()
        (message,) = await sea.messages(1)
        assert message.body == Text(text="kept on the phone")
        assert '"sealed"' not in await person.storage()
