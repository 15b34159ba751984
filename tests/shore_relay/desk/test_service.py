"""The loops of a running desk: what they do by themselves, and what they leave while the relay is away."""

import asyncio
from pathlib import Path

import aiohttp

from protocol.ids import UnixSeconds
from shore_relay.desk.app import Desk, open_desk, wall_clock
from shore_relay.desk.cases.board import expect, load_board
from shore_relay.desk.cases.book import load_case
from shore_relay.desk.cases.ladder import HOUR_S
from shore_relay.desk.cases.model import Plan, Rung
from shore_relay.desk.cases.overview import CaseList
from shore_relay.desk.changes import Changes
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.service import Service
from shore_relay.desk.settings import Settings
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.cases.arriving import arrive
from tests.shore_relay.desk.conftest import PASSPHRASE
from tests.shore_relay.desk.small_relay import SmallRelay


class Turns:
    """Stands for `asyncio.sleep`: nobody waits, and the turns are counted."""

    def __init__(self) -> None:
        self.count = 0
        self.many = asyncio.Event()

    async def pause(self, _seconds: float) -> None:
        self.count += 1
        if self.count >= 40:
            self.many.set()
        await asyncio.sleep(0)


async def rung_of(desk: Desk) -> Rung:
    (person,) = (await load_board(desk, CaseList(desk))).people
    return person.watch.rung


async def test_nobody_is_called_upon_before_the_desk_has_heard_its_relay(
    data: Path, relay: SmallRelay, boat: Boat
) -> None:
    now = [int(wall_clock())]
    relay.clock = lambda: now[0]
    settings = Settings(relay=relay.url, port=0, retry_delay_s_min=0.01, wait_s=1)
    async with (
        aiohttp.ClientSession() as session,
        open_desk(data, PASSPHRASE, settings, now=lambda: UnixSeconds(now[0])) as desk,
    ):
        await arrive(desk, boat.introduction(), boat.text("I will write every day."))
        mailbox = (await load_case(desk, 1)).messages[0].mailbox
        plan = Plan(mailbox=mailbox, label="K.", every_h=24, grace_h=6, second_h=4)
        await expect(desk, desk.actor, 1, plan)
        now[0] += 40 * HOUR_S
        relay.answer_with = (503, b"")
        changes, turns = Changes(), Turns()
        service = asyncio.create_task(Service(desk, RelayClient(desk, session), changes, turns.pause).run())
        try:
            await turns.many.wait()
            assert await rung_of(desk) is Rung.CALM

            relay.answer_with = None
            seen = changes.count
            async with asyncio.timeout(60):
                while await rung_of(desk) is not Rung.CASEWORKER:
                    seen = await changes.wait_beyond(seen, 60)
        finally:
            service.cancel()
