"""Who is at the doors: connections by address, how fast they come, and which a proxy speaks for."""

import ipaddress
from collections import Counter, OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from aiohttp import hdrs, web

from protocol.ids import Instant
from shore_relay.relay.errors import SettingsInvalid
from shore_relay.relay.pace import Allowance

K = TypeVar("K", bound=Hashable)
_REMEMBERED_MAX = 20_000
"""More addresses than that are an attack; the one that was quiet longest is forgotten."""
_IPV6_PREFIX = 64
"""One customer of a network has at least so much, and could take a new address for every connection."""


class Allowances(Generic[K]):
    """One allowance for each key, for as many keys as memory may be spent on."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = burst
        self._by_key: OrderedDict[K, Allowance] = OrderedDict()

    def take(self, key: K, now: Instant) -> bool:
        """Return whether one more of this key may pass now."""
        return self._of(key).take(now)

    def wait_s(self, key: K, now: Instant) -> float:
        """Count one more of this key, and return for how long it should be made to wait."""
        return self._of(key).wait_s(now)

    def _of(self, key: K) -> Allowance:
        allowance = self._by_key.pop(key, None) or Allowance(burst=self._burst, per_second=self._per_second)
        self._by_key[key] = allowance
        if len(self._by_key) > _REMEMBERED_MAX:
            self._by_key.popitem(last=False)
        return allowance


class Crowd:
    """Counts open connections, and says no where there are too many or they come too fast."""

    def __init__(self, *, most: int, most_per_address: int, per_minute: int) -> None:
        self._most = most
        self._most_per_address = most_per_address
        self._arrivals: Allowances[str] = Allowances(per_minute / 60, per_minute)
        self._by_address: Counter[str] = Counter()
        self.by_bearer: Counter[str] = Counter()

    def refusal(self, address: str, bearer: str, now: Instant) -> str | None:
        """Count a connection, or return the code by which it is refused; then nothing is counted."""
        group = group_of(address)
        if self.by_bearer.total() >= self._most:
            return "too-many-connections-in-all"
        if self._by_address[group] >= self._most_per_address:
            return "too-many-connections"
        if not self._arrivals.take(group, now):
            return "connections-too-fast"
        self._by_address[group] += 1
        self.by_bearer[bearer] += 1
        return None

    def leave(self, address: str, bearer: str) -> None:
        """Note that a counted connection has ended."""
        group = group_of(address)
        self._by_address[group] -= 1
        if not self._by_address[group]:
            del self._by_address[group]
        self.by_bearer[bearer] -= 1


def group_of(address: str) -> str:
    """Return what counts as one address: itself, or the network of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _IPV6_PREFIX), strict=False))


class Proxies:
    """The proxies in front of this relay, and for whom they speak."""

    def __init__(self, text: str) -> None:
        """Read the setting; raises `SettingsInvalid`."""
        try:
            self._networks = tuple(
                ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()
            )
        except ValueError as reason:
            raise SettingsInvalid(
                f"The setting door.trusted_proxies must be addresses or networks, with commas ({reason})."
            ) from reason

    def trusts(self, address: str) -> bool:
        """Return whether this address is a proxy of ours."""
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        return any(parsed in network for network in self._networks if network.version == parsed.version)

    def address_of(self, request: web.Request) -> str:
        """Return who asks: the peer, or whom a proxy of ours names as the last that it did not know."""
        address = request.remote or "unknown"
        if not self.trusts(address):
            return address
        named = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, []))
        for hop in reversed([part.strip() for part in named.split(",") if part.strip()]):
            address = hop
            if not self.trusts(hop):
                break
        return address
