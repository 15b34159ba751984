"""Writing, pictures alone, and the check-in whose duress nobody can see."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.async_api import Browser

from protocol.frames import Priority
from protocol.message import Category, CheckIn, Text, WellBeing
from protocol.priming import Language
from scripts.pagewalk.browser import Fisher
from tests.e2e.page.sea import Sea, fisher
from vessel_client.store.names import DATABASE_FILE

BURMESE = Path(__file__).parents[3] / "vessel_client" / "web" / "locales" / "my.json"
SECRET_WORDS = "the captain keeps our passports"


async def test_a_text_arrives_as_it_was_written_and_is_kept_nowhere(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea) as person:
        await person.tap("English")
        await person.tap("Write")
        await person.page.get_by_role("textbox", name="Your message").fill(SECRET_WORDS)
        kept = await person.storage()
        await person.tap("Give it to the box")
        await person.sees("It is on the box")
        (message,) = await sea.messages(1)
        kept += await person.storage()
    assert isinstance(message.body, Text)
    assert message.body.text == SECRET_WORDS
    assert message.language is Language.ENGLISH
    assert "captain" not in kept
    for file in sea.data_dir.iterdir():
        assert b"captain" not in file.read_bytes()


async def test_a_text_in_burmese_arrives_letter_by_letter(sea: Sea, browser: Browser) -> None:
    words = json.loads(BURMESE.read_text("utf-8"))
    text = "ကျွန်တော်တို့ လစာ မရသေးဘူး"
    async with fisher(browser, sea) as person:
        await person.tap(words["language.this"])
        await person.tap(words["home.write"])
        await person.page.get_by_role("textbox", name=words["write.label"]).fill(text)
        await person.tap(words["action.queue"])
        await person.sees(words["queued.title"])
        (message,) = await sea.messages(1)
    assert isinstance(message.body, Text)
    assert message.body.text == text
    assert message.language is Language.BURMESE


async def test_pictures_alone_are_a_report(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea) as person:
        await person.tap("English")
        await person.tap("Show with pictures")
        await person.tap("Give it to the box")
        await person.sees("Touch at least one picture")
        await person.tap("Passport, seaman's book or bank card taken")
        await person.tap("Threats")
        await person.tap("Give it to the box")
        await person.sees("It is on the box")
        (message,) = await sea.messages(1)
    assert message.categories == (Category.PAPERS_KEPT, Category.THREATS)


async def check_in(person: Fisher, name: str, *, held_ms: int) -> str:
    """Check in, and return what the screen showed afterwards."""
    await person.tap("English")
    await person.tap("How are you?")
    await person.page.get_by_role("button", name=name, exact=True).click(delay=held_ms)
    await person.sees("It is on the box")
    await person.sees("Left the boat")
    await person.page.locator(".card.state[data-state=left-the-boat]").wait_for()
    return await person.page.locator("main").inner_text()


@pytest.mark.parametrize(
    ("name", "well_being", "priority"),
    [
        ("I am well", WellBeing.WELL, Priority.CHECK_IN),
        ("I am not well", WellBeing.UNWELL, Priority.CHECK_IN),
        ("I need help now", WellBeing.HELP, Priority.URGENT),
    ],
)
async def test_two_taps_check_in(
    sea: Sea, browser: Browser, name: str, well_being: WellBeing, priority: Priority
) -> None:
    async with fisher(browser, sea) as person:
        await check_in(person, name, held_ms=50)
        ((_, sent_as, _),) = await sea.reports(1)
        (message,) = await sea.messages(1)
    assert message.body == CheckIn(well_being=well_being, answers={})
    assert sent_as is priority


async def test_duress_differs_from_well_in_nothing_that_anybody_can_see(sea: Sea, browser: Browser) -> None:
    screens = []
    for held_ms in (60, 1_900):
        async with fisher(browser, sea) as person:
            screens.append(await check_in(person, "I am well", held_ms=held_ms))
    (_, first_priority, first), (_, second_priority, second) = await sea.reports(2)
    well, duress = await sea.messages(2)
    assert well.body == CheckIn(well_being=WellBeing.WELL, answers={})
    assert duress.body == CheckIn(well_being=WellBeing.DURESS, answers={})
    assert screens[0] == screens[1]
    assert first_priority is second_priority
    assert len(first.sealed) == len(second.sealed)
    assert first.lifetime == second.lifetime
    assert bool(well.mailbox_public) == bool(duress.mailbox_public)
    well_row, duress_row = stored_rows(sea)
    assert well_row == duress_row


def stored_rows(sea: Sea) -> list[dict[str, object]]:
    """Return what the box's database tells of each check-in, without what is random in every message."""
    with closing(sqlite3.connect(sea.data_dir / DATABASE_FILE)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("SELECT * FROM bundle WHERE number > 1 ORDER BY number").fetchall()
    random = {"number", "ref", "digest", "data", "queued_at"}
    return [{key: row[key] for key in row.keys() if key not in random} for row in rows]  # noqa: SIM118


async def test_the_questions_follow_in_a_message_of_the_same_size(sea: Sea, browser: Browser) -> None:
    async with fisher(browser, sea) as person:
        await check_in(person, "I am well", held_ms=1_900)
        await person.tap("Answer some questions first")
        for answer in ("No", "No", "Not now", "Yes", "No", "Yes"):
            await person.page.locator("main").get_by_role("button", name=answer, exact=True).click()
        await person.sees("It is on the box")
        first, second = await sea.reports(2)
        _, message = await sea.messages(2)
    answers = {1: False, 2: False, 4: True, 5: False, 6: True}
    assert message.body == CheckIn(well_being=WellBeing.DURESS, answers=answers)
    assert len(first[2].sealed) == len(second[2].sealed)
