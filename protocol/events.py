"""What the engine tells its shell. Events follow the changes they depend on: commit first, then act."""

from dataclasses import dataclass

from protocol.bundle import Bundle
from protocol.frames import Priority, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleArrived:
    """A bundle is complete and, once the changes are committed, in our custody."""

    number: int
    priority: Priority
    bundle: Bundle


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyAccepted:
    """The peer took custody of one of our bundles."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleRefused:
    """The peer does not take one of our bundles; it stays queued."""

    number: int
    reason: Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberTaken:
    """The peer already has another bundle under this number: our store was set back.

    Give the bundle a new number above `highest` and offer it again.
    """

    number: int
    highest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReported:
    """The box told its health."""

    values: dict[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketRefused:
    """Bytes from outside were refused; `code` is the error's."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSkipped:
    """A frame of a type from the future was passed over."""

    type: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUnknown:
    """Vessel: somebody says, without proof, that the relay does not know our key. We ask for new ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRekeyed:
    """The link has new keys after both sides had lost each other."""


Event = (
    BundleArrived
    | CustodyAccepted
    | BundleRefused
    | NumberTaken
    | StatusReported
    | PacketRefused
    | FrameSkipped
    | KeyUnknown
    | LinkRekeyed
)
