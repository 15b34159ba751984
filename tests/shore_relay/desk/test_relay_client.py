"""What the desk makes of a relay that refuses, lies, or is not there."""

import asyncio
from dataclasses import replace

import pytest

from protocol.deskfeed import FeedPage, write_page
from protocol.documents import MalformedDocument
from protocol.ids import UnixSeconds
from shore_relay.desk.app import Desk, wall_clock
from shore_relay.desk.errors import ClocksDiffer, RelayRefused, RelayUnreachable
from shore_relay.desk.fetching import fetch
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.settings import Settings
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.small_relay import SmallRelay


async def test_a_clock_two_years_off_is_named_as_the_reason(
    desk: Desk, client: RelayClient, relay: SmallRelay
) -> None:
    two_years_s = 2 * 365 * 86_400
    slow = replace(desk, now=lambda: UnixSeconds(wall_clock() - two_years_s))

    with pytest.raises(ClocksDiffer, match=r"730 days behind .* Set the clock"):
        await fetch(slow, RelayClient(slow, client._session), 0)

    assert relay.refusals == 1


async def test_a_relay_that_does_not_know_the_desk_says_so(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    relay.card = replace(boat.card, signing_public=bytes(32))

    with pytest.raises(RelayRefused, match="seavoice-desk card"):
        await fetch(desk, client, 0)


async def test_nobody_at_the_relays_address_is_said_with_the_address(desk: Desk, client: RelayClient) -> None:
    away = replace(desk, settings=Settings(relay="http://127.0.0.1:9"))

    with pytest.raises(RelayUnreachable, match=r"http://127.0.0.1:9 cannot be reached"):
        await fetch(away, RelayClient(away, client._session), 0)


@pytest.mark.parametrize(
    "date", ["Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "Mon, 01 Jan 2020 00:00:00 +99999999999999", ""]
)
async def test_a_relay_that_refuses_with_an_impossible_date_is_told_of_without_it(
    desk: Desk, client: RelayClient, date: str
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 401 No\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n".encode())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    hostile = replace(desk, settings=Settings(relay=f"http://127.0.0.1:{port}"))
    async with server:
        with pytest.raises(RelayRefused, match="seavoice-desk card"):
            await fetch(hostile, RelayClient(hostile, client._session), 0)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>It works!</html>",
        b"[]",
        b'{"items": [{"cursor": 1}]}',
        b'{"items": 4}',
        b"\xff\xfe",
    ],
)
async def test_a_malformed_feed_is_refused_and_nothing_is_taken(
    desk: Desk, client: RelayClient, relay: SmallRelay, body: bytes
) -> None:
    relay.answer_with = (200, body)

    with pytest.raises(MalformedDocument, match="The relay's answer"):
        await fetch(desk, client, 0)

    assert relay.taken == 0


async def test_a_feed_that_goes_backwards_is_refused(
    desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat
) -> None:
    items = (replace(boat.introduction(), cursor=2), replace(boat.text("x"), cursor=1))
    relay.answer_with = (200, write_page(FeedPage(items=items)))

    with pytest.raises(MalformedDocument, match="order of its cursors"):
        await fetch(desk, client, 0)
