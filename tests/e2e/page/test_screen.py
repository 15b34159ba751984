"""The box's own screen: a power cut and a wiped profile lose no recording, and leave nothing else."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, async_playwright

from scripts.pagewalk.browser import CHROMIUM, RECORDING
from tests.e2e.page.sea import Sea
from vessel_client.kiosk.plan import KioskPlan
from vessel_client.kiosk.units import screen_program


async def start_screen(folder: Path) -> None:
    """Do what the screen's program does before it starts the browser."""
    plan = KioskPlan(
        program=Path("/bin/true"), port=8700, tls_port=443, screen_user="screen", service_user="box"
    )
    programs = folder / "programs"
    await asyncio.to_thread(programs.mkdir, exist_ok=True)
    (programs / "cage").write_text("#!/bin/sh\n")
    (programs / "cage").chmod(0o755)
    (folder / "screen").write_text(screen_program(plan))
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "STATE_DIRECTORY": str(folder / "state")}
    process = await asyncio.create_subprocess_exec("sh", str(folder / "screen"), env=environment)
    assert await process.wait() == 0


@asynccontextmanager
async def screen(folder: Path, url: str) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            folder / "state" / "profile",
            executable_path=shutil.which(CHROMIUM),
            permissions=["microphone"],
            args=[
                "--no-sandbox",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-audio-capture={RECORDING}",
            ],
        )
        context.set_default_timeout(15_000)
        try:
            page = await context.new_page()
            await page.goto(url)
            yield page
        finally:
            await context.close()


async def test_a_recording_outlives_a_power_cut_and_the_wiping_of_the_screen(
    sea: Sea, tmp_path: Path
) -> None:
    await start_screen(tmp_path)
    async with screen(tmp_path, sea.url) as page:
        await page.evaluate("localStorage.setItem('trace', 'somebody was here')")
        await page.get_by_role("button", name="English").click()
        await page.get_by_role("button", name="Speak").first.click()
        await page.locator(".clock", has_text="0:03").wait_for()
    await start_screen(tmp_path)
    async with screen(tmp_path, sea.url) as page:
        assert await page.evaluate("localStorage.getItem('trace')") is None
        await page.get_by_role("button", name="English").click()
        await page.get_by_text("A recording waits here").first.wait_for()
        await page.get_by_role("button", name="A recording waits here").first.click()
        await page.get_by_role("button", name="Give it to the box", exact=True).click()
        assert len(await sea.messages(1)) == 1
