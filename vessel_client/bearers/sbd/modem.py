"""The dialogue with an Iridium 9602 or 9603 modem, pure: bytes and the time in, bytes and events out.

The shell writes `take_outgoing()` to the port after every call, hands every byte of the port to `receive`,
and calls `tick` at `deadline`. A message that came down stays in the modem until `mail_kept` says that it is
safe.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from protocol.errors import IllegalTransition
from protocol.ids import Instant
from vessel_client.bearers.sbd.answers import (
    MAIL_STATUS,
    Buffers,
    Code,
    Identity,
    Line,
    Outcome,
    SessionReport,
    Signal,
    Word,
    outcome_of,
    read_line,
)


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

_COMMANDS: Mapping[State, bytes] = {
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

_ANSWERED_WITH: Mapping[State, type[Line]] = {
    State.MEASURING: Signal,
    State.CLEARING: Code,
    State.LOADING: Code,
    State.EMPTYING: Code,
}
"""Where a value comes before OK: an OK without it belongs to an earlier command."""

LINE_BYTES_MAX = 256
GREETINGS_MAX = 8
"""A modem whose host died while it was writing takes a minute to stop waiting for the rest."""
GREETINGS_UNREADABLE_MAX = 3
DAMAGES_MAX = 3
_ECHO = b"AT+SBDRB\r"
_BEFORE_MESSAGE = (_ECHO, b"SBDRING\r\n", b"\r\nSBDRING\r\n")
_LENGTH_BYTES = 2
_SUM_BYTES = 2
_SUM_WRONG = 2


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


class Modem:
    """One modem on one port."""

    def __init__(self, limits: ModemLimits) -> None:
        self.state = State.OFF
        self.unreadable = 0
        """Lines that no modem says, since `start`."""
        self._limits = limits
        self._buffer = bytearray()
        self._outgoing = bytearray()
        self._events: list[ModemEvent] = []
        self._deadline: Instant | None = None
        self._value: Line | None = None
        self._message: bytes | None = None
        self._answers_ring = False
        self._tries = 0
        self._draining = False
        self._line_feed_due = False
        self._in_session = False
        self._imei = ""
        self._announced = False

    # --- what the shell asks for ---

    def start(self, now: Instant) -> None:
        """Begin the dialogue, whatever state the modem is in."""
        self._buffer.clear()
        self._outgoing.clear()
        self._events.clear()
        self.unreadable = 0
        self._tries = 0
        self._in_session = self._announced = False
        self._step(Step.START, now)

    def measure(self, now: Instant) -> None:
        """Ask for the signal; raises `IllegalTransition` unless idle."""
        self._step(Step.MEASURE, now)

    def begin_session(self, message: bytes | None, now: Instant, *, answers_ring: bool = False) -> None:
        """Exchange a message, or only look for mail; raises `IllegalTransition` unless idle."""
        if message is not None and not 1 <= len(message) <= self._limits.up_bytes_max:
            raise IllegalTransition(
                f"the modem takes 1 to {self._limits.up_bytes_max} bytes, not {len(message)}"
            )
        if self.state is not State.IDLE:
            raise IllegalTransition(f"a session cannot begin while the modem is {self.state.name}")
        self._message = message
        self._answers_ring = answers_ring
        self._tries = 0
        self._step(Step.CHECK if message is None else Step.SEND, now)

    def mail_kept(self, now: Instant) -> None:
        """Let the modem forget the message that was fetched; raises `IllegalTransition` without one."""
        self._step(Step.KEPT, now)

    def take_outgoing(self) -> bytes:
        """Return the bytes to write to the port."""
        outgoing = bytes(self._outgoing)
        self._outgoing.clear()
        return outgoing

    def deadline(self) -> Instant | None:
        """Return when to call `tick`."""
        return self._deadline

    def tick(self, now: Instant) -> list[ModemEvent]:
        """Take note that time has passed."""
        if self._deadline is not None and now >= self._deadline:
            self._on_deadline(now)
        return self._take_events()

    def receive(self, data: bytes, now: Instant) -> list[ModemEvent]:
        """Take bytes of the port; whatever they are, this neither raises nor loses a message."""
        if self._draining or self.state is State.OFF:
            return []
        if self._line_feed_due and data:
            # It ends the line before; a message that follows would be read one byte late.
            data = data.removeprefix(b"\n")
            self._line_feed_due = False
        self._buffer += data
        while self._take_message(now) if self.state is State.FETCHING else self._take_line(now):
            pass
        return self._take_events()

    def lost(self) -> list[ModemEvent]:
        """Take note that the port is gone; a session under way has an unknown end."""
        self._break_off()
        self.state = State.OFF
        return self._take_events()

    # --- bytes ---

    def _take_line(self, now: Instant) -> bool:
        ends = [at for at in (self._buffer.find(b"\r"), self._buffer.find(b"\n")) if at >= 0]
        if not ends:
            if len(self._buffer) > LINE_BYTES_MAX:
                self.unreadable += 1
                self._buffer.clear()
            return False
        line = bytes(self._buffer[: min(ends)])
        carriage_return = self._buffer[min(ends)] == ord("\r")
        del self._buffer[: min(ends) + 1]
        if carriage_return:
            self._line_feed_due = not self._buffer
            if self._buffer[:1] == b"\n":
                del self._buffer[:1]
        text = line.decode("latin-1").strip()
        if text:
            said = read_line(text)
            if said is None:
                self.unreadable += 1
            else:
                self._on_line(said, now)
        return not self._draining

    def _take_message(self, now: Instant) -> bool:
        """Read length, bytes and sum; an echo or a ring before them is taken out."""
        raw = bytes(self._buffer)
        for before in _BEFORE_MESSAGE:
            if raw.startswith(before):
                del self._buffer[: len(before)]
                if before != _ECHO:
                    self._events.append(Rang())
                return True
            if raw and before.startswith(raw):
                return False
        size_bytes = int.from_bytes(raw[:_LENGTH_BYTES])
        whole_bytes = _LENGTH_BYTES + size_bytes + _SUM_BYTES
        if len(raw) >= _LENGTH_BYTES and size_bytes > self._limits.down_bytes_max:
            self._on_damage(now)
            return False
        if len(raw) < whole_bytes or len(raw) < _LENGTH_BYTES:
            return False
        message = raw[_LENGTH_BYTES : _LENGTH_BYTES + size_bytes]
        if _sum(message) != raw[whole_bytes - _SUM_BYTES : whole_bytes]:
            self._on_damage(now)
            return False
        self._buffer[:] = raw[whole_bytes:]
        self._step(Step.FETCHED, now)
        self._events.append(MailFetched(message=message))
        return True

    def _on_damage(self, now: Instant) -> None:
        # Where a wrong message ends nobody knows: let everything pass by, then ask for it again.
        self._buffer.clear()
        self._draining = True
        self._deadline = Instant(now + self._limits.quiet_s + self._transfer_s(self._limits.down_bytes_max))

    def _transfer_s(self, size_bytes: int) -> float:
        return size_bytes * 10 / self._limits.baud

    # --- lines ---

    def _on_line(self, said: Line, now: Instant) -> None:
        match said:
            case Word.RING:
                self._events.append(Rang())
            case Word.OK:
                self._on_ok(now)
            case Word.ERROR:
                self._on_error(now)
            case Word.READY if self.state is State.ANNOUNCING:
                self._step(Step.READY, now)
            case Signal() | Code() | Identity() | SessionReport() | Buffers():
                self._value = said
            case _:
                pass

    def _on_ok(self, now: Instant) -> None:
        value = self._value
        wanted = _ANSWERED_WITH.get(self.state)
        if wanted is not None and not isinstance(value, wanted):
            return
        match self.state:
            case State.IN_SESSION:
                self._on_session_over(value, now)
            case State.LOADING if value != Code(0):
                self._on_load_refused(value, now)
            case State.LOOKING:
                self._on_looked(value, now)
            case State.NAMING:
                self._imei = value.imei if isinstance(value, Identity) else ""
                self._step(Step.OK, now)
            case state if (state, Step.OK) in TRANSITIONS:
                if isinstance(value, Signal):
                    self._events.append(SignalMeasured(bars=value.bars))
                self._step(Step.OK, now)

    def _on_error(self, now: Instant) -> None:
        if (self.state, Step.ERROR) not in TRANSITIONS:
            return
        match self.state:
            case State.GREETING:
                return
            case State.CLEARING | State.ANNOUNCING | State.LOADING:
                self._events.append(SessionEnded(outcome=Outcome.REFUSED))
            case State.IN_SESSION:
                self._end_session(Outcome.MAYBE, None)
            case State.MEASURING:
                self._events.append(SignalMeasured(bars=0))
        self._step(Step.ERROR, now)

    def _on_load_refused(self, value: Line | None, now: Instant) -> None:
        self._tries += 1
        if value == Code(_SUM_WRONG) and self._tries < DAMAGES_MAX:
            self._step(Step.DAMAGED, now)
            return
        self._events.append(SessionEnded(outcome=Outcome.BUSY if value != Code(3) else Outcome.REFUSED))
        self._step(Step.GIVE_UP, now)

    def _on_session_over(self, value: Line | None, now: Instant) -> None:
        self._tries = 0
        if not isinstance(value, SessionReport):
            # The line was damaged. The message may have left, and one may have come: the buffers tell.
            self._end_session(Outcome.MAYBE, None)
            self._step(Step.UNCLEAR, now)
            return
        self._end_session(outcome_of(value.status), value)
        has_mail = value.down_status == MAIL_STATUS and value.down_bytes > 0
        self._step(Step.MAIL if has_mail else Step.OK, now)

    def _on_looked(self, value: Line | None, now: Instant) -> None:
        self._tries = 0
        if isinstance(value, Buffers) and value.rang:
            self._events.append(Rang())
        self._step(Step.MAIL if isinstance(value, Buffers) and value.has_mail else Step.OK, now)

    def _end_session(self, outcome: Outcome, report: SessionReport | None) -> None:
        self._in_session = False
        self._events.append(SessionEnded(outcome=outcome, report=report))

    # --- time ---

    def _on_deadline(self, now: Instant) -> None:
        self._tries += 1
        if self.state is State.FETCHING:
            self._buffer.clear()
            self._step(Step.DAMAGED if self._tries < DAMAGES_MAX else Step.GIVE_UP, now)
        elif self.state is State.GREETING and self._tries < self._greetings_max():
            self._ask(now)
        else:
            problem = Problem.STOPPED
            if self.state is State.GREETING:
                heard = self.unreadable or self._buffer
                problem = Problem.UNREADABLE if heard else Problem.NO_ANSWER
            self._break_off()
            self._step(Step.SILENCE, now)
            self._events.append(Unwell(problem=problem))

    def _greetings_max(self) -> int:
        return GREETINGS_UNREADABLE_MAX if self.unreadable or self._buffer else GREETINGS_MAX

    def _break_off(self) -> None:
        if self._in_session:
            self._end_session(Outcome.MAYBE, None)
        elif self.state in (State.CLEARING, State.ANNOUNCING, State.LOADING):
            self._events.append(SessionEnded(outcome=Outcome.BUSY))
        self._draining = False
        self._deadline = None

    # --- the table ---

    def _step(self, step: Step, now: Instant) -> None:
        following = TRANSITIONS.get((self.state, step))
        if following is None:
            raise IllegalTransition(f"{step.name} cannot happen to a modem that is {self.state.name}")
        self.state = following
        self._draining = False
        self._ask(now)
        if following is State.IDLE and not self._announced:
            self._announced = True
            self._events.append(Ready(imei=self._imei))

    def _ask(self, now: Instant) -> None:
        """Send what belongs to the state that was just entered, and set its deadline."""
        self._value = None
        wait_s: float | None = self._limits.answer_s
        message = self._message or b""
        match self.state:
            case State.OFF | State.IDLE | State.HOLDING:
                wait_s = None
            case State.ANNOUNCING:
                self._say(b"AT+SBDWB=%d" % len(message))
            case State.LOADING:
                self._outgoing += message + _sum(message)
                wait_s = self._limits.load_s + self._transfer_s(len(message))
            case State.IN_SESSION:
                self._in_session = True
                self._say(b"AT+SBDIXA" if self._answers_ring else b"AT+SBDIX")
                wait_s = self._limits.session_s
            case State.FETCHING:
                self._say(_COMMANDS[State.FETCHING])
                wait_s = self._limits.answer_s + self._transfer_s(self._limits.down_bytes_max)
            case _:
                self._say(_COMMANDS[self.state])
        self._deadline = None if wait_s is None else Instant(now + wait_s)

    def _say(self, command: bytes) -> None:
        self._outgoing += command + b"\r"

    def _take_events(self) -> list[ModemEvent]:
        events, self._events = self._events, []
        return events


def _sum(message: bytes) -> bytes:
    """Return the modem's check: the lowest 16 bits of the sum of all bytes."""
    return (sum(message) & 0xFFFF).to_bytes(2)
