"""Locks the links that a group of steps is about, all at once, and reads what nearly every step asks."""

from collections.abc import Sequence

from protocol.ids import VesselId
from shore_relay.relay.store.session import Session

_SIZES = (1, 4, 16, 64, 256)
"""Lists are filled up to one of these, so that the database meets few different statements."""


async def lock_links(session: Session, vessels: Sequence[VesselId]) -> None:
    """Lock these links' rows until the transaction ends, in one order, and remember what they say."""
    asked = sorted(set(vessels))
    for start in range(0, len(asked), _SIZES[-1]):
        some = asked[start : start + _SIZES[-1]]
        size = next(size for size in _SIZES if size >= len(some))
        holes = ", ".join("?" * size)
        for vessel, epoch, last in await session.rows(
            "SELECT vessel, epoch, (SELECT end_number FROM taken_ranges AS t WHERE t.vessel = g.vessel "  # noqa: S608  # Holes only.
            "ORDER BY start_number DESC LIMIT 1) FROM guards AS g "
            f"WHERE vessel IN ({holes}) ORDER BY vessel FOR UPDATE OF g",
            [*some, *[some[-1]] * (size - len(some))],
        ):
            session.epochs[VesselId(vessel)] = epoch
            session.last_taken[VesselId(vessel)] = last or 0
