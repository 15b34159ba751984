"""From the desk's outbox to the relay: each dispatch until the relay has it, in any order of failures."""

from protocol.deskfeed import Dispatch
from shore_relay.desk.app import Desk
from shore_relay.desk.relay_client import DispatchRefused, RelayClient
from shore_relay.desk.store import outbox
from shore_relay.desk.store.records import DispatchRow, DispatchState

_BATCH = 50


async def send_queued(desk: Desk, client: RelayClient) -> int:
    """Hand over everything that waits, urgent first; return how many the relay has answered.

    Raises: RelayUnreachable, RelayRefused, StoreFailed. What was not handed over still waits.
    """
    sent = 0
    while True:
        async with desk.database.reading() as connection:
            waiting = await outbox.queued(connection, _BATCH)
        if not waiting:
            return sent
        for row in waiting:
            await _send(desk, client, row)
            sent += 1


async def _send(desk: Desk, client: RelayClient, row: DispatchRow) -> None:
    state, refusal = DispatchState.AT_RELAY, ""
    try:
        await client.dispatch(row.vessel, Dispatch(ref=row.ref, priority=row.priority, bundle=row.raw))
    except DispatchRefused as reason:
        # It stays in the outbox, marked, and is seen beside the message; the others must not wait for it.
        state, refusal = DispatchState.REFUSED, str(reason)
    async with desk.database.transaction() as connection:
        await outbox.move(connection, row.ref, state, desk.now(), refusal)
