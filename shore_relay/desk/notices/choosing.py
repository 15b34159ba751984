"""What people chose about notices: the one way to read and to write it."""

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from aiosqlite import Connection

from protocol.ids import UnixSeconds
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.notices.model import (
    Choice,
    Told,
    checked,
    read_choice,
    read_told,
    write_choice,
    write_told,
)
from shore_relay.desk.people.person import Person
from shore_relay.desk.people.roles import Permission, may, require
from shore_relay.desk.store import notices as stored

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Somebody who chose, what they chose, and how far they were told."""

    person: bytes
    choice: Choice
    told: Told


async def load_wishes(desk: Desk) -> list[Wish]:
    """Return what everybody chose, also those who have left since; raises `StoreFailed`."""
    async with desk.database.reading() as connection:
        rows = await stored.people(connection)
    return [
        Wish(
            person=row.person,
            choice=read_choice(desk.vault.open(row.choice_sealed, "notice_person.choice", row.person)),
            told=read_told(desk.vault.open(row.told_sealed, "notice_person.told", row.person)),
        )
        for row in rows
    ]


async def load_choice(desk: Desk, person: bytes) -> Choice | None:
    """Return what one person chose; None where they never did. Raises `StoreFailed`."""
    return next((wish.choice for wish in await load_wishes(desk) if wish.person == person), None)


async def choose(desk: Desk, actor: Actor, choice: Choice) -> None:
    """Remember what somebody wants; the address of their calendar stays.

    Raises: NotPermitted, BadNoticeChoice, StoreFailed.
    """
    before = await load_choice(desk, actor.id)
    secret = before.calendar_secret if before else ""
    await _keep(desk, actor, checked(replace(choice, calendar_secret=secret)))


async def renew_calendar(desk: Desk, actor: Actor, *, is_wanted: bool, language: str) -> None:
    """Give somebody's calendar a new secret address, or none; the old one leads nowhere from now on.

    The language is that of somebody who has chosen nothing yet. Raises: NotPermitted, StoreFailed.
    """
    choice = await load_choice(desk, actor.id) or Choice(language=language)
    secret = secrets.token_urlsafe(_SECRET_BYTES) if is_wanted else ""
    await _keep(desk, actor, replace(choice, calendar_secret=secret))


async def _keep(desk: Desk, actor: Actor, choice: Choice) -> None:
    require(actor, Permission.CASEWORK)
    sealed = desk.vault.seal(write_choice(choice), "notice_person.choice", actor.id)
    async with desk.database.transaction() as connection:
        # What came before somebody wanted notices is nothing new to them.
        newest = await stored.newest_entry(connection)
        told = Told(looked_to=newest, digested_to=newest, digest_day=_last_digest_day(desk, choice.hour))
        await stored.set_choice(connection, actor.id, sealed, seal_told(desk, actor.id, told))


async def keep_told(connection: Connection, desk: Desk, person: bytes, told: Told) -> None:
    """Remember how far somebody was told."""
    await stored.set_told(connection, person, seal_told(desk, person, told))


def seal_told(desk: Desk, person: bytes, told: Told) -> bytes:
    """Encrypt how far somebody was told."""
    return desk.vault.seal(write_told(told), "notice_person.told", person)


def local_time(desk: Desk, at: UnixSeconds) -> datetime:
    """Return a moment in the desk's time zone."""
    return datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(desk.settings.time_zone))


def _last_digest_day(desk: Desk, hour: int) -> int:
    now = local_time(desk, desk.now())
    return now.toordinal() - (0 if now.hour >= hour else 1)


def receivers(desk: Desk) -> dict[bytes, Person]:
    """Return who may be told of cases: those who work here and work on them."""
    return {person.id: person for person in desk.keyring.keys.active if may(person.role, Permission.CASEWORK)}


async def calendar_of(desk: Desk, secret: str) -> tuple[Person, Choice] | None:
    """Return whose calendar stands at a secret address; None where there is none.

    Raises: StoreFailed.
    """
    found = None
    known = receivers(desk)
    for wish in await load_wishes(desk):
        # Every secret is compared in full, so that the time it takes tells nothing.
        is_it = hmac.compare_digest(wish.choice.calendar_secret.encode(), secret.encode())
        if is_it and wish.choice.calendar_secret and wish.person in known:
            found = (known[wish.person], wish.choice)
    return found
