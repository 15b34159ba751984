"""A walk over every kind of screen, in any language, by the words of its catalogue."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from scripts.pagewalk.browser import Fisher

LOCALES = Path(__file__).parents[2] / "vessel_client" / "web" / "locales"

TAGS = ("my", "km", "th", "lo", "id", "fil", "vi", "en")
"""The languages in the order of the start page."""

Words = Mapping[str, str]

WRONG_CODE = "1234 5678 9012 3456"
"""Sixteen digits of which the last one does not fit the others."""


async def words_of(tag: str) -> Words:
    """Return the catalogue of a language."""
    words: Words = json.loads(await asyncio.to_thread((LOCALES / f"{tag}.json").read_text, "utf-8"))
    return words


async def walk(person: Fisher, words: Words) -> AsyncIterator[str]:
    """Visit every kind of screen, and say the name of each while it is shown."""
    for part in (_speak, _keep_the_code, _say_it_otherwise, _ask_for_answers, _leave):
        async for screen in part(person, words):
            yield screen


async def walk_unprotected(person: Fisher, words: Words) -> AsyncIterator[str]:
    """Visit what only a phone on plain http sees: no microphone, and a warning."""
    await person.page.locator(".language").first.wait_for()
    yield "language, unprotected"
    await person.tap(words["language.this"])
    await person.sees(words["limit.http"])
    yield "home, unprotected"
    await person.tap(words["home.speak"])
    await person.sees(words["speak.file.why"])
    yield "the phone's own recorder"


async def _speak(person: Fisher, words: Words) -> AsyncIterator[str]:
    await person.page.locator(".language").first.wait_for()
    yield "language"
    await person.tap(words["language.this"])
    await person.sees(words["home.title"])
    yield "home"
    await person.tap(words["home.speak"])
    await person.speaks(1)
    yield "speaking"
    await person.tap(words["action.pause"])
    await person.sees(words["speak.paused"])
    yield "paused"
    await person.tap(words["action.back"])
    await person.page.locator(".drafts .choice").first.wait_for()
    yield "home, a draft waits"
    await person.tap(words["draft.title"])
    await person.page.get_by_role("button", name=words["draft.delete"], exact=True).wait_for()
    yield "draft"
    await person.tap_exactly(words["draft.delete"])
    await person.sees(words["home.title"])
    await person.tap(words["home.speak"])
    await person.speaks(1)
    await person.tap(words["action.stop"])
    await person.sees(words["review.title"])
    yield "review"
    await person.tap(words["review.about"])
    await person.tap(words["category.violence"])
    yield "about"
    await person.tap(words["action.next"])
    await person.sees(words["urgent.title"])
    yield "urgent"
    await person.tap(words["action.no"])
    await person.tap(words["action.queue"])
    await person.sees(words["queued.next"])
    yield "queued"


async def _keep_the_code(person: Fisher, words: Words) -> AsyncIterator[str]:
    await person.tap(words["receipt.title"])
    await person.sees(words["receipt.keep"])
    yield "pictures"
    await person.tap(words["receipt.practise"])
    yield "practice with pictures"
    await person.tap(words["action.back"])
    await person.tap(words["receipt.digits"])
    yield "digits"
    await person.tap(words["receipt.practise"])
    yield "practice with digits"
    await person.tap(words["action.back"])
    await person.tap(words["receipt.known"])
    await person.sees(words["home.title"])


async def _say_it_otherwise(person: Fisher, words: Words) -> AsyncIterator[str]:
    await person.tap(words["home.write"])
    yield "write"
    await person.tap(words["action.back"])
    await person.tap(words["home.pictures"])
    yield "show with pictures"
    await person.tap(words["action.back"])
    await person.tap(words["home.check-in"])
    yield "check-in"
    await person.tap_exactly(words["check-in.well"])
    await person.tap(words["check-in.questions"])
    await person.sees(words["question.rest"])
    yield "question"
    await person.tap(words["action.back"])
    await person.tap(words["home.messages"])
    yield "messages"
    await person.tap(words["action.back"])


async def _ask_for_answers(person: Fisher, words: Words) -> AsyncIterator[str]:
    await person.tap(words["home.answers"])
    await person.sees(words["answers.none"])
    yield "conversation"
    await person.tap(words["answers.forget"])
    await person.sees(words["answers.forget.sure"])
    yield "forget the conversation"
    await person.tap_exactly(words["action.delete"])
    await person.sees(words["home.title"])
    await person.tap(words["home.answers"])
    await person.sees(words["answers.how"])
    yield "answers"
    await person.tap(words["answers.with-pictures"])
    yield "picture entry"
    await person.tap(words["action.back"])
    await person.tap(words["answers.with-digits"])
    yield "digit entry"
    await person.page.get_by_role("textbox", name=words["answers.digits.label"]).fill(WRONG_CODE)
    await person.sees(words["error.wrong-code"])
    yield "a wrong code"


async def _leave(person: Fisher, words: Words) -> AsyncIterator[str]:
    await person.tap(words["leave.button"])
    await person.page.locator("script[src$='weather.js']").wait_for(state="attached")
    await person.page.locator(".cover").wait_for()
    yield "weather"
