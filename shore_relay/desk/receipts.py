"""What the desk tells a box: which of its bundles are kept here, and which a person has opened.

A receipt tells nothing but what this desk has checked: the box tagged that number. So a relay that renumbers
or invents bundles gets no receipt that would hide a missing one.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator

from aiosqlite import Connection

from protocol import bundle as bundles
from protocol import limits
from protocol.bundle import DeskReceipt, DeskState
from protocol.deskfeed import REF_BYTES
from protocol.errors import NotAuthentic
from protocol.fragment import Range, RangeSet
from protocol.frames import Priority
from protocol.ids import BundleNumber, DeskKeyId, UnixSeconds, VesselId
from protocol.seal import opened_proof
from shore_relay.desk.app import Desk
from shore_relay.desk.people.keys import DeskKeys
from shore_relay.desk.sealed import open_box, open_message
from shore_relay.desk.store import inbox, outbox
from shore_relay.desk.store.records import BundleRow, NewDispatch, Purpose
from shore_relay.desk.trust import Box, Origin, origin_key

_INTRODUCTION_NUMBER = 1
"""A box introduces itself in its first bundle. An introduction has no tag that binds it to its number, so one
that claims another number gets no receipt: that number may be a report that somebody withholds."""

_BATCH = limits.RANGES_PER_FRAME_MAX
"""So many numbers fit one receipt even if no two of them are neighbours."""


async def queue_receipts(connection: Connection, desk: Desk, vessel: VesselId) -> None:
    """Queue what the vessel's box has yet to hear, in the transaction in which it became true."""
    waiting = [
        row
        for row in await inbox.bundles_to_tell(connection, vessel, Origin.VERIFIED)
        if row.desk_key or row.number == _INTRODUCTION_NUMBER
    ]
    if not waiting:
        return
    keys, now = desk.keyring.keys, desk.now()
    boxes = {row.id: open_box(desk.vault, row) for row in await inbox.boxes(connection, vessel)}
    groups: dict[tuple[int, DeskKeyId, bool], list[BundleRow]] = defaultdict(list)
    for row in waiting:
        assert row.box is not None
        desk_key = row.desk_key or _key_for_introduction(keys, now)
        groups[row.box, desk_key, bool(row.opened_at)].append(row)
    for (box, desk_key, opened), rows in groups.items():
        for batch in _batches(rows):
            receipt = _receipt(desk, boxes[box], desk_key, opened, batch)
            if receipt is not None:
                await outbox.add(connection, _dispatch(vessel, receipt, now))
            for row in batch:
                await inbox.mark_told(connection, row.id, opened=opened)


def _batches(rows: list[BundleRow]) -> Iterator[list[BundleRow]]:
    for at in range(0, len(rows), _BATCH):
        yield rows[at : at + _BATCH]


def _key_for_introduction(keys: DeskKeys, now: UnixSeconds) -> DeskKeyId:
    # The oldest key in use: every box has it, also one that the newest has not reached.
    for epoch in keys.epochs:
        if now < epoch.not_after:
            return epoch.id
    return keys.epochs[-1].id


def _receipt(
    desk: Desk, box: Box, desk_key: DeskKeyId, opened: bool, rows: list[BundleRow]
) -> DeskReceipt | None:
    keys = desk.keyring.keys
    key = origin_key(keys, desk_key, box)
    if key is None:
        return None
    numbers = _ranges(row.number for row in rows)
    state = DeskState.OPENED if opened else DeskState.FETCHED
    proofs = tuple(_proof(desk, keys, row) for row in rows) if opened else ()
    if not any(proofs):
        proofs = ()
    tag = key.tag_receipt(state, numbers, proofs)
    return DeskReceipt(desk_key=desk_key, state=state, numbers=numbers, tag=tag, proofs=proofs)


def _ranges(numbers: Iterable[int]) -> tuple[Range, ...]:
    held = RangeSet()
    for number in numbers:
        held.add(number, number + 1)
    return tuple(held)


def _proof(desk: Desk, keys: DeskKeys, row: BundleRow) -> bytes:
    content = open_message(desk.vault, row)
    epoch = keys.epoch(row.desk_key)
    if content is None or not content.mailbox_public or epoch is None:
        return b""
    try:
        return opened_proof(
            epoch.private,
            content.mailbox_public,
            desk_key=row.desk_key,
            vessel=row.vessel,
            number=BundleNumber(row.number),
        )
    except NotAuthentic:
        # A mailbox key that yields no secret: nobody could check a proof under it.
        return b""


def _dispatch(vessel: VesselId, receipt: DeskReceipt, now: UnixSeconds) -> NewDispatch:
    return NewDispatch(
        ref=secrets.token_bytes(REF_BYTES),
        vessel=vessel,
        purpose=Purpose.RECEIPT,
        priority=Priority.TEXT,
        raw=bundles.encode(receipt),
        made_at=now,
    )
