"""Which bearer takes which bundle: prices, caps and hours in, a choice out. Pure, so that it can be read.

Money is counted in thousand-millionths of the operator's currency, as whole numbers: a byte of a cheap link
costs far less than a cent, and sums of such numbers must not drift.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from protocol.frames import Priority
from protocol.ids import UnixSeconds

NANO = 1_000_000_000
PERSON_MONTH_BYTES = 1_000_000
"""What the law of Thailand asks for: 1 MB of messages for each person aboard and month (people.md)."""

ALL_PRIORITIES = frozenset(Priority)
_S_PER_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Hours of the day, in UTC, from `start` up to `end`; they may pass midnight."""

    start: int
    end: int

    def contain(self, at: UnixSeconds) -> bool:
        """Return whether a time lies within them."""
        hour = at % _S_PER_DAY // 3_600
        if self.start < self.end:
            return self.start <= hour < self.end
        return hour >= self.start or hour < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """What may be spent in a month; None for any amount."""

    money_nano: int | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What a bearer costs, and what its operator lets it carry."""

    byte_nano: int = 0
    message_nano: int = 0
    step_bytes: int = 1
    """A packet is billed in whole steps, and at least one."""
    overhead_bytes: int = 0
    """What is billed with each packet beside its own bytes: IP headers, for instance."""
    cap: Cap = field(default_factory=Cap)
    hours: Hours | None = None
    """When anything but what is urgent may go; None for always."""
    carries: frozenset[Priority] = ALL_PRIORITIES
    over_cap: frozenset[Priority] = frozenset({Priority.URGENT})
    escalate_after_s: float | None = None
    """After waiting so long, other bundles than `carries` may go too; clear voice never does."""

    billed_by_session: bool = False
    """Whether packets cost nothing by themselves: a modem's sessions are billed, also those that fail."""

    @property
    def is_free(self) -> bool:
        """Whether there is nothing to weigh: no price and no rule."""
        priced = self.byte_nano or self.message_nano
        ruled = self.cap != Cap() or self.hours is not None or self.carries != ALL_PRIORITIES
        return not priced and not ruled

    def billed_nano(self, size_bytes: int) -> int:
        """Return what a packet adds to the bill as it passes."""
        return 0 if self.billed_by_session else self.packet_nano(size_bytes)

    def packet_nano(self, size_bytes: int) -> int:
        """Return what one packet costs."""
        steps = max(1, -(-(size_bytes + self.overhead_bytes) // self.step_bytes))
        return self.message_nano + steps * self.step_bytes * self.byte_nano

    def estimate_nano(self, size_bytes: int, packet_bytes: int) -> int:
        """Return about what a bundle costs in packets of this size."""
        whole, rest = divmod(size_bytes, packet_bytes)
        return whole * self.packet_nano(packet_bytes) + (self.packet_nano(rest) if rest else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a bearer has cost in one month."""

    money_nano: int = 0
    size_bytes: int = 0
    messages: int = 0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            money_nano=self.money_nano + other.money_nano,
            size_bytes=self.size_bytes + other.size_bytes,
            messages=self.messages + other.messages,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBearer:
    """A bearer that could take something now."""

    name: str
    tariff: Tariff
    packet_bytes: int
    spent: Spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A bundle, as far as its carriage is concerned."""

    priority: Priority
    size_bytes: int
    """What has not arrived of it yet."""
    waited_s: float


def choose(load: Load, bearers: Sequence[OpenBearer], at: UnixSeconds) -> frozenset[str]:
    """Return the names of the bearers that may take a bundle now.

    Something urgent goes over all of them; else the cheapest takes it, or those that cost the same.
    """
    able = [bearer for bearer in bearers if _may_take(load, bearer, at)]
    if load.priority is Priority.URGENT:
        return frozenset(bearer.name for bearer in able)
    prices = {
        bearer.name: bearer.tariff.estimate_nano(load.size_bytes, bearer.packet_bytes) for bearer in able
    }
    least = min(prices.values(), default=0)
    return frozenset(name for name, price in prices.items() if price == least)


def _may_take(load: Load, bearer: OpenBearer, at: UnixSeconds) -> bool:
    tariff = bearer.tariff
    if not (load.priority in tariff.over_cap or _fits(load, bearer)):
        return False
    if load.priority is Priority.URGENT:
        return True
    if tariff.hours is not None and not tariff.hours.contain(at):
        return False
    return load.priority in tariff.carries or _escalates(load, tariff)


def _escalates(load: Load, tariff: Tariff) -> bool:
    # The thin form of a note holds the same words; its clear form can always wait for a cheap bearer.
    return (
        tariff.escalate_after_s is not None
        and load.priority is not Priority.CLEAR_VOICE
        and load.waited_s >= tariff.escalate_after_s
    )


def _fits(load: Load, bearer: OpenBearer) -> bool:
    cap, spent = bearer.tariff.cap, bearer.spent
    if cap.size_bytes is not None and spent.size_bytes + load.size_bytes > cap.size_bytes:
        return False
    price_nano = bearer.tariff.estimate_nano(load.size_bytes, bearer.packet_bytes)
    return cap.money_nano is None or spent.money_nano + price_nano <= cap.money_nano


def below_spent(cap: Cap, spent: Spent) -> bool:
    """Return whether a cap lies below what is spent already."""
    too_little_money = cap.money_nano is not None and cap.money_nano < spent.money_nano
    return too_little_money or (cap.size_bytes is not None and cap.size_bytes < spent.size_bytes)


# --- months -------------------------------------------------------------------------------------------------


def month_of(at: UnixSeconds) -> int:
    """Return the month of a time in UTC as a number: 202611 is November 2026."""
    date = datetime.fromtimestamp(at, UTC)
    return date.year * 100 + date.month


def elapsed_share(at: UnixSeconds) -> float:
    """Return which share of its month has passed at a time, at least a day's."""
    date = datetime.fromtimestamp(at, UTC)
    first = date.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = (first + timedelta(days=32)).replace(day=1)
    passed = max(date - first, timedelta(days=1))
    return passed / (following - first)


def forecast(amount: int, at: UnixSeconds) -> int:
    """Return what an amount of this month comes to at its end, if it goes on like this."""
    return round(amount / elapsed_share(at))


@dataclass(frozen=True, slots=True, kw_only=True)
class CrewShare:
    """Whether the caps leave each person aboard what the law asks for."""

    asked_bytes: int
    used_bytes: int
    allowed_bytes: int | None
    """What all caps together allow in a month; None where a bearer has none."""

    @property
    def is_enough(self) -> bool:
        """Whether it does."""
        return self.allowed_bytes is None or self.allowed_bytes >= self.asked_bytes


def crew_share(crew: int, tariffs: Iterable[Tariff], spent: Mapping[str, Spent]) -> CrewShare:
    """Weigh a crew's month against the caps."""
    allowed = [_allowed_bytes(tariff) for tariff in tariffs]
    bounded = [each for each in allowed if each is not None]
    return CrewShare(
        asked_bytes=crew * PERSON_MONTH_BYTES,
        used_bytes=sum(each.size_bytes for each in spent.values()),
        allowed_bytes=sum(bounded) if len(bounded) == len(allowed) else None,
    )


def _allowed_bytes(tariff: Tariff) -> int | None:
    bounds: list[int] = []
    if tariff.cap.size_bytes is not None:
        bounds.append(tariff.cap.size_bytes)
    if tariff.cap.money_nano is not None and tariff.byte_nano:
        bounds.append(tariff.cap.money_nano // tariff.byte_nano)
    return min(bounds, default=None)
