"""Bounds on how often strangers get an answer, so that a flood of them costs little."""

from protocol.ids import Instant


class Allowance:
    """So many at once, and so many each second after that."""

    def __init__(self, *, burst: int, per_second: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._left = float(burst)
        self._at = Instant(0.0)

    def take(self, now: Instant) -> bool:
        """Return whether one more may pass now."""
        self._refill(now)
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True

    def wait_s(self, now: Instant) -> float:
        """Let one more pass, and return how long its sender should wait before the next."""
        self._refill(now)
        self._left -= 1.0
        return max(0.0, -self._left / self._per_second) if self._per_second else 0.0

    def _refill(self, now: Instant) -> None:
        self._left = min(self._burst, self._left + max(0.0, now - self._at) * self._per_second)
        self._at = now
