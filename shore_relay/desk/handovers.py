"""The desk's own record of what left it: who wrote what out, when, and how a redacted pack is explained."""

import secrets
from dataclasses import dataclass

from protocol.documents import Reader, dump, load, to_text
from protocol.ids import UnixSeconds
from shore_relay.desk.actor import Actor
from shore_relay.desk.app import Desk
from shore_relay.desk.log import log
from shore_relay.desk.store import handovers
from shore_relay.desk.store.handovers import HandoverRow

ID_BYTES = 16
_TITLE_CHARACTERS_MAX = 2_000
_ENTRIES_MAX = 1_000_000
_DETAIL_CHARACTERS_MAX = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Something that left the desk."""

    id: bytes
    made_at: UnixSeconds
    person: str
    """Whoever did it, by name."""
    kind: str
    """"evidence", "evidence-redacted", or the format of a table."""
    title: str
    entries: tuple[int, ...]
    detail: str
    """What was removed, as it was asked for."""
    manifest_sha256: bytes
    """Of an evidence pack; empty for a table."""
    seed: bytes
    """Opens what was removed from a redacted pack; else empty."""


def new_id() -> bytes:
    """Return a name for something that is about to leave."""
    return secrets.token_bytes(ID_BYTES)


async def record(
    desk: Desk,
    actor: Actor,
    kind: str,
    *,
    handover: bytes,
    entries: tuple[int, ...],
    title: str = "",
    detail: str = "",
    manifest_sha256: bytes = b"",
    seed: bytes = b"",
) -> None:
    """Write down, durably, what is about to leave; call it before the file is given to anybody."""
    document = dump(
        {
            "title": title,
            "entries": [{"id": entry} for entry in entries],
            "detail": detail,
            "manifest_sha256": to_text(manifest_sha256),
            "seed": to_text(seed),
        }
    )
    row = HandoverRow(
        id=handover,
        made_at=desk.now(),
        person=actor.id,
        kind=kind,
        record_sealed=desk.vault.seal(document, "handover.record", handover),
    )
    async with desk.database.transaction() as connection:
        await handovers.add(connection, row)
    log("handed-over", kind=kind, id=handover.hex(), person=actor.id.hex(), messages=len(entries))


async def load_handovers(desk: Desk) -> list[Handover]:
    """Return everything that left, the newest first."""
    async with desk.database.reading() as connection:
        rows = await handovers.every(connection)
    return [_opened(desk, row) for row in rows]


def _opened(desk: Desk, row: HandoverRow) -> Handover:
    person = desk.keyring.last_known.person(row.person)
    data = desk.vault.open(row.record_sealed, "handover.record", row.id)
    with load(data, "A stored handover") as reader:
        return Handover(
            id=row.id,
            made_at=row.made_at,
            person=person.name if person else row.person.hex(),
            kind=row.kind,
            title=reader.text("title", most=_TITLE_CHARACTERS_MAX),
            entries=tuple(_entry_id(one) for one in reader.each("entries", most=_ENTRIES_MAX)),
            detail=reader.text("detail", most=_DETAIL_CHARACTERS_MAX),
            manifest_sha256=reader.binary("manifest_sha256"),
            seed=reader.binary("seed"),
        )


def _entry_id(entry: Reader) -> int:
    with entry as reader:
        return reader.integer("id")
