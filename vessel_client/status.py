"""What the box says of itself, as JSON: queue, states of bundles, links and what they cost."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from protocol.custody import Custody
from protocol.documents import Json
from protocol.frames import Priority
from vessel_client.bearers.pump import RunningBearer
from vessel_client.budget_report import load_report
from vessel_client.clocks import WallClock
from vessel_client.settings import Settings
from vessel_client.store import ledger, outbox, sessions
from vessel_client.store.database import Database
from vessel_client.store.ledger import UNASSIGNED
from vessel_client.store.outbox import BundleState
from vessel_client.sync_service import SyncService

if TYPE_CHECKING:
    from vessel_client.web.door import Door

BUNDLES_LISTED_MAX = 200
SESSION_DAYS_LISTED_MAX = 62
"""Two months."""

STATE_WORDS = {
    Custody.ON_THE_BOX: "on the box",
    Custody.LEFT_THE_BOAT: "left the boat",
    Custody.REACHED_THE_NGO: "reached the NGO",
    Custody.OPENED_BY_A_PERSON: "opened by a person",
    Custody.EXPIRED: "expired",
}


def priority_word(priority: int) -> str:
    """Return the name of a priority as JSON has it."""
    return "other" if priority == UNASSIGNED else Priority(priority).name.lower().replace("_", "-")


def bundle_json(state: BundleState) -> dict[str, Json]:
    """Return one bundle as the API tells of it."""
    return {
        "number": state.number,
        "state": STATE_WORDS[state.custody],
        "priority": priority_word(state.priority),
        "size_bytes": state.size_bytes,
        "queued_at": state.queued_at,
        "refusal": state.refusal,
        "proof": state.opened_proof.hex(),
    }


async def status_json(
    database: Database,
    service: SyncService,
    bearers: Sequence[RunningBearer],
    door: "Door | None",
    settings: Settings,
    wall_clock: WallClock,
) -> dict[str, Json]:
    """Return the whole status."""
    async with database.reading() as connection:
        size = await outbox.queue_size(connection)
        counts = await outbox.count_states(connection)
        states = await outbox.list_states(connection, BUNDLES_LISTED_MAX)
        spent = await ledger.list_spending(connection)
        days = await sessions.list_days(connection)
        budget = await load_report(connection, settings, wall_clock())
        heard = {entry.bearer: entry.at for entry in await ledger.list_heard(connection)}
    return {
        "vessel": service.box.vessel.hex(),
        "vessel_name": service.box.vessel_name,
        "desk_name": service.box.desk_name,
        "clock": {"now": wall_clock(), "issued_at": service.box.issued_at},
        "queue": {
            "bundles": size.bundles,
            "bytes": size.size_bytes,
            "bundles_max": settings.queue_bundles_max,
            "bytes_max": settings.queue_bytes_max,
        },
        "states": {STATE_WORDS[custody]: counts.get(custody, 0) for custody in Custody},
        "bundles": [bundle_json(state) for state in states],
        "links": [
            {
                "name": bearer.link.name,
                "url": bearer.url,
                "state": bearer.state.value,
                "problem": bearer.problem,
                "last_heard_at": heard.get(bearer.link.name),
            }
            for bearer in bearers
        ],
        "known_to_relay": service.known_to_relay,
        "last_contact_at": max(heard.values(), default=None),
        "phones": None if door is None else door.describe(wall_clock()),
        "budget": budget.as_json(),
        "spent": [
            {
                "bearer": entry.bearer,
                "priority": priority_word(entry.priority),
                "up_bytes": entry.up_bytes,
                "down_bytes": entry.down_bytes,
            }
            for entry in spent
        ],
        "sessions": [
            {
                "bearer": day.bearer,
                "day": day.day,
                "sessions": day.sessions,
                "failed": day.failed,
                "credits": day.credits,
                "credits_in_doubt": day.credits_in_doubt,
            }
            for day in days[-SESSION_DAYS_LISTED_MAX:]
        ],
        "duplicate_bytes": service.duplicate_bytes,
        "refused": dict(service.counters),
    }
