"""The small world of the demonstration: three programs and the satellite between them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from scripts.sky.model import SkyProfile
from scripts.sky.shell import Endpoint
from scripts.sky.stream import StreamSky
from scripts.voyage.beside import Beside, beside
from scripts.voyage.link import CUTS, LINK_BPS, ONE_WAY_S
from scripts.voyage.programs import Program, ProgramFailed, free_port

PASSPHRASE = "the net is dry tonight"  # A desk that lives for one demonstration.
POLL_S = 0.05
STEP_S_MAX = 600.0
"""Link seconds after which a step has failed."""


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that runs while the demonstration does."""

    vessel: Program
    relay: Program
    desk: Program
    sky: StreamSky
    box_url: str
    desk_url: str
    speed: float
    session: aiohttp.ClientSession
    https: Beside

    async def box(self, path: str) -> dict[str, object]:
        """Ask the box's local API."""
        async with self.session.get(self.box_url + path) as answer:
            document = await answer.json()
        if not isinstance(document, dict):
            raise ProgramFailed(f"the box answered {path} with no JSON object")
        return document

    async def state(self, number: int) -> str:
        """Return what the box says of one bundle."""
        return str((await self.box(f"/v1/bundles/{number}"))["state"])

    async def until_state(self, number: int, states: tuple[str, ...]) -> None:
        """Wait until a bundle is in one of these states."""
        give_up_s = self.sky.now_s + STEP_S_MAX
        while await self.state(number) not in states:
            if self.sky.now_s > give_up_s:
                raise ProgramFailed(f"message {number} is still {await self.state(number)}")
            await asyncio.sleep(POLL_S)


@asynccontextmanager
async def open_world(folder: Path, speed: float) -> AsyncIterator[World]:
    """Make keys and files as people would, start everything, and stop it again at the end."""
    http_port, tcp_port, box_port, desk_port = (free_port() for _ in range(4))
    relay = Program(
        name="relay",
        data=folder / "relay",
        environment={
            "SEAVOICE_RELAY_LISTEN_HOST": "127.0.0.1",
            "SEAVOICE_RELAY_HTTP_PORT": str(http_port),
            "SEAVOICE_RELAY_TCP_PORT": str(tcp_port),
            "SEAVOICE_RELAY_UDP_PORT": "0",
            "SEAVOICE_RELAY_TCP_RATE_UP_BPS": str(LINK_BPS * speed),
            "SEAVOICE_RELAY_TCP_RATE_DOWN_BPS": str(LINK_BPS * speed),
            "SEAVOICE_RELAY_TCP_ROUND_TRIP_S": str(2 * ONE_WAY_S / speed),
            "SEAVOICE_RELAY_TCP_CONTACT_BYTES_EXPECTED": "17000",
        },
    )
    desk = Program(
        name="desk",
        data=folder / "desk",
        environment={"SEAVOICE_DESK_PASSPHRASE": PASSPHRASE, "SEAVOICE_DESK_PORT": str(desk_port)},
    )
    profile = SkyProfile(rate_up_bps=LINK_BPS, rate_down_bps=LINK_BPS, delay_s=ONE_WAY_S, speed=speed)
    async with StreamSky(
        target=Endpoint(port=tcp_port), listen=Endpoint(port=0), profile=profile, cuts=CUTS, seed=1
    ) as sky:
        vessel = Program(
            name="vessel", data=folder / "vessel", environment=_vessel(sky.port, box_port, speed)
        )
        programs = (relay, desk, vessel)
        try:
            await _found(folder, relay, desk, vessel, http_port)
            await asyncio.gather(*(program.start() for program in programs))
            async with aiohttp.ClientSession(trust_env=False) as session, beside(folder, speed) as https:
                yield World(
                    vessel=vessel,
                    relay=relay,
                    desk=desk,
                    sky=sky,
                    box_url=f"http://127.0.0.1:{box_port}",
                    desk_url=f"http://127.0.0.1:{desk_port}/",
                    speed=speed,
                    session=session,
                    https=https,
                )
        finally:
            await asyncio.gather(*(program.stop() for program in programs))


def _vessel(sky_port: int, box_port: int, speed: float) -> dict[str, str]:
    return {
        "SEAVOICE_VESSEL_API_PORT": str(box_port),
        "SEAVOICE_VESSEL_LINK_SPEED": str(speed),
        "SEAVOICE_VESSEL_TCP_URL": f"tcp://127.0.0.1:{sky_port}",
        "SEAVOICE_VESSEL_TCP_RATE_UP_BPS": str(LINK_BPS),
        "SEAVOICE_VESSEL_TCP_RATE_DOWN_BPS": str(LINK_BPS),
        "SEAVOICE_VESSEL_TCP_ROUND_TRIP_S": str(2 * ONE_WAY_S),
        "SEAVOICE_VESSEL_TCP_CONTACT_BYTES_EXPECTED": "17000",
        "SEAVOICE_VESSEL_WEBSOCKET_ENABLED": "false",
        "SEAVOICE_VESSEL_UDP_ENABLED": "false",
    }


async def _found(folder: Path, relay: Program, desk: Program, vessel: Program, http_port: int) -> None:
    card, provisioning = folder / "desk-card.json", folder / "marlin.json"
    await asyncio.gather(
        desk.run("init", "--name", "Harbour Light", "--relay", f"http://127.0.0.1:{http_port}"),
        relay.run("init", "--host", "127.0.0.1"),
    )
    await desk.run("card", "--out", str(card))
    await relay.run("desk", "add", str(card))
    await relay.run("vessel", "add", "FV Marlin", "--desk", "Harbour Light", "--out", str(provisioning))
    await vessel.run("init", str(provisioning))
    # The file holds the link's secret; the box has it now, and nobody else may.
    provisioning.unlink()
