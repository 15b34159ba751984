"""What may still be spent, and so what each open bearer may carry, while the box runs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from protocol.ids import UnixSeconds
from protocol.links import LinkProfile, Side
from vessel_client.policy import Cap, Load, OpenBearer, Spent, Tariff, choose, month_of

Months = Mapping[int, Mapping[str, Spent]]
"""What each bearer took, month by month; 202611 is November 2026."""


class Budget:
    """The price list, the caps over it, and what was spent.

    All months are kept: a clock that was set may show one again in which something was spent already.
    """

    def __init__(self, tariffs: Mapping[str, Tariff]) -> None:
        self._tariffs = dict(tariffs)
        self._caps: dict[str, Cap] = {}
        self._spent: defaultdict[int, dict[str, Spent]] = defaultdict(dict)
        self._permits: dict[str, frozenset[int]] = {}

    @property
    def is_free(self) -> bool:
        """Whether there is nothing to weigh: every bearer may carry everything."""
        return not self._caps and all(tariff.is_free for tariff in self._tariffs.values())

    def tariff(self, bearer: str) -> Tariff:
        """Return what a bearer costs now, with the cap that holds: the operator's on shore goes first."""
        tariff = self._tariffs.get(bearer, Tariff())
        cap = self._caps.get(bearer)
        return tariff if cap is None else replace(tariff, cap=cap)

    def set_caps(self, caps: Mapping[str, Cap]) -> None:
        """Take what the operator signed, in place of what was signed before."""
        self._caps = dict(caps)

    def begin(self, spent: Months) -> None:
        """Start from what was spent so far."""
        self._spent.clear()
        for month, bearers in spent.items():
            self._spent[month] = dict(bearers)

    def spend(self, bearer: str, more: Spent, at: UnixSeconds) -> bool:
        """Count what a packet cost; return whether it went over the bearer's cap."""
        month = self._spent[month_of(at)]
        before = month.get(bearer, Spent())
        now = month[bearer] = before + more
        cap = self.tariff(bearer).cap
        return _over(cap, now) and not _over(cap, before)

    def weigh(self, links: Iterable[LinkProfile], loads: Sequence[tuple[int, Load]], at: UnixSeconds) -> bool:
        """Decide anew who carries what, the loads in the order in which they go.

        Returns whether that changed anything.
        """
        month = self._spent[month_of(at)]
        bearers = [
            OpenBearer(
                name=link.name,
                tariff=self.tariff(link.name),
                packet_bytes=link.packet_bytes(Side.VESSEL),
                spent=month.get(link.name, Spent()),
            )
            for link in links
        ]
        chosen: dict[str, set[int]] = {bearer.name: set() for bearer in bearers}
        for number, load in loads:
            names = choose(load, bearers, at)
            for name in names:
                chosen[name].add(number)
            # Bundles that each fit by themselves may together be more than the cap leaves.
            bearers = [_promised(bearer, load) if bearer.name in names else bearer for bearer in bearers]
        permits = {name: frozenset(numbers) for name, numbers in chosen.items()}
        changed = permits != self._permits
        self._permits = permits
        return changed

    def permits(self, bearer: str, number: int) -> bool:
        """Return whether a bearer may carry a bundle, as of the last `weigh`."""
        return self.is_free or number in self._permits.get(bearer, ())


def _promised(bearer: OpenBearer, load: Load) -> OpenBearer:
    """Return a bearer of which a load is going to take its part."""
    spent, price_nano = bearer.spent, bearer.tariff.estimate_nano(load.size_bytes, bearer.packet_bytes)
    promised = replace(
        spent, money_nano=spent.money_nano + price_nano, size_bytes=spent.size_bytes + load.size_bytes
    )
    return replace(bearer, spent=promised)


def _over(cap: Cap, spent: Spent) -> bool:
    over_money = cap.money_nano is not None and spent.money_nano > cap.money_nano
    return over_money or (cap.size_bytes is not None and spent.size_bytes > cap.size_bytes)
