"""What a relay and a desk say to each other over HTTP, as JSON documents (SPEC §9).

A desk signs each request with its Ed25519 key: `Authorization: Bearer` and a JWT (EdDSA) with the claims
`iss` (desk id in hexadecimal), `aud` (`AUDIENCE`), `iat`, `exp` (at most `TOKEN_SECONDS_MAX` later), `htm`
(method), `htu` (path with query) and `bod` (base64url SHA-256 of the body).

- `GET /v1/feed?after=CURSOR&wait=SECONDS` waits for items behind the cursor and answers with a `FeedPage`.
- `POST /v1/feed/taken` with `{"through": CURSOR}` says that the desk holds everything up to there durably.
- `GET /v1/vessels` answers with a `VesselContact` for each of the desk's vessels.
- `POST /v1/vessels/VESSEL/bundles` with a `Dispatch` queues a bundle for a box; `ref` makes it idempotent.
"""

from dataclasses import dataclass
from enum import Enum

from protocol import limits
from protocol.documents import Json, MalformedDocument, Reader, dump, load, to_text
from protocol.frames import Priority
from protocol.ids import UnixSeconds, VesselId

AUDIENCE = "seavoice-relay"
TOKEN_SECONDS_MAX = 120
WAIT_SECONDS_MAX = 60
PAGE_ITEMS_MAX = 200
REF_BYTES = 16
VESSELS_MAX = 10_000
_BEARER_CHARACTERS_MAX = 60


class ItemKind(Enum):
    """What an item of the feed says."""

    BUNDLE = "bundle"
    """A vessel handed over a bundle: a report, or the box's introduction."""
    DELIVERED = "delivered"
    """A box took custody of a bundle that the desk had dispatched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedItem:
    """One thing that happened, in the order in which the relay committed it."""

    cursor: int
    kind: ItemKind
    vessel: VesselId
    vessel_name: str
    at: UnixSeconds
    number: int = 0
    priority: Priority = Priority.CLEAR_VOICE
    bearer: str = ""
    """Name of the link over which the last piece came."""
    bundle: bytes = b""
    ref: bytes = b""
    """For DELIVERED: the dispatch that arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """Items in order; ask again after the last one's cursor."""

    items: tuple[FeedItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """A bundle for a box. The same `ref` again changes nothing and is answered the same."""

    ref: bytes
    priority: Priority
    bundle: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Where a vessel was, as its satellite guesses. Whole numbers: no rounding differs between machines."""

    at: UnixSeconds
    latitude_e4: int
    """Ten-thousandths of a degree, north positive: eleven metres."""
    longitude_e4: int
    """East positive."""
    radius_km: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VesselContact:
    """When the relay last heard a vessel, whatever it brought."""

    vessel: VesselId
    at: UnixSeconds
    """0 for never."""
    bearer: str
    near: Near | None = None
    """None unless the relay's operator shares positions."""


def write_contacts(contacts: tuple[VesselContact, ...]) -> bytes:
    """Return the document of all contacts."""
    return dump({"vessels": [_contact(contact) for contact in contacts]})


def read_contacts(data: bytes) -> tuple[VesselContact, ...]:
    """Read what `write_contacts` wrote; raises `MalformedDocument`."""
    with load(data, "The relay's answer") as reader:
        return tuple(_read_contact(entry) for entry in reader.each("vessels", most=VESSELS_MAX))


def write_contact(contact: VesselContact) -> bytes:
    """Return the document of one contact."""
    return dump(_contact(contact))


def read_contact(data: bytes) -> VesselContact:
    """Read what `write_contact` wrote; raises `MalformedDocument`."""
    return _read_contact(load(data, "A contact"))


def _contact(contact: VesselContact) -> dict[str, Json]:
    document: dict[str, Json] = {
        "vessel": contact.vessel.hex(),
        "at": contact.at,
        "bearer": contact.bearer,
    }
    if contact.near is not None:
        document["near"] = {
            "at": contact.near.at,
            "latitude_e4": contact.near.latitude_e4,
            "longitude_e4": contact.near.longitude_e4,
            "radius_km": contact.near.radius_km,
        }
    return document


def _read_contact(entry: Reader) -> VesselContact:
    with entry as reader:
        return VesselContact(
            vessel=VesselId(reader.hexadecimal("vessel", size_bytes=limits.VESSEL_ID_BYTES)),
            at=UnixSeconds(reader.integer("at")),
            bearer=reader.text("bearer", most=_BEARER_CHARACTERS_MAX),
            near=_read_near(reader.inner("near")) if reader.has("near") else None,
        )


def _read_near(entry: Reader) -> Near:
    with entry as reader:
        return Near(
            at=UnixSeconds(reader.integer("at")),
            latitude_e4=reader.integer("latitude_e4", least=-900_000, most=900_000),
            longitude_e4=reader.integer("longitude_e4", least=-1_800_000, most=1_800_000),
            radius_km=reader.integer("radius_km", most=25_000),
        )


def write_page(page: FeedPage) -> bytes:
    """Return the page's document."""
    return dump({"items": [_item(item) for item in page.items]})


def read_page(data: bytes) -> FeedPage:
    """Read a page; raises `MalformedDocument`."""
    with load(data, "The relay's answer") as reader:
        entries = reader.each("items", most=PAGE_ITEMS_MAX)
        return FeedPage(items=tuple(_read_item(entry) for entry in entries))


def write_dispatch(dispatch: Dispatch) -> bytes:
    """Return the dispatch's document."""
    return dump(
        {
            "ref": dispatch.ref.hex(),
            "priority": int(dispatch.priority),
            "bundle": to_text(dispatch.bundle),
        }
    )


def read_dispatch(data: bytes) -> Dispatch:
    """Read a dispatch; raises `MalformedDocument`."""
    with load(data, "This request") as reader:
        return Dispatch(
            ref=reader.hexadecimal("ref", size_bytes=REF_BYTES),
            priority=_priority(reader),
            bundle=reader.binary("bundle", most=limits.BUNDLE_BYTES_MAX),
        )


def _item(item: FeedItem) -> dict[str, Json]:
    return {
        "cursor": item.cursor,
        "kind": item.kind.value,
        "vessel": item.vessel.hex(),
        "vessel_name": item.vessel_name,
        "at": item.at,
        "number": item.number,
        "priority": int(item.priority),
        "bearer": item.bearer,
        "bundle": to_text(item.bundle),
        "ref": item.ref.hex(),
    }


def _read_item(entry: Reader) -> FeedItem:
    with entry as reader:
        kind = reader.text("kind")
        if kind not in {known.value for known in ItemKind}:
            raise MalformedDocument(f"The relay sent an item of a kind that this desk does not know: {kind}.")
        kind_of_item = ItemKind(kind)
        return FeedItem(
            cursor=reader.integer("cursor"),
            kind=kind_of_item,
            vessel=VesselId(reader.hexadecimal("vessel", size_bytes=limits.VESSEL_ID_BYTES)),
            vessel_name=reader.text("vessel_name"),
            at=UnixSeconds(reader.integer("at")),
            number=reader.integer("number", most=limits.BUNDLE_NUMBER_MAX),
            priority=_priority(reader),
            bearer=reader.text("bearer"),
            bundle=reader.binary("bundle", most=limits.BUNDLE_BYTES_MAX),
            ref=reader.hexadecimal("ref", size_bytes=REF_BYTES if kind_of_item is ItemKind.DELIVERED else 0),
        )


def _priority(reader: Reader) -> Priority:
    return Priority(reader.integer("priority", most=max(Priority)))
