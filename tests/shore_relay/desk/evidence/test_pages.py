"""Evidence as a supervisor makes it in the page: choose, remove, look at it, take it."""

import csv
import io
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, expect

from scripts.pagewalk.looks import AXE, RULES
from shore_relay.desk.app import Desk
from shore_relay.desk.evidence.verifying import verify
from shore_relay.desk.handovers import load_handovers
from shore_relay.desk.inbox import load_inbox
from tests.shore_relay.desk.conftest import PASSPHRASE
from tests.shore_relay.desk.evidence.conftest import TEXT, VOICE
from tests.shore_relay.desk.evidence.packs import facts, files
from tests.shore_relay.desk.test_page import address, browser, clock_s, opened

__all__ = ["address", "browser", "clock_s"]

WAIT_MS = 30_000
"""Setting a pack on paper takes a second of a processor that others may want too."""


async def test_a_redacted_pack_is_chosen_looked_at_changed_and_taken(
    received: Desk, address: str, browser: Browser, tmp_path: Path
) -> None:
    async with opened(browser, address) as page:
        await page.get_by_role("link", name="Evidence").click()
        await page.get_by_role("checkbox", name="Captain Somchai").check()
        await page.get_by_role("checkbox", name="Voice note").check()
        await page.get_by_role("button", name="Next").click()
        await page.get_by_label("Title on the first page").fill("Wages on Blue Dolphin")
        await page.get_by_label("Words to remove wherever").fill("Nobody")
        await page.get_by_role("checkbox", name="Names of vessels").check()
        await page.get_by_label("Words to remove from this message").fill("passport")
        await page.get_by_role("button", name="Look at it first").click()

        # A word that is not there would be a false comfort; what was filled in is still there.
        await expect(page.get_by_role("alert")).to_contain_text("Nobody", timeout=WAIT_MS)
        await page.get_by_label("Words to remove wherever").fill("somchai\n0812345678")
        await page.get_by_role("button", name="Look at it first").click()
        await expect(page.get_by_text("Captain [removed] of Vessel A keeps my [removed].")).to_be_visible(
            timeout=WAIT_MS
        )
        await expect(page.get_by_text("Voices stay in this pack")).to_be_visible(timeout=WAIT_MS)
        assert await load_handovers(received) == []

        await page.get_by_role("button", name="Change what is left out").click()
        await expect(page.get_by_label("Words to remove wherever")).to_have_value(
            "somchai\n0812345678", timeout=WAIT_MS
        )
        await page.get_by_label("What to write in place").fill("Somchai broke my arm.")
        await page.get_by_role("button", name="Look at it first").click()
        # A line in place of a voice that would still be there.
        await expect(page.get_by_role("alert")).to_contain_text("No pack was made", timeout=WAIT_MS)
        await page.get_by_role("checkbox", name="Leave out the voice").check()
        await page.get_by_role("button", name="Look at it first").click()
        await expect(page.get_by_text("[removed] broke my arm.")).to_be_visible(timeout=WAIT_MS)
        async with page.expect_download() as downloading:
            await page.get_by_role("button", name="Make the pack and take it").click()
        path = tmp_path / "pack.zip"
        await (await downloading.value).save_as(path)

        await page.get_by_role("link", name="Evidence").click()
        await expect(page.get_by_text("Redacted", exact=True)).to_be_visible(timeout=WAIT_MS)

    assert verify(path).redacted
    assert facts(path)["title"]["instead"] == "Wages on Vessel A"
    assert not any(name.startswith("sounds/") for name in files(path))
    (handover,) = await load_handovers(received)
    assert handover.entries == (TEXT, VOICE)
    assert not any(entry.is_opened for entry in await load_inbox(received))


async def test_a_table_is_taken_from_the_page(
    received: Desk, address: str, browser: Browser, tmp_path: Path
) -> None:
    async with opened(browser, address) as page:
        await page.get_by_role("link", name="Evidence").click()
        async with page.expect_download() as downloading:
            await page.get_by_role("button", name="CSV").click()
        await (await downloading.value).save_as(tmp_path / "messages.csv")
        await page.get_by_role("button", name="Next").click()
        await expect(page.get_by_role("alert")).to_contain_text(
            "Choose at least one message", timeout=WAIT_MS
        )

    read = csv.DictReader(io.StringIO((tmp_path / "messages.csv").read_text(encoding="utf-8-sig")))
    assert [row["message"] for row in read] == ["1", "2", "3", "4"]


@pytest.mark.parametrize(("language", "scheme"), [("en-GB", "light"), ("th-TH", "dark")])
async def test_every_step_satisfies_axe_and_a_narrow_screen(
    received: Desk, address: str, browser: Browser, language: str, scheme: Literal["light", "dark"]
) -> None:
    faults: list[str] = []
    context = await browser.new_context(locale=language, color_scheme=scheme)
    page = await context.new_page()

    async def look(name: str) -> None:
        await page.set_viewport_size({"width": 320, "height": 640})
        width = await page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            faults.append(f"{name} is {width} px wide")
        await page.set_viewport_size({"width": 1280, "height": 800})
        # Through the debugger, not the page, whose policy lets no foreign script in.
        await page.evaluate(AXE.read_text(encoding="utf-8"))
        found = await page.evaluate("(rules) => axe.run({ runOnly: { type: 'tag', values: rules } })", RULES)
        faults.extend(
            f"{name}: {fault['id']} {[node['target'] for node in fault['nodes']]}"
            for fault in found["violations"]
        )

    await page.goto(address)
    await page.locator("input[type=password]").fill(PASSPHRASE)
    await page.keyboard.press("Enter")
    await page.locator("a[href='/evidence']").click()
    boxes = page.locator("input[name=message]")
    for at in range(4):
        await boxes.nth(at).check()
    await look("choice")
    await page.locator("form[action='/evidence/options'] button").click()
    await page.locator("#title").fill("Blue Dolphin")
    await page.locator("input[name=vessels]").check()
    await look("options")
    await page.locator("form[action='/evidence/preview'] button").click()
    await expect(page.locator("form[action='/evidence/pack']")).to_be_visible(timeout=WAIT_MS)
    await look("preview")
    async with page.expect_download():
        await page.locator("form[action='/evidence/pack'] button").click()
    await page.locator("a[href='/evidence']").click()
    await look("what left")
    assert await page.evaluate("document.documentElement.lang") == language[:2]
    await context.close()
    assert faults == []
