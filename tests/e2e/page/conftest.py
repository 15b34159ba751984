"""One box and one browser for each test; a test that needs more makes it with `sea.py`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from scripts.pagewalk.browser import open_browser
from tests.e2e.page.sea import Sea, open_sea


@pytest.fixture
async def sea(tmp_path: Path) -> AsyncIterator[Sea]:
    async with open_sea(tmp_path) as opened:
        yield opened


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened
