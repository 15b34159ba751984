"""The SQL of the numbers under which bundles of a vessel were ever taken, as ranges that never touch."""

from collections.abc import Sequence

from protocol.ids import VesselId
from shore_relay.relay.store.session import Session

_ADD_RANGE = "INSERT INTO taken_ranges (vessel, start_number, end_number) VALUES (?, ?, ?)"


async def remember_taken(session: Session, vessel: VesselId, numbers: Sequence[int]) -> None:
    """Remember the numbers of all bundles that a step took, in ascending order, range by range."""
    start = 0
    for at, number in enumerate(numbers):
        if at + 1 == len(numbers) or numbers[at + 1] != number + 1:
            await _remember(session, vessel, numbers[start], number + 1)
            start = at + 1


async def _remember(session: Session, vessel: VesselId, start: int, end: int) -> None:
    last = session.last_taken.get(vessel)
    # A vessel counts up, so nearly always the last range grows, or a new one begins behind it.
    if last is not None and start >= last:
        if start == last:
            session.later(
                vessel,
                "UPDATE taken_ranges SET end_number = ? WHERE vessel = ? AND end_number = ?",
                (end, vessel, start),
            )
        else:
            session.later(vessel, _ADD_RANGE, (vessel, start, end))
        session.last_taken[vessel] = end
        return
    # Where the last range ends can then not be known without a look.
    session.last_taken.pop(vessel, None)
    touching = await session.rows(
        "SELECT start_number, end_number FROM taken_ranges "
        "WHERE vessel = ? AND start_number <= ? AND end_number >= ?",
        (vessel, end, start),
    )
    for held_start, held_end in touching:
        start, end = min(start, held_start), max(end, held_end)
        await session.change(
            "DELETE FROM taken_ranges WHERE vessel = ? AND start_number = ?", (vessel, held_start)
        )
    await session.change(_ADD_RANGE, (vessel, start, end))
