"""`scripts/freeze_relay FOLDER`: a relay in the middle of its work, as this very program keeps it."""

import asyncio
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from protocol.provisioning import Provisioning, write_provisioning
from tests.shore_relay.relay.box import Box, introduction, report
from tests.shore_relay.relay.shore import Desk, make_shore

DATABASE = "relay.db"
HELD_BYTES = 700
PARTLY_BYTES = 60_000


async def freeze(folder: Path) -> None:
    """Leave a relay with a report that its desk has, one that it has not, one half way, and an answer."""
    shore = await make_shore(folder)
    desk = Desk(name="Haven")
    await shore.add_desk(desk)
    provisioning = await shore.add_vessel("Mercy", desk)
    box = Box(provisioning)
    async with shore.serving() as relay:
        box.offer(1, introduction())
        box.offer(2, report(desk.key_id, 100))
        async with box.over_tcp(relay.tcp_port):
            await box.custody(1, 2)
        items = await desk.feed(relay)
        await desk.taken(relay, items[-1].cursor)
        box.offer(3, report(desk.key_id, HELD_BYTES))
        async with box.over_tcp(relay.tcp_port):
            await box.custody(3)
        box.offer(4, report(desk.key_id, PARTLY_BYTES))
        box.records_max = box.records_sent + 15
        async with box.over_tcp(relay.tcp_port):
            await box.until(lambda: box.acked_bytes(4) > 1_000)
        await desk.dispatch(relay, provisioning.vessel, desk.mail())
        await relay.store_counts()
    _keep(folder, desk, provisioning)


def _keep(folder: Path, desk: Desk, provisioning: Provisioning) -> None:
    database = folder / "relay" / DATABASE
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("VACUUM")
    (folder / DATABASE).write_bytes(database.read_bytes())
    (folder / "provisioning.json").write_bytes(write_provisioning(provisioning))
    keys = {"signing_private": desk.signing_private.hex(), "public": desk.public.hex()}
    (folder / "desk.json").write_text(json.dumps(keys, indent=2) + "\n")
    for name in ("relay", "files"):
        for path in (folder / name).iterdir():
            path.unlink()
        (folder / name).rmdir()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True)
    asyncio.run(freeze(target))
