"""What crosses between the page and the box, caught byte by byte as anybody on the Wi-Fi could."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser

from protocol.message import Text
from scripts.pagewalk.browser import WIFI_NAME
from tests.e2e.page.sea import Sea, fisher
from tests.e2e.page.test_answers import open_with_digits, until_mailed, write

SAID = "the captain keeps our passports"
ANSWERED = "a lawyer waits in the harbour"


class Listener:
    """Passes connections on to the box and keeps a copy of each byte of both ways."""

    def __init__(self, box_port: int) -> None:
        self.caught = bytearray()
        self._box_port = box_port

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        box_reader, box_writer = await asyncio.open_connection("127.0.0.1", self._box_port)
        await asyncio.gather(self._copy(reader, box_writer), self._copy(box_reader, writer))

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                self.caught += data
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            return
        finally:
            sink.close()


@asynccontextmanager
async def listening(sea: Sea) -> AsyncIterator[tuple[str, Listener]]:
    listener = Listener(int(sea.url.rpartition(":")[2]))
    server = await asyncio.start_server(listener.pass_on, "127.0.0.1", 0)
    try:
        yield f"http://{WIFI_NAME}:{server.sockets[0].getsockname()[1]}", listener
    finally:
        server.close()


def told(caught: bytes, secret: bytes) -> bool:
    """Return whether bytes hold a secret, plainly or in a form in which web pages write bytes."""
    forms = [secret, secret.hex().encode()]
    # base64 of a text depends on where in its group of three bytes the text begins.
    for lead in range(3):
        whole = base64.b64encode(bytes(lead) + secret)
        forms += [whole[4:-4], whole[4:-4].replace(b"+", b"-").replace(b"/", b"_")]
    return any(form in caught for form in forms)


async def test_who_listens_on_the_wifi_hears_neither_words_nor_code_nor_answer(
    sea: Sea, browser: Browser
) -> None:
    async with listening(sea) as (url, listener):
        async with fisher(browser, sea, url=url) as person:
            given = await write(person, sea, SAID)
        sea.answer(given.mailbox, Text(text=ANSWERED))
        await until_mailed(sea, given.mailbox, 1)
        async with fisher(browser, sea, url=url) as person:
            await open_with_digits(person, given.code)
            await person.sees(ANSWERED)
        caught = bytes(listener.caught)
    assert given.mailbox.id.hex().encode() in caught, "the capture has the mailbox's name, so it has all"
    secrets = {
        "words": SAID.encode(),
        "answer": ANSWERED.encode(),
        "code": given.code.digits().encode(),
        "code without spaces": given.code.digits().replace(" ", "").encode(),
        "mailbox key": given.mailbox.private,
    }
    assert [name for name, secret in secrets.items() if told(caught, secret)] == []
    assert told(caught + base64.b64encode(b"x" + SAID.encode()), SAID.encode()), (
        "what is there would be found"
    )
