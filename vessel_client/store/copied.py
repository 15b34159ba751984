"""What a box does before all else when its disk is a copy: of another box's, or an old one of its own.

The other life of this disk may go on. Two packets under one counter would give both away, and two bundles
under one number would be taken for one.
"""

import secrets

from protocol import limits
from protocol.linkguard import GuardState
from vessel_client.store import guard, outbox
from vessel_client.store.database import Connection, one_row

NUMBERS_LEAPT_MIN = 1_000
"""More than the other life gives out before anybody notices."""
_NUMBERS_LEAPT_MORE = 65_536
"""By chance, so that two copies of one disk do not leap to the same number."""


async def note_machine(connection: Connection, mark: bytes) -> bool:
    """Note on which machine this disk is; return whether it came here as a copy, and begin as one then."""
    (known,) = await one_row(connection, "SELECT machine FROM box")
    if known == mark or not mark:
        return False
    await connection.execute("UPDATE box SET machine = ?", (mark,))
    if known:
        await begin_as_copy(connection)
    return bool(known)


async def begin_as_copy(connection: Connection) -> None:
    """Begin anew with keys and numbers that nobody else draws."""
    leap = NUMBERS_LEAPT_MIN + secrets.randbelow(_NUMBERS_LEAPT_MORE)
    await begin_anew(connection, secret=secrets.token_bytes(limits.LINK_SECRET_BYTES), leap=leap)


async def begin_anew(connection: Connection, *, secret: bytes, leap: int) -> None:
    """Forget the link's keys, so that new ones are agreed on, and leap over numbers that may be in use.

    The relay does not know `secret`, says so, and is asked for keys.
    """
    await guard.save_guard(connection, GuardState(secret=secret))
    last = await outbox.next_number(connection)
    await outbox.next_number(connection, above=last + leap)
