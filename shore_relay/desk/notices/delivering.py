"""Sends what is queued, and tries again with growing patience, also after a restart."""

import secrets
from collections.abc import Awaitable, Callable

from protocol.ids import UnixSeconds
from shore_relay.desk.app import Desk
from shore_relay.desk.errors import (
    MailLoginRefused,
    MailNotSecure,
    MailUnreachable,
    NoticeFailed,
    NoticesOff,
    WebhookUnreachable,
)
from shore_relay.desk.log import log
from shore_relay.desk.notices.channels import Channels
from shore_relay.desk.notices.choosing import load_wishes, receivers
from shore_relay.desk.notices.model import Choice, Counts, Notice, Way
from shore_relay.desk.notices.noticing import NOTICE_ID_BYTES, look
from shore_relay.desk.notices.occasions import Occasions
from shore_relay.desk.notices.outbox import keep_notice, load_waiting
from shore_relay.desk.store import notices as stored
from shore_relay.desk.words import Words

RETRY_S_MIN = 60
RETRY_S_MAX = 3_600
GIVE_UP_S = 2 * 86_400
"""A notice that nobody took for so long tells nothing that the page does not show."""

_THE_WHOLE_WAY = (MailUnreachable, MailNotSecure, MailLoginRefused, WebhookUnreachable)
"""Trouble that every other notice would meet on the same way, after another wait."""


class Notices:
    """The notices of one running desk."""

    def __init__(self, desk: Desk, channels: Channels) -> None:
        self._desk = desk
        self._channels = channels
        self._occasions = Occasions(desk)

    async def turn(self) -> int:
        """Queue what is due, try what is queued, and return how many notices went; raises `StoreFailed`."""
        await look(self._desk, self._channels, self._occasions)
        return await self._deliver()

    async def _deliver(self) -> int:
        async with self._desk.database.reading() as connection:
            waiting = await load_waiting(connection, self._desk)
        if not waiting:
            return 0
        choices = {wish.person: wish.choice for wish in await load_wishes(self._desk)}
        blocked: set[Way] = set()
        sent = 0
        for notice in waiting:
            choice = choices.get(notice.person)
            if not self._is_wanted(notice, choice):
                await self._drop(notice)
            elif notice.way not in blocked and _is_due(notice, self._desk.now()):
                assert choice is not None
                trouble = await self._try(notice, choice)
                sent += trouble is None
                if isinstance(trouble, _THE_WHOLE_WAY):
                    blocked.add(notice.way)
        return sent

    def _is_wanted(self, notice: Notice, choice: Choice | None) -> bool:
        if choice is None or notice.person not in receivers(self._desk):
            return False
        if self._desk.now() - notice.made_at > GIVE_UP_S:
            log("notice-given-up", way=notice.way.value, code=notice.trouble)
            return False
        return notice.way in self._channels.ways_to(choice)

    async def _try(self, notice: Notice, choice: Choice) -> NoticeFailed | None:
        try:
            await hand_over(self._desk, self._channels, notice, choice)
        except NoticeFailed as trouble:
            log("notice-failed", way=notice.way.value, code=trouble.code, tries=notice.tries + 1)
            delay_s = min(RETRY_S_MIN * 2**notice.tries, RETRY_S_MAX)
            failed = notice.failed(trouble.code, UnixSeconds(self._desk.now() + delay_s))
            async with self._desk.database.transaction() as connection:
                await keep_notice(connection, self._desk, failed)
            return trouble
        await self._drop(notice)
        return None

    async def _drop(self, notice: Notice) -> None:
        async with self._desk.database.transaction() as connection:
            await stored.drop(connection, notice.id)


def _is_due(notice: Notice, now: UnixSeconds) -> bool:
    # Where the clock was set back, nobody waits longer than the longest delay.
    return notice.next_at <= now or notice.next_at - now > RETRY_S_MAX


async def hand_over(desk: Desk, channels: Channels, notice: Notice, choice: Choice) -> None:
    """Give one notice to the server of its way; raises `NoticeFailed`."""
    words = Words.load(choice.language)
    ways: dict[Way, Callable[[], Awaitable[None]]] = {}
    if (mail := channels.mail) is not None:
        ways[Way.MAIL] = lambda: mail.send(choice.address, notice.counts, words, notice.id, notice.made_at)
    if (webhook := channels.webhook) is not None:
        ways[Way.WEBHOOK] = lambda: webhook.send(
            notice.person, notice.counts, words, notice.id, notice.made_at, desk.now()
        )
    if notice.way not in ways:
        raise NoticesOff("This way is not set up at this desk.")
    await ways[notice.way]()


async def send_test(desk: Desk, channels: Channels, person: bytes, choice: Choice) -> tuple[Way, ...]:
    """Send a notice of nothing to somebody now, over each way that they chose, and return the ways.

    Raises: NoticeFailed, which says what went wrong.
    """
    ways = channels.ways_to(choice)
    if not ways:
        raise NoticesOff(
            "No way leads to you: choose an address or the webhook under Your account, Notices, and set "
            "smtp_host or webhook_url in the desk's settings."
        )
    now = desk.now()
    for way in ways:
        notice = Notice(
            id=secrets.token_bytes(NOTICE_ID_BYTES),
            person=person,
            way=way,
            counts=Counts(),
            made_at=now,
            next_at=now,
        )
        await hand_over(desk, channels, notice, choice)
    return ways
