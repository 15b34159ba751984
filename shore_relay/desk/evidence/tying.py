"""Shows that a redacted pack was made from a whole one: only the desk that made both can."""

import json
from collections.abc import Iterator
from pathlib import Path

from protocol.documents import Json
from shore_relay.desk.app import Desk
from shore_relay.desk.errors import NotAPack, NotTied
from shore_relay.desk.evidence.commitments import commit
from shore_relay.desk.evidence.making import FACTS
from shore_relay.desk.evidence.verifying import read_facts, verify
from shore_relay.desk.handovers import load_handovers

_OWN = frozenset({"/pack", "/made_at", "/made_by", "/role", "/redacted", "/times"})
"""What each of the two packs says of itself."""


async def tie(desk: Desk, whole: Path, redacted: Path) -> int:
    """Return how many removed places of the redacted pack the whole one fills; all else is the same in both.

    Raises: UnreadableFile, NotAPack, BadSignature, PackChanged, NotTied, StoreFailed.
    """
    verify(whole)
    manifest = verify(redacted)
    made = {one.id.hex(): one for one in await load_handovers(desk)}
    handover = made.get(manifest.pack)
    if handover is None or not handover.seed:
        raise NotTied("This desk has no record of having made this redacted pack.")
    differences = list(_differences("", _facts(whole), _facts(redacted), handover.seed))
    wrong = [place for place, fits in differences if not fits]
    if wrong:
        raise NotTied(f"The redacted pack was not made from this whole one: they differ at {wrong[0]}.")
    return len(differences)


def _facts(path: Path) -> Json:
    try:
        document = json.loads(read_facts(path, FACTS))
        facts: Json = document["pack"]
    except (ValueError, RecursionError, LookupError, TypeError) as reason:
        raise NotAPack(f"{FACTS} in {path} is not what a pack holds.") from reason
    return facts


def _differences(place: str, whole: Json, redacted: Json, seed: bytes) -> Iterator[tuple[str, bool]]:
    """Yield each place that differs, and whether the whole has there what was committed to."""
    if place in _OWN:
        return
    if isinstance(redacted, dict) and set(redacted) == {"removed", "instead"}:
        yield place, commit(seed, place, whole) == redacted["removed"]
    elif isinstance(redacted, dict) and isinstance(whole, dict) and set(whole) == set(redacted):
        for key, value in redacted.items():
            yield from _differences(f"{place}/{key}", whole[key], value, seed)
    elif isinstance(redacted, list) and isinstance(whole, list) and len(whole) == len(redacted):
        for at, value in enumerate(redacted):
            yield from _differences(f"{place}/{at}", whole[at], value, seed)
    elif whole != redacted:
        yield place, False
