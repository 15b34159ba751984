"""Takes messages out of the desk as a table, and writes down who did."""

import asyncio
from collections.abc import Sequence

from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.errors import NothingChosen, UnknownEntry
from shore_relay.desk.handovers import new_id, record
from shore_relay.desk.inbox import load_inbox
from shore_relay.desk.people.roles import Permission, require
from shore_relay.desk.tables.formats import Format, write_table
from shore_relay.desk.tables.rows import table_of


async def export_table(desk: Desk, actor: Actor, form: Format, numbers: Sequence[int] = ()) -> bytes:
    """Return the file of these messages, or of all; oldest first.

    Looking through a table does not count as opened by a person: nobody has looked at each message.
    Raises: NotPermitted, UnknownEntry, NothingChosen, StoreFailed.
    """
    require(actor, Permission.EXPORT)
    entries = {entry.id: entry for entry in await load_inbox(desk)}
    wanted = sorted(set(numbers)) if numbers else sorted(entries)
    if not wanted:
        raise NothingChosen("No message has come yet, so there is nothing to write out.")
    for number in wanted:
        if number not in entries:
            raise UnknownEntry(f"There is no message {number}; `seavoice-desk inbox` lists those that came.")
    table = table_of([entries[number] for number in wanted], desk.keyring.keys)
    data = await asyncio.to_thread(write_table, table, form)
    await record(desk, actor, form.value, handover=new_id(), entries=tuple(wanted))
    return data
