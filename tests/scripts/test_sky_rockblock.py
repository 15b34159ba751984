"""RockBLOCK's service as the benchmark has it: what it refuses, repeats, and signs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from scripts.benchmarks.ports import free_port
from scripts.sky.messages import MessageSky
from scripts.sky.modem import IMEI
from scripts.sky.rockblock import PASSWORD, USERNAME, RockBlock

LOGIN = {"imei": IMEI, "username": USERNAME, "password": PASSWORD, "data": "00ff"}


async def ask(url: str, **changes: str) -> str:
    async with aiohttp.ClientSession() as session, session.post(url, data=LOGIN | changes) as answer:
        return await answer.text()


async def test_a_message_down_waits_for_the_modem_and_rings() -> None:
    rings: list[int] = []
    rockblock = RockBlock(sky=MessageSky(), webhook_url="", ring=lambda: rings.append(1))
    async with rockblock.serving(free_port()) as url:
        assert await ask(url) == "OK,1"
        assert await ask(url, flush="yes") == "OK,2"
    assert rockblock.sky.down_waiting == 1
    assert len(rings) == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"password": "guess"}, "10"), ({"imei": "300000000000000"}, "11"), ({"data": "00" * 271}, "15")],
)
async def test_what_the_service_would_refuse_is_refused_in_its_words(
    changes: dict[str, str], code: str
) -> None:
    rockblock = RockBlock(sky=MessageSky(), webhook_url="")
    async with rockblock.serving(free_port()) as url:
        assert (await ask(url, **changes)).startswith(f"FAILED,{code},")
    assert rockblock.sky.down_waiting == 0


@asynccontextmanager
async def relay(statuses: list[int], seen: asyncio.Queue[dict[str, str]]) -> AsyncIterator[str]:
    async def take(request: web.Request) -> web.Response:
        seen.put_nowait({name: str(value) for name, value in (await request.post()).items()})
        return web.Response(status=statuses.pop(0))

    application = web.Application()
    application.add_routes([web.post("/", take)])
    runner = web.AppRunner(application)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        await runner.cleanup()


async def test_a_message_up_is_repeated_until_it_is_answered_with_200() -> None:
    seen: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    async with relay([503, 200], seen) as url:
        sky = MessageSky()
        rockblock = RockBlock(sky=sky, webhook_url=url, repeat_s=0.0)
        async with rockblock.serving(free_port()):
            sky.finish(sky.begin(b"up", 0.0).ends_s)
            rockblock.look()
            first, second = await seen.get(), await seen.get()
    assert first == second
    assert (first["imei"], first["data"], first["momsn"]) == (IMEI, b"up".hex(), "0")
    assert [len(each.message) for each in rockblock.taken] == [2]
    assert rockblock.refused == 0
