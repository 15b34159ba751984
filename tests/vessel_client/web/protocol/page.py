"""A real browser on the box's own files, over plain http, with the policy that the box sends."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

WEB = Path(__file__).parents[4] / "vessel_client" / "web"

POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

INSECURE_NAME = "box.vessel.example"
"""Not localhost: over http a browser gives it no secure context, as on the vessel's Wi-Fi."""

_PRELUDE = """async (given) => {
    const load = (name) => import(`/static/protocol/${name}.js`);
    const { fromHex, toHex } = await load("bytes");
    const { ProtocolError } = await load("errors");
    const outcome = async (attempt) => {
        try {
            return await attempt();
        } catch (reason) {
            if (reason instanceof ProtocolError) return { code: reason.code };
            throw reason;
        }
    };
"""


class PlainHttp(SimpleHTTPRequestHandler):
    """Serves the box's files, and documents that a test laid down; keeps what was posted.

    A document of `None` is a connection that ends without an answer.
    """

    documents: ClassVar[dict[str, tuple[int, Any]]] = {}
    posted: ClassVar[list[Any]] = []

    def do_GET(self) -> None:
        if self.path == "/":
            self._answer(200, b"<!doctype html><title>box</title>", "text/html")
        elif self.path == "/favicon.ico":
            self._answer(200, b"", "image/x-icon")
        elif self.path in self.documents:
            self._answer_document()
        else:
            super().do_GET()

    def do_POST(self) -> None:
        self.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._answer_document()

    def _answer_document(self) -> None:
        status, document = self.documents[self.path]
        if isinstance(document, bytes):
            self._answer(status, document, "text/plain")
        elif document is not None:
            self._answer(status, json.dumps(document).encode(), "application/json")

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, *_parts: object) -> None:
        """Stay silent: a test's output is for failures."""


class BrowserPage:
    """One page in which the modules can be called; collects what the browser complained about."""

    def __init__(self, page: Page, server: type[PlainHttp]) -> None:
        self._page = page
        self.server = server
        self.complaints: list[str] = []
        page.on("console", lambda message: self._on_console(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _on_console(self, text: str) -> None:
        # A refused request is the business of the test that made it; all else is a fault of the page.
        if not text.startswith("Failed to load resource"):
            self.complaints.append(text)

    def run(self, body: str, given: object = None) -> Any:
        """Run statements in the page, with `given`, `load`, `toHex`, `fromHex` and `outcome` at hand."""
        return self._page.evaluate(_PRELUDE + body + "}", given)

    def throttle(self, times: int) -> None:
        """Make the page's processor this many times slower."""
        session: CDPSession = self._page.context.new_cdp_session(self._page)
        session.send("Emulation.setCPUThrottlingRate", {"rate": times})


@contextmanager
def served() -> Iterator[tuple[int, type[PlainHttp]]]:
    """Serve the files on a free port until the block ends."""

    class Server(PlainHttp):
        documents: ClassVar[dict[str, tuple[int, Any]]] = {}
        posted: ClassVar[list[Any]] = []

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Server, directory=str(WEB))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port, Server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def launched() -> Iterator[Browser]:
    """Start a real headless browser for which `INSECURE_NAME` leads to this machine."""
    arguments = ["--no-sandbox", f"--host-resolver-rules=MAP {INSECURE_NAME} 127.0.0.1"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, host: str) -> Iterator[BrowserPage]:
    """Open a page that a server of its own serves under the name `host`."""
    with served() as (port, server), browser.new_context() as context:
        page = context.new_page()
        page.goto(f"http://{host}:{port}/")
        yield BrowserPage(page, server)
