"""The two files that people carry: a desk's card, to the relay; a vessel's provisioning, to its box."""

from dataclasses import dataclass
from enum import Enum

from protocol import limits
from protocol.deskkeys import DeskKey, desk_id
from protocol.documents import Json, MalformedDocument, Reader, dump, load, to_text
from protocol.ids import DeskId, UnixSeconds, VesselId

_CARD_FORMAT = "seavoice desk card 1"
_VESSEL_FORMAT = "seavoice provisioning 1"
_BEARERS_MAX = 16


class BearerKind(Enum):
    """The ways to reach a relay that a provisioning file can name."""

    TCP = "tcp"
    WEBSOCKET = "websocket"
    UDP = "udp"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayAddress:
    """One way to reach the relay: `url` is tcp://host:port, ws(s)://host:port/path or udp://host:port."""

    kind: BearerKind
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskCard:
    """What the world may know of a desk."""

    name: str
    signing_public: bytes
    """Ed25519: signs key lists, and the desk's requests to a relay."""
    keys: tuple[DeskKey, ...]

    @property
    def id(self) -> DeskId:
        """The desk's 8-byte name."""
        return desk_id(self.signing_public)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioning:
    """All that a box needs to reach its relay and to seal to its desk. Holds a secret: mode 0600."""

    vessel: VesselId
    vessel_name: str
    issued_at: UnixSeconds
    link_secret: bytes
    relay_public: bytes
    """The relay's X25519 rekey key."""
    addresses: tuple[RelayAddress, ...]
    desk: DeskCard
    operator_public: bytes = b""
    """Ed25519: signs what the vessel may spend. Empty where the relay's operator has no such key."""


def write_card(card: DeskCard) -> bytes:
    """Return the card's file."""
    return dump({"format": _CARD_FORMAT} | _card(card))


def read_card(data: bytes) -> DeskCard:
    """Read a card's file; raises `MalformedDocument`."""
    with load(data, "This desk card") as reader:
        _check_format(reader, _CARD_FORMAT, "seavoice-desk card")
        return _read_card(reader)


def write_provisioning(provisioning: Provisioning) -> bytes:
    """Return the provisioning file."""
    document: dict[str, Json] = {
        "format": _VESSEL_FORMAT,
        "vessel": provisioning.vessel.hex(),
        "vessel_name": provisioning.vessel_name,
        "issued_at": provisioning.issued_at,
        "link_secret": to_text(provisioning.link_secret),
        "relay_public": to_text(provisioning.relay_public),
        "addresses": [{"kind": a.kind.value, "url": a.url} for a in provisioning.addresses],
        "desk": _card(provisioning.desk),
    }
    if provisioning.operator_public:
        document["operator_public"] = to_text(provisioning.operator_public)
    return dump(document)


def read_provisioning(data: bytes) -> Provisioning:
    """Read a provisioning file; raises `MalformedDocument`."""
    with load(data, "This provisioning file") as reader:
        _check_format(reader, _VESSEL_FORMAT, "seavoice-relay vessel add")
        with reader.inner("desk") as desk:
            card = _read_card(desk)
        return Provisioning(
            vessel=VesselId(reader.hexadecimal("vessel", size_bytes=limits.VESSEL_ID_BYTES)),
            vessel_name=reader.text("vessel_name"),
            issued_at=UnixSeconds(reader.integer("issued_at")),
            link_secret=reader.binary("link_secret", size_bytes=limits.LINK_SECRET_BYTES),
            relay_public=reader.binary("relay_public", size_bytes=limits.X25519_KEY_BYTES),
            addresses=tuple(_read_address(entry) for entry in reader.each("addresses", most=_BEARERS_MAX)),
            desk=card,
            operator_public=(
                reader.binary("operator_public", size_bytes=32) if reader.has("operator_public") else b""
            ),
        )


def _check_format(reader: Reader, expected: str, maker: str) -> None:
    found = reader.text("format") if reader.has("format") else "another kind of file"
    if found != expected:
        raise MalformedDocument(f"This is no file of the kind that `{maker}` writes, but: {found}.")


def _card(card: DeskCard) -> dict[str, Json]:
    return {
        "name": card.name,
        "signing_public": to_text(card.signing_public),
        "keys": [
            {"public": to_text(key.public), "not_before": key.not_before, "not_after": key.not_after}
            for key in card.keys
        ],
    }


def _read_card(reader: Reader) -> DeskCard:
    return DeskCard(
        name=reader.text("name"),
        signing_public=reader.binary("signing_public", size_bytes=32),
        keys=tuple(_read_key(entry) for entry in reader.each("keys", most=limits.DESK_KEYS_MAX)),
    )


def _read_key(entry: Reader) -> DeskKey:
    with entry as reader:
        return DeskKey(
            public=reader.binary("public", size_bytes=limits.X25519_KEY_BYTES),
            not_before=UnixSeconds(reader.integer("not_before")),
            not_after=UnixSeconds(reader.integer("not_after")),
        )


def _read_address(entry: Reader) -> RelayAddress:
    with entry as reader:
        kind = reader.text("kind")
        if kind not in {known.value for known in BearerKind}:
            raise MalformedDocument(
                f"This provisioning file names a bearer that this box does not have: {kind}."
            )
        return RelayAddress(kind=BearerKind(kind), url=reader.text("url"))
