"""What one crossing took, whoever made it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scripts.sky.model import Reading
from scripts.sky.prices import money


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one crossing took, from handing it over to its acknowledgement."""

    seconds: float
    reading: Reading = field(default_factory=Reading)
    failure: str = ""
    """Why it never arrived; the bytes were spent all the same."""
    marks: Mapping[str, float] = field(default_factory=dict)
    """Further figures of the crossing, by name."""
    credits_spent: float = 0.0
    """Of short messages; their bytes are in `marks`, as no byte of theirs is metered."""

    @property
    def air_bytes(self) -> int:
        """Payload bytes that left the pacers, both directions, those that a cut lost included."""
        return self.reading.air_bytes

    @property
    def money(self) -> float:
        """What all of it cost, in US dollars."""
        return money(air_bytes=self.air_bytes, credits_spent=self.credits_spent)

    @property
    def why(self) -> str:
        """Return the failure with what it cost, or nothing."""
        if not self.failure:
            return ""
        return f"{self.failure} after {self.seconds:,.0f} s and {self.air_bytes:,} bytes"
