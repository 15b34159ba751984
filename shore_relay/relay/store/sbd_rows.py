"""The rows of short messages over satellite that cross the store's interface."""

from dataclasses import dataclass
from enum import Enum

from protocol.fragment import Range
from protocol.frames import Priority
from protocol.ids import UnixSeconds, VesselId


class Via(Enum):
    """Through whose gateway a modem speaks."""

    ROCKBLOCK = "rockblock"
    DIRECTIP = "directip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where the satellite guesses a modem to be; never logged."""

    latitude: float
    longitude: float
    radius_km: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MobileOriginated:
    """One message that a modem sent, as its gateway tells it."""

    imei: str
    momsn: int
    """The modem's 16-bit number of the session; it wraps."""
    transmitted_at: UnixSeconds
    """By the gateway's clock; it tells repetitions from new sessions and orders nothing."""
    data: bytes
    """Empty where the modem only looked for messages."""
    position: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Modem:
    """A modem and whose it is."""

    imei: str
    vessel: VesselId
    via: Via


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """A message that was committed and waits to be worked off."""

    id: int
    imei: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedPiece:
    """A range of bytes of one bundle that a packet carries."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A packet for a vessel's modem, fresh from its engine."""

    packet: bytes
    key_id: bytes
    """The key that it is sealed with; empty for the answer to a rekey."""
    pieces: tuple[CarriedPiece, ...] = ()
    """Empty where it only says what the relay holds."""
    flush: bool = False
    """Whether what waits at the gateway for this modem has to go first, because some of it is stale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """A packet that waits to be handed to a gateway."""

    id: int
    vessel: VesselId
    imei: str
    packet: bytes
    flush: bool
    attempts: int


class MessageState(Enum):
    """Where a packet for a modem is."""

    WAITING = "waiting"
    """To be handed to the gateway."""
    QUEUED = "queued"
    """The gateway has it for the modem."""
    STALE = "stale"
    """The gateway may have it, and nobody needs it any more."""
    REFUSED = "refused"
    """The gateway never takes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMessage:
    """What the store says of one packet for a modem."""

    pieces: tuple[CarriedPiece, ...]
    state: MessageState
    is_rekey: bool
    fetched: bool
    """The modem had a session in which it probably fetched this one."""

    @property
    def is_acknowledgement(self) -> bool:
        """Whether it only says what the relay holds, so that a fresh one supersedes it."""
        return not self.pieces and not self.is_rekey


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingBundle:
    """A bundle that a desk dispatched and that its vessel does not have."""

    number: int
    priority: Priority
    data: bytes
    queued_at: UnixSeconds
    acked: tuple[Range, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """All that decides whether a vessel is worth a message now."""

    modem: Modem
    bundles: tuple[WaitingBundle, ...]
    messages: tuple[HeldMessage, ...]
    owed_since: UnixSeconds
    """Since when the vessel waits for a word of the relay; 0: it does not."""
    owed_urgently: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one message up, for the store to remember."""

    at: UnixSeconds
    authentic: bool = False
    owes_answer: bool = False
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SatelliteStep:
    """What one step of an engine means for its vessel's messages; stored with what else the step changed."""

    finished: InboundMessage | None = None
    """The message up that the step has worked off."""
    outcome: Outcome | None = None
    """What came of it."""
    composed: tuple[NewMessage, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something that only the operator can put right."""

    code: str
    vessel: VesselId | None
    """None: it concerns every modem of that gateway."""
    raised_at: UnixSeconds
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SbdStatus:
    """What an operator may see of one vessel's short messages."""

    imei: str
    """Empty where the modem was taken away; the account stays."""
    via: str
    messages_up: int
    credits_up: int
    messages_down: int
    credits_down: int
    messages_waiting: int
    """Not yet at the gateway."""
    messages_queued: int
    """At the gateway, for the modem to fetch."""
    messages_refused: int
    position: Position | None
    position_at: UnixSeconds
