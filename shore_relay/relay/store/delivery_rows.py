"""The rows of notices to desks' offices that cross the store's interface, and what may become of one."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from protocol.ids import DeskId, UnixSeconds

ID_BYTES = 16


class Way(Enum):
    """How a notice goes."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class DeliveryState(Enum):
    """What has become of a notice."""

    WAITING = "waiting"
    """It is tried when it is due, for the first time or again."""
    DELIVERED = "delivered"
    DEAD = "dead"
    """Nobody took it, again and again: an operator has to see to it."""


MOVES: Mapping[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.WAITING: frozenset(DeliveryState),
    DeliveryState.DELIVERED: frozenset(),
    DeliveryState.DEAD: frozenset({DeliveryState.WAITING}),
}
"""An operator replays what is dead; what was delivered never goes again."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NoticeChannel:
    """Where one desk's office hears that something waits. `repr` shows no address and no secret."""

    desk: DeskId
    way: Way
    address: str
    secret: str = ""
    """Signs webhooks."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Delivery:
    """One notice on its way."""

    id: bytes
    desk: DeskId
    desk_name: str
    way: Way
    address: str
    state: DeliveryState
    made_at: UnixSeconds
    due_at: UnixSeconds
    attempts: int
    trouble: str
    """The code of what went wrong the last time; empty where nothing did."""
    settled_at: UnixSeconds
    """0 while it waits."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Claimed:
    """A notice that this relay alone tries now."""

    delivery: Delivery
    secret: str
    """Of its channel; empty for e-mail."""
