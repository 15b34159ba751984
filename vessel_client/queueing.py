"""Takes sealed bytes from the local API into the queue: bound, number, origin tag, one commit."""

from dataclasses import dataclass

from protocol import bundle as bundles
from protocol import limits
from protocol.bundle import LIFETIME_HOURS, Report
from protocol.frames import Priority
from protocol.ids import BundleNumber, UnixSeconds
from vessel_client.errors import QueueFull, ReferenceUsed, UnknownDeskKey
from vessel_client.queue_request import QueueRequest
from vessel_client.store import outbox
from vessel_client.store.database import Connection, Database
from vessel_client.store.outbox import NewBundle
from vessel_client.trust import Trust

RESERVED_FOR = frozenset({Priority.URGENT, Priority.CHECK_IN})
"""Priorities that may use the reserve behind the bound."""

_S_PER_HOUR = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueBounds:
    """How much may wait on the box, and how much more where somebody may be in danger."""

    size_bytes_max: int
    bundles_max: int
    reserve_bytes: int
    reserve_bundles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A bundle's number, and whether this request is the one that queued it."""

    number: int
    is_new: bool


async def add_to_queue(
    database: Database, trust: Trust, bounds: QueueBounds, request: QueueRequest, now: UnixSeconds
) -> Queued:
    """Queue a bundle durably.

    Raises: UnknownDeskKey, ReferenceUsed, QueueFull, DiskFull, StoreFailed.
    """
    origin_key = trust.origin_key(request.desk_key)
    if origin_key is None:
        raise UnknownDeskKey(
            "This was sealed to a key that the box does not know. "
            "Ask the box for its desk keys and seal again."
        )
    async with database.transaction() as connection:
        known = await outbox.find_reference(connection, request.ref)
        if known is not None:
            return _repeated(known, request)
        await _require_room(connection, bounds, request)
        number = await outbox.next_number(connection)
        report = Report(
            desk_key=request.desk_key,
            origin_tag=origin_key.tag_bundle(BundleNumber(number), request.sealed),
            sealed=request.sealed,
            lifetime=request.lifetime,
        )
        await outbox.insert_bundle(connection, number, _new(request, now), bundles.encode(report))
    return Queued(number=number, is_new=True)


async def give_new_number(connection: Connection, trust: Trust, number: int, highest: int) -> None:
    """Renumber a bundle whose number the relay knows for another one, and tag it anew."""
    waiting = await outbox.load_waiting(connection, number)
    if waiting is None:
        return
    new_number = await outbox.next_number(connection, above=highest)
    bundle = bundles.decode(waiting.data)
    data = waiting.data
    if isinstance(bundle, Report):
        origin_key = trust.origin_key(bundle.desk_key)
        assert origin_key is not None, "a bundle is queued only for a key that stays known"
        tag = origin_key.tag_bundle(BundleNumber(new_number), bundle.sealed)
        data = bundles.encode(
            Report(desk_key=bundle.desk_key, origin_tag=tag, sealed=bundle.sealed, lifetime=bundle.lifetime)
        )
    await outbox.renumber(connection, number, new_number, data)


def _repeated(known: tuple[int, bytes], request: QueueRequest) -> Queued:
    number, digest = known
    if digest != request.digest():
        raise ReferenceUsed(
            "This reference was used for another message. Draw 16 new random bytes and send again."
        )
    return Queued(number=number, is_new=False)


def _new(request: QueueRequest, now: UnixSeconds) -> NewBundle:
    hours = LIFETIME_HOURS[request.lifetime]
    return NewBundle(
        ref=request.ref,
        digest=request.digest(),
        desk_key=request.desk_key,
        priority=request.priority,
        queued_at=now,
        expires_at=UnixSeconds(now + hours * _S_PER_HOUR) if hours else None,
    )


async def _require_room(connection: Connection, bounds: QueueBounds, request: QueueRequest) -> None:
    size = await outbox.queue_size(connection)
    reserved = request.priority in RESERVED_FOR
    size_bytes_max = bounds.size_bytes_max + (bounds.reserve_bytes if reserved else 0)
    bundles_max = bounds.bundles_max + (bounds.reserve_bundles if reserved else 0)
    overhead_bytes = 1 + limits.DESK_KEY_ID_BYTES + limits.ORIGIN_TAG_BYTES
    new_bytes = size.size_bytes + len(request.sealed) + overhead_bytes
    if size.bundles + 1 > bundles_max or new_bytes > size_bytes_max:
        raise QueueFull(
            f"The box holds as much as it may: {size.bundles} messages wait, {size.size_bytes} bytes. "
            "Nothing is lost; send again when the link has worked, or mark it urgent if it is."
        )
