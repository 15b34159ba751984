"""RockBLOCK's web service beside one simulated modem: signs what comes up, queues what goes down, rings.

It speaks as the real one does: a form with a JWT in which every field stands again, repeated until it is
answered with 200; and a POST with the account's name and password for a message down, which may flush.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import aiohttp
import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from scripts.sky.errors import MessageSizeError, QueueFullError
from scripts.sky.messages import MessageSky, UpMessage
from scripts.sky.modem import IMEI

USERNAME, PASSWORD = "fleet", "a password for one measurement"
_PATH = "/MT"
_MOST_TRIES = 7
"""Seen of the real service; then it gives up, and only the vessel repeats."""


@dataclass(kw_only=True)
class RockBlock:
    """The service for one modem. `look` after everything that the modem did."""

    sky: MessageSky
    webhook_url: str
    ring: Callable[[], None] = lambda: None
    repeat_s: float = 1.0
    """How long it waits before it repeats what was not answered with 200."""
    refused: int = 0
    """Messages up that the relay would not have."""
    taken: list[UpMessage] = field(default_factory=list)
    """Each message up that reached the gateway, those that came twice included."""
    _key: RSAPrivateKey = field(
        default_factory=lambda: generate_private_key(public_exponent=65_537, key_size=2_048)
    )
    _up: asyncio.Queue[UpMessage] = field(default_factory=asyncio.Queue)
    _given: int = 0

    def write_files(self, relay_folder: Path) -> None:
        """Write what a relay has to know of the account: the service's key, and the name and password."""
        pem = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (relay_folder / "rockblock.pem").write_bytes(pem)
        secret = relay_folder / "rockblock.toml"
        secret.write_text(f'username = "{USERNAME}"\npassword = "{PASSWORD}"\n', encoding="utf-8")
        secret.chmod(0o600)

    def look(self) -> None:
        """Take what the modem's sessions brought to the gateway, to be handed to the relay."""
        for message in self.sky.taken():
            self.taken.append(message)
            self._up.put_nowait(message)

    @asynccontextmanager
    async def serving(self, port: int) -> AsyncIterator[str]:
        """Serve until the block ends; the value is where messages down are posted."""
        application = web.Application()
        application.add_routes([web.post(_PATH, self._take_down)])
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        task = asyncio.create_task(self._bring_up(), name="rockblock")
        try:
            yield f"http://127.0.0.1:{port}{_PATH}"
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await runner.cleanup()

    async def _bring_up(self) -> None:
        async with aiohttp.ClientSession(trust_env=False) as session:
            while True:
                await self._post(session, await self._up.get())

    async def _post(self, session: aiohttp.ClientSession, message: UpMessage) -> None:
        form = _form(message)
        form["JWT"] = jwt.encode({"iss": "Rock 7", **form}, self._key, algorithm="RS256")
        for _ in range(_MOST_TRIES):
            try:
                async with session.post(self.webhook_url, data=form) as answer:
                    if answer.status == HTTPStatus.OK:
                        return
            except aiohttp.ClientError:
                pass  # The relay is down; this is what the repetitions are for.
            await asyncio.sleep(self.repeat_s)
        self.refused += 1

    async def _take_down(self, request: web.Request) -> web.Response:
        form = await request.post()
        if (form.get("username"), form.get("password")) != (USERNAME, PASSWORD):
            return web.Response(text="FAILED,10,Invalid login credentials")
        if form.get("imei") != IMEI:
            return web.Response(text="FAILED,11,No RockBLOCK with this IMEI found on your account")
        try:
            self.sky.queue_down(bytes.fromhex(str(form["data"])), flush=form.get("flush") == "yes")
        except MessageSizeError:
            return web.Response(text="FAILED,15,Data too long")
        except QueueFullError:
            return web.Response(text="FAILED,99,System error")
        self._given += 1
        self.ring()
        return web.Response(text=f"OK,{self._given}")


def _form(message: UpMessage) -> dict[str, str]:
    return {
        "imei": IMEI,
        "momsn": str(message.number),
        "transmit_time": datetime.now(UTC).strftime("%y-%m-%d %H:%M:%S"),
        "iridium_latitude": "12.5867",
        "iridium_longitude": "100.9938",
        "iridium_cep": "8",
        "data": message.message.hex(),
    }
