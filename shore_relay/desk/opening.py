"""Opens what came over the air. Nothing here trusts its input, and nothing that came is ever thrown away.

A bundle that does not open is kept as it is, with the reason, so that a caseworker sees that it came.
"""

import hashlib
from dataclasses import dataclass, replace

from protocol import bundle as bundles
from protocol import message as messages
from protocol import seal
from protocol.deskfeed import FeedItem
from protocol.errors import CannotOpen, MalformedBundle, MalformedVoice, NotAuthentic, RemoteError
from protocol.voicepack import unpack_voice
from shore_relay.desk.content import Content, content_of
from shore_relay.desk.people.keys import DeskKeys
from shore_relay.desk.sound import to_keep

UNKNOWN_DESK_KEY = "unknown-desk-key"
UNEXPECTED_KIND = "unexpected-kind"
"""A box sent a bundle of a kind that only shore sends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One bundle of the feed, opened as far as it goes."""

    item: FeedItem
    digest: bytes
    """Names the bundle for good: SHA-256 over vessel, number and bytes."""
    bundle: bundles.Bundle | None = None
    content: Content | None = None
    voice: bytes = b""
    """The sound as it came, packed."""
    kept_voice: bytes = b""
    """The sound as the desk keeps it."""
    note_id: bytes = b""
    fault: str = ""
    """Code of what hinders it from being opened, shown or played; empty where all is well."""


def open_arrival(item: FeedItem, keys: DeskKeys) -> Arrival:
    """Open one item of the feed; never raises for what is inside it."""
    arrival = Arrival(item=item, digest=_digest(item))
    try:
        bundle = bundles.decode(item.bundle)
    except MalformedBundle as reason:
        return replace(arrival, fault=reason.code)
    arrival = replace(arrival, bundle=bundle)
    match bundle:
        case bundles.Report():
            return _open_report(arrival, bundle, keys)
        case bundles.Introduction():
            return arrival
        case _:
            return replace(arrival, fault=UNEXPECTED_KIND)


def _digest(item: FeedItem) -> bytes:
    return hashlib.sha256(item.vessel + item.number.to_bytes(8) + item.bundle).digest()


def _open_report(arrival: Arrival, report: bundles.Report, keys: DeskKeys) -> Arrival:
    epoch = keys.epoch(report.desk_key)
    if epoch is None:
        return replace(arrival, fault=UNKNOWN_DESK_KEY)
    try:
        message = messages.decode(seal.open_report(report.sealed, epoch.private, arrival.item.vessel))
    except NotAuthentic:
        # The sender's one-time key is one that yields no secret: made by hand, and it opens nowhere.
        return replace(arrival, fault=CannotOpen.code)
    except RemoteError as reason:
        return replace(arrival, fault=reason.code)
    content = content_of(message)
    if not isinstance(message.body, messages.Voice):
        return replace(arrival, content=content)
    packed = message.body.packed
    heard = replace(arrival, voice=packed, kept_voice=packed, note_id=message.body.note_id)
    try:
        note = unpack_voice(packed)
    except MalformedVoice as reason:
        return replace(heard, content=content, fault=reason.code)
    content = replace(content, duration_ms=note.duration_ms, codec=int(note.codec))
    return replace(heard, content=content, kept_voice=to_keep(note, packed))
