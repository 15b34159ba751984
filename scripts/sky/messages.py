"""Satellite short messages, pure: sessions of about 40 s that carry one message up and one down, or fail.

Figures are those of Iridium short burst data as RockBLOCK sells it: 340 bytes up, 270 down, steps of 50
bytes, one credit at the least for each session. One ``MessageSky`` is one modem and its gateway.
"""

import random
from collections import deque
from dataclasses import dataclass
from enum import Enum

from scripts.sky.errors import ClockError, MessageSizeError, QueueFullError, SessionStateError, SettingError

# The modem's number for its next message up has 16 bits and wraps.
MESSAGE_NUMBERS = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageProfile:
    """Sizes, times and prices of the short-message service.

    Raises: SettingError.
    """

    up_bytes_max: int = 340
    down_bytes_max: int = 270
    queue_messages_max: int = 50
    session_s: float = 40.0
    # A session takes its time give or take this share.
    session_spread: float = 0.25
    failure: float = 0.0
    step_bytes: int = 50

    def __post_init__(self) -> None:
        for name in ("up_bytes_max", "down_bytes_max", "queue_messages_max", "session_s", "step_bytes"):
            if not getattr(self, name) > 0:
                raise SettingError(f"{name} is {getattr(self, name)}; give a number above 0.")
        for name in ("failure", "session_spread"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingError(f"{name} is {getattr(self, name)}; give a share from 0 to 1.")


class SessionCourse(Enum):
    """What really happened; the modem sees only the status."""

    COMPLETED = "completed"
    NO_NETWORK = "no-network"  # Nothing left, and the modem knows it.
    FAILED_BEFORE_UP = "failed-before-up"  # The gateway has nothing; the modem cannot tell.
    FAILED_AFTER_UP = "failed-after-up"  # The gateway took the message; the modem cannot tell.


STATUS_COMPLETED = 0
STATUS_NO_NETWORK = 32
# Timeout, incomplete, connection lost, link failure: each says "maybe".
STATUSES_AMBIGUOUS = (10, 13, 17, 18)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session under way: call ``finish`` at ``ends_s``."""

    began_s: float
    ends_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionResult:
    """What the modem learns, as ``+SBDIX`` would say it, and what the session really did and cost.

    ``course`` and ``credits_spent`` are for the observer; a modem driver may use only the other fields.
    """

    status: int
    up_number: int
    down: bytes | None
    down_number: int
    down_waiting: int
    course: SessionCourse
    credits_spent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpMessage:
    """A message the gateway took, with the modem's number for it (a repeat keeps its number)."""

    number: int
    taken_s: float
    message: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReading:
    """The counters at one instant; subtract an earlier one to bill what lay between."""

    sessions: int = 0
    failures: int = 0
    up_messages: int = 0
    up_bytes: int = 0
    down_messages: int = 0
    down_bytes: int = 0
    credits_spent: int = 0

    def __sub__(self, earlier: "MessageReading") -> "MessageReading":
        return MessageReading(
            sessions=self.sessions - earlier.sessions,
            failures=self.failures - earlier.failures,
            up_messages=self.up_messages - earlier.up_messages,
            up_bytes=self.up_bytes - earlier.up_bytes,
            down_messages=self.down_messages - earlier.down_messages,
            down_bytes=self.down_bytes - earlier.down_bytes,
            credits_spent=self.credits_spent - earlier.credits_spent,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    session: Session
    up: bytes | None
    course: SessionCourse
    status: int


class MessageSky:
    """One modem, its sessions, and the gateway's queue toward it; same seed, same accidents.

    The up message is the caller's until a session ended with status 0: after an ambiguous status it may or
    may not have been taken, and sending it again may deliver it twice.
    """

    def __init__(self, profile: MessageProfile | None = None, *, seed: int = 0) -> None:
        self.profile = MessageProfile() if profile is None else profile
        self._source = random.Random(f"{seed}/messages")
        self._down: deque[bytes] = deque()
        self._taken: list[UpMessage] = []
        self._plan: _Plan | None = None
        self._up_number = 0
        self._down_number = 0
        self._now_s = 0.0
        self._reading = MessageReading()

    def queue_down(self, message: bytes, *, flush: bool = False) -> None:
        """Queue a message toward the modem; ``flush`` first deletes all that wait.

        Raises: MessageSizeError, QueueFullError.
        """
        longest = self.profile.down_bytes_max
        if not 0 < len(message) <= longest:
            raise MessageSizeError(
                f"A message down has 1 to {longest} bytes, this one {len(message)}; split it."
            )
        if flush:
            self._down.clear()
        if len(self._down) >= self.profile.queue_messages_max:
            raise QueueFullError(
                f"{len(self._down)} messages wait for this modem; hold a session or flush the queue first."
            )
        self._down.append(message)

    @property
    def down_waiting(self) -> int:
        """How many messages wait at the gateway for this modem."""
        return len(self._down)

    def begin(self, up: bytes | None, now_s: float) -> Session:
        """Begin a session with one message up, or with ``None`` only to ask for messages down.

        Raises: MessageSizeError, SessionStateError, ClockError.
        """
        self._advance(now_s)
        if self._plan is not None:
            raise SessionStateError(
                f"A session runs until {self._plan.session.ends_s} s; finish it before the next one begins."
            )
        longest = self.profile.up_bytes_max
        if up is not None and not 0 < len(up) <= longest:
            raise MessageSizeError(
                f"A message up has 1 to {longest} bytes, this one {len(up)}; split it, or give None."
            )
        self._plan = self._draw(up, now_s)
        return self._plan.session

    def finish(self, now_s: float) -> SessionResult:
        """End the running session at or after its ``ends_s`` and tell what the modem learns.

        Raises: SessionStateError, ClockError.
        """
        self._advance(now_s)
        plan = self._plan
        if plan is None:
            raise SessionStateError("No session runs; begin one first.")
        if now_s < plan.session.ends_s:
            raise SessionStateError(f"The session runs until {plan.session.ends_s} s; finish it then.")
        self._plan = None
        up_bytes, down = self._take_up(plan), self._take_down(plan)
        number = self._up_number
        if plan.course is SessionCourse.COMPLETED:
            self._up_number = (self._up_number + 1) % MESSAGE_NUMBERS
        result = SessionResult(
            status=plan.status,
            up_number=number,
            down=down,
            down_number=self._down_number,
            down_waiting=len(self._down) if plan.course is SessionCourse.COMPLETED else 0,
            course=plan.course,
            credits_spent=self._price(plan.course, up_bytes, len(down or b"")),
        )
        self._count(result, up_bytes=up_bytes)
        return result

    def taken(self) -> list[UpMessage]:
        """Take the messages up that reached the gateway since the last call."""
        taken, self._taken = self._taken, []
        return taken

    def snapshot(self) -> MessageReading:
        """Return the counters of this instant."""
        return self._reading

    def _draw(self, up: bytes | None, now_s: float) -> _Plan:
        """Decide a session's course; every session takes four draws, whatever happens."""
        profile = self.profile
        length_s = profile.session_s * self._source.uniform(
            1 - profile.session_spread, 1 + profile.session_spread
        )
        fails = self._source.random() < profile.failure
        course = self._source.choice(
            (SessionCourse.NO_NETWORK, SessionCourse.FAILED_BEFORE_UP, SessionCourse.FAILED_AFTER_UP)
        )
        status = self._source.choice(STATUSES_AMBIGUOUS)
        if not fails:
            course, status = SessionCourse.COMPLETED, STATUS_COMPLETED
        elif course is SessionCourse.NO_NETWORK:
            status = STATUS_NO_NETWORK
        session = Session(began_s=now_s, ends_s=now_s + length_s)
        return _Plan(session=session, up=up, course=course, status=status)

    def _take_up(self, plan: _Plan) -> int:
        """Hand the message to the gateway if it got there; return its bytes."""
        if plan.up is None or plan.course not in (SessionCourse.COMPLETED, SessionCourse.FAILED_AFTER_UP):
            return 0
        self._taken.append(UpMessage(number=self._up_number, taken_s=plan.session.ends_s, message=plan.up))
        return len(plan.up)

    def _take_down(self, plan: _Plan) -> bytes | None:
        """Return the message that goes down with this session, no longer queued."""
        if plan.course is not SessionCourse.COMPLETED or not self._down:
            return None
        self._down_number = (self._down_number + 1) % MESSAGE_NUMBERS
        return self._down.popleft()

    def _price(self, course: SessionCourse, up_bytes: int, down_bytes: int) -> int:
        if course in (SessionCourse.NO_NETWORK, SessionCourse.FAILED_BEFORE_UP):
            return 0
        # Rounded up in each direction; an empty session costs one.
        return max(1, sum(-(-size_bytes // self.profile.step_bytes) for size_bytes in (up_bytes, down_bytes)))

    def _count(self, result: SessionResult, *, up_bytes: int) -> None:
        before = self._reading
        self._reading = MessageReading(
            sessions=before.sessions + 1,
            failures=before.failures + (result.course is not SessionCourse.COMPLETED),
            up_messages=before.up_messages + (up_bytes > 0),
            up_bytes=before.up_bytes + up_bytes,
            down_messages=before.down_messages + (result.down is not None),
            down_bytes=before.down_bytes + len(result.down or b""),
            credits_spent=before.credits_spent + result.credits_spent,
        )

    def _advance(self, now_s: float) -> None:
        if now_s < self._now_s:
            raise ClockError(
                f"The sky is at {self._now_s} s and was asked for {now_s} s; give times that never go back."
            )
        self._now_s = now_s
