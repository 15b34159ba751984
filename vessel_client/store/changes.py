"""Writes what an engine recorded: one call, one durable transaction."""

from collections.abc import Iterable

from protocol.bundle import DeskReceipt, Keys, Mail, OperatorSettings
from protocol.caps import check_caps
from protocol.chains import check_chain, holds_chain
from protocol.deskkeys import check_keys
from protocol.ids import UnixSeconds
from protocol.journal import (
    BundleTaken,
    Change,
    FragmentHeld,
    FragmentsDropped,
    GuardChanged,
    OutgoingAcked,
    OutgoingBegun,
    OutgoingSettled,
    Snapshot,
)
from vessel_client.store import box, caps, guard, inbox, outbox
from vessel_client.store.chain import take_chain
from vessel_client.store.database import Connection


async def load_snapshot(connection: Connection, rekey_key: bytes) -> Snapshot:
    """Return what an engine starts from."""
    return Snapshot(
        guard=await guard.load_guard(connection),
        rekey_key=rekey_key,
        taken=await inbox.load_taken(connection),
        fragments=await inbox.load_fragments(connection),
    )


async def write_changes(connection: Connection, changes: Iterable[Change], at: UnixSeconds) -> None:
    """Write the changes in their order."""
    listed = list(changes)
    last_guard = next((change for change in reversed(listed) if isinstance(change, GuardChanged)), None)
    if last_guard is not None:
        # Each holds the whole state, so the last one alone has to reach the disk.
        await guard.save_guard(connection, last_guard.state)
    for change in listed:
        await _write(connection, change, at)


async def _write(connection: Connection, change: Change, at: UnixSeconds) -> None:
    match change:
        case GuardChanged():
            pass
        case FragmentHeld():
            await inbox.hold_fragment(connection, change)
        case FragmentsDropped(number=number):
            await inbox.drop_fragments(connection, number)
        case BundleTaken():
            await _take(connection, change, at)
        case OutgoingBegun(number=number):
            await outbox.mark_begun(connection, number)
        case OutgoingAcked(number=number, ranges=ranges):
            await outbox.mark_acked(connection, number, ranges)
        case OutgoingSettled(number=number):
            await outbox.settle(connection, number)


async def _take(connection: Connection, taken: BundleTaken, at: UnixSeconds) -> None:
    await inbox.drop_fragments(connection, taken.number)
    await inbox.remember_taken(connection, taken.number)
    match taken.bundle:
        case Mail() as mail:
            await inbox.insert_mail(connection, taken.number, mail, at)
        case DeskReceipt() as receipt:
            await outbox.apply_receipt(connection, receipt)
        case OperatorSettings() as settings:
            known = await box.load_box(connection)
            if holds_chain(settings):
                issued_at, chain = check_chain(settings, known.operator_public, known.vessel)
                await take_chain(connection, issued_at, chain)
            else:
                issued_at, signed = check_caps(settings, known.operator_public, known.vessel)
                await caps.take_signed(connection, issued_at, signed, at)
        case Keys() as keys:
            known = await box.load_box(connection)
            issued_at, listed = check_keys(keys, known.desk_signing_public)
            # An old list under a new number must not bring back a key that the desk took away.
            if issued_at > known.desk_keys_issued_at:
                await box.renew_keys(connection, issued_at, listed)
