"""This month's budget by bearer: what was spent, what may be, and whether the crew's month fits."""

from collections.abc import Mapping
from dataclasses import dataclass

from protocol.documents import Json
from protocol.ids import UnixSeconds
from vessel_client.policy import NANO, Cap, CrewShare, Spent, Tariff, crew_share, forecast, month_of
from vessel_client.settings import Settings
from vessel_client.store import caps, ledger
from vessel_client.store.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One bearer's month."""

    name: str
    spent: Spent
    cap: Cap
    forecast_nano: int
    forecast_bytes: int
    from_shore: bool

    def as_json(self) -> dict[str, Json]:
        """Return it as JSON has it."""
        money_left = None if self.cap.money_nano is None else self.cap.money_nano - self.spent.money_nano
        bytes_left = None if self.cap.size_bytes is None else self.cap.size_bytes - self.spent.size_bytes
        return {
            "bearer": self.name,
            "spent_money": self.spent.money_nano / NANO,
            "spent_bytes": self.spent.size_bytes,
            "messages": self.spent.messages,
            "cap_money": _money(self.cap.money_nano),
            "cap_bytes": self.cap.size_bytes,
            "cap_from_shore": self.from_shore,
            "left_money": _money(money_left),
            "left_bytes": bytes_left,
            "over_cap": any(left is not None and left < 0 for left in (money_left, bytes_left)),
            "forecast_money": self.forecast_nano / NANO,
            "forecast_bytes": self.forecast_bytes,
        }


def _money(nano: int | None) -> float | None:
    return None if nano is None else nano / NANO


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetReport:
    """One month of a box."""

    month: int
    """202611 is November 2026, in UTC."""
    currency: str
    lines: tuple[Line, ...]
    crew_size: int
    share: CrewShare
    refusal: str
    """Why the newest caps from shore were refused, or empty."""

    def as_json(self) -> dict[str, Json]:
        """Return it as the command and the status tell of it."""
        return {
            "month": self.month,
            "currency": self.currency,
            "bearers": [line.as_json() for line in self.lines],
            "crew": {
                "size": self.crew_size,
                "asked_bytes": self.share.asked_bytes,
                "used_bytes": self.share.used_bytes,
                "allowed_bytes": self.share.allowed_bytes,
                "enough": self.share.is_enough,
            },
            "refused_caps": self.refusal,
        }


async def load_report(connection: Connection, settings: Settings, now: UnixSeconds) -> BudgetReport:
    """Return this month's budget. Raises: StoreFailed, WrongSettings."""
    spent = await ledger.spent_in(connection, month_of(now))
    signed = await caps.load_caps(connection, "shore")
    tariffs = settings.tariffs()
    held = [_with_cap(name, tariff, signed) for name, tariff in tariffs.items()]
    return BudgetReport(
        month=month_of(now),
        currency=settings.currency,
        lines=tuple(
            _line(name, _with_cap(name, tariffs.get(name, Tariff()), signed), spent, now, name in signed)
            for name in sorted({*tariffs, *spent})
        ),
        crew_size=settings.crew_size,
        share=crew_share(settings.crew_size, held, spent),
        refusal=await caps.load_refusal(connection),
    )


def _with_cap(name: str, tariff: Tariff, signed: Mapping[str, Cap]) -> Tariff:
    return Tariff(byte_nano=tariff.byte_nano, cap=signed.get(name, tariff.cap))


def _line(name: str, tariff: Tariff, spent: Mapping[str, Spent], now: UnixSeconds, from_shore: bool) -> Line:
    gone = spent.get(name, Spent())
    return Line(
        name=name,
        spent=gone,
        cap=tariff.cap,
        forecast_nano=forecast(gone.money_nano, now),
        forecast_bytes=forecast(gone.size_bytes, now),
        from_shore=from_shore,
    )
