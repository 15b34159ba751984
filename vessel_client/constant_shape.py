"""What constant shape costs: packets at set times, whether anybody speaks or not. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from protocol.shape import Shape
from vessel_client.policy import Cap, Spent, Tariff, below_spent

MONTH_S = 30 * 86_400
"""The month that costs are named for; the longest one has a thirtieth more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyCost:
    """What a shape makes of a month on one bearer."""

    packets: int
    """As many up; as many down where answers have a size."""
    size_bytes: int
    money_nano: int


def monthly_cost(shape: Shape, tariff: Tariff) -> MonthlyCost:
    """Return what a month of 30 days costs, all of it whether anybody speaks or not."""
    packets = int(MONTH_S / shape.interval_s)
    sizes = (shape.packet_bytes, shape.answer_bytes) if shape.answer_bytes else (shape.packet_bytes,)
    return MonthlyCost(
        packets=packets,
        size_bytes=packets * sum(sizes),
        money_nano=packets * sum(tariff.packet_nano(size) for size in sizes),
    )


def breaks_cap(cost: MonthlyCost, cap: Cap) -> bool:
    """Return whether a shape would go over a cap, so that its packets would end before the month does."""
    return below_spent(cap, Spent(money_nano=cost.money_nano, size_bytes=cost.size_bytes))


def carrying_s(shape: Shape, size_bytes: int, overhead_bytes: int) -> float:
    """Return about how long a bundle takes, when nothing is before it."""
    room_bytes = shape.packet_bytes - overhead_bytes
    return -(-size_bytes // room_bytes) * shape.interval_s


def speaking_freely(shapes: Mapping[str, Shape | None]) -> list[str]:
    """Return the bearers that would tell of a message, where at least one bearer has a shape."""
    if not any(shapes.values()):
        return []
    return sorted(name for name, shape in shapes.items() if shape is None)
