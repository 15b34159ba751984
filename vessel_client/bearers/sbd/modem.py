"""The dialogue with an Iridium 9602 or 9603 modem, pure: bytes and the time in, bytes and events out.

The shell writes `take_outgoing()` to the port after every call, hands every byte of the port to `receive`,
and calls `tick` at `deadline`. A message that came down stays in the modem until `mail_kept` says that it is
safe.
"""

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
from vessel_client.bearers.sbd.dialogue import (
    ANSWERED_WITH,
    COMMANDS,
    TRANSITIONS,
    MailFetched,
    ModemEvent,
    ModemLimits,
    Problem,
    Rang,
    Ready,
    SessionEnded,
    SignalMeasured,
    State,
    Step,
    Unwell,
)

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
        wanted = ANSWERED_WITH.get(self.state)
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
                self._say(COMMANDS[State.FETCHING])
                wait_s = self._limits.answer_s + self._transfer_s(self._limits.down_bytes_max)
            case _:
                self._say(COMMANDS[self.state])
        self._deadline = None if wait_s is None else Instant(now + wait_s)

    def _say(self, command: bytes) -> None:
        self._outgoing += command + b"\r"

    def _take_events(self) -> list[ModemEvent]:
        events, self._events = self._events, []
        return events


def _sum(message: bytes) -> bytes:
    """Return the modem's check: the lowest 16 bits of the sum of all bytes."""
    return (sum(message) & 0xFFFF).to_bytes(2)
