"""Looks what there is to tell whom, and queues it: each occasion once, whatever happens in between."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from aiosqlite import Connection

from shore_relay.desk.app import Desk
from shore_relay.desk.notices.channels import Channels
from shore_relay.desk.notices.choosing import Wish, keep_told, load_wishes, local_time, receivers
from shore_relay.desk.notices.model import Counts, Notice, Told, Way
from shore_relay.desk.notices.occasions import ANYBODY, Message, Occasion, Occasions
from shore_relay.desk.notices.outbox import keep_notice, load_waiting
from shore_relay.desk.store import notices as stored

NOTICE_ID_BYTES = 16

URGENT_GAP_S = 300
"""Between two urgent notices to one person. The first goes at once; a flood becomes one count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one look found, the same for everybody."""

    newest: int
    messages: tuple[Message, ...]
    """Behind the last look of whoever looked least far."""
    calls: tuple[Occasion, ...]
    people: frozenset[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Telling:
    """What one person is to be told by one look."""

    person: bytes
    ways: tuple[Way, ...]
    told: Told
    counts: Counts


async def look(desk: Desk, channels: Channels, occasions: Occasions) -> None:
    """Queue what is due by now; raises `StoreFailed`, and then nothing has changed."""
    wishes = await load_wishes(desk)
    known = receivers(desk)
    gone = [wish.person for wish in wishes if wish.person not in known]
    wanted = [wish for wish in wishes if wish.person in known and channels.ways_to(wish.choice)]
    tellings: list[_Telling] = []
    if wanted:
        newest = await occasions.newest()
        found = _Look(
            newest=newest,
            messages=tuple(await occasions.messages(min(w.told.looked_to for w in wanted), newest)),
            calls=tuple(await occasions.calls()),
            people=frozenset(known),
        )
        tellings = [await _telling(desk, channels, occasions, wish, found) for wish in wanted]
    before = {wish.person: wish.told for wish in wanted}
    changed = [telling for telling in tellings if telling.told != before[telling.person]]
    if not gone and not changed:
        return
    async with desk.database.transaction() as connection:
        for person in gone:
            await stored.forget(connection, person)
        for telling in changed:
            await keep_told(connection, desk, telling.person, telling.told)
            await _queue(connection, desk, telling)


async def _telling(
    desk: Desk, channels: Channels, occasions: Occasions, wish: Wish, found: _Look
) -> _Telling:
    told, at_once = _at_once(desk, wish, found)
    told, daily = await _daily(desk, occasions, replace(wish, told=told), found)
    return _Telling(
        person=wish.person, ways=channels.ways_to(wish.choice), told=told, counts=at_once.plus(daily)
    )


def _at_once(desk: Desk, wish: Wish, found: _Look) -> tuple[Told, Counts]:
    told, now = wish.told, desk.now()
    if not wish.choice.urgent:
        return replace(told, looked_to=found.newest), Counts()
    if 0 <= now - told.urgent_at < URGENT_GAP_S:
        return told, Counts()
    urgent = [one for one in found.messages if one.entry > told.looked_to and one.is_urgent]
    calls = _mine(found.calls, wish, found)
    count = len(urgent) + len(calls)
    return replace(
        told,
        looked_to=found.newest,
        urgent_at=now if count else told.urgent_at,
        occasions=told.occasions | {call.key for call in calls},
    ), Counts(urgent=count)


async def _daily(desk: Desk, occasions: Occasions, wish: Wish, found: _Look) -> tuple[Told, Counts]:
    told, choice, now = wish.told, wish.choice, local_time(desk, desk.now())
    # A clock that was set back makes no second digest on a day that had its own.
    if now.toordinal() <= told.digest_day or now.hour < choice.hour:
        return told, Counts()
    new = await occasions.messages(told.digested_to, found.newest) if choice.new else []
    overdue = await occasions.overdue()
    late = _mine(overdue, wish, found) if choice.overdue else []
    standing = {one.key for one in (*overdue, *found.calls)}
    return replace(
        told,
        digested_to=found.newest,
        digest_day=now.toordinal(),
        # What was dealt with need not be remembered.
        occasions=(told.occasions & standing) | {one.key for one in late},
    ), Counts(
        # Of what was urgent they were told at once.
        new=sum(_is_mine(one.owner, wish, found) and not (one.is_urgent and choice.urgent) for one in new),
        overdue=len(late),
    )


def _mine(occasions: Sequence[Occasion], wish: Wish, found: _Look) -> list[Occasion]:
    return [
        one for one in occasions if one.key not in wish.told.occasions and _is_mine(one.owner, wish, found)
    ]


def _is_mine(owner: bytes, wish: Wish, found: _Look) -> bool:
    # What belongs to somebody who has left is everybody's.
    return owner in (ANYBODY, wish.person) or owner not in found.people


async def _queue(connection: Connection, desk: Desk, telling: _Telling) -> None:
    if not telling.counts.total:
        return
    before = {
        notice.way: notice
        for notice in await load_waiting(connection, desk)
        if notice.person == telling.person
    }
    now = desk.now()
    for way in telling.ways:
        waiting = before.get(way)
        if waiting is not None:
            # After an outage one notice comes, not one for each thing that happened. It gets a new id, since
            # the receiver may know the old one with its old count.
            await stored.drop(connection, waiting.id)
        counts = telling.counts.plus(waiting.counts) if waiting else telling.counts
        notice = Notice(
            id=secrets.token_bytes(NOTICE_ID_BYTES),
            person=telling.person,
            way=way,
            counts=counts,
            made_at=now,
            next_at=waiting.next_at if waiting else now,
            tries=waiting.tries if waiting else 0,
            trouble=waiting.trouble if waiting else "",
        )
        await keep_notice(connection, desk, notice)
