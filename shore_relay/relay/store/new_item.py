"""An item for a desk's feed that has no cursor yet."""

from dataclasses import dataclass

from protocol.deskfeed import ItemKind
from protocol.frames import Priority
from protocol.ids import DeskId, UnixSeconds, VesselId


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """An item that has no cursor yet."""

    desk: DeskId
    kind: ItemKind
    vessel: VesselId
    at: UnixSeconds
    number: int
    priority: Priority
    bearer: str
    bundle: bytes = b""
    ref: bytes = b""
