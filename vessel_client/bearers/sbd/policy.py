"""When a satellite session is worth its credit, pure: facts and the time in, a reason out."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from protocol.ids import Instant
from vessel_client.bearers.sbd.answers import Outcome

TOO_SOON_S = 180.0
"""Status 36: three minutes between two registrations."""

NEVER = Instant(float("inf"))


class Reason(Enum):
    """Why a session is opened."""

    AGAIN = "again"
    """The last message may not have left."""
    DATA = "data"
    """The engine has something that cannot wait."""
    RING = "ring"
    QUEUED = "queued"
    """The last session said that more waits."""
    INTERVAL = "interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRules:
    """What the operator chose; seconds of the link."""

    signal_min: int
    signal_interval_s: float
    signal_wait_s: float
    """After so long under a weak sky, one bar is enough to try."""
    mailbox_interval_s: float
    """0 for never."""
    retry_delay_s_min: float
    retry_delay_s_max: float
    shaped: bool = False
    """Whether sessions are held at set times only: then neither a ring nor waiting mail makes one more."""


class SessionPolicy:
    """Remembers what bears on the next session."""

    def __init__(
        self, rules: SessionRules, now: Instant, draw: Callable[[], float], *, mailbox_age_s: float | None
    ) -> None:
        """`draw` returns numbers from 0 to 1; `mailbox_age_s`: when an earlier run looked, if ever."""
        self.failures = 0
        self._rules = rules
        self._draw = draw
        self._rang = False
        self._queued = False
        self._not_before = now
        self._weak_since: Instant | None = None
        self._looked_at = Instant(
            now - (rules.mailbox_interval_s if mailbox_age_s is None else mailbox_age_s)
        )

    def on_ring(self) -> None:
        """Note that the gateway rang."""
        self._rang = True

    @property
    def rang(self) -> bool:
        """Whether a ring waits to be answered."""
        return self._rang

    def reason(self, *, holding: bool, data_due: bool, now: Instant) -> Reason | None:
        """Return why a session should be opened now, or None."""
        if now < self._not_before:
            return None
        if holding:
            return Reason.AGAIN
        if data_due:
            return Reason.DATA
        if self._rules.shaped:
            return None
        if self._rang:
            return Reason.RING
        if self._queued:
            return Reason.QUEUED
        return Reason.INTERVAL if now >= self._mailbox_due_at() else None

    def next_at(self, now: Instant) -> Instant:
        """Return when `reason` may have another answer although nothing happened."""
        return self._not_before if now < self._not_before else self._mailbox_due_at()

    def _mailbox_due_at(self) -> Instant:
        interval_s = self._rules.mailbox_interval_s
        return Instant(self._looked_at + interval_s) if interval_s and not self._rules.shaped else NEVER

    def on_nothing(self, now: Instant) -> None:
        """Note that the engine had nothing to send after all."""
        self._not_before = Instant(now + self._rules.signal_interval_s)

    def signal_suffices(self, bars: int, now: Instant) -> bool:
        """Return whether to open the session under this sky; if not, the signal is asked for again later."""
        if bars >= self._rules.signal_min:
            self._weak_since = None
            return True
        if self._weak_since is None:
            self._weak_since = now
        if bars >= 1 and now >= self._weak_since + self._rules.signal_wait_s:
            return True
        self._not_before = Instant(now + self._rules.signal_interval_s)
        return False

    def on_session(self, outcome: Outcome, queued: int, now: Instant) -> None:
        """Note how a session ended."""
        if outcome is Outcome.SENT:
            self.failures = 0
            self._rang = False
            self._queued = queued > 0
            self._looked_at = now
            self._weak_since = None
            self._not_before = now
            return
        self.failures += 1
        self._not_before = Instant(now + self._delay_s(outcome))

    def _delay_s(self, outcome: Outcome) -> float:
        rules = self._rules
        if outcome is Outcome.REFUSED:
            # Only a person can help; asking often would only drain the battery.
            delay_s = rules.retry_delay_s_max
        else:
            delay_s = min(
                rules.retry_delay_s_max, rules.retry_delay_s_min * 2.0 ** min(self.failures - 1, 30)
            )
        # A fleet behind one storm must not come back all at once.
        jittered_s = delay_s * (0.75 + 0.5 * self._draw())
        return max(TOO_SOON_S, jittered_s) if outcome is Outcome.TOO_SOON else jittered_s


def credits_of(up_bytes: int, down_bytes: int, step_bytes: int) -> int:
    """Return what a completed session costs: each step of each direction, and one at the least."""
    return max(1, -(-up_bytes // step_bytes) - (-down_bytes // step_bytes))
