"""The dialogue with a satellite modem: whatever comes over the serial line, at any moment.

An input is a script: bytes up to 0xEF come over the line, those above are what else can happen.

Invariant: `Modem` raises nothing but `IllegalTransition`, and that only where it is told to do what its
state forbids, and changes nothing then; every session that was begun ends exactly once; what is held of
the line is bounded; a message is within its size; a modem that falls silent is given up in a bounded
number of waits; and it makes no difference how the line cuts the bytes.
"""

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, field
from functools import cache

from protocol.errors import IllegalTransition
from protocol.ids import Instant
from tests.fuzz.target import Target, hold_to_manners
from vessel_client.bearers.sbd.dialogue import MailFetched, ModemEvent, ModemLimits, SessionEnded, State
from vessel_client.bearers.sbd.modem import LINE_BYTES_MAX, Modem

_LIMITS = ModemLimits()
_MESSAGE = b"message up"
_HELD_BYTES_MAX = max(LINE_BYTES_MAX, _LIMITS.down_bytes_max + 4)
_FIRST_STEP = 0xF0
_AT_REST = (State.OFF, State.IDLE, State.HOLDING)
_SILENCES_MAX = 64
_PIECE_BYTES = (1, 5, 13)


@dataclass
class _Talk:
    """A machine, what it told so far, and whether a session is owed an end."""

    piece_bytes: int
    modem: Modem = field(default_factory=lambda: Modem(_LIMITS))
    now: float = 0.0
    told: list[ModemEvent] = field(default_factory=list)
    said: bytes = b""
    open_sessions: int = 0

    def run(self, script: bytes) -> None:
        line = bytearray()
        for byte in script:
            if byte < _FIRST_STEP:
                line.append(byte)
                continue
            self.hear(bytes(line))
            line.clear()
            self.step(_STEPS.get(byte, _Talk.wait))
        self.hear(bytes(line))

    def hear(self, line: bytes) -> None:
        size_bytes = self.piece_bytes or len(line) or 1
        for at in range(0, len(line), size_bytes):
            self.take(self.modem.receive(line[at : at + size_bytes], Instant(self.now)))
            assert len(self.modem._buffer) <= _HELD_BYTES_MAX

    def step(self, act: Callable[["_Talk"], None]) -> None:
        before = self.modem.state, self.modem.deadline()
        try:
            act(self)
        except IllegalTransition as refused:
            hold_to_manners(refused)
            assert (self.modem.state, self.modem.deadline()) == before
            assert not self.modem.take_outgoing()
        self.take([])

    def wait(self) -> None:
        deadline = self.modem.deadline()
        if deadline is not None:
            self.now = max(self.now, deadline)
        self.take(self.modem.tick(Instant(self.now)))

    def skip(self) -> None:
        """Go on from where the modem has just been set up."""
        if self.modem.state is State.OFF and not self.told:
            self.modem = _set_up()

    def start(self) -> None:
        if self.modem.state is State.OFF:
            self.modem.start(Instant(self.now))

    def measure(self) -> None:
        self.modem.measure(Instant(self.now))

    def send(self) -> None:
        self.modem.begin_session(_MESSAGE, Instant(self.now))
        self.open_sessions += 1

    def look(self) -> None:
        self.modem.begin_session(None, Instant(self.now), answers_ring=True)
        self.open_sessions += 1

    def keep(self) -> None:
        self.modem.mail_kept(Instant(self.now))

    def lose(self) -> None:
        self.take(self.modem.lost())

    def take(self, events: list[ModemEvent]) -> None:
        self.told += events
        self.said += self.modem.take_outgoing()
        for event in events:
            if isinstance(event, SessionEnded):
                self.open_sessions -= 1
            elif isinstance(event, MailFetched):
                assert len(event.message) <= _LIMITS.down_bytes_max
        state = self.modem.state
        assert self.open_sessions in (0, 1)
        assert not (state in _AT_REST and self.open_sessions), "a session ended without a word"
        assert (self.modem.deadline() is None) == (state in _AT_REST), "nothing would wake the machine"


