"""Whether a bundle really comes from the box that the desk trusts.

A box introduces its public key; a person compares its fingerprint once. From then on each bundle of the
vessel must carry that box's tag.
"""

from dataclasses import dataclass
from enum import IntEnum

from protocol.bundle import Report
from protocol.errors import NotAuthentic
from protocol.ids import BundleNumber, DeskKeyId, VesselId
from protocol.origin import OriginKey, fingerprint
from shore_relay.desk.people.keys import DeskKeys


class Origin(IntEnum):
    """What is known about where a bundle comes from."""

    UNCONFIRMED = 0
    """No box of this vessel is trusted yet, or the one that tagged it is not."""
    VERIFIED = 1
    """Tagged by a box whose fingerprint a person confirmed."""
    FORGED = 2
    """Not tagged by any box that this vessel introduced."""
    UNCHECKABLE = 3
    """Sealed to a key that this desk does not have, or no report at all: no tag to check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A key that a box of this vessel introduced."""

    id: int
    vessel: VesselId
    public: bytes
    trusted: bool

    @property
    def fingerprint(self) -> str:
        """What two people read to each other."""
        return fingerprint(self.public)


class Judge:
    """Checks the tags of one vessel's bundles against the boxes known now."""

    def __init__(self, keys: DeskKeys, vessel: VesselId, boxes: list[Box]) -> None:
        self._keys = keys
        self._vessel = vessel
        self._boxes = sorted(boxes, key=lambda box: not box.trusted)
        self._origin_keys: dict[tuple[DeskKeyId, int], OriginKey | None] = {}

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The boxes, trusted ones first."""
        return tuple(self._boxes)

    def introduced(self, public: bytes) -> tuple[Origin, int | None]:
        """Return what is known of an introduction, and its box."""
        for box in self._boxes:
            if box.public == public:
                return Origin.VERIFIED if box.trusted else Origin.UNCONFIRMED, box.id
        return Origin.UNCONFIRMED, None

    def report(self, number: BundleNumber, report: Report) -> tuple[Origin, int | None]:
        """Return where a report comes from, and which box tagged it."""
        if self._keys.epoch(report.desk_key) is None:
            return Origin.UNCHECKABLE, None
        for box in self._boxes:
            if self._tagged_by(box, number, report):
                return Origin.VERIFIED if box.trusted else Origin.UNCONFIRMED, box.id
        return (Origin.FORGED if self._boxes else Origin.UNCONFIRMED), None

    def _tagged_by(self, box: Box, number: BundleNumber, report: Report) -> bool:
        key = self._origin_key(box, report.desk_key)
        if key is None:
            return False
        try:
            key.check_bundle(number, report.sealed, report.origin_tag)
        except NotAuthentic:
            return False
        return True

    def _origin_key(self, box: Box, desk_key: DeskKeyId) -> OriginKey | None:
        if (desk_key, box.id) not in self._origin_keys:
            self._origin_keys[desk_key, box.id] = origin_key(self._keys, desk_key, box)
        return self._origin_keys[desk_key, box.id]


def origin_key(keys: DeskKeys, desk_key: DeskKeyId, box: Box) -> OriginKey | None:
    """Return the key that this desk key and this box share; None where there is none to be had."""
    epoch = keys.epoch(desk_key)
    if epoch is None:
        return None
    try:
        return OriginKey.for_desk(epoch.private, box.public, box.vessel)
    except NotAuthentic:
        # A public key that yields no secret was made by hand; nothing it tags is believed.
        return None
