"""What an Iridium modem says, line by line, and what a session's status means.

Source: Iridium ISU AT command reference, +SBDIX, +SBDSX, +SBDWB, +CSQ.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Outcome(Enum):
    """What became of the message that a session was to send up."""

    SENT = "sent"
    MAYBE = "maybe"
    """The gateway may have it: sending it again is harmless, believing that it left is not."""
    NO_NETWORK = "no network"
    BUSY = "busy"
    TOO_SOON = "too soon"
    """The network wants three minutes between two registrations."""
    REFUSED = "refused"
    """The modem or its subscription has to be looked at by a person."""


REFUSALS: Mapping[int, str] = {
    11: "the gateway's queue for this modem is full",
    12: "the gateway takes no message of so many segments",
    14: "the gateway takes no segment of this size",
    15: "the network denies access: look whether the modem's subscription is paid and active",
    16: "the modem is locked: unlock it",
    33: "the modem's antenna is faulty: look at its cable and its view of the sky",
    34: "the modem's radio is switched off: switch it on with AT*R1",
}

_OUTCOMES: Mapping[int, Outcome] = {
    **dict.fromkeys(range(5), Outcome.SENT),
    **dict.fromkeys(REFUSALS, Outcome.REFUSED),
    32: Outcome.NO_NETWORK,
    35: Outcome.BUSY,
    36: Outcome.TOO_SOON,
}

MAIL_STATUS = 1
"""+SBDIX, MT status: one message came down."""


def outcome_of(status: int) -> Outcome:
    """Return the meaning of a status; 10, 13, 17, 18 and all that nobody has described are a maybe."""
    return _OUTCOMES.get(status, Outcome.MAYBE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReport:
    """A +SBDIX line: status and number of the message up; status, number, size of the one down; the queue."""

    status: int
    up_number: int
    down_status: int
    down_number: int
    down_bytes: int
    down_queued: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Buffers:
    """A +SBDSX line: whether a message lies in the modem, and whether the gateway rang or has more."""

    has_mail: bool
    rang: bool


class Word(Enum):
    """Lines that carry no value."""

    OK = "OK"
    ERROR = "ERROR"
    READY = "READY"
    RING = "SBDRING"


@dataclass(frozen=True, slots=True)
class Code:
    """A digit on a line by itself: the result of +SBDWB or +SBDD."""

    value: int


@dataclass(frozen=True, slots=True)
class Signal:
    """Bars, 0 to 5."""

    bars: int


@dataclass(frozen=True, slots=True)
class Identity:
    """The modem's IMEI."""

    imei: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A line that is well formed and concerns nobody here: an echo, a registration, a hardware notice."""


Line = Word | Code | Signal | Identity | SessionReport | Buffers | Notice

_WORDS = {word.value: word for word in Word}
_NOTICE = re.compile(r"AT[ -~]*|[+*][A-Z]+:[ -~]*|HARDWARE FAILURE:[ -~]*|NO CARRIER|\d{1,16}")
_SESSION = re.compile(r"\+SBDIX:" + ",".join([r" *(\d{1,6}) *"] * 6))
_BUFFERS = re.compile(r"\+SBDSX:" + ",".join([r" *(\d{1,6}) *"] * 6))


def read_line(text: str) -> Line | None:
    """Return what a line says, or None where no modem says such a thing."""
    if text in _WORDS:
        return _WORDS[text]
    if re.fullmatch(r"[0-3]", text):
        return Code(int(text))
    if match := re.fullmatch(r"\+CSQF?: *([0-5])", text):
        return Signal(int(match[1]))
    if re.fullmatch(r"\d{15}", text):
        return Identity(text)
    if match := _SESSION.fullmatch(text):
        status, up_number, down_status, down_number, down_bytes, queued = map(int, match.groups())
        return SessionReport(
            status=status,
            up_number=up_number,
            down_status=down_status,
            down_number=down_number,
            down_bytes=down_bytes,
            down_queued=queued,
        )
    if match := _BUFFERS.fullmatch(text):
        _, _, mail, _, rang, waiting = map(int, match.groups())
        return Buffers(has_mail=mail == 1, rang=rang == 1 or waiting > 0)
    return Notice() if _NOTICE.fullmatch(text) else None
