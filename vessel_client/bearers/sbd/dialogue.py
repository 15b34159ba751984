"""The table of the dialogue with a modem: states, steps, commands, and what the machine tells its shell."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from vessel_client.bearers.sbd.answers import Code, Line, Outcome, SessionReport, Signal


class State(Enum):
    """What the modem was last asked."""

    OFF = auto()
    GREETING = auto()
    ECHO_OFF = auto()
    FLOW_CONTROL_OFF = auto()
    RING_ON = auto()
    REGISTRATION_ON = auto()
    NAMING = auto()
    LOOKING = auto()
    IDLE = auto()
    MEASURING = auto()
    CLEARING = auto()
    ANNOUNCING = auto()
    LOADING = auto()
    IN_SESSION = auto()
    FETCHING = auto()
    HOLDING = auto()
    EMPTYING = auto()


class Step(Enum):
    """What can happen."""

    START = auto()
    OK = auto()
    ERROR = auto()
    READY = auto()
    DAMAGED = auto()
    """The modem or we found a wrong sum."""
    MAIL = auto()
    UNCLEAR = auto()
    """A session ended, and its report was not readable."""
    FETCHED = auto()
    KEPT = auto()
    MEASURE = auto()
    SEND = auto()
    CHECK = auto()
    GIVE_UP = auto()
    SILENCE = auto()


TRANSITIONS: Mapping[tuple[State, Step], State] = {
    **{(state, Step.START): State.GREETING for state in State},
    **{(state, Step.SILENCE): State.OFF for state in State if state is not State.OFF},
    (State.GREETING, Step.OK): State.ECHO_OFF,
    (State.GREETING, Step.ERROR): State.GREETING,
    # A modem that lacks one of these still sends; only a ring or the reading of its buffers is lost.
    **{
        (asked, step): following
        for asked, following in (
            (State.ECHO_OFF, State.FLOW_CONTROL_OFF),
            (State.FLOW_CONTROL_OFF, State.RING_ON),
            (State.RING_ON, State.REGISTRATION_ON),
            (State.REGISTRATION_ON, State.NAMING),
            (State.NAMING, State.LOOKING),
            (State.LOOKING, State.IDLE),
        )
        for step in (Step.OK, Step.ERROR)
    },
    (State.LOOKING, Step.MAIL): State.FETCHING,
    (State.IDLE, Step.MEASURE): State.MEASURING,
    (State.MEASURING, Step.OK): State.IDLE,
    (State.MEASURING, Step.ERROR): State.IDLE,
    (State.IDLE, Step.CHECK): State.CLEARING,
    (State.CLEARING, Step.OK): State.IN_SESSION,
    (State.CLEARING, Step.ERROR): State.IDLE,
    (State.IDLE, Step.SEND): State.ANNOUNCING,
    (State.ANNOUNCING, Step.READY): State.LOADING,
    (State.ANNOUNCING, Step.ERROR): State.IDLE,
    (State.LOADING, Step.OK): State.IN_SESSION,
    (State.LOADING, Step.DAMAGED): State.ANNOUNCING,
    (State.LOADING, Step.GIVE_UP): State.IDLE,
    (State.LOADING, Step.ERROR): State.IDLE,
    (State.IN_SESSION, Step.OK): State.IDLE,
    (State.IN_SESSION, Step.ERROR): State.IDLE,
    (State.IN_SESSION, Step.MAIL): State.FETCHING,
    (State.IN_SESSION, Step.UNCLEAR): State.LOOKING,
    (State.FETCHING, Step.FETCHED): State.HOLDING,
    (State.FETCHING, Step.DAMAGED): State.FETCHING,
    (State.FETCHING, Step.GIVE_UP): State.IDLE,
    (State.FETCHING, Step.ERROR): State.IDLE,
    (State.HOLDING, Step.KEPT): State.EMPTYING,
    (State.EMPTYING, Step.OK): State.IDLE,
    (State.EMPTYING, Step.ERROR): State.IDLE,
}

COMMANDS: Mapping[State, bytes] = {
    State.GREETING: b"AT",
    State.ECHO_OFF: b"ATE0",
    State.FLOW_CONTROL_OFF: b"AT&K0",
    State.RING_ON: b"AT+SBDMTA=1",
    State.REGISTRATION_ON: b"AT+SBDAREG=1",
    State.NAMING: b"AT+CGSN",
    State.LOOKING: b"AT+SBDSX",
    State.MEASURING: b"AT+CSQ",
    # A check for mail would send what still lies in the modem once more.
    State.CLEARING: b"AT+SBDD0",
    State.FETCHING: b"AT+SBDRB",
    State.EMPTYING: b"AT+SBDD1",
}

ANSWERED_WITH: Mapping[State, type[Line]] = {
    State.MEASURING: Signal,
    State.CLEARING: Code,
    State.LOADING: Code,
    State.EMPTYING: Code,
}
"""Where a value comes before OK: an OK without it belongs to an earlier command."""


class Problem(Enum):
    """Why the dialogue ended, as a sentence for the status page."""

    NO_ANSWER = "the modem does not answer: look whether it has power and is the device in the settings"
    UNREADABLE = (
        "what the modem says cannot be read: set baud to the modem's own rate (19200 unless it was changed)"
    )
    STOPPED = "the modem stopped answering in the middle of a command"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The modem is set up and idle."""

    imei: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalMeasured:
    """How much of the sky the modem sees: 0 to 5 bars."""

    bars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rang:
    """The gateway has a message for this modem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    """A session is over; `report` is missing where the modem never gave a readable one."""

    outcome: Outcome
    report: SessionReport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFetched:
    """A message came down. Call `mail_kept` once it is on the disk, or of no use."""

    message: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwell:
    """The dialogue is over; call `start` to begin anew."""

    problem: Problem


ModemEvent = Ready | SignalMeasured | Rang | SessionEnded | MailFetched | Unwell


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemLimits:
    """How long the modem may take, and how large a message may be."""

    up_bytes_max: int = 340
    down_bytes_max: int = 270
    baud: int = 19_200
    answer_s: float = 10.0
    session_s: float = 300.0
    load_s: float = 70.0
    """The modem itself gives up waiting for a message after 60 s."""
    quiet_s: float = 1.0
    """After a damaged message, how long to let the line run dry."""
