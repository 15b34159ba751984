"""`seavoice-vessel status`: how the box is, in words or as JSON."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from protocol.documents import Json, Reader
from vessel_client.commands.terminal import Surroundings, say

UNKNOWN_TO_RELAY = (
    "The relay does not know the key of this box, which asks for a new one. If this stays, ask the operator "
    "whether the vessel is still known. Nothing that is queued is lost."
)
_LISTED_MAX = 1_000
_BUNDLES_SHOWN_MAX = 20


def run(surroundings: Surroundings, *, as_json: bool) -> None:
    """Print the status. Raises `ServiceUnreachable`."""
    status = surroundings.client().status()
    if as_json:
        say(json.dumps(status, ensure_ascii=False))
        return
    for line in _lines(status):
        say(line)


def _lines(status: dict[str, Json]) -> Iterator[str]:
    reader = Reader(status, "The box's status")
    queue, clock = reader.inner("queue"), reader.inner("clock")
    yield f"Box of {reader.text('vessel_name')}, for {reader.text('desk_name')}"
    yield f"Clock: {_date(clock.integer('now'))}"
    yield f"Waiting: {queue.integer('bundles')} messages, {queue.integer('bytes')} bytes"
    counts = status["states"]
    assert isinstance(counts, dict)
    yield "All messages: " + ", ".join(f"{count} {state}" for state, count in counts.items())
    for link in reader.each("links", most=_LISTED_MAX):
        problem = link.text("problem")
        yield f"Link {link.text('name')}: {link.text('state')}" + (f" ({problem})" if problem else "")
    if status["last_contact_at"] is not None:
        yield f"The relay was last heard {_date(reader.integer('last_contact_at'))}"
    if not status["known_to_relay"]:
        yield UNKNOWN_TO_RELAY
    for spent in reader.each("spent", most=_LISTED_MAX):
        yield (
            f"Carried by {spent.text('bearer')} for {spent.text('priority')}: "
            f"{spent.integer('up_bytes')} bytes up, {spent.integer('down_bytes')} down"
        )
    for bundle in reader.each("bundles", most=_LISTED_MAX)[:_BUNDLES_SHOWN_MAX]:
        yield _bundle(bundle)


def _bundle(bundle: Reader) -> str:
    refusal = bundle.text("refusal")
    return (
        f"Message {bundle.integer('number')}: {bundle.text('state')}, {bundle.text('priority')}, "
        f"{bundle.integer('size_bytes')} bytes" + (f", refused by the relay: {refusal}" if refusal else "")
    )


def _date(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
