"""`seavoice-vessel restored`: what has to be done once when an old copy of the box's folder was put back."""

import asyncio
from pathlib import Path

from vessel_client.commands.terminal import Surroundings, say
from vessel_client.store.box import load_box
from vessel_client.store.copied import begin_as_copy
from vessel_client.store.database import open_database
from vessel_client.store.lock import holding


def run(surroundings: Surroundings) -> None:
    """Let the box begin anew with its relay. Raises `NotInitialised`, `AlreadyRunning`, `StoreFailed`."""
    data_dir = surroundings.settings.data_dir
    with holding(data_dir):
        asyncio.run(_begin(data_dir))
    say("The box will agree on new keys with its relay, and goes on above every number that it gave before.")
    say("What it held stays queued. Start it with `seavoice-vessel serve`.")


async def _begin(data_dir: Path) -> None:
    database = await open_database(data_dir)
    try:
        async with database.transaction() as connection:
            await load_box(connection)
            await begin_as_copy(connection)
        await database.forget_old_pages()
    finally:
        await database.close()
