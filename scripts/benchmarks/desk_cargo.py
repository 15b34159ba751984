"""A quarter's work for a desk: vessels that send, and a relay that hands over what they sent."""

import asyncio
import itertools
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from aiohttp import web

from protocol import bundle as bundles
from protocol import message as messages
from protocol.bundle import Introduction, Report
from protocol.deskfeed import (
    PAGE_ITEMS_MAX,
    FeedItem,
    FeedPage,
    ItemKind,
    read_dispatch,
    write_contacts,
    write_page,
)
from protocol.deskkeys import DeskKey
from protocol.documents import dump, load
from protocol.frames import Priority
from protocol.ids import BundleNumber, UnixSeconds, VesselId
from protocol.limits import NOTE_ID_BYTES, VESSEL_ID_BYTES
from protocol.message import Category, CheckIn, Message, Text, Voice, WellBeing
from protocol.origin import OriginKey, public_half
from protocol.priming import Language
from protocol.seal import new_private_key, seal_report

SAID = {
    Language.ENGLISH: "They keep my passport and have not paid us for five months. We want to go home.",
    Language.THAI: "เขายึดหนังสือเดินทางของผม และไม่จ่ายค่าจ้างมาห้าเดือนแล้ว ผมอยากกลับบ้าน",
    Language.BURMESE: "ကျွန်တော့်ပတ်စပို့ကို သိမ်းထားပြီး ငါးလလုံး လစာမပေးပါ။ အိမ်ပြန်ချင်ပါတယ်။",
    Language.INDONESIAN: "Paspor saya ditahan dan gaji lima bulan belum dibayar. Saya ingin pulang.",
}
_CHECK_IN_EVERY = 8
_URGENT_EVERY = 40


@dataclass(kw_only=True)
class Sender:
    """One vessel and its box."""

    name: str
    key: DeskKey
    vessel: VesselId = field(default_factory=lambda: VesselId(secrets.token_bytes(VESSEL_ID_BYTES)))
    box_private: bytes = field(default_factory=new_private_key)
    number: int = 0

    def introduction(self) -> FeedItem:
        """Return its box's introduction, which is the first thing that it sends."""
        return self._item(
            bundles.encode(Introduction(box_public=public_half(self.box_private))), Priority.TEXT
        )

    def report(self, message: Message, priority: Priority) -> FeedItem:
        """Return a message, sealed and tagged as a box does it."""
        sealed = seal_report(messages.encode(message), self.key.public, self.vessel)
        origin = OriginKey.for_box(self.box_private, self.key.public, self.vessel)
        tag = origin.tag_bundle(BundleNumber(self.number + 1), sealed)
        return self._item(
            bundles.encode(Report(desk_key=self.key.id, origin_tag=tag, sealed=sealed)), priority
        )

    def _item(self, bundle: bytes, priority: Priority) -> FeedItem:
        self.number += 1
        return FeedItem(
            cursor=0,
            kind=ItemKind.BUNDLE,
            vessel=self.vessel,
            vessel_name=self.name,
            at=UnixSeconds(int(time.time())),
            number=self.number,
            priority=priority,
            bearer="tcp",
            bundle=bundle,
        )


def write_messages(senders: Sequence[Sender], mailboxes: int, count: int) -> list[FeedItem]:
    """Return so many written messages and check-ins, spread over vessels and mailboxes in turn."""
    publics = [public_half(new_private_key()) for _ in range(mailboxes)]
    bodies = itertools.cycle(SAID.items())
    items = []
    for index in range(count):
        language, text = next(bodies)
        is_check_in = index % _CHECK_IN_EVERY == _CHECK_IN_EVERY - 1
        is_urgent = index % _URGENT_EVERY == 0
        message = Message(
            created_at=UnixSeconds(int(time.time())),
            language=language,
            body=CheckIn(well_being=WellBeing.WELL, answers={})
            if is_check_in
            else Text(text=f"{text} {index}"),
            mailbox_public=publics[index % mailboxes],
            categories=() if is_check_in else (Category.UNPAID_WAGES,),
        )
        usual = Priority.CHECK_IN if is_check_in else Priority.TEXT
        # One person stays on one vessel.
        sender = senders[index % mailboxes % len(senders)]
        items.append(sender.report(message, Priority.URGENT if is_urgent else usual))
    return items


def voice_note(sender: Sender, packed: bytes) -> FeedItem:
    """Return a voice note from somebody who wants no answer."""
    body = Voice(packed=packed, note_id=secrets.token_bytes(NOTE_ID_BYTES))
    message = Message(created_at=UnixSeconds(int(time.time())), language=Language.KHMER, body=body)
    return sender.report(message, Priority.THIN_VOICE)


class Feed:
    """The side of a relay that a desk asks, with everything in memory."""

    def __init__(self) -> None:
        self._items: list[FeedItem] = []

    def put(self, items: Sequence[FeedItem]) -> None:
        """Add what came from vessels."""
        self._items += [replace(item, cursor=n) for n, item in enumerate(items, len(self._items) + 1)]

    def application(self) -> web.Application:
        """Return what to serve."""
        application = web.Application(client_max_size=4_000_000)
        application.add_routes(
            [
                web.get("/v1/feed", self._feed),
                web.post("/v1/feed/taken", self._taken),
                web.get("/v1/vessels", self._contacts),
                web.post("/v1/vessels/{vessel}/bundles", self._dispatch),
            ]
        )
        return application

    async def _feed(self, request: web.Request) -> web.Response:
        after = int(request.query["after"])
        if after >= len(self._items) and int(request.query["wait"]):
            # The desk asks anew at once, so an idle relay holds the answer back.
            await asyncio.sleep(int(request.query["wait"]))
        page = tuple(self._items[after : after + PAGE_ITEMS_MAX])
        return web.Response(body=write_page(FeedPage(items=page)))

    async def _taken(self, request: web.Request) -> web.Response:
        with load(await request.read(), "This request") as reader:
            reader.integer("through")
        return web.Response(body=b"{}")

    async def _contacts(self, _request: web.Request) -> web.Response:
        return web.Response(body=write_contacts(()))

    async def _dispatch(self, request: web.Request) -> web.Response:
        return web.Response(body=dump({"ref": read_dispatch(await request.read()).ref.hex()}))
