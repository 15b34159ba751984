from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.vessel_client.web.protocol.page import INSECURE_NAME, BrowserPage, launched, opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # One for each module, not for the session: Playwright's loop must not outlive the tests that use it.
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[BrowserPage]:
    """A page on plain http, where the browser has no cryptography of its own."""
    with opened(browser, INSECURE_NAME) as page:
        yield page
        assert page.complaints == []


@pytest.fixture(scope="module")
def local_page(browser: Browser) -> Iterator[BrowserPage]:
    """A page on the box itself, which is a secure context."""
    with opened(browser, "127.0.0.1") as page:
        yield page
        assert page.complaints == []
