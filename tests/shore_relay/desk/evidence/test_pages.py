"""Evidence as a supervisor makes it in the page: choose, remove, look at it, take it."""

import csv
import io
from pathlib import Path

from playwright.async_api import Browser, expect

from shore_relay.desk.app import Desk
from shore_relay.desk.evidence.verifying import verify
from shore_relay.desk.handovers import load_handovers
from shore_relay.desk.inbox import load_inbox
from tests.shore_relay.desk.evidence.conftest import TEXT, VOICE
from tests.shore_relay.desk.evidence.packs import facts, files
from tests.shore_relay.desk.test_page import address, browser, clock_s, opened

__all__ = ["address", "browser", "clock_s"]


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
        await expect(page.get_by_role("alert")).to_contain_text("Nobody")
        await page.get_by_label("Words to remove wherever").fill("somchai\n0812345678")
        await page.get_by_role("button", name="Look at it first").click()
        await expect(page.get_by_text("Captain [removed] of Vessel A keeps my [removed].")).to_be_visible()
        await expect(page.get_by_text("Voices stay in this pack")).to_be_visible()
        assert await load_handovers(received) == []

        await page.get_by_role("button", name="Change what is left out").click()
        await expect(page.get_by_label("Words to remove wherever")).to_have_value("somchai\n0812345678")
        await page.get_by_role("checkbox", name="Leave out the voice").check()
        await page.get_by_label("What to write in place").fill("Somchai broke my arm.")
        await page.get_by_role("button", name="Look at it first").click()
        await expect(page.get_by_text("[removed] broke my arm.")).to_be_visible()
        async with page.expect_download() as downloading:
            await page.get_by_role("button", name="Make the pack and take it").click()
        path = tmp_path / "pack.zip"
        await (await downloading.value).save_as(path)

        await page.get_by_role("link", name="Evidence").click()
        await expect(page.get_by_text("Redacted", exact=True)).to_be_visible()

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
        await expect(page.get_by_role("alert")).to_contain_text("Choose at least one message")

    read = csv.DictReader(io.StringIO((tmp_path / "messages.csv").read_text(encoding="utf-8-sig")))
    assert [row["message"] for row in read] == ["1", "2", "3", "4"]
