"""A process that changes cases until it is killed: `python scribe.py DATA PASSPHRASE`."""

import asyncio
import sys
from pathlib import Path

from shore_relay.desk.app import Desk, open_desk
from shore_relay.desk.cases.work import add_note, merge, split_off
from shore_relay.desk.settings import Settings
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.cases.arriving import arrive, briefs


async def scribble(data: Path, passphrase: str) -> None:
    """Let messages arrive, write notes, split and merge, for ever."""
    async with open_desk(data, passphrase, Settings(), person="desk") as desk:
        boat = Boat(desk.keyring.keys.card, identity=3)
        while True:
            await _round(desk, boat)


async def _round(desk: Desk, boat: Boat) -> None:
    await arrive(desk, boat.text("One."), boat.text("Two."), boat.text("Three.", mailbox=False))
    _say()
    newest = max(brief.id for brief in await briefs(desk))
    held = next(brief for brief in await briefs(desk) if brief.messages > 1)
    await add_note(desk, desk.actor, newest, "A note.")
    _say()
    fresh = await split_off(desk, desk.actor, held.id, held.newest)
    _say()
    await merge(desk, desk.actor, held.id, fresh)
    _say()
    await merge(desk, desk.actor, held.id, newest)
    _say()


def _say() -> None:
    sys.stdout.write("done\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(scribble(Path(sys.argv[1]), sys.argv[2]))
