"""A message as data for other programs: `inbox --json`, `show --json` and `export` say it the same way."""

from protocol.documents import Json
from protocol.message import Category, WellBeing
from shore_relay.desk.content import Content
from shore_relay.desk.inbox import Answer, Entry
from shore_relay.desk.trust import Origin
from shore_relay.desk.vessels import Vessel


def describe_entry(entry: Entry) -> dict[str, Json]:
    """Return a message without its answers and its sound."""
    return {
        "id": entry.id,
        "vessel": entry.vessel.hex(),
        "vessel_name": entry.vessel_name,
        "fingerprint": entry.fingerprint,
        "origin": origin_name(entry.origin),
        "urgent": entry.is_urgent,
        "opened": entry.is_opened,
        "arrived_at": entry.arrived_at,
        "fault": entry.fault,
        "has_sound": entry.has_sound,
        "bundles": [
            {
                "number": form.row.number,
                "priority": form.row.priority.name.lower(),
                "bearer": form.row.bearer,
                "arrived_at": form.row.arrived_at,
                "origin": origin_name(Origin(form.row.origin)),
                "codec": form.codec,
                "fault": form.row.fault,
                "sha256": form.row.digest.hex(),
            }
            for form in entry.forms
        ],
        "message": describe_content(entry.content) if entry.content else None,
    }


def describe_content(content: Content) -> dict[str, Json]:
    """Return what a message or an answer says."""
    return {
        "kind": content.kind.value,
        "created_at": content.created_at,
        "language": content.language.tag,
        "categories": [category_name(category) for category in content.categories],
        "text": content.text,
        "well_being": well_being_name(content.well_being) if content.well_being else None,
        "answers": {str(question): answer for question, answer in content.answers.items()},
        "answerable": bool(content.mailbox_public),
        "duration_ms": content.duration_ms,
    }


def describe_answer(answer: Answer) -> dict[str, Json]:
    """Return an answer and how far it has come."""
    return {
        "made_at": answer.made_at,
        "changed_at": answer.changed_at,
        "state": answer.state.name.lower().replace("_", "-"),
        "refusal": answer.refusal,
        "message": describe_content(answer.content),
    }


def describe_vessel(vessel: Vessel) -> dict[str, Json]:
    """Return a vessel, its boxes and its gaps (first and last missing number of each)."""
    return {
        "id": vessel.id.hex(),
        "name": vessel.name,
        "confirmed": vessel.confirmed,
        "last_at": vessel.last_at,
        "boxes": [{"fingerprint": box.fingerprint, "confirmed": box.trusted} for box in vessel.boxes],
        "missing": [[start, end - 1] for start, end in vessel.missing],
    }


def origin_name(origin: Origin) -> str:
    """Return the stable name of an origin."""
    return origin.name.lower()


def category_name(category: Category) -> str:
    """Return the stable name of a category."""
    return category.name.lower().replace("_", "-")


def well_being_name(well_being: WellBeing) -> str:
    """Return the stable name of what a check-in says."""
    return well_being.name.lower()
