"""What a table of messages says: one row for each message, the same columns in every format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shore_relay.desk.content import ContentKind
from shore_relay.desk.describing import category_name, origin_name, well_being_name
from shore_relay.desk.evidence.zawgyi import is_zawgyi, to_unicode
from shore_relay.desk.inbox import Entry
from shore_relay.desk.people.keys import DeskKeys

Cell = str | int

COLUMNS = (
    "message",
    "vessel",
    "vessel_id",
    "vessel_numbers",
    "kind",
    "urgent",
    "spoken_at",
    "arrived_at",
    "came_by",
    "fetched_at",
    "opened_at",
    "opened_by",
    "origin",
    "language",
    "categories",
    "well_being",
    "questions",
    "text",
    "text_in_unicode",
    "sound_seconds",
    "fault",
)
"""Stable names, for programs. Times are ISO 8601 in UTC; empty where nobody noted them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows, each with a cell for every column."""

    rows: Sequence[Mapping[str, Cell]]


def table_of(entries: Sequence[Entry], keys: DeskKeys) -> Table:
    """Return the table of these messages, in their order."""
    return Table(rows=[_row(entry, keys) for entry in entries])


def _row(entry: Entry, keys: DeskKeys) -> dict[str, Cell]:
    content, best = entry.content, entry.best.row
    opened = next((form.row for form in entry.forms if form.row.opened_at), None)
    person = keys.person(opened.opened_by) if opened else None
    text = content.text if content else ""
    row: dict[str, Cell] = {
        "message": entry.id,
        "vessel": entry.vessel_name,
        "vessel_id": entry.vessel.hex(),
        "vessel_numbers": " ".join(str(form.row.number) for form in entry.forms),
        "kind": content.kind.value if content else "",
        "urgent": int(entry.is_urgent),
        "spoken_at": _time(content.created_at) if content else "",
        "arrived_at": _time(entry.arrived_at),
        "came_by": best.bearer,
        "fetched_at": _time(entry.forms[0].row.fetched_at),
        "opened_at": _time(opened.opened_at) if opened else "",
        "opened_by": person.name if person else "",
        "origin": origin_name(entry.origin),
        "language": content.language.tag if content else "",
        "categories": " ".join(map(category_name, content.categories)) if content else "",
        "well_being": well_being_name(content.well_being) if content and content.well_being else "",
        "questions": " ".join(
            f"{number}={'yes' if yes else 'no'}" for number, yes in sorted(content.answers.items())
        )
        if content
        else "",
        "text": text,
        "text_in_unicode": to_unicode(text) if is_zawgyi(text) else "",
        "sound_seconds": round(content.duration_ms / 1000)
        if content and content.kind is ContentKind.VOICE
        else "",
        "fault": entry.fault,
    }
    assert tuple(row) == COLUMNS
    return row


def _time(at: int) -> str:
    if not at:
        return ""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return str(at)
