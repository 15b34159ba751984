"""The way of a message to the desk: when each of its forms was where, over what, and what that cost."""

import asyncio
from dataclasses import dataclass

from protocol.ids import UnixSeconds
from shore_relay.desk.app import Desk
from shore_relay.desk.cost import credits_up
from shore_relay.desk.inbox import Entry
from shore_relay.desk.store import inbox

_SATELLITE = "sbd"
"""The relay's name of the bearer that is billed by the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """The way of one form. The box says nothing of when it left the boat, so that is not known here."""

    number: int
    made_at: UnixSeconds | None
    """By the clock on board; None where it did not open."""
    arrived_at: UnixSeconds
    """When the relay had its last piece."""
    bearer: str
    """Over which that piece came; empty where the relay did not say."""
    fetched_at: UnixSeconds
    """0 where nobody noted it."""
    credits: int | None
    """If it travelled alone; None where the bearer is not billed by the message."""
    money: float | None
    """At the desk's price of a credit; None where none is set."""


async def load_passages(desk: Desk, entry: Entry) -> list[Passage]:
    """Return the way of each form, in the order in which they came. Raises `StoreFailed`."""
    return [
        Passage(
            number=form.row.number,
            made_at=form.content.created_at if form.content else None,
            arrived_at=form.row.arrived_at,
            bearer=form.row.bearer,
            fetched_at=form.row.fetched_at,
            credits=(spent := await _credits(desk, form.row.id, form.row.bearer)),
            money=spent * desk.settings.credit_price if spent and desk.settings.credit_price else None,
        )
        for form in entry.forms
    ]


async def _credits(desk: Desk, bundle: int, bearer: str) -> int | None:
    if bearer != _SATELLITE:
        return None
    async with desk.database.reading() as connection:
        raw = await inbox.raw_bundle(connection, bundle)
    return await asyncio.to_thread(credits_up, raw, desk.settings)
