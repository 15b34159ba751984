"""What a running desk does by itself: fetch, send, watch; with patience when the relay is away."""

import asyncio
from collections.abc import Awaitable, Callable

from protocol.documents import MalformedDocument
from shore_relay.desk.app import Desk
from shore_relay.desk.cases.climbing import climb, hears
from shore_relay.desk.cases.filing import file_all
from shore_relay.desk.cases.overview import CaseList
from shore_relay.desk.changes import Changes
from shore_relay.desk.contacts import fetch_contacts
from shore_relay.desk.epochs import roll_if_due
from shore_relay.desk.errors import KeysMoved, RelayRefused, RelayUnreachable, StoreFailed, UnreadableFile
from shore_relay.desk.fetching import fetch
from shore_relay.desk.log import log
from shore_relay.desk.notices.channels import Channels
from shore_relay.desk.notices.delivering import Notices
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.sending import send_queued

Pause = Callable[[float], Awaitable[None]]
"""`asyncio.sleep`, or what a test puts in its place."""

_PASSING = (RelayUnreachable, RelayRefused, MalformedDocument, StoreFailed, KeysMoved, UnreadableFile)
"""Trouble that ends by itself or that a person ends while the desk runs."""

_ROLL_LOOK_S = 3_600.0
"""How often the age of the newest sealing key is looked at; it is counted in days."""

_CONTACTS_LOOK_S = 300.0
"""How often the relay is asked when it last heard the vessels."""

_CLIMB_LOOK_S = 30.0
"""How often it is looked who is silent and which reminder is due; both are counted in hours."""

_NOTIFY_LOOK_S = 30.0
"""How often it is looked whose daily hour has come and which notice is to be tried again."""

_SEND_AGAIN_S = 60.0
"""The sender looks at least so often, should an announcement have been missed."""


class Service:
    """The loops of one desk. Each runs until cancelled; trouble is logged and tried again, never fatal."""

    def __init__(
        self,
        desk: Desk,
        client: RelayClient,
        changes: Changes,
        pause: Pause = asyncio.sleep,
        notices: Notices | None = None,
    ) -> None:
        self._desk = desk
        self._client = client
        self._changes = changes
        self._pause = pause
        self._cases = CaseList(desk)
        self._notices = notices or Notices(desk, Channels())

    async def run(self) -> None:
        """Run every loop until cancelled."""
        await file_all(self._desk)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._again_and_again("fetch", self._fetch))
            group.create_task(self._again_and_again("send", self._send))
            group.create_task(self._again_and_again("watch", self._watch))
            group.create_task(self._again_and_again("roll", self._roll))
            group.create_task(self._again_and_again("contacts", self._ask_contacts))
            group.create_task(self._again_and_again("climb", self._climb))
            group.create_task(self._again_and_again("notify", self._notify))

    async def _fetch(self) -> None:
        count = await fetch(self._desk, self._client, self._desk.settings.wait_s)
        self._changes.reached_at = self._desk.now()
        if count:
            log("fetched", items=count)
            await self._changes.announce()

    async def _send(self) -> None:
        seen = self._changes.count
        sent = await send_queued(self._desk, self._client)
        if sent:
            log("sent", dispatches=sent)
            await self._changes.announce()
        else:
            await self._changes.wait_beyond(seen, _SEND_AGAIN_S)

    async def _roll(self) -> None:
        if await roll_if_due(self._desk):
            log("new-key", key=self._desk.keyring.keys.epochs[-1].id.hex())
            await self._changes.announce()
        await self._pause(_ROLL_LOOK_S)

    async def _ask_contacts(self) -> None:
        await fetch_contacts(self._desk, self._client)
        await self._pause(_CONTACTS_LOOK_S)

    async def _climb(self) -> None:
        if hears(self._changes.reached_at, self._desk.now()):
            made = await climb(self._desk, self._cases)
            if made:
                log("ladder", entries=made)
                await self._changes.announce()
        await self._pause(_CLIMB_LOOK_S)

    async def _notify(self) -> None:
        # A loop of its own: a mail server that keeps people waiting keeps no message waiting.
        seen = self._changes.count
        sent = await self._notices.turn()
        if sent:
            log("notified", notices=sent)
        await self._changes.wait_beyond(seen, _NOTIFY_LOOK_S)

    async def _watch(self) -> None:
        await self._changes.watch(self._desk.database)

    async def _again_and_again(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        least, most = self._desk.settings.retry_delay_s_min, self._desk.settings.retry_delay_s_max
        delay = least
        while True:
            try:
                await step()
                delay = least
            except _PASSING as trouble:
                log(f"{name}-failed", code=trouble.code, again_in_s=int(delay))
                await self._pause(delay)
                delay = min(delay * 2, most)