_STEPS: dict[int, Callable[[_Talk], None]] = {
    0xF0: _Talk.start,
    0xF1: _Talk.measure,
    0xF2: _Talk.send,
    0xF3: _Talk.look,
    0xF4: _Talk.keep,
    0xF5: _Talk.lose,
    0xF6: _Talk.skip,
}


def check(data: bytes) -> None:
    """Run the script with the bytes in one piece and in small ones, then fall silent."""
    whole, split = _Talk(piece_bytes=0), _Talk(piece_bytes=_PIECE_BYTES[len(data) % len(_PIECE_BYTES)])
    whole.run(data)
    split.run(data)
    assert (whole.told, whole.said, whole.modem.state) == (split.told, split.said, split.modem.state)
    for _ in range(_SILENCES_MAX):
        if whole.modem.state in _AT_REST:
            return
        whole.wait()
    raise AssertionError("the machine waits for ever")


_SETUP = (
    b"\xf0AT\r\r\nOK\r\n"
    + b"OK\r\n" * 4
    + b"300234010753370\r\n\r\nOK\r\n+SBDSX: 0, 1, 0, -1, 0, 0\r\nOK\r\n"
)
_SKIP = b"\xf6"
_SENT = b"\xf2READY\r\n0\r\n\r\nOK\r\n"
_MAIL = b"\x00\x05hello" + sum(b"hello").to_bytes(2)


@cache
def _prepared() -> Modem:
    talk = _Talk(piece_bytes=0)
    talk.run(_SETUP)
    assert talk.modem.state is State.IDLE
    return talk.modem


def _set_up() -> Modem:
    """Return a modem that is idle; to talk it there each time would take longer than all that follows."""
    modem = copy(_prepared())
    modem._buffer, modem._outgoing, modem._events = bytearray(), bytearray(), []
    return modem


def seeds() -> Iterator[bytes]:
    """Give whole dialogues: set up, measure, send, fetch, and what goes wrong on the way."""
    yield _SETUP + b"\xf1+CSQ:4\r\nOK\r\n"
    yield _SKIP + b"\xf1+CSQ:4\r\nOK\r\n"
    yield _SKIP + _SENT + b"+SBDIX: 0, 1, 0, 0, 0, 0\r\n\r\nOK\r\n"
    yield _SKIP + _SENT + b"+SBDIX: 1, 1, 1, 7, 5, 0\r\n\r\nOK\r\n" + _MAIL + b"\r\nOK\r\n\xf40\r\nOK\r\n"
    yield _SKIP + _SENT + b"+SBDIX: 3\x00, OK\r\n\xff\xff"
    yield _SKIP + b"\xf30\r\n\r\nOK\r\nSBDRING\r\n+SBDIX: 32, 1, 2, 0, 0, 0\r\n\r\nOK\r\n"
    yield _SKIP + b"\xf2READY\r\n2\r\n\r\nOK\r\nREADY\r\n2\r\n\r\nOK\r\nREADY\r\n2\r\n\r\nOK\r\n"
    yield _SKIP + b"\xf2READY\r\n1\r\n\r\nOK\r\n\xf2ERROR\r\n\xf5\xf0\xff\xff"
    yield b"\xf0" + b"\xff" * 9
    yield b"\xf0\x80\x81\r\n\xff\xff\xff\xff\xf0"


TARGET = Target(
    check=check,
    seeds=seeds,
    words=(
        b"OK\r\n",
        b"ERROR\r\n",
        b"READY\r\n",
        b"+SBDIX: ",
        b"+SBDSX: ",
        b"SBDRING\r\n",
        b"0\r\n",
        _SETUP,
        _MAIL,
    ),
    largest_bytes=200,
)
